"""Mistakes of an installation, told with their cure by `manage.py check`."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register


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
