"""The acts around a story: begin it, write in it, open it, choose who reads it, take words back."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import policies
from accounts.models import Person
from accounts.services import care
from exchange.chat.screening import screen
from exchange.lessons import states
from exchange.lessons import thanks as stories
from exchange.lessons.models import Lesson
from exchange.lessons.services import NotReachable
from exchange.lib.errors import Refused
from exchange.lib.text import clean
from exchange.outbox import services as outbox
from exchange.passport import rules
from exchange.passport.models import Story, Thanks
from skills.services import concepts


class NotConfirmed(Refused):
    """A lesson that has not taken place, or not yet been confirmed."""

    code = "not_confirmed"


class AlreadyOpen(Refused):
    """The story is open: nobody writes in it any more."""

    code = "already_open"


class StillSealed(Refused):
    """Words that nobody but their writer can see yet."""

    code = "still_sealed"


class NothingWritten(Refused):
    """Neither what was learned nor a thank-you."""

    code = "nothing_written"


class TooLong(Refused):
    """More than a few lines."""

    code = "too_long"


class NotToYou(Refused):
    """Only who was thanked chooses where it is shown; only who wrote it takes it back."""

    code = "not_to_you"


class HoldsContact(Refused):
    """Words with a phone number, an address or a link are not for everyone."""

    code = "holds_contact"


@dataclass(frozen=True)
class Told:
    """A lesson as one of its two people looks back on it. `theirs`: only once it is open and may be read."""

    lesson: Lesson
    other: Person
    skill: str
    i_taught: bool
    at: datetime
    mine: Thanks | None
    theirs: Thanks | None
    is_open: bool
    due_at: datetime  # when it is opened at the latest

    @property
    def may_write(self) -> bool:
        """Whether this person may still write or change what they wrote."""
        return not self.is_open and (self.mine is None or self.mine.taken_down_at is None)


@dataclass(frozen=True)
class Shown:
    """Words that a person lets everyone read."""

    thanks: Thanks
    skill: str
    at: datetime

    @property
    def writer_name(self) -> str:
        """First name of who wrote; of learners of 13 to 17 none is told to everyone."""
        writer = self.thanks.writer
        return "" if writer.is_young else writer.first_name


@transaction.atomic
def begin(*, lesson: Lesson) -> Story:
    """Begin the story of a confirmed lesson: from now on both may write. Again gives the same story.

    Refused: `NotConfirmed`.
    """
    if lesson.state != Lesson.State.CONFIRMED:
        raise NotConfirmed(_("You can write this once the lesson has taken place and is confirmed."))
    now = timezone.now()
    story, _is_new = Story.objects.get_or_create(
        lesson=lesson, defaults={"made_at": now, "due_at": rules.due_at(now, settings.THANKS_DAYS)}
    )
    return story


@transaction.atomic
def write(*, lesson: Lesson, by: Person, learned: str = "", thanks: str = "") -> Thanks:
    """Write what was learned and a thank-you, or change it; when both have written, it is opened.

    The same words again change nothing, also after it was opened. Refused: `NotConfirmed`, `AlreadyOpen`,
    `NothingWritten`, `TooLong`, `NotReachable` (a block either way, or gone), `AgeNotSaid`, `NeedsGuardian`.
    """
    learned, thanks = " ".join(clean(learned).split()), " ".join(clean(thanks).split())
    other = _other(lesson, by)
    story = Story.objects.select_for_update().get(id=begin(lesson=lesson).pk)
    mine = Thanks.objects.filter(story=story, writer=by).first()
    if mine is not None and (mine.learned, mine.thanks) == (learned, thanks):
        return mine
    if story.opened_at is not None or (mine is not None and mine.taken_down_at is not None):
        raise AlreadyOpen(_("This story is open already; what is written in it stays as it is."))
    if not policies.may_write_to(by, other) or policies.lacks_guardian(other):
        raise NotReachable(_("This neighbour cannot be written to now."))
    care.require_may_meet(by)
    if not learned and not thanks:
        raise NothingWritten(_("Write a few words in one of the two fields."))
    if max(len(learned), len(thanks)) > rules.LONGEST:
        raise TooLong(_("Shorter, please: %(most)s characters at most.") % {"most": rules.LONGEST})
    if mine is None:
        mine = Thanks.objects.create(story=story, writer=by, receiver=other, learned=learned, thanks=thanks)
    else:
        mine.learned, mine.thanks, mine.at = learned, thanks, timezone.now()
        mine.save(update_fields=["learned", "thanks", "at"])
    if story.words.count() == 2:
        _open(story, timezone.now())
    return mine


def open_due(*, now: datetime, limit: int = 200) -> int:
    """Open the stories whose days have passed; gives how many. Any number of workers may do so at once."""
    due = Story.objects.to_open(now).order_by("due_at", "id").values_list("id", flat=True)
    return sum(_open_one(story_id, now) for story_id in list(due[:limit]))


@transaction.atomic
def _open_one(story_id: int, now: datetime) -> bool:
    story = Story.objects.select_for_update().to_open(now).filter(id=story_id).first()
    if story is None:
        return False
    _open(story, now)
    return True


def _open(story: Story, now: datetime) -> None:
    story.opened_at = now
    story.save(update_fields=["opened_at"])
    if story.words.exists():
        outbox.emit("thanks.opened", story)


@transaction.atomic
def show(*, thanks: Thanks, by: Person, shown: str) -> Thanks:
    """Choose where a thank-you to oneself is shown: in one's passport, also on one's page, or nowhere.

    Refused: `NotToYou`, `StillSealed`, `HoldsContact` (public, with a phone number, address or link in it).
    Raises `ValueError` for a word that is none of `Thanks.Shown`.
    """
    shown = Thanks.Shown(shown)
    thanks = Thanks.objects.select_for_update(of=("self",)).select_related("story").get(id=thanks.pk)
    if thanks.receiver_id != by.pk:
        raise NotToYou(_("Only the one who was thanked chooses this."))
    if not Thanks.objects.opened().filter(id=thanks.pk).exists():
        raise StillSealed(_("There is nothing to choose here yet."))
    if shown == Thanks.Shown.PUBLIC and _holds_contact(thanks):
        raise HoldsContact(_("There is a phone number, an address or a link in it, so it stays in your passport only."))
    thanks.shown = shown
    thanks.save(update_fields=["shown"])
    return thanks


@transaction.atomic
def take_back(*, thanks_id: int, by: Person) -> bool:
    """Delete one's own words, wherever they are shown; False when they are gone already. Refused: `NotToYou`."""
    thanks = Thanks.objects.select_for_update(of=("self",)).filter(id=thanks_id).first()
    if thanks is None:
        return False
    if thanks.writer_id != by.pk:
        raise NotToYou(_("Only the one who wrote this can take it back."))
    thanks.delete()
    return True


