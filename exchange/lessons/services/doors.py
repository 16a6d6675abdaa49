"""What holds for two people who agree on something, as it did when they said hello."""

from django.utils.translation import gettext as _

from accounts import policies
from accounts.models import Person
from accounts.services import care
from exchange.chat import services as chat
from exchange.lessons.models import Lesson
from exchange.lessons.services.hello import NotReachable
from skills.services import listings


def require_doors(lesson: Lesson, by: Person) -> None:
    """Hold two people who agree on something to what holds when they say hello."""
    other = lesson.other(by)
    if policies.lacks_guardian(other) or not policies.may_write_to(by, other):
        raise NotReachable(_("This neighbour is not taking lessons now."))
    chat.require_open(lesson.conversation, by)
    care.require_may_meet(by)
    if (by.is_young or other.is_young) and not policies.suits_the_young(format=lesson.format, place=lesson.place):
        raise listings.NotForYoung(
            _("Learners of 13 to 17 meet online or in a public place only; this lesson is in neither.")
        )
