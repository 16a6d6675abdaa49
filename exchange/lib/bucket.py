"""A token bucket as one number: how much may be done at once, and how soon again."""

from dataclasses import dataclass

from exchange.lib.environment import WrongVariable

SPANS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}


@dataclass(frozen=True)
class Limit:
    """At most `count` in any span of `seconds`: half of them at once, the others evenly after them."""

    count: int
    seconds: float

    @property
    def burst(self) -> int:
        """How many a full bucket lets through at once."""
        return max(1, self.count // 2)

    @property
    def step(self) -> float:
        """Seconds until one more may pass; with the burst that makes `count` in a span."""
        return self.seconds / max(1, self.count - self.burst)

    @property
    def depth(self) -> float:
        """Seconds an emptied bucket needs to be full again."""
        return self.burst * self.step


def take(full_at: float, now: float, limit: Limit, cost: int = 1) -> tuple[float, float]:
    """Take from a bucket that is full at `full_at` (seconds since 1970). Gives (when it is full then, seconds to wait).

    A wait above 0 means that nothing was taken. The generic cell rate algorithm (ITU-T I.371), which keeps the same
    account as a token bucket in one number.
    """
    taken = max(full_at, now) + cost * limit.step
    wait = taken - now - limit.depth
    # A millionth of a second is less than clocks agree on; without it sums of steps refuse the last of a burst.
    return (full_at, wait) if wait > 1e-6 else (taken, 0.0)


def read_limit(name: str, value: str) -> Limit | None:
    """Read "120/minute"; "off" means no limit. Raises `WrongVariable` naming the setting."""
    if value.strip().lower() == "off":
        return None
    count, _, span = value.partition("/")
    if not (count.strip().isascii() and count.strip().isdigit() and int(count) > 0 and span.strip() in SPANS):
        raise WrongVariable(f"{name} must look like 120/minute (or second, hour, day) or off; it is {value!r}.")
    return Limit(int(count), SPANS[span.strip()])
