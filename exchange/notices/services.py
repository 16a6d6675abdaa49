"""Telling people: a row once, then the bell on the page, then mail where it is wanted."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import Person
from exchange.notices.models import MailChoice, Notice
from exchange.notices.rules import ALWAYS, KINDS, next_try
from skills.models import Listing

log = logging.getLogger(__name__)

SALT = "rukn.notices.stop"
SHOWN = 60


@dataclass(frozen=True)
class Told:
    """A notice with what its sentence needs, read again now: a listing that may no longer be seen is gone."""

    notice: Notice
    listing: Listing | None
    template: str

    @property
    def is_gone(self) -> bool:
        """Whether what it was about can no longer be seen."""
        return self.notice.listing_id is not None and self.listing is None


@transaction.atomic
def tell(*, people: Iterable[int], kind: str, key: str, url: str, listing_id: int | None = None, **facts: Any) -> None:
    """Tell each person one thing once: the same kind and key again changes nothing. Raises `KeyError`: unknown kind."""
    ids = sorted(set(people))
    is_mailed = KINDS[kind].is_mailed
    chosen = dict(MailChoice.objects.filter(person__in=ids, kind=kind).values_list("person_id", "is_on"))
    if kind not in ALWAYS:  # no mail to those who rest; the bell on the page keeps it for them
        resting = Person.objects.filter(id__in=ids, profile__paused_at__isnull=False).values_list("id", flat=True)
        chosen |= dict.fromkeys(resting, False)
    now = timezone.now()
    Notice.objects.bulk_create(
        [
            Notice(
                person_id=person,
                kind=kind,
                key=key,
                url=url,
                listing_id=listing_id,
                facts=facts,
                mail_due_at=now if chosen.get(person, is_mailed) else None,
            )
            for person in ids
        ],
        ignore_conflicts=True,
    )


def unread_of(person: OuterRef) -> Coalesce:
    """Give how many notices a person of an outer query has not read, as part of that query."""
    rows = Notice.objects.filter(person=person, read_at=None).order_by().values("person")
    return Coalesce(Subquery(rows.annotate(count=Count("id")).values("count")), 0)


def unread_count(*, person: Person) -> int:
    """Give how many notices this person has not read."""
    return Notice.objects.filter(person=person, read_at=None).count()


def latest(*, person: Person) -> list[Told]:
    """Give a person's newest notices, newest first, in two queries however many."""
    return told(list(Notice.objects.filter(person=person).order_by("-id")[:SHOWN]), person)


def told(rows: Sequence[Notice], person: Person) -> list[Told]:
    """Give notices with the listings they are about, through the permission door."""
    ids = {row.listing_id for row in rows if row.listing_id}
    listings = Listing.objects.visible_to(person).filter(id__in=ids).with_card().in_bulk() if ids else {}
    return [Told(row, listings.get(row.listing_id or 0), f"notices/kinds/{row.kind}.html") for row in rows]


def mark_read(*, person: Person) -> None:
    """Mark all notices of a person as read."""
    Notice.objects.filter(person=person, read_at=None).update(read_at=timezone.now())


@transaction.atomic
def choose_mail(*, person: Person, choices: dict[str, bool]) -> None:
    """Keep which kinds a person wants by mail. Raises `KeyError` for an unknown kind."""
    for kind, is_on in choices.items():
        KINDS[kind]
        MailChoice.objects.update_or_create(person=person, kind=kind, defaults={"is_on": is_on})
    off = [kind for kind, is_on in choices.items() if not is_on]
    Notice.objects.filter(person=person, kind__in=off, mailed_at=None).update(mail_due_at=None)


def mail_choices(*, person: Person) -> dict[str, bool]:
    """Give each kind with whether this person gets it by mail."""
    chosen = dict(MailChoice.objects.filter(person=person).values_list("kind", "is_on"))
    return {kind: chosen.get(kind, rule.is_mailed) for kind, rule in KINDS.items()}


def stop_token(*, person_id: int, kind: str) -> str:
    """Give the signed word in a mail that stops one kind for one person (RFC 8058)."""
    return signing.dumps([person_id, kind], salt=SALT)


def stop_by_token(token: str) -> str:
    """Stop mailing the kind a signed word names; gives the kind, "" for a word that was not ours."""
    found = read_token(token)
    if found is None:
        return ""
    choose_mail(person=found[0], choices={found[1]: False})
    return found[1]


def read_token(token: str) -> tuple[Person, str] | None:
    """Give whom and which kind a signed word names; None for a word that was not ours or a person who is gone."""
    try:
        person_id, kind = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    person = Person.objects.filter(id=person_id, is_active=True).first()
    return (person, kind) if person is not None and kind in KINDS else None


def send_due(*, now: datetime, limit: int = 50) -> int:
    """Mail what is due; gives how many mails went out. Any number of workers may do so at once.

    A notice is claimed by a conditional UPDATE before it is sent and noted after; a worker that dies in between repeats
    at most the one it held (mail knows no exactly-once).
    """
    sent = 0
    began = timezone.now()
    for notice in Notice.objects.to_mail(now).select_related("person")[:limit]:
        # A slow mail server makes a round long: a claim stamped with its start would look like a dead worker's.
        moment = now + (timezone.now() - began)
        if not Notice.objects.to_mail(moment).filter(id=notice.pk).update(claimed_at=moment):
            continue  # another worker was faster
        sent += _mail(notice)
    return sent


def _mail(notice: Notice) -> int:
    """Send one claimed notice; 1 when it went out."""
    try:
        message = _message(notice)
        if message is not None:
            message.send()
    except Exception as error:  # a mail server that refuses one must not hold the others
        tries = notice.tries + 1
        Notice.objects.filter(id=notice.pk).update(
            tries=tries,
            claimed_at=None,
            reason=f"{type(error).__name__}: {error}"[:300],
            mail_due_at=next_try(tries, now=timezone.now()),
        )
        log.warning("A notice could not be mailed: %s", type(error).__name__)
        return 0
    Notice.objects.filter(id=notice.pk).update(mailed_at=timezone.now(), claimed_at=None, reason="")
    return int(message is not None)


def _message(notice: Notice) -> EmailMultiAlternatives | None:
    """Write a notice in its receiver's language; None when there is nothing left to tell."""
    person = notice.person
    (line,) = told([notice], person)
    if line.is_gone or not person.is_active:
        return None
    stop = settings.SITE_URL + reverse("notice_stop", args=[stop_token(person_id=person.pk, kind=notice.kind)])
    with translation.override(person.language):
        context = {
            "line": line,
            "person": person,
            "address": settings.SITE_URL + notice.url,
            "stop": stop,
            "settings_address": settings.SITE_URL + reverse("notice_settings"),
        }
        subject = " ".join(render_to_string("emails/notice_subject.txt", context).split())
        text = render_to_string("emails/notice.txt", context)
        message = EmailMultiAlternatives(subject, text, to=[person.email])
        message.attach_alternative(render_to_string("emails/notice.html", context), "text/html")
    message.extra_headers = {"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    return message
