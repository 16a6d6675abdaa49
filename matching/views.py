"""Who fits a listing, and "not for me"."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Person
from matching import services as matching
from skills.cards import card_of
from skills.models import Listing


@login_required
@require_http_methods(["GET", "POST"])
def listing_matches(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the owner who fits a listing and why; POST looks again at once."""
    person = cast(Person, request.user)
    listing = get_object_or_404(Listing.objects.filter(owner=person).with_card(), pk=pk)
    if request.method == "POST":
        matching.refresh_listing(listing_id=pk)
        return redirect("listing_matches", pk=pk)
    views = matching.matches_for(listing=listing, person=person, language=str(request.LANGUAGE_CODE))
    cards = [
        card_of(
            view.listing,
            reader=person,
            language=str(request.LANGUAGE_CODE),
            reasons=view.reasons,
            hint=view.hint,
            offer_id=view.offer_id,
            wish_id=view.wish_id,
        )
        for view in views
    ]
    context = {"listing": listing, "cards": cards, "place": "me"}
    return render(request, "matching/matches.html", context)


@login_required
@require_POST
def match_dismiss(request: HttpRequest) -> HttpResponse:
    """Remember "not for me"."""
    person = cast(Person, request.user)
    offer, wish = request.POST.get("offer", ""), request.POST.get("wish", "")
    if offer.isdigit() and wish.isdigit() and len(offer) < 19 and len(wish) < 19:
        matching.dismiss(person=person, offer_id=int(offer), wish_id=int(wish))
        messages.success(request, _("We will not show you this one again."))
    own = Listing.objects.filter(
        owner=person, id__in=[key for key in (offer, wish) if key.isdigit() and len(key) < 19]
    ).first()
    return redirect(reverse("listing_matches", args=[own.pk]) if own else reverse("home"))
