"""What curators do about thanks and lessons: reported words, and private notes about a lesson."""

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Person
from exchange.lessons.models import Lesson
from exchange.lib.errors import Refused
from exchange.lib.text import clean
from exchange.moderation.models import PrivateNote, ThanksReport
from exchange.moderation.rules import THANKS_REASONS
from exchange.moderation.services import AlreadyDecided, NotACurator, OwnText, UnknownReason
from exchange.outbox import services as outbox
from exchange.passport import services as passports
from exchange.passport.models import Thanks

LONGEST = 1000
TOOK_PLACE = frozenset({"held", "confirmed", "no_show", "disputed"})  # or should have


class OwnWords(Refused):
    """Nobody reports what they wrote themselves; they can take it back."""

    code = "own_words"


class NoteNotNow(Refused):
    """A lesson that was not due yet; a talk can be reported at any time."""

    code = "note_not_now"


class NoteEmpty(Refused):
    """A note without words, or with too many."""

    code = "note_empty"


@transaction.atomic
def report(*, thanks: Thanks, reporter: Person, reason: str) -> ThanksReport:
    """Ask the curators to look at a thank-you; a second click finds the first report.

    Refused: `UnknownReason`, `OwnWords`.
    """
    if reason not in THANKS_REASONS:
        raise UnknownReason(_("Choose a reason from the list."))
    if thanks.writer_id == reporter.pk:
        raise OwnWords(_("These are your own words. You can take them back."))
    found, _is_new = ThanksReport.objects.get_or_create(
        thanks=thanks,
        reporter=reporter,
        decided_at=None,
        defaults={
            "writer_id": thanks.writer_id,
            "receiver_id": thanks.receiver_id,
            "reason": reason,
            "learned": thanks.learned,
            "words": thanks.thanks,
        },
    )
    return found


def reports(*, curator: Person) -> QuerySet[ThanksReport]:
    """Give the reports that wait, the oldest first; none about the curator's own words or thanks."""
    rows = ThanksReport.objects.filter(decided_at=None).exclude(Q(writer=curator) | Q(receiver=curator))
    return rows.select_related("reporter", "writer", "receiver").order_by("at", "id")


@transaction.atomic
def decide(*, report_id: int, curator: Person, why: str = "") -> ThanksReport:
    """Take words down with a reason (`why`), or leave them (none). Writer and reporter are told.

    Refused: `UnknownReason`, `AlreadyDecided`, `OwnText`, `NotACurator`.
    """
    if why and why not in THANKS_REASONS:
        raise UnknownReason(_("Choose a reason from the list."))
    _require_curator(curator)
    found = ThanksReport.objects.select_for_update(of=("self",)).get(id=report_id)
    if curator.pk in (found.writer_id, found.receiver_id):
        raise OwnText(_("Another curator looks after your own thanks."))
    if found.decided_at is not None:
        raise AlreadyDecided(_("Another curator has decided about this meanwhile."))
    now = timezone.now()
    is_down = bool(why) and found.thanks_id is not None and passports.take_down(thanks_id=found.thanks_id, now=now)
    found.verdict = ThanksReport.Verdict.DOWN if why else ThanksReport.Verdict.CALM
    found.why, found.curator, found.decided_at = why, curator, now
    found.save(update_fields=["verdict", "why", "curator", "decided_at"])
    outbox.emit(
        "thanks.decided",
        found,
        reporter=found.reporter_id,
        receiver=found.receiver_id,
        writer=found.writer_id if is_down else None,
        lesson=found.thanks.story.lesson_id if found.thanks else None,
        verdict=str(found.verdict),
        why=THANKS_REASONS.get(why, {}),  # in both languages
    )
    return found


@transaction.atomic
def write_note(*, lesson: Lesson, by: Person, body: str) -> PrivateNote:
    """Tell the curators something about a lesson; while nobody has read it, writing again changes it.

    Refused: `NoteNotNow` before the lesson was to take place, `NoteEmpty`.
    """
    body = clean(body)
    if lesson.state not in TOOK_PLACE:
        raise NoteNotNow(_("You can write this once the lesson was to take place. A talk can be reported at any time."))
    if not body or len(body) > LONGEST:
        raise NoteEmpty(_("Write a few words, 1,000 characters at most."))
    note, _is_new = PrivateNote.objects.update_or_create(
        lesson=lesson, writer=by, decided_at=None, defaults={"body": body, "at": timezone.now()}
    )
    return note


def waiting_note(*, lesson: Lesson, person: Person) -> PrivateNote | None:
    """Give what this person wrote about a lesson that no curator has read yet."""
    return PrivateNote.objects.filter(lesson=lesson, writer=person, decided_at=None).first()


def notes(*, curator: Person) -> QuerySet[PrivateNote]:
    """Give the notes that wait, the oldest first; none about the curator's own lessons."""
    rows = PrivateNote.objects.filter(decided_at=None)
    rows = rows.exclude(Q(lesson__teacher=curator) | Q(lesson__learner=curator))
    return rows.select_related("writer", "lesson__teacher", "lesson__learner", "lesson__conversation").order_by(
        "at", "id"
    )


@transaction.atomic
def close_note(*, note_id: int, curator: Person) -> PrivateNote:
    """Put a note away as looked after; its writer is told. Refused: `AlreadyDecided`, `OwnText`, `NotACurator`."""
    _require_curator(curator)
    note = PrivateNote.objects.select_for_update(of=("self",)).select_related("lesson").get(id=note_id)
    if curator.pk in (note.lesson.teacher_id, note.lesson.learner_id):
        raise OwnText(_("Another curator looks after your own lessons."))
    if note.decided_at is not None:
        raise AlreadyDecided(_("Another curator has decided about this meanwhile."))
    note.curator, note.decided_at = curator, timezone.now()
    note.save(update_fields=["curator", "decided_at"])
    outbox.emit("note.read", note, writer=note.writer_id, lesson=note.lesson_id)
    return note


def _require_curator(person: Person) -> None:
    if not person.is_curator:
        raise NotACurator(_("This desk is for curators."))
