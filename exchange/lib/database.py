"""The database that a variable names, as Django wants to be told of it, with the time-outs that servers live by."""

import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from exchange.lib import patience
from exchange.lib.environment import WrongVariable, keep_in
from exchange.lib.servers import service_url

POSTGRES = ("postgres", "postgresql")
PREPARED = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-20000;"
# What an address may say to libpq besides, and which words each takes; () = any, None = a file.
ENCRYPTED = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
NEEDED = ("disable", "prefer", "require")
OPTIONS: dict[str, tuple[str, ...] | None] = {
    "sslmode": ENCRYPTED, "sslrootcert": None, "sslcert": None, "sslkey": None, "sslcrl": None, "sslpassword": (),
    "ssl_min_protocol_version": ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"), "channel_binding": NEEDED,
    "gssencmode": NEEDED, "application_name": (), "options": (),
    "target_session_attrs": ("any", "read-write", "read-only", "primary", "standby", "prefer-standby"),
}  # fmt: skip
OURS = ("connect_timeout", "tcp_user_timeout", *(f"keepalives{what}" for what in ("", "_idle", "_interval", "_count")))
_TIME_OUT = re.compile(r"(?:statement|lock|idle_in_transaction_session)_timeout")


def database_url(name: str, value: str) -> str:
    """Give the address as it is; empty means the file in `RUKN_VAR`. Raises `WrongVariable`."""
    if value.partition(":")[0].lower() == "sqlite":
        _file(name, value)
        return value
    if not service_url(name, value, (*POSTGRES, "sqlite")):
        return ""
    parts = urlsplit(value)
    place = f"postgres://USER:PASSWORD@HOST:{parts.port or 5432}/DATABASE"
    if not parts.path.strip("/"):
        raise WrongVariable(f"{name} names no database; write {place}.")
    if "/" in parts.path[1:]:
        raise WrongVariable(f"{name} has a second / in the database's name; write {place}.")
    _options(name, parts.query)
    return value


def configured(value: str, *, folder: Path, statement_seconds: int, pool: int) -> dict[str, Any]:
    """Give the entry of Django's `DATABASES` for an address that `database_url` took.

    `folder`: where the SQLite file is when nothing is named. `statement_seconds`: 0 = commands, which may take their
    time. `pool`: connections a process keeps at most.
    """
    common = {"ATOMIC_REQUESTS": False}
    if not value.startswith(POSTGRES):
        file = _file("DATABASE_URL", value) if value else keep_in("RUKN_VAR", folder) / "rukn.sqlite3"
        return {
            **common,
            "ENGINE": "exchange.sqlite3",
            "NAME": str(file),
            # Writers queue instead of failing: measured, DEFERRED loses 144 of 160 concurrent writes, IMMEDIATE none.
            "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": PREPARED},
            "TEST": {"NAME": str(folder / "test.sqlite3")},
        }
    parts = urlsplit(value)
    given = _options("DATABASE_URL", parts.query)
    # The database gives up first and says why; a server that hangs never says, so the client gives up a little later.
    patient = patience.patient(statement_seconds + 1.5 if statement_seconds else 0)
    times = (
        f"-c statement_timeout={statement_seconds * 1000} -c lock_timeout={3000 if statement_seconds else 0}"
        " -c idle_in_transaction_session_timeout=60000"
    )
    return {
        **common,
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path[1:]),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": parts.port or "",
        "CONN_MAX_AGE": 0,  # under ASGI persistent connections leak; the pool keeps them instead
        "CONN_HEALTH_CHECKS": True,  # a connection that died with a restarted server is noticed before it is used
        "OPTIONS": {
            **given,
            "pool": {
                "min_size": 0, "max_size": pool, "timeout": 3, "max_idle": 600, "connection_class": patient,
            },
            "connect_timeout": 3,
            "options": f"{given.get('options', '')} {times}".strip(),
            # A server that hangs (rather than dies) is noticed by the kernel: unanswered bytes give up after 6 s.
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 2,
            "tcp_user_timeout": 6000,
        },
    }  # fmt: skip


def _file(name: str, value: str) -> Path:
    """Read sqlite:///name or sqlite:////from/the/root, where the first three slashes belong to the scheme."""
    wanted = f"{name} must look like sqlite:////srv/rukn.sqlite3 (four slashes: a path from the root on)"
    if not value.lower().startswith("sqlite:///"):
        raise WrongVariable(f"{wanted}; it is {value[:60]!r}.")
    if "?" in value or "#" in value:
        raise WrongVariable(f"{wanted}, and nothing may follow it after a ? or #.")
    file = Path(unquote(value[len("sqlite:///") :]))
    if not file.name or file.name == ":memory:" or file.is_dir():
        raise WrongVariable(f"{wanted}; it names no file.")
    if not os.access(file.parent, os.W_OK | os.X_OK):
        raise WrongVariable(f"{wanted}; the folder {file.parent.absolute()} is not there, or not for this user.")
    return file


def _options(name: str, query: str) -> dict[str, str]:
    """Read what an address says behind its ?. Raises `WrongVariable` for what would be thrown away or cannot work."""
    said: dict[str, str] = {}
    for key, value in parse_qsl(query, keep_blank_values=True):
        if key in OURS:
            raise WrongVariable(f"{name} says {key}, which Rukn sets itself: take it away (see STATEMENT_SECONDS).")
        if key not in OPTIONS:
            raise WrongVariable(f"{name} says {key[:40]!r}, which is not taken there; known are {', '.join(OPTIONS)}.")
        if key in said or not value:
            raise WrongVariable(f"{name} must say {key} once, with a value.")
        words = OPTIONS[key]
        if words and value not in words:
            raise WrongVariable(f"{name} says {key}={value[:40]}; it must be one of {', '.join(words)}.")
        if words is None and value != "system" and not os.access(value, os.R_OK):
            raise WrongVariable(f"{name} says {key}={value}, a file that is not there, or not for this user to read.")
        if key == "options" and _TIME_OUT.search(value):
            raise WrongVariable(f"{name} sets a time-out in its options: take it away, and set STATEMENT_SECONDS.")
        said[key] = value
    return said
