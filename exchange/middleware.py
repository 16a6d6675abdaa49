"""What every answer owes: refusals become kind pages, private pages stay out of caches."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control

from exchange.lib.errors import Refused

Answer = Callable[[HttpRequest], HttpResponse]


class RefusalMiddleware:
    """Turn a `Refused` that no view caught into a page with its sentence (409), and a bare 405 into a page too."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == 405 and not response.content:
            page = render(request, "405.html", status=405)
            page["Allow"] = response["Allow"]
            return page
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Translate only refusals; everything else is a bug and is logged by Django."""
        if not isinstance(exception, Refused):
            return None
        request.refused = exception.code  # type: ignore[attr-defined]  # for the log
        return render(request, "refused.html", {"refusal": exception}, status=409)


class PrivatePagesMiddleware:
    """Let no cache keep what was drawn for somebody signed in: the next person at this machine is somebody else."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.user.is_authenticated and "no-cache" not in response.get("Cache-Control", ""):
            patch_cache_control(response, private=True, no_store=True)
        return response
