"""The community fund: anyone gives, once or every month; the sum is for all to see, who gave what for the giver."""

import uuid

from django.conf import settings
from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Person
from exchange.lib.errors import Refused
from exchange.payments import gateway, money, rules
from exchange.payments.models import Gift
from exchange.payments.services import errands

PAGE_SECONDS = 23 * 3600
SUGGESTED = (2, 5, 10, 25)  # whole units, ten times as many where there are no smaller ones


class KeyReused(Refused):
    """The form was sent before with another amount."""

    code = "key_reused"


class CannotStop(Refused):
    """There is nothing that comes every month."""

    code = "cannot_stop"


def suggested() -> list[int]:
    """Give a few amounts to choose from, in the smallest unit."""
    currency = settings.CITY_CURRENCY
    times = money.unit(currency) if money.EXPONENTS[currency] else 100
    found = [each * times for each in SUGGESTED]
    return [each for each in found if money.least(currency) <= each <= largest()] or [money.least(currency)]


def largest() -> int:
    """Give the largest gift at once, in the smallest unit."""
    return min(settings.GIFT_MOST * money.unit(settings.CITY_CURRENCY), money.MOST)


def total() -> int:
    """Give what the fund was given so far in the city's currency, less what went back."""
    rows = Gift.objects.given().filter(currency=settings.CITY_CURRENCY)
    return rows.aggregate(sum=Sum(F("received") - F("refunded")))["sum"] or 0


def give(*, person: Person | None, amount: int, is_monthly: bool, key: uuid.UUID, language: str, site: str) -> str:
    """Give the address of the page on which a gift is paid; the same key gives the same gift.

    Refused: `KeyReused`, `gateway.StripeAway`, `gateway.StripeSaysNo`.
    """
    gift = _begin(person, amount=amount, is_monthly=is_monthly, key=key, language=language, site=site)
    if gift.page_url:
        return gift.page_url
    page = gateway.open_page(
        key=f"gift:{gift.ref}", ref=str(gift.ref), group="", amount=gift.amount, currency=gift.currency, is_gift=True,
        is_monthly=gift.is_monthly, **gift.page_asked,
    )  # fmt: skip
    Gift.objects.filter(id=gift.pk).update(page_id=page.id, page_url=page.url)
    return page.url


@transaction.atomic
def _begin(
    person: Person | None, *, amount: int, is_monthly: bool, key: uuid.UUID, language: str, site: str
) -> Gift:  # fmt: skip
    gift, is_new = Gift.objects.get_or_create(
        ref=key,
        defaults={
            "person": person, "amount": amount, "currency": settings.CITY_CURRENCY, "is_monthly": is_monthly,
        },
    )  # fmt: skip
    particulars = (gift.person_id, gift.amount, gift.currency, gift.is_monthly)
    if particulars != (person.pk if person else None, amount, settings.CITY_CURRENCY, is_monthly):
        raise KeyReused(_("This form was sent before with something else. Load the page again."))
    if is_new:
        gift.page_asked = {
            "name": _("Community fund"), "language": language, "email": person.email if person else "",
            "back": site + gift.get_absolute_url() + "?back=1", "leave": site + gift.get_absolute_url(),
            "expires_at": int(timezone.now().timestamp()) + PAGE_SECONDS,
        }  # fmt: skip
        gift.save(update_fields=["page_asked"])
    return gift


@transaction.atomic
def stop(*, gift: Gift) -> None:
    """End a monthly gift; whoever holds its address may. A second time changes nothing. Refused: `CannotStop`."""
    gift = Gift.objects.select_for_update().get(id=gift.pk)
    if gift.is_monthly and gift.stopped_at is not None:
        return
    if not gift.may_be_stopped:
        raise CannotStop(_("There is no monthly gift to end here."))
    errands.give(act=rules.STOP, key=f"stop:{gift.ref}", gift=gift)
