"""Coming in and going out, for the log. These are Django's and allauth's signals; between our rooms there are none."""

from typing import Any

from allauth.account.signals import user_signed_up
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver

from exchange.lib.logs import tell


@receiver(user_logged_in)
def came_in(user: Any, **_: Any) -> None:
    """Somebody signed in."""
    tell("sign_in", person=user.pk)


@receiver(user_logged_out)
def went_out(user: Any, **_: Any) -> None:
    """Somebody signed out."""
    tell("sign_out", person=getattr(user, "pk", None))


@receiver(user_login_failed)
def was_refused(**_: Any) -> None:
    """Somebody could not prove who they are."""
    tell("sign_in_failed")


@receiver(user_signed_up)
def joined(user: Any, **_: Any) -> None:
    """Somebody joined."""
    tell("joined", person=user.pk)
