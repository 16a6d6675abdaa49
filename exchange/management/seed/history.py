"""The demo's past: lessons that were held, and the hours they moved. In bulk, as if each had been done by itself."""

import random
import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from accounts.models import Person
from exchange.chat.models import Conversation, Member, Message
from exchange.ledger import rules
from exchange.ledger import services as ledger
from exchange.ledger.models import Account, Posting, Transfer
from exchange.lessons import states
from exchange.lessons.models import Lesson, Step
from skills.models import Listing

SINCE, UNTIL = 120, 12  # days ago
LESSONS = 48
START = 120  # minutes everybody began with
OF_PERSONAS = {"salma": (6, 2), "yusuf": (3, 3)}  # how many lessons they taught and took
LENGTHS = (60, 60, 45, 90, 30)
WORDS = {
    "ar": (
        ("السلام عليكم، قرأت عرضك وأحب أن أتعلم. متى يناسبك؟", "وعليكم السلام، أهلًا بك. اقترح وقتًا ونلتقي."),
        ("مرحبًا، هل عندك مكان لمبتدئ؟", "طبعًا، نبدأ من الصفر وعلى مهل."),
    ),
    "en": (
        ("Hello, I read your offer and would love to learn. When would suit you?", "Welcome! Name a time and we meet."),
        ("Hi, do you have room for a beginner?", "Of course, we start from the very beginning."),
    ),
}
POT = {
    "ar": "بداية موفقة، ريثما تبدأ التعليم",
    "en": "A good start, until you teach yourself",
}

Kind = Transfer.Kind


@dataclass(frozen=True)
class Held:
    """One lesson of the past."""

    offer: Listing
    learner: Person
    at: datetime
    minutes: int


@dataclass(frozen=True)
class Moved:
    """One act of the ledger's past, from account to account (`Book.name`)."""

    at: datetime
    kind: str
    key: str
    source: tuple[str, int]
    target: tuple[str, int]
    minutes: int
    subject: str = ""
    title: str = ""
    url: str = ""
    note: str = ""
    by: int | None = None


def remember(*, seed: int, people: dict[str, Person], now: datetime) -> int:
    """Give a city that has listings and no lessons yet a past; gives how many lessons. The same seed, the same past."""
    rng = random.Random(f"past {seed}")  # noqa: S311 - a toy city, no secret
    past = sorted(_planned(rng, people, now), key=lambda each: (each.at, each.offer.pk))
    made = _write_lessons(rng, past)
    if made and ledger.is_on():
        _write_hours(list(_acts(rng, people, made, now)))
    return len(made)


def _planned(rng: random.Random, people: dict[str, Person], now: datetime) -> Iterator[Held]:
    """Plan who taught whom: some lessons of the people one can enter as, with residents, and some among residents."""
    residents = [person for key, person in people.items() if key.startswith("resident")][:60]
    teachers = [*residents, *(people[key] for key in OF_PERSONAS)]
    offers = Listing.objects.published().filter(kind=Listing.Kind.OFFER, owner__in=teachers).select_related("owner")
    own: dict[int, list[Listing]] = defaultdict(list)
    for row in offers.order_by("id"):
        own[row.owner_id].append(row)
    theirs = [row for person in residents for row in own[person.pk]]
    if len(residents) < 10 or len(theirs) < 10:
        return
    pairs: list[tuple[Listing, Person]] = []
    for key, (taught, taken) in OF_PERSONAS.items():
        person = people[key]
        mine = own[person.pk]
        pairs += [(rng.choice(mine), learner) for learner in rng.sample(residents, taught if mine else 0)]
        pairs += [(row, person) for row in rng.sample(theirs, min(taken, len(theirs)))]
    while len(pairs) < LESSONS:
        row, learner = rng.choice(theirs), rng.choice(residents)
        if row.owner_id != learner.pk:
            pairs.append((row, learner))
    today = timezone.localtime(now).replace(minute=0)
    left: dict[int, int] = defaultdict(lambda: settings.HOURS_START or START)  # nobody takes more than they began with
    for row, learner in pairs:
        minutes = rng.choice(LENGTHS)
        at = today.replace(hour=rng.randrange(9, 20)) - timedelta(days=rng.randrange(UNTIL, SINCE))
        if minutes > left[learner.pk]:
            continue
        left[learner.pk] -= minutes
        yield Held(row, learner, at, minutes)


