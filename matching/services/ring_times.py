"""The times that a ring proposes for its lessons, from the hours in which both are usually free."""

from datetime import datetime

from exchange.lessons import services as lessons
from exchange.lessons.models import Lesson
from matching.models import Place
from skills.models import Listing


def ask(place: Place, *, now: datetime, deadline: datetime) -> None:
    """Ask for the lesson of an arrow, for its teacher; where no time suits both, or no place is known, the two find it.

    It lasts as long as lessons of the offer usually do. The times are after the deadline, so that each of them can
    still be had when the last one is chosen.
    """
    lesson = place.lesson
    format, room = _where(place)
    if lesson is None or not (room or format == Lesson.Format.ONLINE):
        return
    minutes = lessons.usual_minutes(listing_id=place.offer_id)
    times = lessons.propose(lesson=lesson, minutes=minutes, now=deadline)
    if times:
        lessons.ask(
            lesson=lesson, by=place.teacher, times=times, minutes=minutes, format=format, place=room,
            in_return=lesson.in_return, now=now,
        )  # fmt: skip


def _where(place: Place) -> tuple[str, str]:
    """Give how and where the two would meet: online where both would, else where one of the listings says."""
    sides = (place.offer, place.wish)
    if all(side.format in (Listing.Format.ONLINE, Listing.Format.BOTH) for side in sides):
        return Lesson.Format.ONLINE, ""
    return Lesson.Format.PLACE, next((side.place for side in sides if side.place), "")
