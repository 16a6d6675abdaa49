"""Who fits a listing, "not for me", the wishes a mentor could take, and rings."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import policies
from accounts.forms import CHILD, AgeForm
from accounts.models import Person
from accounts.services import care
from accounts.views import child_goes
from exchange.chat.services import groups
from matching import drawing
from matching import services as matching
from matching.models import Ring
from matching.services import rings as ring_services
from matching.services import waiting, wider
from skills.cards import Card, card_of, cards_for
from skills.models import Listing


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def listing_matches(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the owner who fits a listing and why; POST looks again at once."""
    person = cast(Person, request.user)
    listing = get_object_or_404(Listing.objects.filter(owner=person), pk=pk)
    if request.method == "POST":
        matching.refresh_listing(listing_id=pk)
        return redirect("listing_matches", pk=pk)
    views = matching.matches_for(listing=listing, person=person, language=str(request.LANGUAGE_CODE), for_cards=True)
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
    near = [] if listing.is_offer else wider.offers_for(wish=listing, person=person)
    context = {
        "listing": listing,
        "cards": cards,
        "wider": _wider_cards(near, person, str(request.LANGUAGE_CODE), is_learner=True),
        "place": "me",
    }
    return render(request, "matching/matches.html", context)


@login_required
@require_POST
def match_dismiss(request: HttpRequest) -> HttpResponse:
    """Remember "not for me"."""
    person = cast(Person, request.user)
    offer, wish = request.POST.get("offer", ""), request.POST.get("wish", "")
    named = [int(key) for key in (offer, wish) if key.isascii() and key.isdigit() and len(key) < 19]
    if len(named) == 2:
        matching.dismiss(person=person, offer_id=named[0], wish_id=named[1])
        messages.success(request, _("We will not show you this one again."))
    own = Listing.objects.filter(owner=person, id__in=named).first()
    return redirect(reverse("listing_matches", args=[own.pk]) if own else reverse("home"))


@login_required
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """Show a mentor the wishes they could serve, each with one tap to take it."""
    person, language, now = cast(Person, request.user), str(request.LANGUAGE_CODE), timezone.now()
    views = matching.views_of(matches=waiting.queue_for(person=person), person=person, language=language)
    held = waiting.held_by(person=person, now=now)
    lines = [
        {
            "card": card_of(view.listing, reader=person, language=language, reasons=view.reasons),
            "wish": view.listing,
            "until": held.get(view.listing.pk),
        }
        for view in views
    ]
    lines.sort(key=lambda line: line["until"] is None)
    near = _wider_cards(wider.wishes_for(person=person, now=now), person, language, is_learner=False)
    return render(request, "matching/queue.html", {"lines": lines, "wider": near, "place": "me"})


def _wider_cards(found: list[wider.Near], person: Person, language: str, *, is_learner: bool) -> list[Card]:
    said = wider.sentences(found, is_learner=is_learner, language=language)
    return cards_for([each.row for each in found], reader=person, language=language, reasons=said)


@login_required
@require_POST
def take(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a wish for half an hour and go on to the first words."""
    person = cast(Person, request.user)
    wish = get_object_or_404(Listing.objects.open_for(person).filter(kind=Listing.Kind.WISH), pk=pk)
    waiting.take(wish=wish, by=person)
    return redirect("hello", pk=pk)


@login_required
@require_POST
def let_go(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a wish back to the others."""
    person = cast(Person, request.user)
    wish = get_object_or_404(Listing.objects.visible_to(person), pk=pk)
    waiting.let_go(wish=wish, by=person)
    messages.success(request, _("It is free for others again."))
    return redirect("wish_queue")


@login_required
@require_POST
def still_looking(request: HttpRequest, pk: int) -> HttpResponse:
    """Look on for a wish whose answer came to nothing."""
    person = cast(Person, request.user)
    wish = get_object_or_404(Listing.objects.filter(owner=person), pk=pk)
    waiting.still_looking(wish=wish, by=person)
    messages.success(request, _("We look on for you."))
    return redirect(wish)


@login_required
@require_safe
def ring(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one ring as a simple picture, with one tap to accept or decline."""
    return _show_ring(request, get_object_or_404(Ring.objects.of(cast(Person, request.user)), pk=pk), AgeForm())


def _show_ring(request: HttpRequest, row: Ring, ages: AgeForm) -> HttpResponse:
    """Show a ring; with its yes it asks for the age of whoever never said it."""
    person = cast(Person, request.user)
    view = ring_services.view_of(ring=row, person=person, language=str(request.LANGUAGE_CODE))
    people = [arrow.teacher for arrow in view.arrows] + ([view.arrows[-1].learner] if row.is_chain else [])
    picture = drawing.ring(
        [(each.first_name, each.pk == person.pk) for each in people],
        is_rtl=request.LANGUAGE_CODE == "ar",
        is_closed=not row.is_chain,
    )
    is_agreed = row.state in (Ring.State.BOOKING, Ring.State.STANDS)
    group = groups.about(person=person, url=row.get_absolute_url()) if is_agreed else None
    arcs = list(zip(picture.paths, [arrow.now for arrow in view.arrows], strict=True))
    context = {"view": view, "ring": row, "picture": picture, "arcs": arcs, "group": group, "place": "me"}
    context |= {"ages": None if person.age else ages, "needs_guardian": policies.lacks_guardian(person)}
    return render(request, "matching/ring.html", context, status=422 if ages.is_bound else 200)


@login_required
@require_POST
def ring_answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Accept or decline a ring."""
    person = cast(Person, request.user)
    row = get_object_or_404(Ring.objects.of(person), pk=pk)
    if request.POST.get("answer") not in ("yes", "no"):
        return redirect("ring", pk=pk)
    is_yes = request.POST["answer"] == "yes"
    if is_yes and not person.age:
        ages = AgeForm(request.POST)
        if not ages.is_valid():
            return _show_ring(request, row, ages)
        if ages.cleaned_data["age"] == CHILD:
            return child_goes(request, person)
        care.say_age(person=person, age=ages.cleaned_data["age"])
    changed = ring_services.answer(ring=row, person=person, is_yes=is_yes)
    if changed.state == Ring.State.BOOKING:
        messages.success(request, _("Everyone said yes. Your talks are open; now each lesson needs a time."))
    elif is_yes:
        messages.success(request, _("Thank you. We tell you as soon as everyone has answered."))
    else:
        messages.success(request, _("That is all right. We plan anew for the others."))
    return redirect("ring", pk=pk)
