"""A breaker: what failed several times in a row is left alone for a while, so that nobody waits for it in vain."""

import threading
import time
from collections.abc import Callable

named: dict[str, "Breaker"] = {}  # those of this process that metrics tell of


class Breaker:
    """Opens after `failures` in a row; while open, one caller every `rest_seconds` may probe. Safe between threads.

    With a name it is told of in the metrics.

    The pattern is Nygard's ("Release It!", 2007): closed → open after failures → half-open for one probe.
    """

    def __init__(
        self, *, failures: int, rest_seconds: float, name: str = "", clock: Callable[[], float] = time.monotonic
    ) -> None:
        if name:
            named[name] = self
        self._most, self._rest, self._clock = failures, rest_seconds, clock
        self._lock = threading.Lock()
        self._count = 0
        self._probe_at = 0.0

    @property
    def is_open(self) -> bool:
        """Whether callers are turned away now (a probe may still be due)."""
        return self._count >= self._most

    def may_try(self) -> bool:
        """Whether this caller may try: always while closed, and as the one probe of a rest period while open."""
        if not self.is_open:
            return True
        with self._lock:
            now = self._clock()
            if now < self._probe_at:
                return False
            self._probe_at = now + self._rest
            return True

    def worked(self) -> None:
        """Tell that a try went well: closes."""
        self._count = 0

    def failed(self) -> None:
        """Tell that a try failed."""
        with self._lock:
            self._count += 1
            self._probe_at = self._clock() + self._rest
