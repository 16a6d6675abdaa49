"""How much waits at the desk, of every kind, in one statement."""

from typing import Any

from django.db.models import CharField, Count, QuerySet, Value

from accounts.models import Person
from exchange.lessons.models import Lesson
from exchange.moderation import services as moderation
from exchange.moderation import thanks_services
from skills.models import Revision


def waiting(*, curator: Person) -> dict[str, int]:
    """Give how much waits for this curator: "texts", "talks", "thanks", "lessons"."""
    found: list[tuple[str, QuerySet[Any]]] = [
        ("texts", Revision.objects.filter(state=Revision.State.IN_REVIEW)),
        ("talks", moderation.held_messages(curator=curator)),
        ("talks", moderation.reports(curator=curator)),
        ("thanks", thanks_services.reports(curator=curator)),
        ("thanks", thanks_services.notes(curator=curator)),
        ("lessons", Lesson.objects.disputed_for(curator)),
    ]
    first, *others = (
        rows.order_by().values(kind=Value(kind, CharField())).annotate(count=Count("pk")).values_list("kind", "count")
        for kind, rows in found
    )
    counts = dict.fromkeys((kind for kind, _rows in found), 0)
    for kind, count in first.union(*others, all=True):
        counts[kind] += count
    return counts