def _write_lessons(rng: random.Random, past: Sequence[Held]) -> list[Lesson]:
    talks = Conversation.objects.bulk_create(
        Conversation(
            subject=each.offer.title, subject_lang=each.offer.lang, last_seq=2, about_url=each.offer.get_absolute_url(),
            made_at=each.at - timedelta(days=6), last_at=answered_at, met_at=answered_at,
        )
        for each, answered_at in ((each, each.at - timedelta(days=5)) for each in past)
    )  # fmt: skip
    members, messages, lessons = [], [], []
    for talk, each in zip(talks, past, strict=True):
        teacher, learner = each.offer.owner, each.learner
        members += [
            Member(conversation=talk, person=person, seen_seq=2, first_seq=first)
            for person, first in ((learner, 1), (teacher, 2))
        ]
        said = rng.choice(WORDS[each.offer.lang])
        messages += [
            Message(conversation=talk, seq=seq, sender=sender, body=body, at=at, client_id=_uuid(rng))
            for seq, sender, body, at in ((1, learner, said[0], talk.made_at), (2, teacher, said[1], talk.last_at))
        ]
        ends = each.at + timedelta(minutes=each.minutes)
        lessons.append(
            Lesson(
                state=states.CONFIRMED, teacher=teacher, learner=learner, opened_by=learner, listing=each.offer,
                conversation=talk, made_at=talk.made_at, starts_at=each.at, ends_at=ends, minutes=each.minutes,
                format=Lesson.Format.PLACE, place=each.offer.place, in_return=Lesson.Return.HOURS, asked_by=learner,
                asked_at=each.at - timedelta(days=4), reminded=2, learner_said=states.SAID_HELD,
                learner_said_at=ends + timedelta(hours=2), ended_at=ends + timedelta(hours=2), ended_by=learner,
                uid=_uuid(rng), sequence=1, version=4,
            )
        )  # fmt: skip
    Member.objects.bulk_create(members)
    Message.objects.bulk_create(messages)
    made = Lesson.objects.bulk_create(lessons)
    Step.objects.bulk_create(step for row in made for step in _steps(row))
    return made


def _steps(row: Lesson) -> Iterator[Step]:
    asked, ends, said = row.asked_at, row.ends_at, row.learner_said_at
    taken = (
        (states.ASK, states.ENQUIRY, states.ASKED, row.learner, asked),
        (states.ACCEPT, states.ASKED, states.BOOKED, row.teacher, asked and asked + timedelta(hours=5)),
        (states.BEGIN, states.BOOKED, states.HELD, None, ends),
        (states.CONFIRM, states.HELD, states.CONFIRMED, row.learner, said),
    )
    for act, start, end, by, at in taken:
        yield Step(lesson=row, act=act, from_state=start, to_state=end, by=by, at=at or row.made_at)


def _acts(rng: random.Random, people: dict[str, Person], lessons: Sequence[Lesson], now: datetime) -> Iterator[Moved]:
    """Give what the ledger went through: what everybody began with, the hours of lessons, gifts, what the pot gave."""
    taking_part = sorted({number for row in lessons for number in (row.teacher_id, row.learner_id)})
    start, first = settings.HOURS_START or START, now - timedelta(days=SINCE + 7)
    for number in taking_part:
        yield Moved(first, Kind.START, f"start:{number}", ("issue", number), ("person", number), start)
    for row in lessons:
        subject, title, url = f"lesson:{row.pk}", row.conversation.subject[:120], f"/lessons/{row.pk}/"
        minutes = row.minutes or 0
        payer, escrow, teacher = ("person", row.learner_id), (subject, row.learner_id), ("person", row.teacher_id)
        booked = (row.asked_at or row.made_at) + timedelta(hours=5)
        yield Moved(booked, Kind.HOLD, f"{subject}:hold", payer, escrow, minutes, subject, title, url)
        yield Moved(
            row.learner_said_at or now, Kind.SETTLE, f"{subject}:settle", escrow, teacher, minutes, subject, title, url
        )
    salma, yusuf, huda = (people[key] for key in ("salma", "yusuf", "huda"))
    givers = sorted({row.teacher_id for row in lessons} - {salma.pk, yusuf.pk})
    gifts = [(giver, 0, 30, "together") for giver in rng.sample(givers, min(6, len(givers)))]
    gifts += [(salma.pk, 0, 60, "together"), (salma.pk, yusuf.pk, 30, "welcome"), (yusuf.pk, salma.pk, 15, "thanks")]
    for turn, (giver, receiver, minutes, note) in enumerate(gifts):
        at = now - timedelta(days=UNTIL - 1 - turn / 4)
        target = ("person", receiver) if receiver else ("pot", giver)
        yield Moved(at, Kind.GIVE, f"give:past:{turn}", ("person", giver), target, minutes, note=note)
    note = POT[settings.LANGUAGE_CODE[:2]]
    for turn, receiver in enumerate((yusuf.pk, givers[-1])):
        at, target = now - timedelta(days=UNTIL - 6 - turn), ("person", receiver)
        yield Moved(at, Kind.SHARE, f"share:past:{turn}", ("pot", salma.pk), target, 30, note=note, by=huda.pk)


