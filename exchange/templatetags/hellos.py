"""The lessons of a talk, beside it: a hello that has no answer yet, and how it stands with what was agreed on."""

import uuid
from typing import Any

from django import template
from django.utils import timezone

from accounts.models import Person
from exchange.chat.models import Conversation
from exchange.lessons import fees, next_steps, rules, states
from exchange.lessons import services as lessons
from exchange.lessons.models import Lesson
from exchange.ready import Ready

register = template.Library()


@register.inclusion_tag("lessons/unanswered.html", takes_context=True)
def unanswered_hello(context: dict[str, Any], conversation: Conversation) -> dict[str, Any]:
    """Offer the one who was asked to be full for a while, and tell both when they are; asks nothing of other talks."""
    person = context["request"].user
    if conversation.met_at is not None or not isinstance(person, Person):
        return {}
    rows = [row for row in _lessons_of(context, conversation) if row.follows_id is None and _is_in(row, person)]
    if not rows or lessons.is_answered(rows[0]):
        return {}
    lesson = rows[0]
    is_full = lesson.full_until is not None and lesson.full_until > timezone.now()
    may_be_full = lesson.full_at is None and lesson.asked_id == lesson.teacher_id == person.pk
    return {
        "lesson": lesson,
        "is_full": is_full,
        "is_mine": lesson.teacher_id == person.pk,
        "full_days": rules.FULL_DAYS if may_be_full and conversation.last_seq else (),
        "csrf_token": context.get("csrf_token"),
    }


@register.inclusion_tag("lessons/card.html", takes_context=True)
def talk_lesson(context: dict[str, Any], conversation: Conversation) -> dict[str, Any]:
    """Say how it stands with the lesson that a talk of two is about: what is open first, else what was last."""
    person = context["request"].user
    if conversation.is_group or not isinstance(person, Person):
        return {}
    rows = _lessons_of(context, conversation)
    if not rows:
        return {}
    lesson = next((row for row in rows if row.state in states.OPEN), rows[-1])
    now = timezone.now()
    is_unpaid = fees.is_unpaid(lesson, person, fees.standings([lesson]))
    return {
        "lesson": lesson,
        "step": next_steps.next_step(lesson.facts(person), now=now, is_unpaid=is_unpaid),
        "is_open": context.get("is_open", False),
        "key": uuid.uuid4(),
        "csrf_token": context.get("csrf_token"),
    }


def _is_in(lesson: Lesson, person: Person) -> bool:
    return person.pk in (lesson.teacher_id, lesson.learner_id)


_read_lessons = Ready(
    lambda *, talk: Lesson.objects.filter(conversation=talk).select_related("teacher", "learner").order_by("id")
)


def _lessons_of(context: dict[str, Any], conversation: Conversation) -> list[Lesson]:
    """Give the lessons of a talk, the first one first; read once for a page. Who reads the talk may read them."""
    if "lessons_of_talk" not in context:
        context["lessons_of_talk"] = _read_lessons(talk=conversation.pk)
    found: list[Lesson] = context["lessons_of_talk"]
    return found
