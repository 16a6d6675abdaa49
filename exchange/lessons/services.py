"""The acts between two people about a lesson. The first one is "say hello"."""

import uuid

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import policies
from accounts.models import Person
from exchange.chat import services as chat
from exchange.lessons.models import Lesson
from exchange.lib.errors import Refused
from exchange.outbox import services as outbox
from skills.models import Listing


class OwnListing(Refused):
    """One cannot say hello to oneself."""

    code = "own_listing"


class NotReachable(Refused):
    """The owner cannot be written to: resting, gone, or a block either way; which one is not told."""

    code = "not_reachable"


def enquiry_between(*, listing: Listing, person: Person) -> Lesson | None:
    """Give the enquiry this person already has about a listing."""
    return (
        Lesson.objects.for_member(person)
        .filter(listing=listing, opened_by=person)
        .select_related("conversation")
        .first()
    )


@transaction.atomic
def say_hello(*, listing: Listing, by: Person, body: str, client_id: uuid.UUID | None = None) -> Lesson:
    """Open an enquiry about a listing with its conversation and first words, in one act; a second click finds it.

    On an offer the owner teaches; on a wish the one who says hello would. Refused: `OwnListing`, `NotReachable`,
    and what `chat.send` refuses about the words.
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
    if not listing.is_published or owner.profile.is_paused or not policies.may_write_to(by, owner):
        raise NotReachable(_("This neighbour is not taking new hellos now."))
    teacher, learner = (owner, by) if listing.is_offer else (by, owner)
    conversation = chat.open_conversation(subject=listing.title, subject_lang=listing.lang, people=[by, owner])
    lesson = Lesson.objects.create(
        teacher=teacher, learner=learner, opened_by=by, listing=listing, conversation=conversation
    )
    chat.send(conversation_id=conversation.pk, sender=by, client_id=client_id or uuid.uuid4(), body=body)
    outbox.emit("enquiry.opened", lesson)
    return lesson
