"""How and when people want to hear: their choices, their hours, and the signed word that stops a mail."""

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.utils import timezone

from accounts.models import Guardianship, Person
from exchange.notices import rules
from exchange.notices.models import Choice, Habit, Notice, habits_of, zone_of
from exchange.notices.rules import DIGEST, KINDS, NEVER, Habits
from exchange.notices.services.telling import wait_of

SALT = "rukn.notices.stop"
ALL_COLLECTED = "digest"  # in a word that stops: every kind that comes collected


def device_choices_of(*, person: Person) -> dict[str, bool]:
    """Give each kind that can concern this person → whether it is pushed to their devices."""
    chosen = dict(Choice.objects.filter(person=person).values_list("kind", "on_devices"))
    return {kind: chosen.get(kind, True) for kind in _concerning(person)}


def choices_of(*, person: Person) -> dict[str, tuple[str, bool]]:
    """Give each kind that can concern this person → (by mail "now", "digest" or "never", whether on the page)."""
    chosen = {row.kind: (row.how, row.on_page) for row in Choice.objects.filter(person=person)}
    return {kind: chosen.get(kind, (rule.how, True)) for kind, rule in _concerning(person).items()}


def _concerning(person: Person) -> dict[str, rules.Kind]:
    """Give the kinds that can concern a person; those of money only where the city has keys for it."""
    is_guardian = Guardianship.objects.current().filter(guardian=person).exists()
    return {
        kind: rule
        for kind, rule in KINDS.items()
        if (person.is_curator or not rule.is_curators)
        and (is_guardian or not rule.is_guardians)
        and (settings.STRIPE_SECRET_KEY or not rule.is_money)
    }


def habits(*, person: Person) -> Habits:
    """Give when this person likes mail."""
    return habits_of(Person.objects.select_related("notice_habit").get(id=person.pk))


@transaction.atomic
def choose(
    *,
    person: Person,
    mail: Mapping[str, str] | None = None,
    on_page: Mapping[str, bool] | None = None,
    on_devices: Mapping[str, bool] | None = None,
    hours: Habits | None = None,
) -> None:
    """Keep how a person wants kinds (kind → way, kind → whether listed) and when; what waits already follows.

    Raises `KeyError` for an unknown kind, `ValueError` for an unknown way or time zone.
    """
    before = choices_of(person=person)
    for kind in {**(mail or {}), **(on_page or {}), **(on_devices or {})}:
        how, is_listed = before.get(kind, (KINDS[kind].how, True))
        how = (mail or {}).get(kind, how)
        if how not in rules.HOWS:
            raise ValueError(how)
        values = {"is_on": how != NEVER, "is_collected": how == DIGEST}
        values["on_page"] = (on_page or {}).get(kind, is_listed)
        if on_devices and kind in on_devices:
            values["on_devices"] = on_devices[kind]
        Choice.objects.update_or_create(person=person, kind=kind, defaults=values)
    if hours is not None:
        zone_of(hours)
        Habit.objects.update_or_create(person=person, defaults=vars(hours))
    _follow(person, timezone.now())


def _follow(person: Person, now: datetime) -> None:
    """Let what waits to be mailed go by the present choices."""
    ways, when = choices_of(person=person), habits(person=person)
    waiting = list(Notice.objects.filter(person=person, mailed_at=None, tries=0).exclude(mail_due_at=None))
    for row in waiting:
        how, row.on_page = ways.get(row.kind, (KINDS[row.kind].how, row.on_page))
        row.is_digest = how == DIGEST
        ready = max(now, row.made_at + wait_of(row.kind))
        row.mail_due_at = rules.mail_due(how, ready=ready, habits=when, zone=zone_of(when))
    Notice.objects.bulk_update(waiting, ["is_digest", "mail_due_at", "on_page"])
    unwanted = [kind for kind, is_wanted in device_choices_of(person=person).items() if not is_wanted]
    Notice.objects.filter(person=person, kind__in=unwanted).exclude(push_due_at=None).update(push_due_at=None)


def stop_token(*, person_id: int, kind: str) -> str:
    """Give the signed word in a mail that stops one kind, or all that is collected, for one person (RFC 8058)."""
    return signing.dumps([person_id, kind], salt=SALT)


def stop_by_token(token: str) -> str:
    """Stop mailing what a signed word names; gives the kind, "" for a word that was not ours."""
    found = read_token(token)
    if found is None:
        return ""
    person, kind = found
    collected = [each for each, (how, _page) in choices_of(person=person).items() if how == DIGEST]
    choose(person=person, mail=dict.fromkeys(collected if kind == ALL_COLLECTED else [kind], NEVER))
    return kind


def read_token(token: str) -> tuple[Person, str] | None:
    """Give whom and which kind a signed word names; None for a word that was not ours or a person who is gone."""
    try:
        person_id, kind = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    person = Person.objects.filter(id=person_id, is_active=True).first()
    return (person, kind) if person is not None and (kind in KINDS or kind == ALL_COLLECTED) else None
