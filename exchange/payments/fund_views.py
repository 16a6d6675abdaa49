"""The community fund: anyone may give; a gift's page is for whoever has its address."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Person
from exchange.lib.address import client_address
from exchange.lib.errors import Refused
from exchange.limits import services as limits
from exchange.payments.doors import leads_to_stripe, with_keys
from exchange.payments.forms import MONTHLY, GiftForm
from exchange.payments.models import Gift
from exchange.payments.services import fund as gifts


class TooManyGifts(Refused):
    """One address opens gifts faster than people do."""

    code = "too_many_gifts"


@with_keys
@require_http_methods(["GET", "HEAD", "POST"])
def fund(request: HttpRequest) -> HttpResponse:
    """Show the sum and what it is for; lead to the page where a gift is paid."""
    form = GiftForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                return redirect(_give(request, form))
            except Refused as refusal:
                form.add_error(None, str(refusal))
                status = 409
    context = {"form": form, "total": gifts.total(), "currency": settings.CITY_CURRENCY, "place": "fund"}
    return leads_to_stripe(render(request, "payments/fund.html", context, status=status))


@with_keys
@require_safe
def gift(request: HttpRequest, token: str) -> HttpResponse:
    """Thank for a gift, say how it stands, and let a monthly one be ended."""
    row = get_object_or_404(Gift, token=token)
    context = {"gift": row, "came_back": "back" in request.GET, "place": "fund"}
    return render(request, "payments/gift.html", context)


@with_keys
@require_POST
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """End a monthly gift."""
    row = get_object_or_404(Gift, token=token)
    gifts.stop(gift=row)
    messages.success(request, _("Nothing more will be taken. Thank you for all you gave."))
    return redirect(row)


def _give(request: HttpRequest, form: GiftForm) -> str:
    person = request.user if isinstance(request.user, Person) else None
    peer, forwarded = request.META.get("REMOTE_ADDR", ""), request.headers.get("X-Forwarded-For", "")
    if limits.wait_for("gift-address", client_address(peer, forwarded, settings.TRUSTED_PROXIES)):
        raise TooManyGifts(_("That was a lot at once. Please wait a few minutes."))
    return gifts.give(
        person=person,
        amount=form.cleaned_data["minor"],
        is_monthly=form.cleaned_data["how"] == MONTHLY,
        key=form.cleaned_data["key"],
        language=(get_language() or "ar")[:2],
        site=settings.SITE_URL,
    )
