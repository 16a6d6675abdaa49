"""Which variables fit together: half of a pair, or two that say opposite things, stop the start with a sentence."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from exchange.lib.environment import WrongVariable
from exchange.lib.servers import site_url

SHORTEST_SECRET = 32  # 128 bits as hexadecimal digits; `check --deploy` asks for 50
FEWEST_SIGNS = 5
_SECRET_KEY = re.compile(r"[sr]k_(test|live)_\w+")
_REPLY_ADDRESS = re.compile(r"[A-Za-z0-9._-]{1,16}@[A-Za-z0-9.-]{1,255}")  # before the @ there is room for the word
_ORIGIN = re.compile(r"https?://[^/?#@\s]+")


def agree(given: Mapping[str, Any]) -> None:
    """Stop when variables do not fit together.

    `given` holds settings by the names of their variables. Raises `WrongVariable`.
    """
    _agree_on_secrets(given)
    _agree_on_the_site(given)
    if given["REDIS_URL"] and not given["DATABASE_URL"].startswith("postgres"):
        raise WrongVariable(
            "REDIS_URL is for several processes, and these need PostgreSQL: set DATABASE_URL, or take REDIS_URL away."
        )
    if given["BEHIND_HTTPS"]:
        _agree_on_what_is_served(given)
    _agree_on_search(given)
    _agree_on_mail(given)
    _agree_on_money(given)
    if given["HOURS_START"] > given["HOURS_CEILING"] > 0:
        raise WrongVariable(
            f"HOURS_START ({given['HOURS_START']}) is above HOURS_CEILING ({given['HOURS_CEILING']}), so all would"
            " begin with more than they may hold: lower the one or raise the other."
        )
    if 0 < len(given["METRICS_TOKEN"]) < 16:
        raise WrongVariable("METRICS_TOKEN must have 16 or more characters; take a random one.")


def _agree_on_secrets(given: Mapping[str, Any]) -> None:
    for name in ("SECRET_KEY", "SECRET_KEY_FALLBACKS"):
        keys = given[name] if isinstance(given[name], list) else [given[name]] if given[name] else []
        if any(len(key) < SHORTEST_SECRET or len(set(key)) < FEWEST_SIGNS for key in keys):
            raise WrongVariable(
                f"{name} must have {SHORTEST_SECRET} or more characters, {FEWEST_SIGNS} or more of them different, or"
                " anyone may guess it: take 50 random ones, such as `openssl rand -base64 48` gives."
            )


def _agree_on_the_site(given: Mapping[str, Any]) -> None:
    site = urlsplit(site_url("SITE_URL", given["SITE_URL"]))
    if given["BEHIND_HTTPS"] and site.scheme != "https":
        raise WrongVariable("BEHIND_HTTPS is on, so SITE_URL must begin with https://.")
    if site.scheme == "https" and not given["BEHIND_HTTPS"]:
        raise WrongVariable("SITE_URL begins with https://, so set BEHIND_HTTPS=1 (cookies are not safe without it).")
    if not _is_served(site.hostname or "", given["ALLOWED_HOSTS"]):
        raise WrongVariable(f"ALLOWED_HOSTS must hold {site.hostname}, the host of SITE_URL.")
    for origin in given["CSRF_TRUSTED_ORIGINS"]:
        if not _ORIGIN.fullmatch(origin):
            raise WrongVariable(
                f"CSRF_TRUSTED_ORIGINS must hold addresses such as https://rukn.example.org; {origin[:60]!r} is none."
            )


def _agree_on_what_is_served(given: Mapping[str, Any]) -> None:
    """What people reach over the network: everything is there, and nothing of the demo."""
    if given["DEMO"]:
        raise WrongVariable(
            "DEMO is on, and its one-click entrances let anyone in as anybody: take DEMO away, or BEHIND_HTTPS."
        )
    if given["DEBUG"]:
        raise WrongVariable("DEBUG is on and shows settings and code to anyone: take DEBUG away, or BEHIND_HTTPS.")
    if not given["SECRET_KEY"]:
        raise WrongVariable("BEHIND_HTTPS is on, so SECRET_KEY must be set, the same in every process.")
    if not given["DATABASE_URL"].startswith("postgres"):
        raise WrongVariable(
            "BEHIND_HTTPS is on, so DATABASE_URL must name PostgreSQL (postgres://USER:PASSWORD@HOST:5432/DATABASE):"
            " a file of SQLite is for one process on one machine."
        )
    if not given["REDIS_URL"]:
        raise WrongVariable(
            "BEHIND_HTTPS is on, so set REDIS_URL (redis://HOST:6379/0): without it workers hear of no work."
        )
    if not given["TRUSTED_PROXIES"]:
        raise WrongVariable(
            "BEHIND_HTTPS is on, so set TRUSTED_PROXIES to the number of your proxies that write X-Forwarded-For (1 for"
            " deploy/nginx): otherwise all visitors share the address of the proxy, and its limits."
        )
    if not given["EMAIL_URL"]:
        raise WrongVariable(
            "BEHIND_HTTPS is on, so set EMAIL_URL (smtp+tls://USER:PASSWORD@HOST:587): without it nobody gets a code to"
            " sign in with. To have mails printed all the same, set EMAIL_URL=consolemail://."
        )


def _agree_on_search(given: Mapping[str, Any]) -> None:
    """Engines of ours need what they search in."""
    engine = given["SEARCH_BACKEND"].rpartition(".")[2]
    if engine in ("ElasticBackend", "GuardedBackend") and not given["ELASTICSEARCH_URL"]:
        raise WrongVariable(f"SEARCH_BACKEND is {engine}, so set ELASTICSEARCH_URL, or take SEARCH_BACKEND away.")
    is_postgres = given["DATABASE_URL"].startswith("postgres")
    if engine == ("SqliteBackend" if is_postgres else "PostgresBackend"):
        raise WrongVariable(f"SEARCH_BACKEND is {engine}, but DATABASE_URL names another database: take it away.")


def _agree_on_mail(given: Mapping[str, Any]) -> None:
    if given["EMAIL_URL"].startswith("smtp") and not given["DEFAULT_FROM_EMAIL"]:
        raise WrongVariable("EMAIL_URL is set, so set DEFAULT_FROM_EMAIL to an address of that mail server.")
    if given["REPLY_ADDRESS"] and not _REPLY_ADDRESS.fullmatch(given["REPLY_ADDRESS"]):
        raise WrongVariable(
            "REPLY_ADDRESS must look like reply@rukn.example.org, with at most 16 characters before the @ and no +."
        )
    if given["REPLY_ADDRESS"] and not given["EMAIL_URL"] and not given["DEMO"]:
        raise WrongVariable("REPLY_ADDRESS is where mails are answered, so set EMAIL_URL to send any, or take it away.")
    if bool(given["VAPID_PUBLIC_KEY"]) != bool(given["VAPID_PRIVATE_KEY"]):
        raise WrongVariable("Set both VAPID_PUBLIC_KEY and VAPID_PRIVATE_KEY (`manage.py vapid_keys`), or neither.")
    contact = given["VAPID_CONTACT"]
    if contact and not contact.startswith(("https://", "mailto:")):
        raise WrongVariable(f"VAPID_CONTACT must begin with https:// or mailto:; it is {contact[:60]!r}.")


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
    patterns = [each.lower() for each in allowed]
    return any(each in ("*", host) or (each.startswith(".") and f".{host}".endswith(each)) for each in patterns)