def _write_hours(acts: Sequence[Moved]) -> None:
    """Write acts in the order of their time, tied to one another as the ledger ties them."""
    acts = sorted(acts, key=lambda act: (act.at, act.key))
    names = list(dict.fromkeys(_common(name) for act in acts for name in (act.source, act.target)))
    opened_at = acts[0].at
    accounts = dict(zip(names, Account.objects.bulk_create(_account(*name, opened_at) for name in names), strict=True))
    transfers, postings = [], []
    for act in acts:
        source, target = accounts[_common(act.source)], accounts[_common(act.target)]
        is_settled = act.kind == Kind.SETTLE
        payer = accounts["person", act.source[1]] if is_settled else source
        row = Transfer(
            kind=act.kind, key=act.key, subject=act.subject, payer=payer, payee=target,
            asked=0 if is_settled else act.minutes, minutes=act.minutes, by_id=act.by, at=act.at, title=act.title,
            url=act.url, note=act.note,
        )  # fmt: skip
        lines = []
        for account, change in sorted(((source, -act.minutes), (target, act.minutes)), key=lambda each: each[0].pk):
            account.balance += change
            if account.floor is not None and account.balance < account.floor:
                raise ValueError(f"the demo's past is not possible: {act}")
            lines.append(Posting(account=account, minutes=change, balance=account.balance, before=bytes(account.tip)))
        row.digest = rules.digest(row.particulars, [line.tie for line in lines])
        source.tip = target.tip = row.digest
        transfers.append(row)
        postings.append(lines)
    for row, lines in zip(Transfer.objects.bulk_create(transfers), postings, strict=True):
        for line in lines:
            line.transfer = row
    Posting.objects.bulk_create(line for lines in postings for line in lines)
    Account.objects.bulk_update(accounts.values(), ["balance", "tip"])


def _account(kind: str, number: int, at: datetime) -> Account:
    """Open an account as the ledger does."""
    if kind in (Account.Kind.POT, Account.Kind.ISSUE):
        floor = 0 if kind == Account.Kind.POT else None
        return Account(kind=kind, shard=number, floor=floor, opened_at=at, tip=rules.opening(kind, None, "", number))
    if kind == Account.Kind.PERSON:
        return Account(
            kind=kind, person_id=number, floor=-settings.HOURS_FLOOR, ceiling=settings.HOURS_CEILING or None,
            opened_at=at, tip=rules.opening(kind, number, "", 0),
        )  # fmt: skip
    subject, kind = kind, Account.Kind.ESCROW
    row = Account(kind=kind, person_id=number, subject=subject, floor=0, opened_at=at)
    row.tip = rules.opening(kind, number, subject, 0)
    return row


def _common(name: tuple[str, int]) -> tuple[str, int]:
    """Give the row of a common account that a number uses; any other account stays what it is."""
    kind, number = name
    return (kind, number % rules.SHARDS) if kind in (Account.Kind.POT, Account.Kind.ISSUE) else name


def _uuid(rng: random.Random) -> uuid.UUID:
    return uuid.UUID(int=rng.getrandbits(128), version=4)
