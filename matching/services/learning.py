"""What came of pairs, kept as rows, and weights fitted to them that an operator may accept."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from exchange.chat.models import Message
from exchange.lessons.models import Lesson
from matching import fitting, scoring
from matching.models import Fit, Outcome
from matching.services import pairs, sides, state
from matching.services.standing import ANSWER_DAYS
from skills.models import Listing

LEAST_ROWS = 50  # with fewer outcomes the priors say more


class TooFew(Exception):
    """Not enough outcomes to fit anything; `rows` says how many there are."""

    def __init__(self, rows: int) -> None:
        super().__init__(f"{rows} outcomes, at least {LEAST_ROWS} are needed; the priors stay")
        self.rows = rows


def note_hello(*, lesson_id: int) -> None:
    """Keep the pair behind a hello: the listing and the best fitting one of whoever said it; idempotent."""
    lesson = Lesson.objects.filter(id=lesson_id).select_related("listing").first()
    if lesson is None or lesson.listing is None:
        return
    listing = lesson.listing
    other = Listing.Kind.WISH if listing.is_offer else Listing.Kind.OFFER
    own = sides.open_listings(other).filter(owner=lesson.opened_by_id).values_list("id", flat=True)
    found = sides.load([listing.pk], words=True)
    theirs = sides.load(own, words=True)
    if not found or not theirs:
        return
    frame = pairs.Frame.of(state.read())
    best = pairs.Search(found, frame, frame.arrays(theirs)).best(keep=1)[listing.pk]
    for pair in best:
        _note(Outcome.Kind.HELLO, lesson.opened_by_id, pair, lesson.conversation_id, lesson.made_at)


def note_dismissal(*, person_id: int, offer_id: int, wish_id: int, at: datetime) -> None:
    """Keep a pair that somebody put aside, with the facts of now; idempotent."""
    found = {side.listing_id: side for side in sides.load([offer_id, wish_id], words=True)}
    if len(found) < 2:
        return
    frame = pairs.Frame.of(state.read())
    pair = pairs.Search([found[wish_id]], frame, frame.arrays([found[offer_id]])).score(found[wish_id], found[offer_id])
    if pair is not None:
        _note(Outcome.Kind.DISMISSED, person_id, pair, None, at)


def outcomes() -> Iterator[fitting.Row]:
    """Give each outcome that is known by now: shares, and whether a good answer came.

    A hello is good when the other side wrote back within fourteen days, and bad when that time is over; "not for me"
    is bad. A pair that was put aside and then written to counts by the talk.
    """
    answer = Message.objects.filter(conversation=OuterRef("conversation_id"), at__lte=OuterRef("at") + _wait())
    answered = answer.exclude(sender=OuterRef("person"))
    ripe = timezone.now() - _wait()
    greeted: set[tuple[int, int, int]] = set()
    for row in Outcome.objects.annotate(is_answered=Exists(answered)).order_by("-kind", "id"):
        key = (row.person_id, row.offer_id, row.wish_id)
        if row.kind == Outcome.Kind.HELLO:
            greeted.add(key)
            if row.is_answered or row.at < ripe:
                yield row.shares, bool(row.is_answered)
        elif key not in greeted:
            yield row.shares, False


@transaction.atomic
def fit() -> tuple[Fit, fitting.Fitted]:
    """Fit weights to all known outcomes and keep them, not accepted. Raises `TooFew`."""
    rows = list(outcomes())
    if len(rows) < LEAST_ROWS:
        raise TooFew(len(rows))
    found = fitting.fit(rows)
    kept = Fit.objects.create(
        values=found.values, outcomes=len(rows), log_loss=found.log_loss, prior_log_loss=found.prior_log_loss
    )
    return kept, found


@transaction.atomic
def accept(*, fit_id: int | None) -> Fit | None:
    """Let a fit count from now on, or the priors again for None. Gives it, or None when there is no such fit."""
    found: Fit | None
    if fit_id is None:
        found = Fit.objects.create(values=dict(scoring.PRIOR), outcomes=0, log_loss=0, prior_log_loss=0)
    else:
        found = Fit.objects.select_for_update().filter(id=fit_id).first()
    if found is not None:
        found.accepted_at = timezone.now()
        found.save(update_fields=["accepted_at"])
        pairs.rematch_by_queue()
    return found


def _wait() -> timedelta:
    return timedelta(days=ANSWER_DAYS)


def _note(kind: str, person_id: int, pair: scoring.Pair, conversation_id: int | None, at: datetime) -> None:
    weigh = state.weights()
    shares = {name: round(units / weigh.units[name], 4) for name, units in pair.parts.items()}
    Outcome.objects.bulk_create(
        [
            Outcome(
                kind=kind,
                person_id=person_id,
                offer_id=pair.offer.listing_id,
                wish_id=pair.wish.listing_id,
                shares=shares,
                conversation_id=conversation_id,
                at=at,
            )
        ],
        ignore_conflicts=True,
    )
