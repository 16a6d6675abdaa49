"""Reading the environment: a value that cannot work stops the start with a sentence that names it and the cure."""

import builtins
import difflib
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import environ

YES = ("1", "true", "yes", "on")
NO = ("0", "false", "no", "off", "")
_SECRET_KEY = re.compile(r"[sr]k_(test|live)_\w+")
_RANGE_OF_HOURS = re.compile(r"(?<!\S)(\d{1,2})-(\d{1,2})(?!\S)")
_REPLY_ADDRESS = re.compile(r"[A-Za-z0-9._-]{1,16}@[A-Za-z0-9.-]{1,255}")  # before the @ there is room for the word


class WrongVariable(ValueError):
    """A variable of the environment that cannot work as it stands."""


def service_url(name: str, value: str, schemes: tuple[str, ...]) -> str:
    """Give a service's address as it is; empty means that the service is not used.

    Raises `WrongVariable` for another scheme, a missing host, or a port that is no number.
    """
    if not value:
        return ""
    wanted = f"{name} must look like {schemes[0]}://HOST:PORT/…"
    if value != value.strip():
        raise WrongVariable(f"{wanted}; take the blanks around it away.")
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise WrongVariable(f"{wanted}; its port is not a number between 1 and 65535.") from None
    if parts.scheme not in schemes:
        raise WrongVariable(f"{wanted}; it begins with {parts.scheme or value[:12]!r}.")
    if parts.scheme == "sqlite":
        return value
    if not parts.hostname:
        raise WrongVariable(f"{wanted}; the host is missing.")
    if parts.scheme.startswith("postgres") and not parts.path.strip("/"):
        raise WrongVariable(f"{name} names no database; write postgres://USER:PASSWORD@HOST:{port or 5432}/DATABASE.")
    return value


def misspelt(given: Iterable[str], known: Iterable[str]) -> dict[str, str]:
    """Give variables that look like a known one written wrong → the known one: REDIS_URI → REDIS_URL."""
    names = set(known)
    out = {}
    for name in given:
        if name in names or len(name) < 6:
            continue
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.87)
        if near:
            out[name] = near[0]
    return out


