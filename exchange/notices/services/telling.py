"""Telling people: a row once, read again with what it is about whenever it is shown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import Person, blocked_ids
from exchange.chat.models import Conversation, Member, Message
from exchange.lessons.models import Lesson
from exchange.notices import rules
from exchange.notices.models import Choice, Device, Notice, habits_of, zone_of
from exchange.notices.rules import ALWAYS, DIGEST, KINDS, OF_HELLOS, OF_LESSONS, OF_TALKS, OF_WARDS, READING, UNDO
from skills.models import Listing

SHOWN = 60


@dataclass(frozen=True)
class Told:
    """A notice with what its sentence needs, read again now: what may no longer be seen is gone."""

    notice: Notice
    listing: Listing | None = None
    talk: Conversation | None = None
    lesson: Lesson | None = None
    sender: Person | None = None
    others: list[Listing] = field(default_factory=list)  # whom else one might ask
    is_new: bool = False
    words: list[Message] = field(default_factory=list)  # in mails: what was written

    @property
    def template(self) -> str:
        """Where its sentence stands."""
        return f"notices/kinds/{self.notice.kind}.html"

    @property
    def subject_template(self) -> str:
        """Where the subject of its mail stands: the same in few words."""
        return f"notices/subjects/{self.notice.kind}.txt"

    @property
    def title(self) -> str:
        """What it is about, as its author wrote it."""
        if self._talk is not None:
            return self._talk.subject
        return self.listing.title if self.listing is not None else str(self.notice.facts.get("title", ""))

    @property
    def title_lang(self) -> str:
        """The language of that; "" where it is not known."""
        if self._talk is not None:
            return self._talk.subject_lang
        return self.listing.lang if self.listing is not None else ""

    @property
    def _talk(self) -> Conversation | None:
        return self.lesson.conversation if self.lesson is not None else self.talk

    @property
    def address(self) -> str:
        """Where it leads, from outside."""
        return f"{settings.SITE_URL}{self.notice.url}"

    @property
    def ward(self) -> Person | None:
        """Whose lesson it is, told to their guardian."""
        lesson = self.lesson
        if lesson is None:
            return None
        return lesson.teacher if lesson.teacher_id == self.notice.facts["ward"] else lesson.learner

    @property
    def since(self) -> datetime:
        """When what is told of began."""
        return datetime.fromisoformat(self.notice.facts["since"])

    @property
    def until(self) -> datetime:
        """Until when something is to be done."""
        return datetime.fromisoformat(self.notice.facts["until"])

    @property
    def full_until(self) -> datetime | None:
        """Until when somebody has no room."""
        until = self.notice.facts.get("full_until")
        return datetime.fromisoformat(until) if until else None

    @property
    def is_gone(self) -> bool:
        """Whether what it was about can no longer be seen."""
        is_hidden = self.notice.listing_id is not None and self.listing is None
        is_hidden = is_hidden or (self.notice.kind in (*OF_LESSONS, *OF_WARDS) and self.lesson is None)
        return is_hidden or (self.notice.talk_id is not None and (self.talk is None or self.sender is None))


@transaction.atomic
def tell(
    *,
    people: Iterable[int],
    kind: str,
    key: str,
    url: str,
    listing_id: int | None = None,
    talk_id: int | None = None,
    wait: timedelta | None = None,
    **facts: Any,
) -> None:
    """Tell each person one thing once: the same kind and key again changes nothing. Raises `KeyError`: unknown kind.

    `wait`: how long its mail waits, when not as long as its kind says. A notice about a talk names its `sender`.
    """
    ids = sorted(set(people))
    chosen = {row.person_id: row for row in Choice.objects.filter(person__in=ids, kind=kind)}
    ready = timezone.now() + (wait_of(kind) if wait is None else wait)
    rows = []
    has_device = Exists(Device.objects.filter(person=OuterRef("pk"))) if settings.VAPID_PRIVATE_KEY else Value(False)
    known = (
        Person.objects.filter(id__in=ids)
        .select_related("notice_habit")
        .annotate(has_device=has_device, rests_since=F("profile__paused_at"))
    )
    for person in known.order_by("id"):
        choice, habits = chosen.get(person.pk), habits_of(person)
        how = choice.how if choice else KINDS[kind].how
        rests = person.rests_since is not None and kind not in ALWAYS  # the bell on the page keeps it for them
        due = None if rests else rules.mail_due(how, ready=ready, habits=habits, zone=zone_of(habits))
        on_page = choice is None or choice.on_page
        push_due = None
        if person.has_device and not rests and (choice is None or choice.on_devices):
            push_due = rules.after_quiet(ready, habits, zone_of(habits))
        if not on_page and due is None and push_due is None:
            continue
        rows.append(
            Notice(
                person=person,
                kind=kind,
                key=key,
                url=url,
                listing_id=listing_id,
                talk_id=talk_id,
                facts=facts,
                on_page=on_page,
                mail_due_at=due,
                push_due_at=push_due,
                is_digest=how == DIGEST,
            )
        )
    Notice.objects.bulk_create(rows, ignore_conflicts=True)


def wait_of(kind: str) -> timedelta:
    """How long the mail of a kind waits."""
    minutes = {READING: settings.MESSAGE_WAIT_MINUTES, UNDO: settings.UNDO_MINUTES}
    return timedelta(minutes=minutes.get(KINDS[kind].wait, 0))


def tell_of_messages(*, conversation_ids: Iterable[int]) -> None:
    """Tell whoever has not seen the newest words of some talks: one notice until they look, however many messages."""
    behind = Member.objects.filter(conversation__in=set(conversation_ids), seen_seq__lt=F("conversation__last_seq"))
    hellos = {
        lesson.conversation_id: lesson
        for lesson in Lesson.objects.hellos().filter(conversation__in=behind.values("conversation"))
    }
    for place in behind.select_related("conversation").order_by("id"):
        _tell_of_talk(place, hellos.get(place.conversation_id))


@transaction.atomic
def _tell_of_talk(place: Member, lesson: Lesson | None) -> None:
    """Tell one person of one talk. A first hello is told as such, and what follows before its mail goes out with it.

    What was mailed and led to no look is not mailed again: the next mail tells what came after, and waits longer.
    """
    talk = place.conversation
    told = Notice.objects.filter(person=place.person_id, talk=talk, kind__in=OF_TALKS)
    mailed = [row.facts["last"] for row in told.exclude(mailed_at=None) if row.facts["last"] > place.seen_seq]
    since = max(mailed, default=place.seen_seq)
    unseen = Message.objects.filter(conversation=talk, seq__gt=since).exclude(sender=place.person_id)
    found = unseen.aggregate(count=Count("id"), writers=Count("sender", distinct=True))
    last = unseen.order_by("-seq").values_list("sender_id", flat=True).first()
    if last is None:
        return
    facts = {"sender": last, "since": since, "last": talk.last_seq, **found}
    waiting = told.filter(mailed_at=None, facts__since=since).first()
    if waiting is not None:
        Notice.objects.filter(id=waiting.pk).update(facts=facts)
        return
    is_hello = since == 0 and lesson is not None and lesson.opened_by_id != place.person_id
    kind = "enquiry" if is_hello else "message"
    tell(
        people=[place.person_id],
        kind=kind,
        key=f"{talk.pk}:{since}",
        url=talk.get_absolute_url(),
        talk_id=talk.pk,
        wait=rules.wait_again(len(mailed), wait_of(kind)),
        **facts,
    )


@transaction.atomic
def take_back(*, kind: str, key: str) -> None:
    """Forget what was told of an occasion that was undone, unless it was mailed already."""
    Notice.objects.filter(kind=kind, key=key, mailed_at=None).delete()


@transaction.atomic
def overtake(*, kinds: Iterable[str], about: str, people: Iterable[int]) -> None:
    """Let what these people were told under keys that begin with `about` be news no longer, on page, mail and device.

    The rows stay, so that no occasion is told a second time.
    """
    rows = Notice.objects.filter(person__in=set(people), kind__in=kinds, key__startswith=about)
    rows.update(on_page=False, mail_due_at=None, push_due_at=None)


def _unread() -> Q:
    # Messages are counted at the talks.
    return Q(read_at=None, on_page=True) & ~Q(kind__in=OF_TALKS)


def unread_of(person: OuterRef) -> Coalesce:
    """Give how many notices a person of an outer query has not read, as part of that query."""
    rows = Notice.objects.filter(_unread(), person=person).order_by().values("person")
    return Coalesce(Subquery(rows.annotate(count=Count("id")).values("count")), 0)


def unread_count(*, person: Person) -> int:
    """Give how many notices this person has not read; messages are counted at the talks."""
    return Notice.objects.filter(_unread(), person=person).count()


def latest(*, person: Person) -> list[Told]:
    """Give a person's newest notices, newest first, in a few queries however many. A talk that was seen is not news."""
    rows = Notice.objects.filter(person=person, on_page=True).order_by("-id")[:SHOWN]
    passing = (*OF_TALKS, *OF_HELLOS)
    return [line for line in told(list(rows), person) if line.is_new or line.notice.kind not in passing]


