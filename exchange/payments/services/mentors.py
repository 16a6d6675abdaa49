"""Mentors who ask a fee: their own account at Stripe, opened once, known as Stripe says it stands."""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Person
from exchange.lib.errors import Refused
from exchange.payments import gateway, money
from exchange.payments.models import Account


class OnlyAdults(Refused):
    """Fees are between adults."""

    code = "only_adults"


def account_of(*, person: Person) -> Account | None:
    """Give the account of a mentor, if they began to open one."""
    return Account.objects.filter(person=person).first()


def may_ask_fee(*, person: Person) -> bool:
    """Whether a mentor's lessons may cost a fee: the city has keys, they are an adult, their account can be paid."""
    return gateway.is_on() and not person.is_young and Account.objects.filter(person=person, is_ready=True).exists()


def connect(*, person: Person, back: str) -> str:
    """Give the address at which a mentor tells Stripe who they are; the account is opened the first time.

    Refused: `OnlyAdults`, `gateway.StripeAway`, `gateway.StripeSaysNo`.
    """
    if person.is_young:
        raise OnlyAdults(_("Fees are asked and paid by adults only."))
    row = _row_of(person)
    if row.account_id is None:
        opened = gateway.open_account(key=f"account:{row.ref}", email=person.email, ref=str(row.ref))
        _keep(row, opened, now=timezone.now())
        row.account_id = opened.id
    return gateway.account_page(row.account_id, key=f"account:{row.ref}:{row.links}", back=back)


@transaction.atomic
def _row_of(person: Person) -> Account:
    row, _is_new = Account.objects.get_or_create(person=person)
    Account.objects.filter(id=row.pk).update(links=F("links") + 1)
    row.refresh_from_db()
    return row


def look(*, account_id: str) -> None:
    """Read again how a mentor's account stands; of one that is none of ours nothing is kept."""
    row = Account.objects.filter(account_id=account_id).first()
    if row is not None:
        _keep(row, gateway.account(account_id), now=timezone.now())


def look_at_all(*, now: datetime, limit: int = 500) -> int:
    """Read every account again, those looked at longest ago first; gives how many."""
    ids = Account.objects.exclude(account_id=None).order_by(F("looked_at").asc(nulls_first=True), "id")
    found = list(ids.values_list("account_id", flat=True)[:limit])
    for account_id in found:
        look(account_id=str(account_id))
    return len(found)


def _keep(row: Account, found: gateway.Connected, *, now: datetime) -> None:
    Account.objects.filter(id=row.pk).update(
        account_id=found.id, is_ready=found.is_ready, is_waiting=found.is_waiting, looked_at=now
    )


def largest_fee() -> int:
    """Give the largest fee a lesson may cost, in the smallest unit."""
    return min(settings.FEE_MOST * money.unit(settings.CITY_CURRENCY), money.MOST)
