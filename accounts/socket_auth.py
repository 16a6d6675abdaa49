"""Who is at the other end of a socket: by session, or by a personal key."""

from typing import Any

from channels.auth import AuthMiddlewareStack
from channels.db import database_sync_to_async

from accounts.services import key_of


class PersonAuth:
    """Read `Authorization: Token …`; without it the session speaks."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.by_session = AuthMiddlewareStack(inner)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        header = dict(scope.get("headers", ())).get(b"authorization", b"").decode("latin-1")
        kind, _, secret = header.partition(" ")
        if kind.lower() == "token" and secret:
            key = await database_sync_to_async(key_of)(secret.strip())
            known = {"user": key.person if key else None, "key": key}
            return await self.inner({**scope, **known}, receive, send)
        return await self.by_session(scope, receive, send)
