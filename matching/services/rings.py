"""The acts on rings: found among people whose wishes wait, proposed, answered, standing or broken, planned anew."""

import contextlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import Block, Person
from accounts.services import care
from exchange.chat.services import groups
from exchange.lessons import services as lessons
from exchange.lessons.models import Lesson
from exchange.lib.errors import Refused
from exchange.outbox import services as outbox
from exchange.ready import Ready
from exchange.whole import whole
from matching import rings
from matching.models import OPEN_SIDES, Climb, Dismissal, Match, Place, Ring, RingAnswer
from matching.services import ring_times
from matching.services.reading import dismiss
from skills.models import Listing
from skills.services import concepts

SECONDS = 20.0
# How far an arrow is: no time proposed, times proposed, one chosen, booked, over in a good way, over in another.
NOWS = FIND, ASKED, CHOSEN, BOOKED, MET, OVER = ("find", "asked", "chosen", "booked", "met", "over")
# What somebody does in a ring: helps one and is helped by another, begins a chain as a gift, is a chain's last.
PARTS = BOTH, GIFT, HELPED = ("both", "gift", "helped")
ENDED_UNBOOKED = ("declined", "withdrawn", "lapsed")
SILENCE = timedelta(days=30)  # after a ring that somebody did not answer, no other asks them
EDGES_A_PERSON = 20  # pairs of each learner that are looked at, the best first


class NotYourRing(Refused):
    """A ring in which this person has no place."""

    code = "not_your_ring"


class RingIsOver(Refused):
    """A ring that stands already, broke, or passed its deadline."""

    code = "ring_is_over"


@dataclass(frozen=True)
class Arrow:
    """One arrow as a reader sees it: who teaches whom what."""

    teacher: Person
    learner: Person
    skill: str
    is_mine: bool  # the reader teaches
    is_for_me: bool  # the reader learns
    lesson: Lesson | None = None  # once all have agreed
    now: str = ""  # how far it is, one of NOWS; "" before it is a lesson


@dataclass(frozen=True)
class RingView:
    """A ring as one of its people sees it, the arrow on which they teach first."""

    ring: Ring
    arrows: list[Arrow]
    answers: dict[int, bool | None]  # person → what they said
    mine: bool | None
    is_open: bool

    @property
    def part(self) -> str:
        """What the reader does in it, in one of `PARTS`; empty for a curator, who only looks."""
        return part_of(
            teaches=any(arrow.is_mine for arrow in self.arrows), learns=any(arrow.is_for_me for arrow in self.arrows)
        )

    @property
    def waiting_for(self) -> list[Person]:
        """Those who have not answered yet."""
        people = {person.pk: person for arrow in self.arrows for person in (arrow.teacher, arrow.learner)}
        return [person for key, person in people.items() if self.answers.get(key) is None]


@dataclass(frozen=True)
class _Pair:
    offer: int
    wish: int
    score: float


def look(*, now: datetime, but: Iterable[int] = (), with_gifts: bool = True) -> list[Ring]:
    """Find rings among people whose wishes have no answer, and propose them; gives those that are new.

    Whoever has a place in an open ring is left out, and so are the people named in `but`. `with_gifts`: also chains
    that begin with somebody who teaches as a gift and wishes for nothing. The solver runs before the transaction; what
    changed meanwhile is seen when the rings are written, and such rings are left out.
    """
    out = set(but) | _busy() | _silent(now)
    pairs = _pairs(out)
    if not pairs:
        return []
    people = sorted({person for pair in pairs for person in pair})
    plan = rings.find(
        rings.Round(
            people=people,
            edges=[(teacher, learner, pair.score) for (teacher, learner), pair in sorted(pairs.items())],
            givers=_givers(people) if with_gifts else (),
            rules=rings.Rules(max_length=settings.RING_LENGTH, seconds=SECONDS),
        )
    )
    found = [(cast("Sequence[int]", members), False) for members in plan.rings]
    # A chain of one lesson is an ordinary match: it needs nobody's promise.
    found += [(cast("Sequence[int]", members), True) for members in plan.chains if len(members) > 2]
    proposed = (_propose(members, pairs, now, is_chain=is_chain) for members, is_chain in found)
    return [ring for ring in proposed if ring is not None]


