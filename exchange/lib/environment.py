"""Reading the environment: a value that cannot work stops the start with a sentence that names it and the cure."""

import builtins
import difflib
import errno
import importlib.util
import os
import re
import sys
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import TracebackType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

YES = ("1", "true", "yes", "on")
NO = ("0", "false", "no", "off", "")
_RANGE_OF_HOURS = re.compile(r"(?<!\S)(\d{1,2})-(\d{1,2})(?!\S)")
# What others call it; told only where ours is not set, because a platform may set both.
OTHER_NAMES = {
    "DB_URL": "DATABASE_URL", "POSTGRES_URL": "DATABASE_URL", "POSTGRESQL_URL": "DATABASE_URL",
    "ELASTIC_URL": "ELASTICSEARCH_URL", "ELASTIC_HOST": "ELASTICSEARCH_URL", "ES_URL": "ELASTICSEARCH_URL",
    "ELASTICSEARCH_HOST": "ELASTICSEARCH_URL", "ELASTICSEARCH_HOSTS": "ELASTICSEARCH_URL",
    "EMAIL_HOST": "EMAIL_URL", "MAIL_URL": "EMAIL_URL", "SMTP_URL": "EMAIL_URL", "SMTP_HOST": "EMAIL_URL",
    "BROKER_URL": "REDIS_URL", "DJANGO_SECRET_KEY": "SECRET_KEY",
}  # fmt: skip
# Celery itself reads these, before its settings.
OVERRULING = ("CELERY_BROKER_URL", "CELERY_BROKER_READ_URL", "CELERY_BROKER_WRITE_URL")
NOT_OURS_TO_USE = (PermissionError, FileNotFoundError, FileExistsError, NotADirectoryError)


class WrongVariable(ValueError):
    """A variable of the environment that cannot work as it stands."""


def misspelt(given: Collection[str], known: Collection[str]) -> dict[str, str]:
    """Give variables that look like a known one written wrong → the known one: REDIS_URI → REDIS_URL, DB_URL →
    DATABASE_URL, database_url → DATABASE_URL."""
    names = set(known)
    out = {}
    for name in given:
        if name in names or len(name) < 5:
            continue
        other = OTHER_NAMES.get(name.upper(), name.upper())
        if other in names:
            if other not in given:
                out[name] = other
        elif len(name) > 5 and (near := difflib.get_close_matches(name, names, n=1, cutoff=0.87)):
            out[name] = near[0]
    return out


def keep_in(name: str, folder: Path, *, mode: int = 0o755) -> Path:
    """Give a folder in which this process can keep files; it is made when it is not there. Raises `WrongVariable`.

    A disk that is full is no fault of a variable.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=mode)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except NOT_OURS_TO_USE as error:
        raise _not_kept(name, folder, error) from None
    except OSError as error:
        if error.errno in (errno.EROFS, errno.EOPNOTSUPP):
            raise _not_kept(name, folder, error) from None
        return folder


def _not_kept(name: str, folder: Path, error: OSError) -> WrongVariable:
    return WrongVariable(
        f"{name} must name a folder in which this user may write; nothing can be kept in {folder} ({error.strerror})."
    )


class Env:
    """Reads variables; one that cannot be what it must be raises `WrongVariable`. Remembers which were asked for.

    An empty one counts as not set.
    """

    def __init__(self) -> None:
        self.known: set[str] = set()

    def text(self, var: str, default: str = "") -> str:
        """The words as they are."""
        self.known.add(var)
        return os.environ.get(var, "") or default

    def names(self, var: str, default: list[str]) -> list[str]:
        """Words with commas between them."""
        return [word for each in self.text(var).split(",") if (word := each.strip())] or default

    def folder(self, var: str, default: Path, *, mode: builtins.int = 0o755) -> Path:
        """A folder. One that is named must take files; the default is looked at by whoever needs it."""
        given = self.text(var)
        return keep_in(var, Path(given), mode=mode) if given else default

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

    def int(self, var: str, default: int, *, least: int, most: int) -> int:
        """A whole number between two bounds."""
        return int(self._number(var, default, least, most, whole=True))

    def float(self, var: str, default: float, *, least: float, most: float) -> float:
        """A number between two bounds."""
        return self._number(var, default, least, most, whole=False)

    def choice(self, var: str, default: str, among: tuple[str, ...]) -> str:
        """One of a few words."""
        self.known.add(var)
        given = os.environ.get(var, "") or default
        if given not in among:
            raise WrongVariable(f"{var} must be one of {', '.join(among)}; it is {given[:40]!r}.")
        return given

    def module(self, var: str) -> str:
        """A module that is installed here; it is not read yet."""
        given = self.text(var)
        try:
            is_there = not given or importlib.util.find_spec(given) is not None
        except (ImportError, ValueError):
            is_there = False
        if not is_there:
            raise WrongVariable(f"{var} names {given[:40]!r}, which is not installed: install it, or take {var} away.")
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
        """Stop when a variable of the environment looks like one of ours written wrong, or overrules one."""
        for name in OVERRULING:
            if os.environ.get(name):
                raise WrongVariable(f"{name} would overrule REDIS_URL: set REDIS_URL, and take {name} away.")
        given = [name for name, value in os.environ.items() if value]
        for wrong, right in sorted(misspelt(given, self.known).items()):
            raise WrongVariable(
                f"{wrong} is no variable of ours; did you mean {right}? Set that, or take {wrong} away."
            )

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
            raise WrongVariable(f"{var} must be between {least:.10g} and {most:.10g}; it is {given[:40]}.")
        return number


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
