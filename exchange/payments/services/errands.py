"""What we ask of Stripe when nobody waits: a row first, its key makes it happen once, what fails is seen."""

import logging
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from exchange.lib.logs import tell
from exchange.outbox import services as outbox
from exchange.payments import gateway, rules
from exchange.payments.models import Account, Errand, Gift, Movement, Payment
from exchange.payments.services import books

log = logging.getLogger(__name__)

LEASE_SECONDS = 60
AWAY = timedelta(seconds=30)


class NotReady(Exception):
    """The mentor's account cannot be paid now."""


@transaction.atomic
def give(
    *, act: str, key: str, payment: Payment | None = None, gift: Gift | None = None, amount: int = 0, flagged: str = ""
) -> bool:
    """Write an errand once; `flagged`: somebody is to look before it is tried. Gives whether it is new."""
    now = timezone.now()
    row, is_new = Errand.objects.get_or_create(
        key=key,
        defaults={
            "act": act, "payment": payment, "gift": gift, "amount": amount, "reason": flagged,
            "flagged_at": now if flagged else None,
        },
    )  # fmt: skip
    if is_new and not flagged:
        outbox.emit("errand.given", row)
    return is_new


def run(*, now: datetime | None = None, limit: int = 50) -> int:
    """Do the errands that are due; gives how many were tried. Any number may run at once, and one may die at any point:
    what Stripe has done under a key is found again, not done again."""
    now = now or timezone.now()
    found = _lease(now, limit)
    for errand in found:
        _try(errand, now=now)
    return len(found)


def _try(errand: Errand, *, now: datetime) -> None:
    try:
        moved = _do(errand)
    except gateway.StripeAway:
        Errand.objects.filter(id=errand.pk).update(due_at=now + AWAY, reason="away")
    except NotReady:
        _fail(errand, now=now, reason="account_not_ready")
    except gateway.StripeSaysNo as error:
        _fail(errand, now=now, reason=error.reason)
    except Exception as error:
        log.exception("An errand failed")
        _fail(errand, now=now, reason=type(error).__name__)
    else:
        _finish(errand, moved, now=now)


def _do(errand: Errand) -> gateway.Moved | None:
    payment, gift = errand.payment, errand.gift
    if errand.act == rules.STOP and gift is not None:
        gateway.stop_monthly(gift.subscription_id, key=errand.key)
    if errand.act == rules.CLOSE and payment is not None:
        gateway.close_page(payment.page_id, key=errand.key)
    if errand.act == rules.REFUND and payment is not None:
        return gateway.refund(
            key=errand.key, intent=payment.intent_id, amount=errand.amount, ref=str(payment.ref)
        )  # fmt: skip
    if errand.act == rules.TRANSFER and payment is not None:
        account = Account.objects.filter(person=payment.payee_id, is_ready=True).first()
        if account is None or account.account_id is None:
            raise NotReady
        return gateway.transfer(
            key=errand.key, amount=errand.amount, currency=payment.currency, account=account.account_id,
            charge=payment.charge_id, group=payment.group, ref=str(payment.ref),
        )  # fmt: skip
    return None


@transaction.atomic
def _finish(errand: Errand, moved: gateway.Moved | None, *, now: datetime) -> None:
    """Note what was done, with its movement: the same that the event of it would write."""
    if moved is not None and errand.payment is not None:
        payment = Payment.objects.select_for_update().get(id=errand.payment.pk)
        effect = Movement.Effect.REFUNDED if errand.act == rules.REFUND else Movement.Effect.TRANSFERRED
        books.note(
            payment=payment, gift=None, rows=[(moved.id, effect, -moved.amount)], currency=payment.currency
        )  # fmt: skip
        books.count(payment, now=now)
    if errand.gift is not None:
        Gift.objects.filter(id=errand.gift.pk, stopped_at=None).update(stopped_at=now)
    Errand.objects.filter(id=errand.pk).update(
        done_at=now, flagged_at=None, reason="", object_id=moved.id if moved else ""
    )


def retry(*, errand_id: int | None = None) -> int:
    """Give flagged errands, or one of them, a fresh start; gives how many."""
    rows = Errand.objects.flagged() if errand_id is None else Errand.objects.flagged().filter(id=errand_id)
    return rows.update(flagged_at=None, tries=0, due_at=timezone.now())


def _fail(errand: Errand, *, now: datetime, reason: str) -> None:
    again = rules.next_try(errand.tries + 1, now=now)
    Errand.objects.filter(id=errand.pk).update(
        tries=errand.tries + 1, reason=reason[:100], due_at=again or now, flagged_at=None if again else now
    )
    if again is None:
        tell("payments_flagged", why=reason, count=1)


def _lease(now: datetime, limit: int) -> list[Errand]:
    with transaction.atomic():
        rows = Errand.objects.due(now)
        if connection.features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True, of=("self",))
        found = list(rows.select_related("payment", "gift")[:limit])
        until = now + timedelta(seconds=LEASE_SECONDS)
        Errand.objects.filter(id__in=[each.pk for each in found]).update(due_at=until)
    return found
