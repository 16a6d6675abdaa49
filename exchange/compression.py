"""Texts travel compressed: pages, styles, scripts, drawings. Pictures and fonts are compressed already.

Why compressing pages is safe here (BREACH, 2013): docs/decisions, "Pages travel compressed".
"""

from collections import OrderedDict
from gzip import compress

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.utils.cache import patch_vary_headers

TEXTS = {"text/html", "text/css", "text/javascript", "application/javascript", "application/json", "image/svg+xml"}
KEPT = 64
_squeezed: OrderedDict[tuple[str, str], bytes] = OrderedDict()


class CompressionMiddleware(GZipMiddleware):
    """Compresses pages with random padding as Django does, and static texts once for a process.

    Where static files were collected with a manifest, whitenoise sends the copies compressed then, and this does
    nothing with them.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Compress what is text, where the browser can take it."""
        kind = response.get("Content-Type", "").partition(";")[0].strip()
        if kind not in TEXTS or response.has_header("Content-Encoding"):
            return response
        if not response.streaming:
            return super().process_response(request, response)
        is_static = request.path.startswith(f"/{settings.STATIC_URL.lstrip('/')}")
        if is_static and response.status_code == 200 and "gzip" in request.headers.get("Accept-Encoding", ""):
            return _static(request, response)
        return response


def _static(request: HttpRequest, response: HttpResponseBase) -> HttpResponse:
    key = (request.path, response.get("Last-Modified", ""))
    body = _squeezed.get(key)
    if body is None:
        body = _squeezed[key] = compress(b"".join(response.streaming_content), 9, mtime=0)  # type: ignore[attr-defined]
        while len(_squeezed) > KEPT:
            _squeezed.popitem(last=False)
    response.close()
    small = HttpResponse(body, headers=dict(response.headers))
    small["Content-Encoding"], small["Content-Length"] = "gzip", str(len(body))
    patch_vary_headers(small, ("Accept-Encoding",))
    return small
