"""The reader's language, and the three first questions before anything else."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import translation

Answer = Callable[[HttpRequest], HttpResponse]
KNOWN = dict(settings.LANGUAGES)


class PersonLocaleMiddleware:
    """Speak the language chosen on this device, else the browser's if we know it, else the city's.

    Signing in and the language switch both write the choice into the cookie, so no row is read for it.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        language = chosen if chosen in KNOWN else self._accepted(request)
        translation.activate(language)
        request.LANGUAGE_CODE = language
        response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        response["Vary"] = ", ".join(filter(None, [response.get("Vary", ""), "Accept-Language"]))
        return response

    @staticmethod
    def _accepted(request: HttpRequest) -> str:
        for part in request.headers.get("Accept-Language", "")[:200].split(","):
            code = part.split(";")[0].strip().lower()[:2]
            if code in KNOWN:
                return code
        return str(settings.LANGUAGE_CODE)


class WelcomeMiddleware:
    """Ask a newcomer for name, district and language before showing anything that needs them."""

    free = (
        "/welcome/",
        "/enter",
        "/static/",
        "/language/",
        "/appearance/",
        "/help/",
        "/healthz",
        "/readyz",
        "/metrics",
        "/demo/",
        "/sign-out/",
        "/api/",  # says so itself, as JSON
    )

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(self.free):
            person = request.user
            if person.is_authenticated and person.welcomed_at is None:
                return redirect(reverse("welcome"))
        return self.get_response(request)
