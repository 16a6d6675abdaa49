"""Addresses as variables name them: of services, of the city itself, of mail. What cannot work is refused in words."""

import re
from email.utils import parseaddr
from urllib.parse import SplitResult, urlsplit

from exchange.lib.environment import WrongVariable

MAIL = ("smtp+tls", "smtp+ssl", "smtp", "smtps", "consolemail", "filemail", "memorymail", "dummymail")
PRINTED = "consolemail://"
_ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+")
_INDEX_PREFIX = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")


def service_url(name: str, value: str, schemes: tuple[str, ...]) -> str:
    """Give a service's address as it is; empty means that the service is not used.

    Raises `WrongVariable` for another scheme, a missing host, or a port that is no number.
    """
    if not value:
        return ""
    _parts(name, value, schemes, f"{name} must look like {schemes[0]}://HOST:PORT/…")
    return value


def redis_url(name: str, value: str) -> str:
    """Give the address of Redis; its path is the number of a database. Raises `WrongVariable`."""
    if service_url(name, value, ("redis", "rediss")):
        number = urlsplit(value).path.removeprefix("/")
        if number and not (number.isascii() and number.isdigit()):
            raise WrongVariable(f"{name} ends with the number of a database, such as /0; {number[:20]!r} is none.")
    return value


def site_url(name: str, value: str) -> str:
    """Give the address under which people find the city, without a slash at its end. Raises `WrongVariable`."""
    wanted = f"{name} must look like https://rukn.example.org, without a path"
    parts = _parts(name, value, ("https", "http"), wanted)
    if parts.path.strip("/") or parts.query or "@" in parts.netloc:
        raise WrongVariable(f"{wanted}, a question or a name in it.")
    return value.rstrip("/")


def mail_url(name: str, value: str) -> str:
    """Give the address of the mail server; empty means that mails are printed. Raises `WrongVariable`."""
    if not value:
        return PRINTED
    wanted = f"{name} must look like smtp+tls://USER:PASSWORD@HOST:587"
    scheme = value.partition("://")[0].lower()
    if scheme not in MAIL or "://" not in value:
        raise WrongVariable(f"{wanted} (or {', '.join(MAIL[1:])}); it begins with {scheme[:12]!r}.")
    if not scheme.startswith("smtp"):
        if scheme == "filemail" and not urlsplit(value).path.startswith("//"):
            raise WrongVariable(f"{name} must name a folder from the root on, such as filemail:////var/mail/rukn.")
        return value
    parts = _parts(name, value, MAIL, wanted)
    if parts.path.strip("/") or parts.query:
        raise WrongVariable(f"{wanted}; take away what follows the port.")
    if bool(parts.username) != bool(parts.password):
        raise WrongVariable(f"{wanted}; name both USER and PASSWORD, or neither.")
    if parts.port == 465 and scheme in ("smtp+tls", "smtps"):
        raise WrongVariable(f"{name} has port 465, where TLS begins at once: write smtp+ssl:// instead of {scheme}.")
    return value


def sender(name: str, value: str) -> str:
    """Give the sender of mails, such as `Rukn <rukn@example.org>`, as it is. Raises `WrongVariable`."""
    if value and not (_ADDRESS.fullmatch(parseaddr(value)[1]) and value.isprintable()):
        raise WrongVariable(f"{name} must hold an address, such as Rukn <rukn@example.org>; it is {value[:60]!r}.")
    return value


def listening(name: str, value: str) -> tuple[str, int]:
    """Give host and port of HOST:PORT; a port of 0 is any that is free. Raises `WrongVariable`."""
    host, _, port = value.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise WrongVariable(f"{name} must look like 127.0.0.1:8025; it is {value[:40]!r}.")
    return host.strip("[]"), int(port)


def index_prefix(name: str, value: str) -> str:
    """Give what begins the names of indices. Raises `WrongVariable` for what Elasticsearch does not take."""
    if not _INDEX_PREFIX.fullmatch(value):
        raise WrongVariable(
            f"{name} must look like rukn_: small letters, digits, and after the first of them also _ - . (100 at most);"
            f" it is {value[:40]!r}."
        )
    return value


def _parts(name: str, value: str, schemes: tuple[str, ...], wanted: str) -> SplitResult:
    if re.search(r"\s", value):
        raise WrongVariable(f"{wanted}; take the blanks away.")
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        port, parts = 0, urlsplit("")
    if not value.startswith(tuple(f"{scheme}://" for scheme in schemes)):
        raise WrongVariable(f"{wanted}; it begins with {value.partition(':')[0][:12]!r}.")
    if port == 0:
        raise WrongVariable(
            f"{wanted}; its port is not a number between 1 and 65535. (In a password / is %2F, # is %23, ? is %3F.)"
        )
    if not parts.hostname:
        raise WrongVariable(f"{wanted}; the host is missing.")
    if parts.fragment or value.endswith("#"):
        raise WrongVariable(f"{wanted}; take away what follows the # (in a password it is written %23).")
    return parts
