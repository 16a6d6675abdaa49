"""The one place where refusals and mistakes become JSON: {"code", "text"} in the reader's language."""

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from exchange.lib.errors import Refused

# Refusals about what was sent; the others are about how things stand, and are a conflict.
ABOUT_INPUT = {
    "empty", "too_long", "incomplete", "unknown_reason", "invalid", "no_links", "held", "bad_times", "bad_terms",
    "no_words", "bad_amount",
}  # fmt: skip
# What is not there and what is not this person's look alike.
NOT_THERE = {"no_such_conversation", "not_yours", "not_a_curator"}


class WelcomeFirst(Refused):
    """A newcomer who has not said name, district and language yet."""

    code = "welcome_first"


class ScopeMissing(exceptions.PermissionDenied):
    """A key that may not do this."""

    default_code = "scope_missing"


def answer(error: Exception, context: dict[str, Any]) -> Response | None:
    """Translate what a view raised; None for a bug, which Django logs."""
    if isinstance(error, Refused):
        if error.code in NOT_THERE:
            return _not_there()
        return _said(422 if error.code in ABOUT_INPUT else 409, error.code, str(error), **error.more)
    if isinstance(error, Http404 | ObjectDoesNotExist | exceptions.NotFound):
        return _not_there()
    if isinstance(error, exceptions.ValidationError):
        fields = dict(_flat(error.detail))
        text = next((texts[0] for texts in fields.values() if texts), _("Something in it cannot be used."))
        return Response({"code": "invalid", "text": text, "fields": fields}, status=422)
    response = exception_handler(error, context)
    if response is None:
        return None
    code, text = _words(error)
    response.data = {"code": code, "text": text}
    return response


def _words(error: Exception) -> tuple[str, str]:
    if isinstance(error, exceptions.AuthenticationFailed):
        return "bad_key", str(error.detail)
    if isinstance(error, exceptions.NotAuthenticated):
        return "not_signed_in", _("Sign in, or send a key: “Authorization: Token …”.")
    if isinstance(error, exceptions.Throttled):
        return "too_many_requests", _("A little slower, please. Try again in a moment.")
    if isinstance(error, exceptions.MethodNotAllowed):
        return "method_not_allowed", _("This address does not take that method.")
    if isinstance(error, exceptions.UnsupportedMediaType):
        return "not_json", _("Send JSON, with the header “Content-Type: application/json”.")
    if isinstance(error, exceptions.APIException):
        codes = error.get_codes()
        return (codes if isinstance(codes, str) else "refused"), str(error.detail)
    return "forbidden", _("This is not allowed.")


def _not_there() -> Response:
    return _said(404, "not_found", _("There is nothing here."))


def _said(status: int, code: str, text: str, **more: Any) -> Response:
    return Response({"code": code, "text": text, **more}, status=status)


def _flat(detail: Any, name: str = "") -> Iterator[tuple[str, list[str]]]:
    """Give each field by its dotted name with its sentences: "skills.0.text"."""
    if isinstance(detail, dict):
        for key, part in detail.items():
            inner = key if key != "non_field_errors" else "body"
            yield from _flat(part, f"{name}.{inner}" if name else str(inner))
    elif any(isinstance(part, dict | list) for part in detail):
        for place, part in enumerate(detail):
            yield from _flat(part, f"{name}.{place}") if part else ()
    else:
        yield name, [str(part) for part in detail]