@transaction.atomic
def take_down(*, thanks_id: int, now: datetime) -> bool:
    """Let words be seen by nobody any more; for curators, who keep why. False when they are gone already."""
    return bool(Thanks.objects.standing().filter(id=thanks_id).update(taken_down_at=now, shown=Thanks.Shown.HIDDEN))


def lesson_for(*, lesson_id: int, person: Person) -> Lesson | None:
    """Give a lesson of this person with what its story needs; None for everyone else's."""
    return _lessons(person).filter(id=lesson_id).first()


def watched(*, lesson_id: int, guardian: Person) -> list[Thanks] | None:
    """Give the open words of a lesson of somebody young, for their guardian; None where they look after neither."""
    lesson = Lesson.objects.readable_by(guardian).filter(id=lesson_id).first()
    if lesson is None or lesson.role_of(guardian) in (states.TEACHER, states.LEARNER):
        return None
    rows = Thanks.objects.opened().filter(story__lesson=lesson)
    return list(rows.select_related("writer", "receiver").order_by("id"))


def told_of(*, lesson: Lesson, person: Person, language: str) -> Told:
    """Give one lesson as this person looks back on it."""
    return passport(lessons=[lesson], person=person, language=language)[0]


def standing_of(lesson: Lesson, person: Person) -> str:
    """Give how the story of a lesson stands for one of its two (`exchange.lessons.thanks`); in one query."""
    mine = Thanks.objects.filter(story=OuterRef("pk"), writer=person)
    row = Story.objects.filter(lesson=lesson).annotate(mine=Exists(mine)).values_list("opened_at", "mine").first()
    opened_at, has_written = row or (None, False)
    if opened_at is not None:
        return stories.OPEN
    return stories.SEALED if has_written else stories.WRITE


