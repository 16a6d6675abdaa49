"""What a process of sockets answers to watchers over plain HTTP: three addresses, and nothing else."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from exchange.watch import health, metrics

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


async def inside(scope: dict[str, Any], _receive: Receive, send: Send) -> None:
    """Answer /healthz, /readyz and, to whom they are meant for, /metrics of this process."""
    status, kind, body = 404, b"text/plain", b""
    if scope["method"] in ("GET", "HEAD"):
        if scope["path"] == "/healthz":
            status, kind, body = 200, b"application/json", b'{"ok": true}'
        elif scope["path"] == "/readyz":
            found = await asyncio.to_thread(health.report)
            status = 503 if found["state"] == health.DOWN else 200
            kind, body = b"application/json", json.dumps(found).encode()
        elif scope["path"] == "/metrics" and _may_read(scope):
            status, kind, body = 200, b"text/plain; version=0.0.4; charset=utf-8", metrics.text(whole=False)
    headers = [
        (b"content-type", kind), (b"content-length", str(len(body)).encode()), (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]  # fmt: skip
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def _may_read(scope: dict[str, Any]) -> bool:
    headers = dict(scope.get("headers", ()))
    return metrics.is_allowed(
        authorization=headers.get(b"authorization", b"").decode("latin-1"),
        address=(scope.get("client") or ("",))[0],
        forwarded=headers.get(b"x-forwarded-for", b"").decode("latin-1"),
    )
