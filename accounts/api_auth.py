"""Who calls the API: by a personal key, or by the session of the pages (which then needs the CSRF token)."""

from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from accounts.models import Person, Token
from accounts.services import key_of
from exchange.api import limits


class KeyAuthentication(BaseAuthentication):
    """Read `Authorization: Token …`; a key that opens nothing is refused even where no key is needed."""

    def authenticate(self, request: Request) -> tuple[Person, Token] | None:
        kind, _blank, secret = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "token":
            return None
        key = key_of(secret.strip())
        if key is None:
            limits.count_stranger(request._request)
            raise AuthenticationFailed(_("This key does not open anything: it is wrong, removed or has run out."))
        self._speak_as(request, key.person)
        return key.person, key

    def authenticate_header(self, request: Request) -> str:
        return "Token"

    @staticmethod
    def _speak_as(request: Request, person: Person) -> None:
        """Answer in the person's language, unless the caller asked for one."""
        if "Accept-Language" not in request.headers and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
            translation.activate(person.language)
            request._request.LANGUAGE_CODE = person.language


class PageSession(SessionAuthentication):
    """The session of the pages; what changes something needs the CSRF token as everywhere."""

    def enforce_csrf(self, request: Any) -> None:
        try:
            super().enforce_csrf(request)
        except PermissionDenied:
            raise PermissionDenied(
                _("This request does not come from our own pages. Reload the page and try again."), code="csrf"
            ) from None


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the description of the API names a key."""

    target_class = KeyAuthentication
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        text = "`Token` and a blank before the key: `Authorization: Token …`."
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": text}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the description of the API names the session of the pages."""

    target_class = PageSession
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}
