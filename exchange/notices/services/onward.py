"""When a hello leads nowhere: the next best matches, for who said it."""

from django.db.models import Q
from django.urls import reverse

from accounts.models import Person
from exchange.lessons.models import Lesson
from exchange.notices.services import telling
from matching import services as matching
from matching.models import Match
from skills.models import Listing

SHOWN = 3


def offer_others(*, lesson: Lesson) -> None:
    """Tell the one who said hello that there is no answer, or no room, and who else could help; once for each."""
    person = lesson.opened_by
    url, others = next_best(lesson=lesson, person=person)
    telling.tell(
        people=[person.pk],
        kind="hello_onward",
        key=f"{lesson.pk}:{'full' if lesson.full_at else 'silent'}",
        url=url,
        talk_id=lesson.conversation_id,
        sender=lesson.asked_id,
        others=others,
        full_until=lesson.full_until.isoformat() if lesson.full_until else "",
    )


def next_best(*, lesson: Lesson, person: Person) -> tuple[str, list[int]]:
    """Give where a person finds others instead of the one they asked, and the best few listings of these.

    From the matches of their own listing that fits, else the newest open ones about the same skill.
    """
    asked = lesson.listing
    if asked is None:
        return reverse("find"), []
    own = _own_side(asked, person)
    if own is not None:
        found = matching.matches_for(listing=own, person=person, language=person.language, limit=SHOWN + 5)
        best = [view.listing.pk for view in found if view.listing.owner_id != lesson.asked_id]
        return reverse("listing_matches", args=[own.pk]), best[:SHOWN]
    rows = Listing.objects.open_for(person).filter(kind=asked.kind).exclude(owner__in=[person.pk, lesson.asked_id])
    if asked.main_concept_id is None:
        return f"{reverse('find')}?kind={asked.kind}", []
    same = rows.filter(main_concept=asked.main_concept_id).order_by("-published_at", "-id")
    url = f"{reverse('find')}?kind={asked.kind}&concept={asked.main_concept_id}"
    return url, list(same.values_list("id", flat=True)[:SHOWN])


def _own_side(asked: Listing, person: Person) -> Listing | None:
    """Give the listing of a person that goes with the one they asked about: matched with it, or of the same skill."""
    other = Listing.Kind.WISH if asked.is_offer else Listing.Kind.OFFER
    mine = Listing.objects.published().filter(owner=person, kind=other)
    pairs = Match.objects.filter(Q(offer=asked, wish__in=mine) | Q(wish=asked, offer__in=mine)).order_by("-score")
    pair = pairs.values_list("wish_id", "offer_id").first()
    if pair is not None:
        return mine.filter(id__in=pair).first()
    if asked.main_concept_id is None:
        return None
    return mine.filter(main_concept=asked.main_concept_id).order_by("-published_at").first()
