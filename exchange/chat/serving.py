"""Giving a private file to somebody who may have it: never run, never kept, in parts where a player asks so."""

import re

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.http import content_disposition_header

from exchange.chat.models import File
from exchange.chat.services import cabinet

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
SANDBOX = "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'"


def serve(request: HttpRequest, file: File, *, small: bool = False) -> HttpResponse | None:
    """Give a file as an answer; None when its bytes are gone. A PDF is always a download."""
    path = file.small_path if small else file.path
    tag = f'"{path}"'
    if request.headers.get("If-None-Match") == tag:
        return _dressed(HttpResponseNotModified(), file, tag)
    data = cabinet.get(path) if path else None
    if data is None:
        return None
    wanted = _RANGE.fullmatch(request.headers.get("Range", ""))
    if wanted and any(wanted.groups()):
        first, last = _bounds(wanted[1], wanted[2], len(data))
        if first > last:
            response = HttpResponse(status=416)
            response["Content-Range"] = f"bytes */{len(data)}"
            return _dressed(response, file, tag)
        response = HttpResponse(data[first : last + 1], content_type=file.media_type, status=206)
        response["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
        return _dressed(response, file, tag)
    return _dressed(HttpResponse(data, content_type=file.media_type), file, tag)


def _bounds(first: str, last: str, length: int) -> tuple[int, int]:
    """Give the first and last byte that a player asks for."""
    if not first:
        return max(0, length - int(last[:12])), length - 1
    return int(first[:12]), min(length - 1, int(last[:12]) if last else length - 1)


def _dressed(response: HttpResponse, file: File, tag: str) -> HttpResponse:
    names = {File.Kind.PDF: file.name, File.Kind.PHOTO: "photo.webp"}
    name = names.get(file.kind, "voice." + file.media_type.split("/")[1])  # type: ignore[call-overload]
    response["Content-Disposition"] = str(content_disposition_header(file.kind == File.Kind.PDF, name))
    response["Content-Security-Policy"] = SANDBOX
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = tag
    response["Cache-Control"] = "private, no-cache"  # asked for again each time: a deleted file shows no more
    return response
