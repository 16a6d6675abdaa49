"""Refusals of services become kind pages."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from exchange.lib.errors import Refused


class RefusalMiddleware:
    """Turn a `Refused` that no view caught into a page with its sentence (409), and a way on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Translate only refusals; everything else is a bug and is logged by Django."""
        if not isinstance(exception, Refused):
            return None
        request.refused = exception.code  # type: ignore[attr-defined]  # for the log
        return render(request, "refused.html", {"refusal": exception}, status=409)
