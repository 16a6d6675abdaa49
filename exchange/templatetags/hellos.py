"""A hello that has no answer yet, beside the talk it began: what the teacher can say with one tap."""

from typing import Any

from django import template
from django.utils import timezone

from accounts.models import Person
from exchange.chat.models import Conversation
from exchange.lessons import rules
from exchange.lessons import services as lessons

register = template.Library()


@register.inclusion_tag("lessons/unanswered.html", takes_context=True)
def unanswered_hello(context: dict[str, Any], conversation: Conversation) -> dict[str, Any]:
    """Offer the one who was asked to be full for a while, and tell both when they are; asks nothing of other talks."""
    person = context["request"].user
    if conversation.met_at is not None or not isinstance(person, Person):
        return {}
    lesson = lessons.unanswered(conversation_id=conversation.pk, person=person)
    if lesson is None:
        return {}
    is_full = lesson.full_until is not None and lesson.full_until > timezone.now()
    may_be_full = lesson.full_at is None and lesson.asked_id == lesson.teacher_id == person.pk
    return {
        "lesson": lesson,
        "is_full": is_full,
        "is_mine": lesson.teacher_id == person.pk,
        "full_days": rules.FULL_DAYS if may_be_full and conversation.last_seq else (),
        "csrf_token": context.get("csrf_token"),
    }