class Env(environ.Env):
    """Reads variables; one that cannot be what it must be raises `WrongVariable`. Remembers which were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.known: set[str] = set()

    def get_value(self, var: str, *args: Any, **kwargs: Any) -> Any:
        """Read one variable, remembering its name."""
        self.known.add(var)
        return super().get_value(var, *args, **kwargs)

    def bool(self, var: str, default: bool = False) -> bool:
        """A yes or a no; anything else is refused instead of counting as no."""
        self.known.add(var)
        given = os.environ.get(var)
        if given is None:
            return default
        if given.strip().lower() in YES:
            return True
        if given.strip().lower() in NO:
            return False
        raise WrongVariable(f"{var} must be 1 or 0; it is {given[:40]!r}.")

    def int(self, var: str, default: int = 0, *, least: int = 0, most: int = 1_000_000) -> int:
        """A whole number between two bounds."""
        return int(self._number(var, default, least, most, whole=True))

    def float(self, var: str, default: float = 0.0, *, least: float = 0.0, most: float = 1e6) -> float:
        """A number between two bounds."""
        return self._number(var, default, least, most, whole=False)

    def choice(self, var: str, default: str, among: tuple[str, ...]) -> str:
        """One of a few words."""
        self.known.add(var)
        given = os.environ.get(var, "") or default
        if given not in among:
            raise WrongVariable(f"{var} must be one of {', '.join(among)}; it is {given[:40]!r}.")
        return given

    def zone(self, var: str, default: str) -> str:
        """A time zone that this machine knows."""
        self.known.add(var)
        given = os.environ.get(var, "") or default
        try:
            ZoneInfo(given)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise WrongVariable(f"{var} must name a time zone such as {default}; {given[:40]!r} is none.") from None
        return given

    def hours(self, var: str, default: str) -> tuple[tuple[builtins.int, builtins.int], ...]:
        """When morning, afternoon and evening are: three ranges of whole hours, one after the other."""
        self.known.add(var)
        given = os.environ.get(var, "").strip() or default
        found = _RANGE_OF_HOURS.findall(given)
        ranges = tuple((builtins.int(begin), builtins.int(end)) for begin, end in found)
        bounds = [hour for each in ranges for hour in each]
        rising = all(begin < end for begin, end in ranges) and bounds == sorted(bounds)
        if len(ranges) != 3 or len(given.split()) != 3 or not rising or bounds[-1] > 24:
            raise WrongVariable(
                f"{var} must be three ranges of hours up to 24, one after the other, such as {default};"
                f" it is {given[:40]!r}."
            )
        return ranges

    def seasons(self, var: str) -> tuple[tuple[date, date], ...]:
        """Ranges of days, each its first and last day such as 2027-02-08,2027-03-09; several apart by blanks."""
        self.known.add(var)
        given = os.environ.get(var, "")
        try:
            pairs = [tuple(date.fromisoformat(day) for day in each.split(",")) for each in given.split()]
        except ValueError:
            pairs = [()]
        if any(len(pair) != 2 or pair[0] > pair[1] for pair in pairs):
            raise WrongVariable(
                f"{var} must name first and last day such as 2027-02-08,2027-03-09, several years apart by blanks;"
                f" it is {given[:40]!r}."
            )
        return tuple((pair[0], pair[1]) for pair in pairs)

    def refuse_misspelt(self) -> None:
        """Stop when a variable of the environment looks like one of ours written wrong."""
        for wrong, right in sorted(misspelt(os.environ, self.known).items()):
            raise WrongVariable(f"{wrong} is no variable of ours; did you mean {right}? Rename it or take it away.")

    def _number(
        self, var: str, default: builtins.float, least: builtins.float, most: builtins.float, *, whole: builtins.bool
    ) -> builtins.float:
        self.known.add(var)
        given = os.environ.get(var, "").strip()
        if not given:
            return default
        try:
            number = int(given) if whole else float(given)
        except ValueError:
            kind = "a whole number" if whole else "a number"
            raise WrongVariable(f"{var} must be {kind}; it is {given[:40]!r}.") from None
        if not least <= number <= most:
            raise WrongVariable(f"{var} must be between {least:g} and {most:g}; it is {given[:40]}.")
        return number


def agree(given: Mapping[str, Any]) -> None:
    """Stop when variables do not fit together: half of a pair, or two that say opposite things.

    `given` holds settings by the names of their variables. Raises `WrongVariable`.
    """
    site = urlsplit(given["SITE_URL"])
    if site.scheme not in ("http", "https") or not site.hostname or site.path.strip("/"):
        raise WrongVariable("SITE_URL must look like https://rukn.example.org, without a path.")
    if given["BEHIND_HTTPS"] and site.scheme != "https":
        raise WrongVariable("BEHIND_HTTPS is on, so SITE_URL must begin with https://.")
    if site.scheme == "https" and not given["BEHIND_HTTPS"]:
        raise WrongVariable("SITE_URL begins with https://, so set BEHIND_HTTPS=1 (cookies are not safe without it).")
    if given["BEHIND_HTTPS"] and not given["SECRET_KEY"]:
        raise WrongVariable("BEHIND_HTTPS is on, so SECRET_KEY must be set, the same in every process.")
    if not _is_served(site.hostname, given["ALLOWED_HOSTS"]):
        raise WrongVariable(f"ALLOWED_HOSTS must hold {site.hostname}, the host of SITE_URL.")
    if given["REDIS_URL"] and not given["DATABASE_URL"].startswith("postgres"):
        raise WrongVariable(
            "REDIS_URL is for several processes, and these need PostgreSQL: set DATABASE_URL, or take REDIS_URL away."
        )
    _agree_on_mail(given)
    _agree_on_money(given)
    if bool(given["VAPID_PUBLIC_KEY"]) != bool(given["VAPID_PRIVATE_KEY"]):
        raise WrongVariable("Set both VAPID_PUBLIC_KEY and VAPID_PRIVATE_KEY (`manage.py vapid_keys`), or neither.")
    if 0 < len(given["METRICS_TOKEN"]) < 16:
        raise WrongVariable("METRICS_TOKEN must have 16 or more characters; take a random one.")


def _agree_on_mail(given: Mapping[str, Any]) -> None:
    if "smtp" in given["EMAIL_URL"].split(":")[0] and not given["DEFAULT_FROM_EMAIL"]:
        raise WrongVariable("EMAIL_URL is set, so set DEFAULT_FROM_EMAIL to an address of that mail server.")
    if given["REPLY_ADDRESS"] and not _REPLY_ADDRESS.fullmatch(given["REPLY_ADDRESS"]):
        raise WrongVariable(
            "REPLY_ADDRESS must look like reply@rukn.example.org, with at most 16 characters before the @ and no +."
        )


def _agree_on_money(given: Mapping[str, Any]) -> None:
    key, base = given["STRIPE_SECRET_KEY"], given["STRIPE_API_BASE"]
    secrets = [each.strip() for each in given["STRIPE_WEBHOOK_SECRET"].split(",")]
    if bool(key) != bool(given["STRIPE_WEBHOOK_SECRET"]):
        raise WrongVariable("Set both STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET, or neither.")
    if given["CITY_COUNTRY"] and not re.fullmatch("[A-Z]{2}", given["CITY_COUNTRY"]):
        raise WrongVariable("CITY_COUNTRY must be two capital letters, such as JO.")
    if not key:
        return
    if not _SECRET_KEY.fullmatch(key):
        raise WrongVariable("STRIPE_SECRET_KEY must begin with sk_test_ or sk_live_ (rk_… for a restricted key).")
    if not all(each.startswith("whsec_") for each in secrets):
        raise WrongVariable("STRIPE_WEBHOOK_SECRET must begin with whsec_; several are separated by commas.")
    if "_live_" in key and not given["BEHIND_HTTPS"]:
        raise WrongVariable("STRIPE_SECRET_KEY is a live key: set BEHIND_HTTPS=1, or use a test key (sk_test_…).")
    if "_live_" in key and base:
        raise WrongVariable("STRIPE_SECRET_KEY is a live key, so take STRIPE_API_BASE away: it is for tests.")


def _is_served(host: str, allowed: list[str]) -> bool:
    return any(each in ("*", host) or (each.startswith(".") and f".{host}".endswith(each)) for each in allowed)


@contextmanager
def told_plainly() -> Iterator[None]:
    """End the process with one sentence and status 2 when a variable cannot work; for the modules servers load."""
    try:
        yield
    except WrongVariable as error:
        sys.stderr.write(f"rukn: {error}\n")
        raise SystemExit(2) from None


def speak_plainly() -> None:
    """From now on an uncaught `WrongVariable` is one sentence on standard error instead of a traceback."""
    usual = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, place: TracebackType | None) -> None:
        if isinstance(error, WrongVariable):
            sys.stderr.write(f"rukn: {error}\n")
        else:
            usual(kind, error, place)

    sys.excepthook = hook