@whole
def answer(*, ring: Ring, person: Person, is_yes: bool) -> Ring:
    """Accept or decline; a second click changes nothing. When all have accepted its lessons find their times.

    It breaks with one no.

    Refused: `NotYourRing`; `RingIsOver` when it stands, broke or is past its deadline; `AgeNotSaid`, `NeedsGuardian`
    to accept without having said one's age, or, at 13 to 17, without a guardian.
    """
    ring = Ring.objects.select_for_update().get(id=ring.pk)
    mine = RingAnswer.objects.filter(ring=ring, person=person).first()
    if mine is None or ring.state == Ring.State.HELD:
        raise NotYourRing(_("This ring is not yours."))
    if mine.is_yes == is_yes and mine.is_yes is not None:
        return ring
    now = timezone.now()
    if ring.state != Ring.State.PROPOSED or ring.deadline <= now:
        raise RingIsOver(_("This ring is decided already; your answer came too late."))
    if is_yes:
        care.require_may_meet(person)
    mine.is_yes, mine.at = is_yes, now
    mine.save(update_fields=["is_yes", "at"])
    if not is_yes:
        _put_aside(ring, person)
        _end(ring, Ring.State.BROKEN, now)
    elif not _is_fit(ring):
        _end(ring, Ring.State.BROKEN, now)
    elif not ring.answers.exclude(is_yes=True).exists():
        _agree(ring, now)
    return ring


@whole
def send(*, ring: Ring, by: Person, is_good: bool) -> Ring:
    """A curator lets a held ring go out, or not. Refused: `NotYourRing` for anyone else, `RingIsOver`."""
    if not by.is_curator:
        raise NotYourRing(_("This desk is for curators."))
    ring = Ring.objects.select_for_update().get(id=ring.pk)
    if ring.state != Ring.State.HELD:
        raise RingIsOver(_("This ring is no longer waiting."))
    now = timezone.now()
    if not is_good:
        ring.places.update(is_barred=True)
    if not is_good or not _is_fit(ring):
        _end(ring, Ring.State.BROKEN, now)
        return ring
    ring.state, ring.deadline = Ring.State.PROPOSED, now + timedelta(days=settings.RING_DAYS)
    ring.sent_at = now
    ring.save(update_fields=["state", "deadline", "sent_at"])
    outbox.emit("ring.proposed", ring)
    return ring


def expire_due(*, now: datetime) -> int:
    """Break the rings whose deadline passed; gives how many."""
    count = 0
    for ring_id in Ring.objects.open_now().filter(deadline__lte=now).values_list("id", flat=True):
        with transaction.atomic():
            ring = Ring.objects.select_for_update().open_now().filter(id=ring_id, deadline__lte=now).first()
            if ring is not None:
                _end(ring, Ring.State.BROKEN, now)
                count += 1
    return count


def break_unfit(*, person_id: int | None = None, listing_id: int | None = None) -> None:
    """Break open rings that no longer can stand, of one person or with one listing: somebody rests or left, neighbours
    in it keep each other away, or an offer or a wish is no longer public."""
    now = timezone.now()
    rows = Ring.objects.open_now()
    if listing_id is not None:
        rows = rows.filter(Q(places__offer=listing_id) | Q(places__wish=listing_id))
    else:
        rows = rows.filter(answers__person=person_id)
    for ring_id in rows.order_by("id").values_list("id", flat=True).distinct():
        with transaction.atomic():
            ring = Ring.objects.select_for_update().open_now().filter(id=ring_id).first()
            if ring is not None and not _is_fit(ring):
                _end(ring, Ring.State.BROKEN, now)
    if person_id is None:
        return
    booking = Ring.objects.filter(state=Ring.State.BOOKING, answers__person=person_id).exclude(bundle=None)
    for ring in booking:
        if ring.bundle_id and _are_apart(ring):
            lessons.release(bundle_id=ring.bundle_id, now=now)


def _is_fit(ring: Ring) -> bool:
    places = list(ring.places.select_related("wish", "offer"))
    if len(places) + ring.is_chain != ring.answers.count():
        return False  # a listing was deleted, and its arrow with it
    people = {key for place in places for key in (place.teacher_id, place.learner_id)}
    here = Person.objects.filter(id__in=people, profile__paused_at=None).count() == len(people)
    return (
        here and not _are_apart(ring) and all(place.wish.is_published and place.offer.is_published for place in places)
    )


