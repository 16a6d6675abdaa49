"""Saying hello: the first state of a lesson."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import policies
from accounts.models import Person
from accounts.services import care
from exchange.chat import services as chat
from exchange.chat.screening import screen
from exchange.lessons import rules
from exchange.lessons.models import Lesson
from exchange.lib.errors import Refused
from exchange.lib.text import clean
from exchange.outbox import services as outbox
from exchange.ready import Ready
from exchange.whole import whole
from skills.models import Listing
from skills.services import listings


class OwnListing(Refused):
    """One cannot say hello to oneself."""

    code = "own_listing"


class NotReachable(Refused):
    """The owner cannot be written to: resting, gone, or a block either way; which one is not told."""

    code = "not_reachable"


class TooLong(Refused):
    """First words to a stranger are short."""

    code = "too_long"


class NoLinks(Refused):
    """First words to a stranger hold no links."""

    code = "no_links"


class TooManyHellos(Refused):
    """A new account has said hello to as many strangers as it may in a day."""

    code = "too_many_hellos"


_enquiry = Ready(
    lambda *, listing, person: (
        Lesson.objects.for_member(Person(pk=person))
        .filter(listing=listing, opened_by=person)
        .select_related("conversation")
        .order_by("-pk")[:1]
    )
)


def enquiry_between(*, listing: Listing, person: Person) -> Lesson | None:
    """Give the newest lesson of this person that began with their hello about a listing."""
    return next(iter(_enquiry(listing=listing.pk, person=person.pk)), None)


@whole
def say_hello(
    *, listing: Listing, by: Person, body: str, client_id: uuid.UUID | None = None, is_stranger: bool = True
) -> Lesson:
    """Open an enquiry about a listing with its conversation and first words, in one act; a second click finds it.

    On an offer the owner teaches; on a wish the one who says hello would. `is_stranger`: false where both already
    agreed to meet (a ring), so that the bounds of first words do not hold. Refused: `OwnListing`, `NotReachable`,
    `AgeNotSaid`, `NeedsGuardian`, `listings.NotForYoung` (either is 13 to 17, and the lesson in a private place),
    `TooLong`, `NoLinks`, `TooManyHellos`, and what `chat.send` refuses about the words. Words that a curator must read
    first open the talk for their sender alone.
    """
    # The listing's row is the lock: two clicks at once make one enquiry.
    locked = Listing.objects.select_for_update(of=("self",))
    listing = locked.select_related("owner", "owner__profile").get(id=listing.pk)
    owner = listing.owner
    if owner.pk == by.pk:
        raise OwnListing(_("This is your own listing."))
    existing = enquiry_between(listing=listing, person=by)
    if existing is not None:
        return existing
    if (
        policies.lacks_guardian(owner)
        or not listing.is_published
        or owner.profile.is_paused
        or not policies.may_write_to(by, owner)
    ):
        raise NotReachable(_("This neighbour is not taking new hellos now."))
    care.require_may_meet(by)
    if (by.is_young or owner.is_young) and not policies.suits_the_young(format=listing.format, place=listing.place):
        raise listings.NotForYoung(
            _("Learners of 13 to 17 meet online or in a public place only; this lesson is in neither.")
        )
    if is_stranger:
        _bound(by, body)
    teacher, learner = (owner, by) if listing.is_offer else (by, owner)
    conversation = chat.open_conversation(
        subject=listing.title, subject_lang=listing.lang, people=[by, owner], about_url=listing.get_absolute_url()
    )
    now = timezone.now()
    lesson = Lesson.objects.create(
        teacher=teacher,
        learner=learner,
        opened_by=by,
        listing=listing,
        conversation=conversation,
        made_at=now,
        rung_due_at=rules.rung_due(0, since=now, now=now),
    )
    chat.offer(conversation_id=conversation.pk, sender=by, client_id=client_id or uuid.uuid4(), body=body)
    outbox.emit("enquiry.opened", lesson)
    return lesson


def _bound(by: Person, body: str) -> None:
    """Refuse first words to a stranger that are long, hold a link, or are one too many of a new account today."""
    if len(clean(body)) > settings.FIRST_WORDS_LONGEST:
        raise TooLong(
            _("Shorter, please: %(most)s characters at most in the first message.")
            % {"most": settings.FIRST_WORDS_LONGEST}
        )
    if any(finding.rule == "link" for finding in screen(body, is_first_contact=True).findings):
        raise NoLinks(_("Please leave the link out of the first message. You can send it once both have written."))
    now = timezone.now()
    if by.joined_at < now - timedelta(days=settings.NEW_ACCOUNT_DAYS):
        return
    Person.objects.select_for_update().get(id=by.pk)  # two hellos at once are counted one after the other
    today = Lesson.objects.hellos().filter(opened_by=by, made_at__gt=now - timedelta(days=1)).count()
    if today >= settings.FIRST_CONTACTS_A_DAY:
        raise TooManyHellos(
            _("You have said hello to several neighbours today. Wait for their answers; tomorrow you can go on.")
        )
