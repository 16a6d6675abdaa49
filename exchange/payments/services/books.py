"""What happened to money, as movements that are written once; what payments and gifts show follows from their sums."""

import uuid
from collections.abc import Iterator
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from exchange.outbox import services as outbox
from exchange.payments import rules
from exchange.payments.gateway import Moved, Standing
from exchange.payments.models import Dispute, Gift, Movement, Payment, sums

Effect = Movement.Effect
NOT_THERE_YET = ("failed", "canceled")  # of a refund
IN_DISPUTE = ("needs_response", "under_review")
TOLD = (rules.RELEASED, rules.RETURNED, rules.SHARED, rules.AT_BANK, rules.TAKEN)  # both hear of it
WARNINGS = ("warning_needs_response", "warning_under_review", "warning_closed", "prevented")  # no money moves


class Unknown(Exception):
    """It carries a reference of ours, but no row has it: not yet, or not here."""


class WrongAmount(Exception):
    """What was paid is not what was to be paid: somebody is to look."""


@transaction.atomic
def apply(standing: Standing) -> Payment | Gift:
    """Bring a payment or a gift to how it stands at Stripe, from whichever event one came to look.

    The whole standing is read, so what was heard before, twice or in another order makes no difference.
    Raises `Unknown`, `WrongAmount`.
    """
    thing = _locked(standing.ref)
    if standing.received and standing.currency != thing.currency:
        raise WrongAmount("currency")
    if standing.received and standing.received != thing.amount:
        raise WrongAmount("amount")
    if isinstance(thing, Gift):
        _apply_to_gift(thing, standing)
    else:
        _apply_to_payment(thing, standing)
    return thing


def note(*, payment: Payment | None, gift: Gift | None, rows: list[tuple[str, str, int]], currency: str) -> None:
    """Write movements (object, effect, amount); those that are written already stay as they are."""
    Movement.objects.bulk_create(
        [
            Movement(object_id=thing, effect=effect, amount=amount, payment=payment, gift=gift, currency=currency)
            for thing, effect, amount in rows
        ],
        ignore_conflicts=True,
    )


def count(payment: Payment, *, now: datetime) -> None:
    """Make a locked payment show the sums of its movements, and tell others what is new."""
    found, before = sums(Movement.objects.filter(payment=payment)), payment.state
    taken = found.get(Effect.DISPUTED, 0) + found.get(Effect.DISPUTE_WON, 0)
    payment.received = max(0, found.get(Effect.PAID, 0) + taken)
    payment.refunded = max(0, -found.get(Effect.REFUNDED, 0) - found.get(Effect.REFUND_FAILED, 0))
    payment.transferred = max(0, -found.get(Effect.TRANSFERRED, 0) - found.get(Effect.REVERSED, 0))
    is_first = payment.paid_at is None and Effect.PAID in found
    if is_first:
        payment.paid_at, payment.page_asked = now, {}  # an e-mail address stood there for a retry
    payment.state = rules.state_of(
        received=payment.received, refunded=payment.refunded, transferred=payment.transferred,
        is_void=payment.void_at is not None, was_paid=payment.paid_at is not None, is_disputed=payment.is_disputed,
    )  # fmt: skip
    payment.save()
    if is_first:
        outbox.emit("payment.paid", payment)
    if payment.state != before and (payment.state in TOLD or before == rules.AT_BANK):
        outbox.emit("payment.settled", payment, state=payment.state)


def _locked(ref: str) -> Payment | Gift:
    try:
        number = uuid.UUID(ref)
    except ValueError:
        raise Unknown(ref) from None
    payment = Payment.objects.select_for_update().filter(ref=number).first()
    if payment is not None:
        return payment
    gift = Gift.objects.select_for_update().filter(ref=number).first()
    if gift is None:
        raise Unknown(ref)
    return gift


def _apply_to_payment(payment: Payment, standing: Standing) -> None:
    now = timezone.now()
    if standing.page is not None and not payment.page_id:  # heard of before our own answer came
        payment.page_id, payment.page_url = standing.page.id, standing.page.url
    if standing.received:
        payment.intent_id, payment.charge_id = standing.intent, standing.charge
    note(payment=payment, gift=None, rows=list(_movements(standing)), currency=payment.currency)
    payment.is_disputed = any(each.status in IN_DISPUTE for each in standing.disputes)
    for each in standing.disputes:
        _keep_dispute(each, payment=payment, gift=None, now=now)
    count(payment, now=now)


def _apply_to_gift(gift: Gift, standing: Standing) -> None:
    now = timezone.now()
    had = gift.received
    if standing.page is not None and not gift.page_id:
        gift.page_id, gift.page_url = standing.page.id, standing.page.url
    if standing.intent and standing.received:
        gift.intent_id, gift.page_asked = standing.intent, {}
    if standing.subscription:
        gift.subscription_id = standing.subscription
        if standing.subscription_status in ("canceled", "incomplete_expired") and gift.stopped_at is None:
            gift.stopped_at = now
    note(payment=None, gift=gift, rows=list(_movements(standing)), currency=gift.currency)
    for each in standing.disputes:
        _keep_dispute(each, payment=None, gift=gift, now=now)
    found = sums(Movement.objects.filter(gift=gift))
    taken = found.get(Effect.DISPUTED, 0) + found.get(Effect.DISPUTE_WON, 0)
    gift.received = max(0, found.get(Effect.PAID, 0) + taken)
    gift.refunded = max(0, -found.get(Effect.REFUNDED, 0) - found.get(Effect.REFUND_FAILED, 0))
    gift.save()
    if gift.received > had:
        outbox.emit("gift.arrived", gift, sum=gift.received)


def _movements(standing: Standing) -> Iterator[tuple[str, str, int]]:
    """Give what moved, from the city's side: in is more, out is less."""
    if standing.received:
        yield standing.intent, Effect.PAID, standing.received
    for each in standing.refunds:
        yield each.id, Effect.REFUNDED, -each.amount
        if each.status in NOT_THERE_YET:
            yield each.id, Effect.REFUND_FAILED, each.amount
    for each in standing.transfers:
        yield each.id, Effect.TRANSFERRED, -each.amount
    for each in standing.reversals:
        yield each.id, Effect.REVERSED, each.amount
    for each in standing.disputes:
        if each.status not in WARNINGS:
            yield each.id, Effect.DISPUTED, -each.amount
        if each.status == "won":
            yield each.id, Effect.DISPUTE_WON, each.amount


def _keep_dispute(each: Moved, *, payment: Payment | None, gift: Gift | None, now: datetime) -> None:
    is_over = each.status in ("won", "lost", "warning_closed", "prevented")
    row, is_new = Dispute.objects.get_or_create(
        dispute_id=each.id,
        defaults={"payment": payment, "gift": gift, "amount": each.amount, "status": each.status},
    )
    if is_new:
        outbox.emit("payment.disputed", row)
    row.status, row.closed_at = each.status, (row.closed_at or now) if is_over else None
    row.save(update_fields=["status", "closed_at"])
