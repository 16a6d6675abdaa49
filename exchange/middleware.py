"""What every answer owes: refusals become kind pages, private pages stay out of caches, what is long goes in parts."""

from collections.abc import AsyncIterator, Callable, Iterator
from itertools import islice

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control

from exchange.lib.errors import Refused

Answer = Callable[[HttpRequest], HttpResponse]
AT_ONCE = 16  # parts of a long answer that are read at one go: 64 kB of a file


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


class StreamMiddleware:
    """Let files and long lists go out in parts under ASGI as they do under WSGI.

    There Django would read a synchronous answer to its end first, and say so in the log. Above the middleware that
    looks into such an answer (compression).
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if isinstance(request, ASGIRequest) and isinstance(response, StreamingHttpResponse) and not response.is_async:
            response.streaming_content = _in_parts(iter(response))
        return response


async def _in_parts(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Read on in the thread of the request, which holds its database connection."""
    read = sync_to_async(_some)
    while some := await read(parts):
        yield b"".join(some)


def _some(parts: Iterator[bytes]) -> list[bytes]:
    return list(islice(parts, AT_ONCE))
