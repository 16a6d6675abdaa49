"""What two people could give each other: the offers with which a lesson can be answered by another one."""

from exchange.lessons.models import Lesson
from matching.models import Match
from skills.models import Listing

SHOWN = 20


def offers_for(*, lesson: Lesson) -> list[tuple[Listing, bool]]:
    """Give the public offers of the one who learns, and whether each fits a wish of the teacher; these come first."""
    rows = Listing.objects.published().filter(owner=lesson.learner_id, kind=Listing.Kind.OFFER)
    fits = set(
        Match.objects.filter(offer__owner=lesson.learner_id, wish__owner=lesson.teacher_id)
        .filter(wish__state=Listing.State.PUBLISHED)
        .values_list("offer_id", flat=True)
    )
    found = [(row, row.pk in fits) for row in rows.order_by("-published_at", "-id")[:SHOWN]]
    return sorted(found, key=lambda pair: not pair[1])
