"""Mistakes of an installation, told with their cure by `manage.py check`."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.utils.module_loading import import_string

from exchange.lib.environment import WrongVariable

OUR_ENGINES = tuple(
    f"search.backends.{name}"
    for name in (
        "guarded.GuardedBackend", "elastic.ElasticBackend", "postgres.PostgresBackend", "sqlite.SqliteBackend",
    )
)  # fmt: skip


@register(Tags.security, deploy=True)
def demo_is_off(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The one-click entrances must not exist outside the demo."""
    if not settings.DEMO:
        return []
    hint = "Unset DEMO. Its one-click entrances let anyone in as anybody."
    return [Error("DEMO is on: everyone can sign in as a curator with one click.", hint=hint, id="rukn.E001")]


@register(Tags.security, deploy=True)
def secret_is_given(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A production installation names its own secret."""
    if settings.SECRET_KEY_IS_GIVEN:
        return []
    return [Error("SECRET_KEY is not set.", hint="Set SECRET_KEY to 50 or more random characters.", id="rukn.E002")]


@register()
def city_is_whole(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The city's digits are one of two sets."""
    if settings.CITY["digits"] in ("latn", "arab"):
        return []
    hint = "Use latn for 0-9 or arab for ٠-٩."
    return [Error(f"CITY_DIGITS is {settings.CITY['digits']!r}.", hint=hint, id="rukn.E003")]


@register(Tags.security, deploy=True)
def mail_reaches_people(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Codes printed on a console reach nobody."""
    if "console" not in settings.EMAIL_BACKEND:
        return []
    hint = "Set EMAIL_URL, for example smtp+tls://user:password@host:587."
    return [Warning("Sign-in codes are only printed on the console.", hint=hint, id="rukn.W001")]


def stop_unless_named_things_are_there() -> None:
    """Stop the start where a setting names something that only the loaded applications can judge. Raises
    `WrongVariable`."""
    _engine_is_there()
    _keys_are_a_pair()


def _engine_is_there() -> None:
    if settings.SEARCH_BACKEND in OUR_ENGINES:
        return
    from search.backends.base import Backend

    try:
        found = import_string(settings.SEARCH_BACKEND)
        is_one = isinstance(found, type) and issubclass(found, Backend)
    except ImportError:
        is_one = False
    if not is_one:
        raise WrongVariable(
            f"SEARCH_BACKEND must be the dotted path of an engine, such as {OUR_ENGINES[0]};"
            f" {settings.SEARCH_BACKEND!r} is none. Without it the engine is chosen for you."
        )


def _keys_are_a_pair() -> None:
    if not settings.VAPID_PRIVATE_KEY:
        return
    from exchange.notices import webpush

    fix = "take both away, make a pair with `manage.py vapid_keys`, and set both again."
    try:
        public = webpush.public_of(settings.VAPID_PRIVATE_KEY)
    except ValueError:
        raise WrongVariable(f"VAPID_PRIVATE_KEY is no key: {fix}") from None
    if public != settings.VAPID_PUBLIC_KEY:
        raise WrongVariable(f"VAPID_PUBLIC_KEY does not belong to VAPID_PRIVATE_KEY: {fix}")
