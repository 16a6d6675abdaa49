"""How notices look as a mail: one pair of templates, HTML and text, in the receiver's language and by their clock.

And letters to an address: to a guardian or a trusted contact, who may have no account.
"""

from collections.abc import Sequence
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import Person
from exchange.notices import reply_address
from exchange.notices.models import habits_of, zone_of
from exchange.notices.rules import OF_TALKS


def write(lines: Sequence[Any], person: Person, stop_token: str) -> EmailMultiAlternatives:
    """Write the mail for some lines (`services.telling.Told`); one about a talk can be answered by mail."""
    stop = settings.SITE_URL + reverse("notice_stop", args=[stop_token])
    first = lines[0].notice
    is_of_talk = len(lines) == 1 and first.kind in OF_TALKS
    reply_to = ""
    if settings.REPLY_ADDRESS and is_of_talk:
        reply_to = reply_address.make(person_id=person.pk, conversation_id=first.talk_id)
    context = {
        "lines": lines,
        "line": lines[0],
        "is_one": not first.is_digest,
        "person": person,
        "site": settings.SITE_URL,
        "stop": stop,
        "settings_address": settings.SITE_URL + reverse("notice_settings"),
        "reply_to": reply_to,
    }
    with translation.override(person.language), timezone.override(zone_of(habits_of(person))):
        subject = " ".join(render_to_string("emails/notice_subject.txt", context).split())
        text = render_to_string("emails/notice.txt", context)
        html = render_to_string("emails/notice.html", context)
    message = EmailMultiAlternatives(subject, text, to=[person.email], reply_to=[reply_to] if reply_to else None)
    message.attach_alternative(html, "text/html")
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    message.extra_headers = {
        "List-Unsubscribe": f"<{stop}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Auto-Submitted": "auto-generated",
        # The same at a second try, so that a mail program shows a repeated mail once.
        "Message-ID": f"<notice.{first.pk}.{int(first.made_at.timestamp())}@{domain}>",
    }
    if is_of_talk:  # mails of one talk stand together
        message.extra_headers["References"] = f"<talk.{first.talk_id}.{person.pk}@{domain}>"
    return message


def send(
    *, to: str, subject: str, lines: Sequence[str], path: str = "", button: str = "", is_quiet: bool = False
) -> None:
    """Send one letter in the language that is active; `is_quiet`: its link is not what the letter asks for.

    Handlers of the outbox do so, which try again when the mail server refuses.
    """
    address = settings.SITE_URL + path if path else ""
    context = {"lines": lines, "address": address, "button": button, "is_quiet": is_quiet}
    message = EmailMultiAlternatives(" ".join(subject.split()), render_to_string("emails/letter.txt", context), to=[to])
    message.attach_alternative(render_to_string("emails/letter.html", context), "text/html")
    message.send()
