"""Addresses that only take answers, each belonging to a page: whoever comes there otherwise is led to that page."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import reverse

View = Callable[..., HttpResponse]
SEE_OTHER = 303


def act_of(page: str, *names: str) -> Callable[[View], View]:
    """Let an address take POST only; `page` is the name of the page with its button, `names` what its address needs.

    Where the act draws that page again (422), the switch of the language comes back to the page, not to the act.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def act(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
            there = reverse(page, kwargs={name: kwargs[name] for name in names})
            if request.method in ("GET", "HEAD"):
                return HttpResponse(status=SEE_OTHER, headers={"Location": there})
            if request.method != "POST":
                return HttpResponseNotAllowed(["POST"])
            request.page_of = there  # type: ignore[attr-defined]  # for the frame
            return view(request, *args, **kwargs)

        return act

    return decorate
