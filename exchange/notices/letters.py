"""Letters to an address: to a guardian or a trusted contact, who may have no account. Handlers of the outbox send them,
so that one which a mail server refused is sent again."""

from collections.abc import Sequence

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string


def send(*, to: str, subject: str, lines: Sequence[str], path: str = "", button: str = "") -> None:
    """Send one letter in the language that is active."""
    context = {"lines": lines, "address": settings.SITE_URL + path if path else "", "button": button}
    message = EmailMultiAlternatives(" ".join(subject.split()), render_to_string("emails/letter.txt", context), to=[to])
    message.attach_alternative(render_to_string("emails/letter.html", context), "text/html")
    message.send()
