"""Concepts and their names; listings to read, and one's own to write."""

from typing import Any, cast

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_filters import BooleanFilter
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ValidationError

from accounts.models import Person
from exchange.api import paging
from exchange.api.schema import described, filters_of, page_of, paged, parameter
from exchange.api.views import ApiView
from exchange.lib.text import clean
from skills.filters import LONGEST_QUESTION, ListingFilter, QuestionFilter
from skills.models import Concept, Label, Listing, Revision
from skills.serializers import (
    ConceptHitOut,
    ConceptOut,
    ConceptWholeOut,
    DraftIn,
    DraftOut,
    ListingOut,
    NewListingIn,
    OwnListingOut,
    hits_of,
)
from skills.services import concepts, listings

CONCEPTS, LISTINGS, MINE = "concepts", "listings", "my listings"
OPEN = (Revision.State.DRAFT, Revision.State.IN_REVIEW)
MOST_MEANT = 20


class Concepts(ApiView):
    """All skills, or those that a text means."""

    scopes = {"GET": "read"}
    is_open = True

    @described(_("All skills in order"), gives=page_of(ConceptOut), query=paged(), tag=CONCEPTS)
    def get(self, request: Request) -> Response:
        rows, after = paging.page(Concept.objects.live(), paging.asked(request, int), "id")
        return self.show_page(ConceptOut, hits_of(rows), after)


class ConceptSearch(ApiView):
    """Skills that a text means."""

    scopes = {"GET": "read"}
    is_open = True

    @described(
        _("The skills that a text in either language means, best first"),
        gives=page_of(ConceptHitOut),
        query=[parameter("q", str, _("the text"))],
        tag=CONCEPTS,
    )
    def get(self, request: Request) -> Response:
        text = words_of(request)
        hits = concepts.resolve_text(text, self.language(), limit=MOST_MEANT) if text else []
        return self.show_page(ConceptHitOut, hits, None)


class ConceptSuggest(ApiView):
    """Skills that begin like what is being typed."""

    scopes = {"GET": "read"}
    is_open = True

    @described(
        _("Complete a skill while it is typed"),
        gives=page_of(ConceptOut),
        query=[parameter("q", str, _("the first letters"))],
        tag=CONCEPTS,
    )
    def get(self, request: Request) -> Response:
        text = words_of(request)[:80]
        return self.show_page(ConceptOut, concepts.suggest(text, self.language()) if text else [], None)


class ConceptOne(ApiView):
    """One skill."""

    scopes = {"GET": "read"}
    is_open = True

    @described(_("One skill with all its names and its place in the tree"), gives=ConceptWholeOut, tag=CONCEPTS)
    def get(self, request: Request, pk: int) -> Response:
        known = concepts.tree()
        if pk not in known.names:
            raise Http404
        uri, ar, en = known.names[pk]
        around = {
            name: [known.hit(each) for each in table.get(pk, ())]
            for name, table in (("broader", known.broader), ("narrower", known.narrower), ("related", known.related))
        }
        names = Label.objects.filter(concept=pk).order_by("lang", "-is_preferred", "id")
        whole = {"concept_id": pk, "uri": uri, "ar": ar, "en": en, "names": names, **around}
        return self.show(ConceptWholeOut, _Whole(whole))


class Listings(ApiView):
    """What neighbours offer and wish."""

    scopes = {"GET": "read", "POST": "write"}
    is_open = True

    @described(
        _("What neighbours offer and wish, newest first"),
        gives=page_of(ListingOut),
        query=[*(each for each in filters_of(ListingFilter) if each.name != "q"), *paged()],
        tag=LISTINGS,
    )
    def get(self, request: Request) -> Response:
        filters = filters_from(request, Listing.objects.open_for(request.user))
        return self.show_page(ListingOut, *paging.page(filters.qs.with_card(), paging.asked(request, int), "-id"))

    @described(_("Begin an offer or a wish"), takes=NewListingIn, gives=DraftOut, status=201, tag=MINE)
    def post(self, request: Request) -> Response:
        answers = self.read(NewListingIn)
        person = _person(request)
        revision = listings.start(owner=person, kind=answers.pop("kind"), lang=answers.get("lang") or person.language)
        if answers:
            revision = listings.save_answers(revision=revision, by=person, step=_step(answers), **answers)
        return self.show(DraftOut, revision, status=201)


class ListingOne(ApiView):
    """One listing."""

    scopes = {"GET": "read"}
    is_open = True

    @described(_("One offer or wish"), gives=ListingOut, tag=LISTINGS)
    def get(self, request: Request, pk: int) -> Response:
        rows = Listing.objects.visible_to(request.user).with_card()
        return self.show(ListingOut, get_object_or_404(rows, pk=pk))


class OwnListings(ApiView):
    """My own offers and wishes, whatever their state."""

    scopes = {"GET": "read"}

    @described(_("My own offers and wishes, with what waits"), gives=page_of(OwnListingOut), query=paged(), tag=MINE)
    def get(self, request: Request) -> Response:
        rows = Listing.objects.filter(owner=_person(request)).with_card()
        found, after = paging.page(rows, paging.asked(request, int), "-id")
        texts = Revision.objects.filter(listing__in=[row.pk for row in found], state__in=OPEN)
        drafts = {text.listing_id: text for text in texts.select_related("listing", "district")}
        return self.show_page(OwnListingOut, found, after, drafts=drafts)


