"""The curators' acts: let through, return with a reason, skip, undo. Every decision is a row."""

from dataclasses import dataclass, field
from datetime import timedelta
from difflib import SequenceMatcher

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Person
from exchange.chat import services as chat
from exchange.chat.models import Conversation, File, Held, Member, Message
from exchange.lib.errors import Refused
from exchange.moderation.models import Decision, HeldDecision, Look, Report
from exchange.moderation.rules import REASONS, REPORTS, SEVERE
from exchange.outbox import services as outbox
from exchange.ready import Ready
from search import services as search
from skills.models import Listing, Revision
from skills.services import concepts, listings
from skills.services.concepts import ConceptHit

SKIP_MINUTES = 30
LOOK_MINUTES = 5  # a text that a curator opened is not given to another one that long
LAST_MESSAGES = 10  # what a curator reads of a talk, and no more


class NotACurator(Refused):
    """Only curators decide."""

    code = "not_a_curator"


class OwnText(Refused):
    """Nobody decides about their own text."""

    code = "own_text"


class UnknownReason(Refused):
    """A reason that is not on the list."""

    code = "unknown_reason"


class TooLate(Refused):
    """The ten minutes for an undo are over, or it was undone."""

    code = "too_late"


class AlreadyDecided(Refused):
    """Another curator was faster."""

    code = "already_decided"


@dataclass(frozen=True)
class Words:
    """A run of words of a text: kept, taken out or put in."""

    kind: str  # same, del, ins
    text: str


@dataclass(frozen=True)
class Item:
    """One text on the desk, with everything needed to decide."""

    revision: Revision
    changes: dict[str, list[Words]] = field(default_factory=dict)  # field → diff; empty for a new listing
    tags: list[tuple[str, ConceptHit | None]] = field(default_factory=list)
    duplicates: list[Listing] = field(default_factory=list)


def queue(*, curator: Person) -> QuerySet[Revision]:
    """Give the texts that wait, oldest first; skipped ones come back after half an hour, at the end until then."""
    rows = Revision.objects.filter(state=Revision.State.IN_REVIEW).exclude(listing__owner=curator)
    return rows.select_related("listing", "listing__owner", "listing__owner__district", "district").order_by(
        F("skipped_until").asc(nulls_first=True), "sent_at", "id"
    )


@transaction.atomic
def next_text(*, curator: Person, but: Revision | None = None) -> Revision | None:
    """Give the oldest waiting text that no other curator has open, and keep it for this one for some minutes.

    When all that wait are open elsewhere, the oldest is given all the same: `_open` refuses the second decision.
    """
    _require_curator(curator)
    now = timezone.now()
    waiting = queue(curator=curator)
    if but is not None:
        waiting = waiting.exclude(pk=but.pk)
    elsewhere = Look.objects.filter(until__gt=now).exclude(curator=curator)
    found = waiting.exclude(pk__in=elsewhere.values("revision_id")).first() or waiting.first()
    if found is not None:
        until = now + timedelta(minutes=LOOK_MINUTES)
        Look.objects.bulk_create(
            [Look(revision=found, curator=curator, until=until)],
            update_conflicts=True,
            unique_fields=["revision"],
            update_fields=["curator", "until"],
        )
    return found


def waiting_count() -> int:
    """Give how many texts wait."""
    return Revision.objects.filter(state=Revision.State.IN_REVIEW).count()


def item(*, revision: Revision) -> Item:
    """Give one text with what changed, the mapped concepts and near duplicates."""
    listing = revision.listing
    changes = {}
    if listing.published_at is not None:
        for name in ("title", "body", "place", "in_return_note"):
            before, after = str(getattr(listing, name)), str(getattr(revision, name))
            if before != after:
                changes[name] = diff(before, after)
    known = concepts.tree()
    tags = []
    for tag in revision.tags:
        concept = known.ids.get(tag.get("uri") or "")
        tags.append((tag["text"], known.hit(concept) if concept else None))
    near = search.near_duplicates(title=revision.title, body=revision.body, but=listing.pk, kind=listing.kind)
    return Item(revision=revision, changes=changes, tags=tags, duplicates=near)


@transaction.atomic
def let_through(*, revision: Revision, curator: Person) -> Decision:
    """Publish a waiting text."""
    revision = _open(revision, curator)
    before = listings.snapshot(revision.listing)
    listings.accept(revision=revision)
    return _record(revision, curator, Decision.Verdict.ACCEPTED, before)


@transaction.atomic
def give_back(*, revision: Revision, curator: Person, reason: str, note: str = "") -> Decision:
    """Return a waiting text with a reason of the list, which its author reads in their language."""
    if reason not in REASONS:
        raise UnknownReason(_("Choose a reason from the list."))
    revision = _open(revision, curator)
    before = listings.snapshot(revision.listing)
    listings.give_back(revision=revision)
    return _record(revision, curator, Decision.Verdict.RETURNED, before, reason=reason, note=note[:500])