def _are_apart(ring: Ring) -> bool:
    """Whether somebody of a ring has left, or two who would meet keep each other away."""
    pairs = {frozenset(pair) for pair in ring.places.values_list("teacher_id", "learner_id")}
    people = {person for pair in pairs for person in pair}
    blocks = Block.objects.filter(blocker__in=people, blocked__in=people).values_list("blocker_id", "blocked_id")
    gone = Person.objects.filter(id__in=people, is_active=False).exists()
    return gone or any(frozenset(pair) in pairs for pair in blocks)


def view_of(*, ring: Ring, person: Person, language: str) -> RingView:
    """Give a ring as this person sees it. Refused (`NotYourRing`) for whoever has no place in it."""
    answers = dict(ring.answers.values_list("person_id", "is_yes"))
    if person.pk not in answers and not person.is_curator:
        raise NotYourRing(_("This ring is not yours."))
    rows = ring.places.select_related("teacher", "learner", "lesson", "wish__main_concept").order_by("number")
    places = list(rows)
    start = next((number for number, place in enumerate(places) if place.teacher_id == person.pk), 0)
    turned = places[start:] + places[:start] if not ring.is_chain else places
    known = concepts.tree()
    arrows = [
        Arrow(
            teacher=place.teacher,
            learner=place.learner,
            skill=known.hit(place.wish.main_concept_id).name(language)
            if place.wish.main_concept_id in known.names
            else place.wish.title,
            is_mine=place.teacher_id == person.pk,
            is_for_me=place.learner_id == person.pk,
            lesson=place.lesson,
            now=now_of(place.lesson),
        )
        for place in turned
    ]
    is_open = ring.state == Ring.State.PROPOSED and ring.deadline > timezone.now()
    return RingView(ring, arrows, answers, answers.get(person.pk), is_open)


def part_of(*, teaches: bool, learns: bool) -> str:
    """Give one of `PARTS`: whoever begins a chain helps as a gift, its last is only helped."""
    return BOTH if teaches and learns else GIFT if teaches else HELPED if learns else ""


def parts_in(*, ring: Ring) -> dict[str, list[int]]:
    """Give the people of a ring by their part in it, in order."""
    rows = list(ring.places.values_list("teacher_id", "learner_id"))
    teachers, learners = {row[0] for row in rows}, {row[1] for row in rows}
    found: dict[str, list[int]] = {}
    for person in sorted(teachers | learners):
        found.setdefault(part_of(teaches=person in teachers, learns=person in learners), []).append(person)
    return found


def now_of(lesson: Lesson | None) -> str:
    """Give how far an arrow is, in one of `NOWS`."""
    if lesson is None:
        return ""
    known = {"enquiry": FIND, "booked": BOOKED, "held": MET, "confirmed": MET, "disputed": MET, "no_show": OVER}
    if lesson.state == Lesson.State.ASKED:
        return ASKED if lesson.chosen_id is None else CHOSEN
    return known.get(lesson.state, OVER)


def _waiting(*, person: int, now: datetime) -> QuerySet[Ring]:
    mine = RingAnswer.objects.filter(person=person, is_yes=None).values("ring")
    rows = Ring.objects.filter(id__in=mine, state=Ring.State.PROPOSED, deadline__gt=now)
    return rows.with_part(person).order_by("deadline")


_read_waiting = Ready(_waiting)


def waiting_for(*, person: Person) -> list[tuple[Ring, str]]:
    """Give the open rings that wait for this person's answer, each with their part in it (of `PARTS`)."""
    found = _read_waiting(person=person.pk, now=timezone.now())
    return [(ring, part_of(teaches=ring.teaches, learns=ring.learns)) for ring in found]


def held() -> QuerySet[Ring]:
    """Give the rings that wait for a curator's look, oldest first."""
    return Ring.objects.filter(state=Ring.State.HELD).prefetch_related(
        "places__teacher", "places__learner", "places__wish__main_concept"
    ).order_by("id")  # fmt: skip