def confirmed(*, person: Person) -> QuerySet[Lesson]:
    """Give the lessons of which this person has a story, the newest first."""
    return _lessons(person).filter(state=Lesson.State.CONFIRMED).order_by("-starts_at", "-id")


def passport(*, lessons: Iterable[Lesson], person: Person, language: str) -> list[Told]:
    """Give lessons of a person as stories; in two queries however many."""
    rows = list(lessons)
    ids = [row.pk for row in rows]
    words: dict[int, list[Thanks]] = defaultdict(list)
    for thanks in Thanks.objects.filter(story__lesson__in=ids, writer=person):
        words[thanks.story_id].append(thanks)
    for thanks in Thanks.objects.opened().filter(story__lesson__in=ids, receiver=person):
        words[thanks.story_id].append(thanks)
    return [_told(row, person, language, words) for row in rows]


def public(*, person: Person, reader: object, language: str) -> list[Shown]:
    """Give the words that a person lets everyone read, the newest first."""
    rows = Thanks.objects.public_of(person, reader).select_related(
        "writer", "story__lesson__listing", "story__lesson__conversation"
    )
    return [
        Shown(row, _public_skill(row.story.lesson, language), _when(row.story.lesson))
        for row in rows.order_by("-story__opened_at", "-id")
    ]


def readable(*, thanks_id: int, person: Person) -> Thanks | None:
    """Give words that this person may read: to them once open, or shown to everyone."""
    rows = Thanks.objects.filter(id=thanks_id).select_related("writer", "receiver", "story__lesson")
    row = rows.opened().first()
    if row is None or row.receiver_id == person.pk:
        return row
    is_public = row.receiver.is_active and not policies.is_blocked(row.receiver, person)
    return Thanks.objects.public_of(row.receiver, person).filter(id=row.pk).first() if is_public else None


def _lessons(person: Person) -> QuerySet[Lesson]:
    return Lesson.objects.for_member(person).select_related("teacher", "learner", "listing", "conversation", "story")


def _told(lesson: Lesson, person: Person, language: str, words: Mapping[int, Sequence[Thanks]]) -> Told:
    story: Story | None = getattr(lesson, "story", None)
    found: Sequence[Thanks] = words.get(story.pk, []) if story else []
    i_taught = lesson.teacher_id == person.pk
    return Told(
        lesson=lesson,
        other=lesson.learner if i_taught else lesson.teacher,
        skill=_skill(lesson, language),
        i_taught=i_taught,
        at=_when(lesson),
        mine=next((row for row in found if row.writer_id == person.pk), None),
        theirs=next((row for row in found if row.writer_id != person.pk), None),
        is_open=story is not None and story.opened_at is not None,
        due_at=story.due_at if story else rules.due_at(timezone.now(), settings.THANKS_DAYS),
    )


def _skill(lesson: Lesson, language: str) -> str:
    return _public_skill(lesson, language) or lesson.title


def _public_skill(lesson: Lesson, language: str) -> str:
    """The name of the skill; nothing where only a title names it, which may no longer be public."""
    known, concept = concepts.tree(), lesson.listing.main_concept_id if lesson.listing else None
    return known.hit(concept).name(language) if concept in known.names else ""


def _when(lesson: Lesson) -> datetime:
    return lesson.starts_at or lesson.made_at


def _other(lesson: Lesson, person: Person) -> Person:
    return lesson.learner if lesson.teacher_id == person.pk else lesson.teacher


def _holds_contact(thanks: Thanks) -> bool:
    return any(
        finding.spans
        for text in (thanks.learned, thanks.thanks)
        for finding in screen(text, is_first_contact=True).findings
        if finding.severity == "mask"
    )