@transaction.atomic
def skip(*, revision: Revision, curator: Person) -> None:
    """Put a text at the end of the queue for half an hour."""
    revision = _open(revision, curator)
    revision.skipped_until = timezone.now() + timedelta(minutes=SKIP_MINUTES)
    revision.save(update_fields=["skipped_until"])


@transaction.atomic
def undo(*, decision: Decision, curator: Person) -> Revision:
    """Take back one's own decision within ten minutes; what was public before is public again."""
    decision = Decision.objects.select_for_update(of=("self",)).select_related("revision__listing").get(id=decision.pk)
    _require_curator(curator)
    if decision.curator_id != curator.pk:
        raise NotACurator(_("Only the one who decided can undo it."))
    is_late = timezone.now() - decision.at > timedelta(minutes=settings.UNDO_MINUTES)
    if decision.undone_at is not None or is_late:
        raise TooLate(_("This can no longer be undone: ten minutes have passed, or it was undone already."))
    revision = decision.revision
    listings.restore(revision=revision, before=decision.before)
    decision.undone_at, decision.undone_by = timezone.now(), curator
    decision.save(update_fields=["undone_at", "undone_by"])
    _tell(decision)
    return revision


def last_undoable(*, curator: Person) -> Decision | None:
    """Give the newest decision this curator can still take back."""
    since = timezone.now() - timedelta(minutes=settings.UNDO_MINUTES)
    rows = Decision.objects.filter(curator=curator, undone_at=None, at__gte=since).select_related("revision__listing")
    return rows.order_by("-at", "-id").first()


_returned = Ready(
    lambda *, listings: (
        Decision.objects.filter(revision__listing__in=listings, undone_at=None, revision__state=Revision.State.RETURNED)
        .order_by("at", "id")
        .values_list("revision__listing", "reason", "note")
    )
)


def returned_reasons(*, listing_ids: list[int], language: str) -> dict[int, str]:
    """Give the reason in the author's language for each listing whose newest text was returned."""
    newest = {listing: told for listing, *told in _returned(listings=listing_ids)} if listing_ids else {}
    return {
        listing: " ".join(filter(None, [REASONS.get(reason, {}).get(language, ""), note]))
        for listing, (reason, note) in newest.items()
    }


def diff(before: str, after: str) -> list[Words]:
    """Give what changed between two texts, word by word."""
    old, new = before.split(), after.split()
    out: list[Words] = []
    for kind, i1, i2, j1, j2 in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if kind == "equal":
            out.append(Words("same", " ".join(old[i1:i2])))
            continue
        if i2 > i1:
            out.append(Words("del", " ".join(old[i1:i2])))
        if j2 > j1:
            out.append(Words("ins", " ".join(new[j1:j2])))
    return out


def held_messages(*, curator: Person) -> QuerySet[Held]:
    """Give the messages that wait, oldest first; none of talks the curator takes part in."""
    rows = Held.objects.waiting().exclude(conversation__in=_own_talks(curator))
    return rows.select_related("sender", "conversation").order_by("at", "id")


def last_messages(*, held: Held) -> list[Message]:
    """Give the last messages of the talk of a waiting message, oldest first: they come with it, nothing more does."""
    rows = Message.objects.filter(conversation=held.conversation_id).select_related("sender").order_by("-seq")
    return list(rows[:LAST_MESSAGES])[::-1]


@transaction.atomic
def decide_held(*, held_id: int, curator: Person, is_through: bool) -> HeldDecision:
    """Let a waiting message through, or keep it back; the decision is a row. Refused: `AlreadyDecided`, `OwnText`."""
    _require_curator(curator)
    held = Held.objects.select_for_update(of=("self",)).get(id=held_id)
    _require_stranger(held.conversation_id, curator)
    if held.decided_at is not None:
        raise AlreadyDecided(_("Another curator has decided about this meanwhile."))
    if is_through:
        chat.release(held=held)
    else:
        chat.keep_back(held=held)
    verdict = HeldDecision.Verdict.THROUGH if is_through else HeldDecision.Verdict.KEPT
    return HeldDecision.objects.create(held=held, curator=curator, verdict=verdict)


