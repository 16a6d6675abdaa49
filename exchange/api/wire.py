"""JSON in and JSON out, whatever the other side says it can read."""

import json
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException, ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer

LARGEST_BODY = 128 * 1024


class TooLarge(APIException):
    """More than 128 kB in one request."""

    status_code = 413
    default_code = "too_large"


class JsonBody(BaseParser):
    """Reads one JSON object of at most 128 kB; anything else is refused before it is looked at."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> dict[str, Any]:
        raw = stream.read(LARGEST_BODY + 1)
        if len(raw) > LARGEST_BODY:
            raise TooLarge(_("This is too much for one request: 128 kB at most."))
        try:
            value = json.loads(raw.decode("utf-8"), parse_constant=_refuse)
        except (ValueError, RecursionError):  # ValueError also for bytes that are no UTF-8 and for endless numbers
            raise ParseError(_("This is not JSON that can be read.")) from None
        if not isinstance(value, dict):
            raise ParseError(_("The body must be a JSON object."))
        return value


class Json(JSONRenderer):
    """Writes JSON as it is; half a character that someone sent in a name of a field does not stop it."""

    charset = None

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> bytes:
        try:
            return bytes(super().render(data, accepted_media_type, renderer_context))
        except UnicodeEncodeError:
            return json.dumps(data, default=str).encode()


class AlwaysJson(BaseContentNegotiation):
    """There is one form of every answer, so `Accept` changes nothing."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        kind = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == kind), None)

    def select_renderer(self, request: Any, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


def _refuse(name: str) -> float:
    raise ValueError(name)
