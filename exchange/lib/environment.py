"""Reading the environment: a value that cannot work stops the start with a sentence that names it and the cure."""

import difflib
from collections.abc import Iterable
from urllib.parse import urlsplit


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
