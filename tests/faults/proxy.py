"""A small TCP proxy between the product and a service: it cuts, stalls, slows and drips what passes. Loopback only."""

import socket
import threading
import time
from contextlib import suppress
from urllib.parse import urlsplit, urlunsplit

PIECE = 65536
POLL_SECONDS = 0.05


class Proxy:
    """Listens on a port of its own and passes everything on to `url`'s host and port, until it is told otherwise."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._may_pass = threading.Event()
        self._may_pass.set()
        self._delay = 0.0
        self._bytes_per_second = 0
        self._refuses = False
        self._is_over = False
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """The service's address by way of this proxy."""
        host = f"127.0.0.1:{self._listener.getsockname()[1]}"
        return urlunsplit(self._parts._replace(netloc=host))

    def pass_on(self) -> None:
        """Be no hindrance again."""
        self._refuses, self._delay, self._bytes_per_second = False, 0.0, 0
        self._may_pass.set()

    def cut(self) -> None:
        """Reset every connection and every new one, as when the service was killed."""
        self._refuses = True
        self._close_all()

    def reset(self) -> None:
        """Reset every connection once; new ones pass."""
        self._close_all()

    def stall(self) -> None:
        """Take bytes and connections, and pass nothing on, as when the service was stopped."""
        self._may_pass.clear()

    def slow(self, seconds: float) -> None:
        """Hold every piece back for a while."""
        self._delay = seconds

    def drip(self, bytes_per_second: int) -> None:
        """Pass answers on by drops."""
        self._bytes_per_second = bytes_per_second

    def __enter__(self) -> "Proxy":
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over = True
        self._may_pass.set()
        self._listener.close()
        self._close_all()

    def _accept(self) -> None:
        while not self._is_over:
            try:
                inner, _address = self._listener.accept()
            except OSError:
                return
            if self._refuses:
                _reset(inner)
                continue
            try:
                outer = socket.create_connection((self._parts.hostname or "127.0.0.1", self._parts.port or 80), 3)
            except OSError:
                _reset(inner)
                continue
            outer.settimeout(None)
            with self._lock:
                self._open |= {inner, outer}
            for one, other, is_answer in ((inner, outer, False), (outer, inner, True)):
                threading.Thread(target=self._pump, args=(one, other, is_answer), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, is_answer: bool) -> None:
        with suppress(OSError):
            while data := source.recv(PIECE):
                while not self._may_pass.wait(POLL_SECONDS) and not self._is_over:
                    if source.fileno() < 0:
                        return
                if self._delay:
                    time.sleep(self._delay)
                if is_answer and self._bytes_per_second:
                    self._drip(target, data)
                else:
                    target.sendall(data)
        with self._lock:
            self._open -= {source, target}
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _drip(self, target: socket.socket, data: bytes) -> None:
        step = max(1, self._bytes_per_second // 10)
        for start in range(0, len(data), step):
            target.sendall(data[start : start + step])
            time.sleep(step / self._bytes_per_second if self._bytes_per_second else 0)

    def _close_all(self) -> None:
        with self._lock:
            all_open, self._open = self._open, set()
        for each in all_open:
            _reset(each)


def _reset(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