@transaction.atomic
def report(*, conversation_id: int, reporter: Person, reason: str, seq: int = 0) -> Report:
    """Ask the curators to look at a talk, with its last messages; a second click finds the first report.

    Severe reasons (money, threat, a minor) stop the talk for both sides at once. Refused: `UnknownReason`,
    `chat.NoSuchTalk` for who takes no part in it.
    """
    if reason not in REPORTS:
        raise UnknownReason(_("Choose a reason from the list."))
    member = Member.objects.select_for_update(of=("self",)).filter(conversation=conversation_id, person=reporter)
    if not member.exists():
        raise chat.NoSuchTalk(_("There is no such talk."))
    open_one = Report.objects.waiting().filter(conversation=conversation_id, reporter=reporter).first()
    is_severe = reason in SEVERE
    if is_severe:
        chat.stop(conversation_id=conversation_id)
    if open_one is not None:
        return open_one
    rows = Message.objects.filter(conversation=conversation_id).select_related("sender", "file").order_by("-seq")
    words = [
        {
            "seq": row.seq,
            "sender": row.sender_id,
            "name": row.sender.first_name,
            "body": row.body,
            "file": getattr(chat.file_of(row), "kind", ""),
            "at": row.at.isoformat(),
        }
        for row in rows[:LAST_MESSAGES]
    ][::-1]
    made = Report.objects.create(
        conversation_id=conversation_id, reporter=reporter, seq=seq, reason=reason, is_severe=is_severe, words=words
    )
    outbox.emit("talk.reported", made, reporter=reporter.pk)
    return made


def reported_file(*, report_id: int, seq: int, curator: Person) -> File | None:
    """Give a file that came with one of the messages of an open report, for a curator who takes no part in the talk."""
    found = reports(curator=curator).filter(id=report_id).first() if curator.is_curator else None
    if found is None or seq not in {line["seq"] for line in found.words if line.get("file")}:
        return None
    return File.objects.filter(message__conversation=found.conversation_id, message__seq=seq).first()


def reports(*, curator: Person) -> QuerySet[Report]:
    """Give the reports that wait: severe ones first, then the oldest; none of talks the curator takes part in."""
    rows = Report.objects.waiting().exclude(conversation__in=_own_talks(curator))
    return rows.select_related("reporter", "conversation").order_by("-is_severe", "at", "id")


@transaction.atomic
def decide_report(*, report_id: int, curator: Person, is_calm: bool) -> Report:
    """Close a report: the talk goes on, or stays closed. Its reporter is told. Refused: `AlreadyDecided`, `OwnText`."""
    _require_curator(curator)
    found = Report.objects.select_for_update(of=("self",)).get(id=report_id)
    _require_stranger(found.conversation_id, curator)
    if found.decided_at is not None:
        raise AlreadyDecided(_("Another curator has decided about this meanwhile."))
    found.verdict = Report.Verdict.CALM if is_calm else Report.Verdict.WARNED
    found.curator, found.decided_at = curator, timezone.now()
    found.save(update_fields=["verdict", "curator", "decided_at"])
    others_wait = Report.objects.waiting().filter(conversation=found.conversation_id, is_severe=True).exists()
    if not is_calm:
        chat.stop(conversation_id=found.conversation_id)
    elif not others_wait:
        chat.open_again(conversation_id=found.conversation_id)
    outbox.emit(
        "report.decided",
        found,
        reporter=found.reporter_id,
        conversation=found.conversation_id,
        verdict=str(found.verdict),
    )
    return found


def _own_talks(person: Person) -> QuerySet[Conversation]:
    return Conversation.objects.for_member(person)


def _require_stranger(conversation_id: int, curator: Person) -> None:
    if Member.objects.filter(conversation=conversation_id, person=curator).exists():
        raise OwnText(_("Another curator looks after your own talks."))


def _require_curator(person: Person) -> None:
    if not person.is_curator:
        raise NotACurator(_("This desk is for curators."))


def _open(revision: Revision, curator: Person) -> Revision:
    _require_curator(curator)
    fresh = Revision.objects.select_related("listing", "listing__owner").get(id=revision.pk)
    if fresh.listing.owner_id == curator.pk:
        raise OwnText(_("Another curator looks after your own listings."))
    if fresh.state != Revision.State.IN_REVIEW:
        raise listings.WrongState(_("This text is no longer waiting: it was decided or taken back meanwhile."))
    return fresh


def _record(
    revision: Revision, curator: Person, verdict: str, before: dict[str, object], *, reason: str = "", note: str = ""
) -> Decision:
    decision = Decision.objects.create(
        revision=revision, curator=curator, verdict=verdict, reason=reason, note=note, before=before
    )
    Look.objects.filter(revision=revision).delete()  # only what waits is looked at; the table stays as short
    _tell(decision)
    return decision


def _tell(decision: Decision) -> None:
    """Let upper rooms know. Notices are strangers to this room, so the event says what they need."""
    outbox.emit(
        "listing.decided",
        decision.revision,
        decision=decision.pk,
        verdict=str(decision.verdict),
        why=REASONS.get(decision.reason, {}),  # in both languages
        note=decision.note,
        is_undone=decision.undone_at is not None,
    )
