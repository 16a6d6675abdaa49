"""What every page of money shares: it is there only with keys, and may lead to Stripe."""

from collections.abc import Callable
from functools import wraps
from typing import cast
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse

from accounts.models import Person
from exchange.payments import gateway

View = Callable[..., HttpResponse]


def with_keys(view: View) -> View:
    """Let nobody find a page of money where the city has no keys."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not gateway.is_on():
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


def leads_to_stripe(response: HttpResponse) -> HttpResponse:
    """Let the forms of a page end at Stripe: browsers hold `form-action` to where a form is sent on to as well."""
    places = list(gateway.PAGES)
    if settings.STRIPE_API_BASE:
        parts = urlsplit(settings.STRIPE_API_BASE)
        places.append(f"{parts.scheme}://{parts.netloc}")
    response._csp_update = {"form-action": places}  # type: ignore[attr-defined]
    return response


def person_of(request: HttpRequest) -> Person:
    """Give who is signed in."""
    return cast(Person, request.user)
