"""The wire to Elasticsearch: an answer that is not whole when its time is over does not count.

The client's own time-out is for each read of the socket, so an engine that answers by drops, or hangs in the middle,
could hold a page for minutes. Through TLS it is still so; there the proxy in front of Elasticsearch must be on time.
"""

import socket
import threading
import time
from typing import Any

import urllib3
from elastic_transport import NodeConfig, Urllib3HttpNode
from urllib3.connection import HTTPConnection

_asked = threading.local()  # .until: when the answer of this thread's request must be whole


class _PunctualSocket(socket.socket):
    """Waits for the next bytes only as long as the whole answer has left."""

    def recv_into(self, *args: Any, **named: Any) -> int:
        """Take what has come. Raises `TimeoutError` when the time for the whole answer is over."""
        until = getattr(_asked, "until", None)
        if until is not None:
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError("the answer was not whole in time")
            self.settimeout(left)
        return super().recv_into(*args, **named)


class _PunctualConnection(HTTPConnection):
    """A connection over such a socket."""

    def _new_conn(self) -> socket.socket:
        plain = super()._new_conn()
        seconds = plain.gettimeout()
        punctual = _PunctualSocket(fileno=plain.detach())
        punctual.settimeout(seconds)
        return punctual


class _PunctualPool(urllib3.HTTPConnectionPool):
    """Takes its time-out for connecting, waiting and reading together."""

    ConnectionCls = _PunctualConnection

    def urlopen(self, method: str, url: str, *args: Any, **named: Any) -> Any:
        """Send a request and give its answer, whole within `timeout` seconds."""
        seconds = named.get("timeout")
        if isinstance(seconds, float | int):
            named["timeout"] = urllib3.Timeout(total=seconds)
            _asked.until = time.monotonic() + seconds
        try:
            return super().urlopen(method, url, *args, **named)
        finally:
            _asked.until = None


class PunctualNode(Urllib3HttpNode):
    """A node of the client whose `request_timeout` means the whole answer."""

    def __init__(self, config: NodeConfig) -> None:
        super().__init__(config)
        if config.scheme == "http":
            self.pool = _PunctualPool(
                config.host,
                port=config.port,
                timeout=urllib3.Timeout(total=config.request_timeout),
                maxsize=config.connections_per_node,
                block=True,
            )
