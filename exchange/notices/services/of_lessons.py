"""What the two people of a lesson are told, and what is news no longer: of one lesson each has at most one notice.

Who looks after somebody young among them is told what is planned, and curators that they are to decide.
"""

from typing import Any

from django.urls import reverse
from django.utils import timezone

from accounts.models import Guardianship, Person
from exchange.lessons import states
from exchange.lessons.models import Lesson
from exchange.notices.rules import OF_LESSONS, OF_WARDS
from exchange.notices.services import telling

OTHER, BOTH, SILENT = "other", "both", "silent"  # the one who did not act; both; those who have not said how it was

# event → kind, whom to tell, in which phases it is still true
TOLD = {
    "asked": ("lesson_asked", OTHER, (states.ASKED,)),
    "countered": ("lesson_asked", OTHER, (states.ASKED,)),
    "move_asked": ("lesson_asked", OTHER, (states.MOVING,)),
    "booked": ("lesson_booked", OTHER, (states.BOOKED,)),
    "choose_anew": ("lesson_asked", BOTH, (states.ASKED,)),
    "moved": ("lesson_booked", OTHER, (states.BOOKED,)),
    "move_declined": ("lesson_booked", OTHER, (states.BOOKED,)),
    "move_withdrawn": ("lesson_booked", OTHER, (states.BOOKED,)),
    "move_lapsed": ("lesson_booked", BOTH, (states.BOOKED,)),
    "declined": ("lesson_off", OTHER, (states.DECLINED,)),
    "withdrawn": ("lesson_off", OTHER, (states.WITHDRAWN,)),
    "cancelled": ("lesson_off", OTHER, (states.CANCELLED,)),
    "lapsed": ("lesson_off", BOTH, (states.LAPSED,)),
    "due_soon": ("lesson_soon", BOTH, (states.BOOKED, states.MOVING)),
    "held": ("lesson_held", SILENT, (states.HELD,)),
    "said": ("lesson_trouble", SILENT, (states.HELD,)),
    "confirmed": ("", BOTH, (states.CONFIRMED,)),
    "missed": ("lesson_trouble", BOTH, (states.NO_SHOW,)),
    "disputed": ("lesson_trouble", OTHER, (states.DISPUTED,)),
    "resolved": ("lesson_trouble", BOTH, (states.CONFIRMED, states.CANCELLED)),
}

PLANS = frozenset(TOLD) - {"due_soon", "held", "said", "confirmed", "missed", "disputed", "resolved", "choose_anew"}


def follow(*, lesson_id: int, act: str, occasion: str, facts: dict[str, Any]) -> None:
    """Tell of what happened to a lesson ("asked", "booked" …), if it is still true; what was told before is over.

    `facts`: the payload of the event: `by`, who did it (none: the clock), `said`, `outcome`.
    """
    lesson = Lesson.objects.filter(id=lesson_id).first()
    kind, whom, phases = TOLD[act]
    if lesson is None or lesson.phase not in phases:
        return
    about, pair = f"{lesson.pk}:", {lesson.teacher_id, lesson.learner_id}
    by = facts.get("by")
    if act == "said" and facts.get("said") != states.SAID_MISSED:
        telling.overtake(kinds=OF_LESSONS, about=about, people=pair & {by})
        return
    telling.overtake(kinds=OF_LESSONS, about=about, people=pair)
    guardians = dict(Guardianship.objects.current().filter(young__in=pair).values_list("guardian", "young"))
    telling.overtake(kinds=OF_WARDS, about=about, people=guardians)
    _tell_curators(lesson, act, about)
    if act == "due_soon" and lesson.starts_at is not None and lesson.starts_at <= timezone.now():
        return
    is_second = bool(lesson.partner_id and lesson.partner_id < lesson.pk and act in ("asked", "booked"))
    if not kind or "along_with" in facts or is_second:  # the first lesson of a series, or of a swap, speaks for all
        return
    silent = {lesson.teacher_id: lesson.teacher_said, lesson.learner_id: lesson.learner_said}
    people = {
        OTHER: pair - {by},
        BOTH: pair,
        SILENT: {person for person, said in silent.items() if not said},
    }[whom]
    telling.tell(
        people=people,
        kind=kind,
        key=f"{about}{occasion}",
        url=lesson.get_absolute_url(),
        lesson=lesson.pk,
        act=act,
        outcome=facts.get("outcome", ""),
        many=facts.get("in_series", 1),
    )
    if act in PLANS:
        for guardian in guardians.keys() - pair:
            telling.tell(
                people=[guardian],
                kind="ward_lesson",
                key=f"{about}{occasion}",
                url=lesson.get_absolute_url(),
                lesson=lesson.pk,
                ward=guardians[guardian],
                act=act,
                many=facts.get("in_series", 1),
            )


def _tell_curators(lesson: Lesson, act: str, about: str) -> None:
    """Curators who are not in it are told of a dispute, until it is decided."""
    if act not in ("disputed", "resolved"):
        return
    curators = Person.objects.filter(role__in=[Person.Role.CURATOR, Person.Role.ADMIN], is_active=True)
    people = list(curators.exclude(id__in=(lesson.teacher_id, lesson.learner_id)).values_list("id", flat=True))
    if act == "resolved":
        telling.overtake(kinds=["lesson_disputed"], about=about, people=people)
    else:
        telling.tell(people=people, kind="lesson_disputed", key=f"{about}{lesson.version}", url=reverse("desk_lessons"))
