"""How busy each mentor is and whether hellos are answered, counted from the talks themselves."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from exchange.chat.models import Message
from exchange.lessons.models import Lesson
from matching.models import Standing
from matching.services import state

TALK_DAYS = 30  # a learner counts that long after the last word, once both have written
ANSWER_DAYS = 14  # how long a hello may wait for its answer
LATE_DAYS = 90  # hellos older than this say nothing any more
MOST = 1_000
FIELDS = ["busy", "asked", "answered"]


def recount(*, person_ids: Iterable[int] | None = None) -> set[int]:
    """Count talks of some mentors, or all, anew. Gives whose standing changed."""
    ids = None if person_ids is None else sorted(set(person_ids))
    as_of = state.read().as_of if ids is not None else timezone.localdate()
    lessons = Lesson.objects.hellos() if ids is None else Lesson.objects.hellos().filter(teacher__in=ids)
    counted = _counted(lessons, as_of)
    with transaction.atomic():
        state.lock()
        rows = Standing.objects.all() if ids is None else Standing.objects.filter(person__in=ids)
        before = {row.person_id: (row.busy, row.asked, row.answered) for row in rows}
        changed = {key for key in before.keys() | counted.keys() if before.get(key) != counted.get(key)}
        Standing.objects.filter(person__in=changed - counted.keys()).delete()
        Standing.objects.bulk_create(
            [
                Standing(person_id=key, **dict(zip(FIELDS, counted[key], strict=True)))
                for key in sorted(changed & counted.keys())
            ],
            update_conflicts=True,
            unique_fields=["person"],
            update_fields=FIELDS,
            batch_size=500,
        )
    return changed


def _counted(lessons: QuerySet[Lesson], as_of: date) -> dict[int, tuple[int, int, int]]:
    midnight = timezone.make_aware(datetime.combine(as_of, time.min))
    answer = Message.objects.filter(conversation=OuterRef("conversation"), sender=OuterRef("teacher"))
    rows = (
        lessons.filter(
            Q(conversation__last_at__gte=midnight - timedelta(days=TALK_DAYS))
            | Q(made_at__gte=midnight - timedelta(days=LATE_DAYS))
        )
        .annotate(is_answered=Exists(answer))
        .values_list(
            "teacher_id",
            "learner_id",
            "opened_by_id",
            "made_at",
            "conversation__last_at",
            "conversation__last_seq",
            "is_answered",
        )
    )
    busy: dict[int, set[int]] = defaultdict(set)
    asked: dict[int, list[bool]] = defaultdict(list)
    for teacher, learner, opened_by, made_at, last_at, last_seq, is_answered in rows.iterator():
        if last_seq >= 2 and last_at >= midnight - timedelta(days=TALK_DAYS):
            busy[teacher].add(learner)
        is_ripe = is_answered or made_at < midnight - timedelta(days=ANSWER_DAYS)
        if opened_by == learner and is_ripe and made_at >= midnight - timedelta(days=LATE_DAYS):
            asked[teacher].append(is_answered)
    return {
        key: (min(len(busy[key]), MOST), min(len(asked[key]), MOST), min(sum(asked[key]), MOST))
        for key in busy.keys() | asked.keys()
    }
