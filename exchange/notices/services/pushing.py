"""Notices on devices: what a browser asked for, and what is due to be pushed. Off without the city's keys."""

import json
import logging
from datetime import datetime, timedelta

import requests
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import Person
from exchange.lib.errors import Refused
from exchange.notices import webpush
from exchange.notices.models import Device, Notice, habits_of, zone_of
from exchange.notices.services import telling

log = logging.getLogger(__name__)

MOST_DEVICES = 10
PATIENCE_SECONDS = 5
LASTS = timedelta(days=1)  # a service keeps it for a device that is off; also how late it may still be sent
GONE = (404, 410)


class NotADevice(Refused):
    """What was sent is no subscription of a browser that we know how to reach."""

    code = "not_a_device"


def is_on() -> bool:
    """Whether this city pushes."""
    return bool(settings.VAPID_PRIVATE_KEY)


@transaction.atomic
def add_device(*, person: Person, session_key: str, endpoint: str, p256dh: str, auth: str) -> Device:
    """Keep where a browser of this person is reached; the oldest goes when there are more than ten.

    Refused: `NotADevice` for an address of no known push service, or keys that cannot be used.
    """
    try:
        webpush.sealed(b"", p256dh=p256dh, auth=auth)
        is_usable = (
            is_on()
            and len(endpoint) <= 500
            and len(p256dh) <= 100
            and len(auth) <= 40
            and webpush.is_known_service(endpoint)
        )
    except ValueError:
        is_usable = False
    if not is_usable:
        raise NotADevice(_("This browser cannot be reached. Notices still come here and by mail."))
    values = {"person": person, "session_key": session_key, "p256dh": p256dh, "auth": auth}
    device, _is_new = Device.objects.update_or_create(endpoint=endpoint, defaults=values)
    kept = Device.objects.filter(person=person).order_by("-id").values_list("id", flat=True)[:MOST_DEVICES]
    Device.objects.filter(person=person).exclude(id__in=list(kept)).delete()
    return device


@transaction.atomic
def remove_device(*, person: Person, endpoint: str) -> None:
    """Forget a browser of this person."""
    Device.objects.filter(person=person, endpoint=endpoint).delete()


def push_due(*, now: datetime, limit: int = 50) -> int:
    """Push what is due; gives how many pushes a service took.

    A notice is taken by the UPDATE that says it is pushed, so none comes twice; a worker that dies loses the one it
    held, which is on the page and in the mail anyway.
    """
    sent = 0
    rows = Notice.objects.filter(push_due_at__lte=now).select_related("person", "person__notice_habit")
    for notice in rows.order_by("push_due_at", "id")[:limit]:
        if Notice.objects.filter(id=notice.pk, push_due_at=notice.push_due_at).update(push_due_at=None):
            is_fresh = notice.push_due_at is not None and notice.push_due_at > now - LASTS
            sent += _push(notice) if is_fresh else 0
    return sent


def _push(notice: Notice) -> int:
    (line,) = telling.told([notice], notice.person)
    if line.is_gone or not line.is_new or not notice.person.is_active:
        return 0
    habits = habits_of(notice.person)
    with translation.override(notice.person.language), timezone.override(zone_of(habits)):
        text = " ".join(render_to_string("notices/push.txt", {"line": line}).split())
    body = json.dumps({"title": settings.CITY["name"][notice.person.language], "text": text, "url": notice.url,
                       "lang": notice.person.language})  # fmt: skip
    return sum(_to(device, body.encode()) for device in devices_of(person=notice.person))


def devices_of(*, person: Person) -> list[Device]:
    """Give the browsers in which this person asked to be told and is still signed in."""
    alive = Session.objects.filter(session_key=OuterRef("session_key"), expire_date__gt=timezone.now())
    return list(Device.objects.filter(Exists(alive), person=person).order_by("id"))


def _to(device: Device, body: bytes) -> int:
    keys = webpush.Keys(settings.VAPID_PUBLIC_KEY, settings.VAPID_PRIVATE_KEY)
    try:
        answer = requests.post(
            device.endpoint,
            data=webpush.sealed(body, p256dh=device.p256dh, auth=device.auth),
            headers={
                "Authorization": webpush.signed(device.endpoint, keys=keys, contact=settings.VAPID_CONTACT),
                "Content-Encoding": "aes128gcm",
                "TTL": str(int(LASTS.total_seconds())),
            },
            timeout=PATIENCE_SECONDS,
            allow_redirects=False,
        )
    except (requests.RequestException, ValueError) as error:
        log.warning("A notice could not be pushed: %s", type(error).__name__)
        return 0
    if answer.status_code in GONE:
        Device.objects.filter(id=device.pk).delete()
    elif not answer.ok:
        log.warning("A push service answered %s", answer.status_code)
    return int(answer.ok)