def _givers(people: Iterable[int]) -> list[int]:
    """Give those who teach as a gift and wish for nothing: with them a chain may begin."""
    gifts = Listing.objects.published().filter(kind=Listing.Kind.OFFER, in_return=Listing.Return.GIFT, owner__in=people)
    wishing = Listing.objects.published().filter(kind=Listing.Kind.WISH, owner__in=people).values("owner")
    return sorted(set(gifts.exclude(owner__in=wishing).values_list("owner_id", flat=True)))


def _busy() -> set[int]:
    return set(RingAnswer.objects.filter(ring__in=Ring.objects.undecided()).values_list("person_id", flat=True))


def _silent(now: datetime) -> set[int]:
    """Give those who let a ring's deadline pass without a word lately: others need not wait for them again."""
    unanswered = RingAnswer.objects.filter(is_yes=None, ring__state=Ring.State.BROKEN, ring__sent_at__isnull=False)
    passed = unanswered.filter(ring__ended_at__gte=F("ring__deadline"), ring__ended_at__gt=now - SILENCE)
    return set(passed.values_list("person_id", flat=True))


def _pairs(but: set[int]) -> dict[tuple[int, int], _Pair]:
    """Give the best pair of each (teacher, learner) whose wish waits, neither apart, dismissed nor already talking."""
    answered = Climb.objects.filter(ended=Climb.Ended.ANSWERED).values("wish")
    rows = Match.objects.filter(**OPEN_SIDES).exclude(wish__in=answered)
    apart = {frozenset(pair) for pair in Block.objects.values_list("blocker_id", "blocked_id")}
    refused = set(Dismissal.objects.values_list("offer_id", "wish_id"))
    refused |= set(Place.objects.filter(is_barred=True).values_list("offer_id", "wish_id"))
    # Two whose ring fell apart before their lesson had a time may be planned for again.
    let_go = Lesson.objects.filter(bundle__ended_at__isnull=False, state__in=["enquiry", *ENDED_UNBOOKED])
    talks = Lesson.objects.exclude(id__in=let_go.values("id"))
    talking = {frozenset(pair) for pair in talks.values_list("teacher_id", "learner_id")}
    best: dict[tuple[int, int], _Pair] = {}
    kept: dict[int, int] = defaultdict(int)
    fields = ("offer_id", "wish_id", "offer__owner_id", "wish__owner_id", "score")
    for offer, wish, teacher, learner, score in rows.order_by("-score", "id").values_list(*fields).iterator():
        people = frozenset((teacher, learner))
        if people & but or people in apart or people in talking or (offer, wish) in refused:
            continue
        if (teacher, learner) in best or kept[learner] >= EDGES_A_PERSON:
            continue
        kept[learner] += 1
        best[teacher, learner] = _Pair(offer, wish, score)
    return best


@transaction.atomic
def _propose(
    members: Sequence[int], pairs: dict[tuple[int, int], _Pair], now: datetime, *, is_chain: bool
) -> Ring | None:
    """Write one ring: each member teaches the next, in a closed one the last the first; None when one is busy."""
    # Locked in id order, so that two rounds cannot give one person two rings.
    list(Person.objects.select_for_update().filter(id__in=members).order_by("id").values_list("id", flat=True))
    if _busy() & set(members):
        return None
    arrows = cast("list[tuple[int, int]]", rings.lessons(members, closed=not is_chain))
    found = [pairs[arrow] for arrow in arrows]
    ring = Ring.objects.create(
        state=Ring.State.HELD if settings.RINGS_NEED_CURATOR else Ring.State.PROPOSED,
        is_chain=is_chain,
        weight=sum(pair.score for pair in found),
        made_at=now,
        sent_at=None if settings.RINGS_NEED_CURATOR else now,
        deadline=now + timedelta(days=settings.RING_DAYS),
    )
    Place.objects.bulk_create(
        Place(ring=ring, number=number, teacher_id=teacher, learner_id=learner, offer_id=pair.offer, wish_id=pair.wish)
        for number, ((teacher, learner), pair) in enumerate(zip(arrows, found, strict=True))
    )
    RingAnswer.objects.bulk_create(RingAnswer(ring=ring, person_id=person) for person in sorted(members))
    outbox.emit("ring.held" if ring.state == Ring.State.HELD else "ring.proposed", ring)
    return ring