class Draft(ApiView):
    """The text of one's own listing that is being written."""

    scopes = {"GET": "read", "PATCH": "write", "DELETE": "write"}

    @described(_("The text that is being written or waits for the curator"), gives=DraftOut, tag=MINE)
    def get(self, request: Request, pk: int) -> Response:
        return self.show(DraftOut, _open_text(request, pk))

    @described(
        _("Change the text; a published one stays up meanwhile, one that waits comes back to you"),
        takes=DraftIn,
        gives=DraftOut,
        tag=MINE,
    )
    def patch(self, request: Request, pk: int) -> Response:
        listing = _own(request, pk)
        answers = self.read(DraftIn, partial=True)
        revision = listings.edit(listing=listing, by=_person(request))
        if answers:
            revision = listings.save_answers(revision=revision, by=_person(request), step=_step(answers), **answers)
        return self.show(DraftOut, revision)

    @described(_("Throw the text away; what is published stays"), status=204, tag=MINE)
    def delete(self, request: Request, pk: int) -> Response:
        listings.withdraw(revision=_open_text(request, pk), by=_person(request))
        return Response(status=204)


class Act(ApiView):
    """What every act on one's own listing shares: the answer is the listing after it."""

    scopes = {"POST": "write"}

    def done(self, request: Request, pk: int) -> Response:
        """Show the listing as it is now."""
        listing = get_object_or_404(Listing.objects.filter(owner=_person(request)).with_card(), pk=pk)
        text = Revision.objects.filter(listing=listing, state__in=OPEN).select_related("listing", "district").first()
        return self.show(OwnListingOut, listing, drafts={pk: text} if text else {})


class Send(Act):
    """To the curator."""

    @described(_("Send the text to the curator"), gives=OwnListingOut, tag=MINE)
    def post(self, request: Request, pk: int) -> Response:
        listings.send(revision=_open_text(request, pk), by=_person(request))
        return self.done(request, pk)


class Pause(Act):
    """Out of sight."""

    @described(_("Take a listing out of sight for a while"), gives=OwnListingOut, tag=MINE)
    def post(self, request: Request, pk: int) -> Response:
        listings.pause(listing=_own(request, pk), by=_person(request))
        return self.done(request, pk)


class Resume(Act):
    """Back again."""

    @described(_("Bring a paused or resting listing back"), gives=OwnListingOut, tag=MINE)
    def post(self, request: Request, pk: int) -> Response:
        listings.resume(listing=_own(request, pk), by=_person(request))
        return self.done(request, pk)


class Close(Act):
    """For good."""

    @described(_("Close a listing for good; its talks stay"), gives=OwnListingOut, tag=MINE)
    def post(self, request: Request, pk: int) -> Response:
        listings.close(listing=_own(request, pk), by=_person(request))
        return self.done(request, pk)


class Confirm(Act):
    """Still true."""

    @described(_("Say that a listing is still true"), gives=OwnListingOut, tag=MINE)
    def post(self, request: Request, pk: int) -> Response:
        listings.confirm(listing=_own(request, pk), by=_person(request))
        return self.done(request, pk)


class _Whole:
    """A concept with its surroundings, named as the serializer asks."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.__dict__.update(fields)

    def name(self, language: str) -> str:
        """Name in the reader's language, else in the other one."""
        ar, en = self.__dict__["ar"], self.__dict__["en"]
        return str((ar or en) if language == "ar" else (en or ar))


def words_of(request: Request) -> str:
    """Give ?q= cleaned of what cannot be seen, cut where it is far too long."""
    return clean(request.query_params.get("q", ""))[:LONGEST_QUESTION]


def filters_from(request: Request, rows: QuerySet[Listing]) -> ListingFilter:
    """Read the query as the pages' FilterSet; raises a validation error (422) for what is not on offer."""
    filters = ListingFilter(request.query_params, queryset=rows)
    wrong = {name: [str(text) for text in texts] for name, texts in filters.form.errors.items()}
    for name, each in filters.filters.items():
        # A page sends empty fields and ticks a box whatever its value; a program says what it means.
        given = set(request.query_params.getlist(name))
        if isinstance(each, BooleanFilter) and not given <= {"true", "false"}:
            wrong[name] = [gettext("This must be true or false.")]
        elif "" in given and not isinstance(each, QuestionFilter):
            wrong[name] = [gettext("Give a value, or leave it away.")]
    if wrong:
        raise ValidationError(wrong)
    return filters


def _step(answers: dict[str, Any]) -> int | None:
    """Give the question a page would go on after: all were answered once there is a description and a skill."""
    return 6 if answers.get("body") and answers.get("tags") else None


def _own(request: Request, pk: int) -> Listing:
    return get_object_or_404(Listing, pk=pk, owner=_person(request))


def _open_text(request: Request, pk: int) -> Revision:
    rows = Revision.objects.select_related("listing", "district")
    return get_object_or_404(rows, listing_id=pk, listing__owner=_person(request), state__in=OPEN)


def _person(request: Request) -> Person:
    return cast(Person, request.user)