def told(rows: Sequence[Notice], person: Person) -> list[Told]:
    """Give notices with what they are about, through the permission doors. Those of a talk are new until it is seen."""
    ids = {row.listing_id for row in rows if row.listing_id}
    ids |= {number for row in rows for number in row.facts.get("others", ())}
    listings = Listing.objects.visible_to(person).filter(id__in=ids).with_card().in_bulk() if ids else {}
    talk_ids = {row.talk_id for row in rows if row.talk_id}
    talks: dict[int, Any] = {}
    people: dict[int, Person] = {}
    if talk_ids:
        own = Conversation.objects.for_member(person).annotate(own_seen=F("members__seen_seq"))
        talks = own.filter(id__in=talk_ids).in_bulk()
        senders = {row.facts.get("sender") for row in rows if row.talk_id}
        people = Person.objects.filter(id__in=senders).exclude(id__in=blocked_ids(person)).in_bulk()
    lesson_ids = {row.facts["lesson"] for row in rows if row.kind in (*OF_LESSONS, *OF_WARDS)}
    lessons: dict[int, Any] = {}
    if lesson_ids:
        own_lessons = Lesson.objects.readable_by(person).select_related("teacher", "learner", "conversation", "listing")
        lessons = own_lessons.filter(id__in=lesson_ids).in_bulk()
        people |= {-number: lesson.other(person) for number, lesson in lessons.items()}
        wards = {row.facts["lesson"]: row.facts["ward"] for row in rows if row.kind in OF_WARDS}
        for number, ward in wards.items():
            if number in lessons:
                people[-number] = lessons[number].other(Person(pk=ward))
    return [
        Told(
            notice=row,
            listing=listings.get(row.listing_id or 0),
            talk=talks.get(row.talk_id or 0),
            lesson=lessons.get(row.facts.get("lesson", 0)),
            sender=people.get(row.facts.get("sender", -row.facts.get("lesson", 0))),
            others=[listings[number] for number in row.facts.get("others", ()) if number in listings],
            is_new=row.read_at is None and not _is_over(row, talks),
        )
        for row in rows
    ]


def _is_over(row: Notice, talks: dict[int, Any]) -> bool:
    """Whether a notice of a talk is overtaken: it was looked into, or the hello has its answer."""
    talk = talks.get(row.talk_id or 0)
    if talk is None:
        return False
    return (row.kind in OF_TALKS and talk.own_seen >= row.facts["last"]) or (
        row.kind in OF_HELLOS and talk.met_at is not None
    )


def mark_read(*, person: Person) -> None:
    """Mark all notices of a person as read."""
    Notice.objects.filter(person=person, read_at=None).update(read_at=timezone.now())