def _agree(ring: Ring, now: datetime) -> None:
    """All agreed: every arrow becomes a lesson, all of them or none; where one no longer can, the ring breaks."""
    deadline = now + timedelta(days=settings.RING_BOOK_DAYS)
    at: Place | None = None  # the arrow that is made a lesson just now
    try:
        with transaction.atomic():
            places = list(ring.places.select_related("teacher__profile", "learner__profile", "wish", "offer"))
            places.sort(key=lambda place: place.number)
            for at in places:
                at.lesson = _lesson_of(at)
                at.save(update_fields=["lesson"])
            ring.bundle = lessons.bind(
                lessons=[place.lesson for place in places if place.lesson],
                # Around a ring the hours cancel; what begins with a gift is passed on as one.
                in_return=Lesson.Return.GIFT if ring.is_chain else Lesson.Return.SWAP,
                due_at=deadline,
                now=now,
            )
            for at in places:
                ring_times.ask(at, now=now, deadline=deadline)
    except Refused:
        if at is not None:
            Place.objects.filter(pk=at.pk).update(is_barred=True)
        ring.bundle = None
        _end(ring, Ring.State.BROKEN, now)
    else:
        _gather(ring)
        ring.state, ring.deadline = Ring.State.BOOKING, deadline
        ring.save(update_fields=["state", "deadline", "bundle"])
        outbox.emit("ring.agreed", ring)


def _lesson_of(place: Place) -> Lesson:
    """Give the lesson of an arrow: begun with first words, or a next one where the two had talked before."""
    found = lessons.say_hello(listing=place.wish, by=place.teacher, body=_first_words(place), is_stranger=False)
    return found if found.state == Lesson.State.ENQUIRY else lessons.again(lesson=found, by=place.teacher)


@whole
def stand(*, bundle_id: int, now: datetime) -> None:
    """All lessons of a ring are booked: it stands. Again changes nothing."""
    ring = Ring.objects.select_for_update(of=("self",)).filter(bundle=bundle_id).first()
    if ring is not None and ring.state == Ring.State.BOOKING:
        _end(ring, Ring.State.STANDS, now)


@whole
def fall(*, bundle_id: int, by_id: int | None, now: datetime) -> None:
    """The lessons of a ring were let go, by one of its people or by the clock: it breaks. Again changes nothing."""
    ring = Ring.objects.select_for_update(of=("self",)).filter(bundle=bundle_id).first()
    if ring is None or ring.state != Ring.State.BOOKING:
        return
    person = Person.objects.filter(id=by_id).first() if by_id else None
    if person is not None:
        _put_aside(ring, person)
        ring.answers.filter(person=person).update(is_yes=False, at=now)
    _end(ring, Ring.State.BROKEN, now)


def _put_aside(ring: Ring, person: Person) -> None:
    """Do not propose the pairs of a ring to one of its people again; the others' pairs stay free for a new plan."""
    for place in ring.places.filter(Q(teacher=person) | Q(learner=person)):
        dismiss(person=person, offer_id=place.offer_id, wish_id=place.wish_id)


def _gather(ring: Ring) -> None:
    """Open the talk of the whole ring beside those of its pairs; not where two in it keep each other away."""
    places = list(ring.places.select_related("teacher", "learner", "wish__main_concept").order_by("number"))
    people = [person for place in places for person in (place.teacher, place.learner)]
    language = "ar" if settings.LANGUAGE_CODE.startswith("ar") else "en"
    known = concepts.tree()
    skills = [
        known.hit(place.wish.main_concept_id).name(language)
        if place.wish.main_concept_id in known.names
        else place.wish.title
        for place in places
    ]
    with translation.override(language):
        subject = _("Our ring: %(skills)s") % {"skills": _(", ").join(skills)}
    with contextlib.suppress(groups.Apart), transaction.atomic():
        groups.open_group(subject=subject, subject_lang=language, people=people, about_url=ring.get_absolute_url())


def _first_words(place: Place) -> str:
    with translation.override(place.teacher.language):
        return _("Our ring stands: I will gladly help you with “%(title)s”. When would suit you?") % {
            "title": place.wish.title
        }


def _end(ring: Ring, state: str, now: datetime) -> None:
    was_sent = ring.state != Ring.State.HELD
    ring.state, ring.ended_at = state, now
    ring.save(update_fields=["state", "ended_at"])
    outbox.emit("ring.stands" if state == Ring.State.STANDS else "ring.broken", ring, was_sent=was_sent)
