"""The fee of a lesson: due when it is booked, paid on a page of Stripe, held, then handed on or given back."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import Person
from exchange.lessons import states
from exchange.lessons.fees import Standing
from exchange.lessons.models import Lesson, Step
from exchange.lessons.services import ending, steps
from exchange.lib.errors import Refused
from exchange.outbox import services as outbox
from exchange.payments import gateway, money, rules
from exchange.payments.models import Gift, Movement, Payment
from exchange.payments.services import books, errands, mentors

PAGE_LEAST, PAGE_MOST = timedelta(minutes=31), timedelta(hours=23)  # how long Stripe keeps a page open
PATIENCE = timedelta(hours=1)  # while Stripe does not answer, a lesson that looks unpaid is left for so long
UNPAID = "unpaid"


class NothingToPay(Refused):
    """The fee is paid already, or not to be paid any more."""

    code = "nothing_to_pay"


class NotThisFee(Refused):
    """A fee that cannot be asked: another currency, too small, too large, or not between adults."""

    code = "not_this_fee"


# --- What may be asked -----------------------------------------------------------------------------------------------


def may_cost(lesson: Lesson) -> bool:
    """Whether a lesson may be for a fee: both are adults, and the teacher's account can be paid."""
    return not lesson.learner.is_young and mentors.may_ask_fee(person=lesson.teacher)


def require(lesson: Lesson, amount: int, currency: str) -> None:
    """Refuse a fee that cannot be paid: `NotThisFee`."""
    if currency != settings.CITY_CURRENCY:
        raise NotThisFee(_("Fees are in the currency of the city."))
    if not money.least(currency) <= amount <= mentors.largest_fee() or money.rounded(amount, currency) != amount:
        raise NotThisFee(_bounds(money.least(currency), mentors.largest_fee()))


def read(text: str) -> tuple[int, str]:
    """Give the fee that was typed, with the city's currency. Refused: `NotThisFee`."""
    return read_amount(text, most=mentors.largest_fee()), settings.CITY_CURRENCY


def read_amount(text: str, *, most: int) -> int:
    """Give an amount that was typed, in the smallest unit of the city's currency. Refused: `NotThisFee`."""
    currency = settings.CITY_CURRENCY
    try:
        return money.read(text, currency, most=most)
    except money.NotAnAmount as error:
        if error.why in ("least", "most"):
            raise NotThisFee(_bounds(money.least(currency), most)) from None
        example = money.field(money.unit(currency) * 1250 // 100, currency)
        raise NotThisFee(_WRONG[error.why]() % {"example": example}) from None


def words(amount: int, currency: str) -> str:
    """Give an amount in the reader's language."""
    return money.words(amount, currency, translation.get_language() or "ar")


_WRONG = {
    "unreadable": lambda: _("Write an amount such as %(example)s."),
    "unclear": lambda: _("With one comma it could be two amounts. Write it such as %(example)s."),
    "too_fine": lambda: _("So small a part of the currency cannot be paid. Write it such as %(example)s."),
}


def _bounds(least: int, most: int) -> str:
    currency = settings.CITY_CURRENCY
    return _("The amount can be from %(least)s to %(most)s.") % {
        "least": words(least, currency), "most": words(most, currency),
    }  # fmt: skip


def standings(lesson_ids: Sequence[int]) -> dict[int, Standing]:
    """Give how the fees of some lessons stand, by lesson; nothing without keys, where no page says more."""
    if not gateway.is_on():
        return {}
    now = timezone.now()
    return {
        row.lesson_id: Standing(
            is_due=row.is_due and row.due_at > now,
            is_kept=row.state == rules.HELD,
            due_at=row.due_at,
            words=row.get_state_display(),
            url=row.get_absolute_url(),
        )
        for row in Payment.objects.filter(lesson__in=lesson_ids)
    }


# --- Due, and paid ---------------------------------------------------------------------------------------------------


@transaction.atomic
def begin(*, lesson_id: int) -> Payment | None:
    """Make a booked lesson's fee due, once; or move its time to pay with the lesson. None: it has no fee."""
    lesson = Lesson.objects.select_for_update(of=("self",)).filter(id=lesson_id, in_return=Lesson.Return.FEE).first()
    if lesson is None or lesson.fee is None or lesson.starts_at is None or lesson.state != states.BOOKED:
        return None
    now = timezone.now()
    due_at = rules.pay_by(booked_at=now, starts_at=lesson.starts_at, hours=settings.PAY_HOURS)
    payment, is_new = Payment.objects.get_or_create(
        lesson=lesson,
        defaults={
            "payer_id": lesson.learner_id, "payee_id": lesson.teacher_id, "amount": lesson.fee,
            "currency": lesson.currency, "due_at": due_at,
        },
    )  # fmt: skip
    if is_new:
        outbox.emit("payment.due", payment)
    else:
        Payment.objects.filter(id=payment.pk, state=rules.DUE).update(due_at=due_at)
    return payment


def pay(*, payment: Payment, by: Person, back: str, leave: str) -> str:
    """Give the address of the page on which the learner pays: the same as long as it is open.

    What was paid meanwhile is noticed: then the receipt's address is given. Refused: `NothingToPay`,
    `gateway.StripeAway`, `gateway.StripeSaysNo`.
    """
    if payment.page_id:
        page = gateway.page(payment.page_id)
        if page.status == "open":
            return page.url
        if page.status == "complete":
            standing = gateway.standing(page.id)
            if standing is not None:
                follow(standing)
            return payment.get_absolute_url()
    payment = _ask_for_page(payment, by, back=back, leave=leave)
    page = gateway.open_page(
        key=f"pay:{payment.ref}:{payment.attempt}", ref=str(payment.ref), group=payment.group, amount=payment.amount,
        currency=payment.currency, **payment.page_asked,
    )  # fmt: skip
    _keep_page(payment, page)
    return page.url


@transaction.atomic
def _ask_for_page(payment: Payment, by: Person, *, back: str, leave: str) -> Payment:
    """Write down what the page is asked with, before it is asked for: a retry says the very same under the same key."""
    now = timezone.now()
    lesson = Lesson.objects.select_related("listing").get(id=payment.lesson_id)
    seen = payment.page_id
    payment = Payment.objects.select_for_update().get(id=payment.pk)
    if payment.payer_id != by.pk or not payment.is_due or payment.due_at <= now or lesson.state != states.BOOKED:
        raise NothingToPay(_("There is nothing to pay here any more."))
    if payment.page_id and payment.page_id == seen:  # the page we looked at is closed: a new one, with a key of its own
        payment.attempt, payment.page_id, payment.page_url, payment.page_asked = payment.attempt + 1, "", "", {}
    if not payment.page_asked:
        until = min(max(payment.due_at, now + PAGE_LEAST), now + PAGE_MOST)
        payment.page_asked = {
            "name": lesson.listing.title if lesson.listing else _("Lesson"), "language": by.language,
            "email": by.email, "back": back, "leave": leave, "expires_at": int(until.timestamp()),
        }  # fmt: skip
    payment.save(update_fields=["attempt", "page_id", "page_url", "page_asked"])
    return payment


def _keep_page(payment: Payment, page: gateway.Page) -> None:
    Payment.objects.filter(id=payment.pk, attempt=payment.attempt).update(page_id=page.id, page_url=page.url)


@transaction.atomic
def follow(standing: gateway.Standing) -> Payment | Gift:
    """Bring what a standing is about to where it stands, and do what follows. Raises `books.Unknown`, `WrongAmount`."""
    thing = books.apply(standing)
    if isinstance(thing, Payment):
        settle(thing)
    return thing


@transaction.atomic
def end(*, lesson_id: int) -> None:
    """Do with a lesson's money what its end says."""
    payment = Payment.objects.select_for_update().filter(lesson=lesson_id).first()
    if payment is not None:
        settle(payment)


def settle(payment: Payment) -> None:
    """Ask for what a locked payment's lesson says: hand on, give back, or let nobody pay any more.

    Called after whatever changed, as often as one likes: each thing is asked for once.
    """
    lesson = Lesson.objects.get(id=payment.lesson_id)
    split = split_of(lesson)
    if split is None or payment.is_disputed:
        return
    if payment.received <= 0:
        _void(payment)
        return
    teachers = money.share(payment.received, payment.currency, percent=split.teacher)
    learners = payment.received - teachers if split.learner else 0
    left = payment.received - payment.transferred - payment.refunded
    transfer = min(max(0, teachers - payment.transferred), left)
    refund = min(max(0, learners - payment.refunded), left - transfer)
    if transfer:
        _send(payment, rules.TRANSFER, transfer, Movement.Effect.REVERSED)
    if refund:
        _send(payment, rules.REFUND, refund, Movement.Effect.REFUND_FAILED)


def _send(payment: Payment, act: str, amount: int, undone: str) -> None:
    """Give the errand; once something of the kind came back, somebody is to look before it is tried again."""
    times = Movement.objects.filter(payment=payment, effect=undone).count()
    errands.give(
        act=act, key=f"{act}:{payment.ref}:{times}", payment=payment, amount=amount, flagged=undone if times else ""
    )


def split_of(lesson: Lesson) -> rules.Split | None:
    """Give who gets the money of a lesson as it stands; None while nothing is decided."""
    costs = False
    if lesson.state == states.CANCELLED:
        last = Step.objects.filter(lesson=lesson, act=states.CANCEL).order_by("-id").first()
        costs = bool(last and last.facts.get("costs"))
    missed_by = states.LEARNER if lesson.teacher_said == states.SAID_MISSED else states.TEACHER
    return rules.split(
        state=lesson.state, costs=costs, missed_by=missed_by,
        outcome=lesson.why if lesson.why in states.OUTCOMES and lesson.state in states.ENDED else "",
    )  # fmt: skip


def _void(payment: Payment) -> None:
    """Let nobody pay any more for a lesson that is over; a page that is open is closed."""
    if payment.paid_at is not None or payment.void_at is not None:
        return
    payment.void_at, payment.state = timezone.now(), rules.VOID
    payment.save(update_fields=["void_at", "state"])
    outbox.emit("payment.void", payment)
    if payment.page_id:
        errands.give(act=rules.CLOSE, key=f"close:{payment.ref}:{payment.attempt}", payment=payment)


def remind(*, now: datetime, limit: int = 100) -> int:
    """Remind learners once of fees whose time to pay is nearly over; gives how many."""
    return sum(_remind(row, now) for row in Payment.objects.to_remind_of(now).order_by("due_at", "id")[:limit])


@transaction.atomic
def _remind(payment: Payment, now: datetime) -> bool:
    is_ours = bool(Payment.objects.to_remind_of(now).filter(id=payment.pk).update(reminded_at=now))
    if is_ours:
        outbox.emit("payment.due_soon", payment)
    return is_ours


# --- Not paid in time ------------------------------------------------------------------------------------------------


def call_off_unpaid(*, now: datetime, limit: int = 100) -> int:
    """Call off lessons that were not paid in time; gives how many. Stripe is asked first: it may have been paid."""
    due = Payment.objects.unpaid_since(now).order_by("due_at", "id")[:limit]
    return sum(_call_off(payment, now) for payment in due)


def _call_off(payment: Payment, now: datetime) -> bool:
    if payment.page_id:
        try:
            standing = gateway.standing(payment.page_id)
            if standing is not None and standing.received:
                follow(standing)
        except gateway.StripeAway:
            if now < payment.due_at + PATIENCE:
                return False
        except (gateway.StripeSaysNo, books.WrongAmount):
            pass
    return _end_unpaid(payment, now)


@transaction.atomic
def _end_unpaid(payment: Payment, now: datetime) -> bool:
    lesson = steps.locked(payment.lesson_id)
    row = Payment.objects.select_for_update().filter(id=payment.pk, state=rules.DUE, due_at__lte=now).first()
    if row is None:
        return False
    ending.call_off(lesson, why=UNPAID, now=now)
    _void(row)
    return True


def facts_of(payment: Payment) -> dict[str, Any]:
    """Give what notices say of a payment."""
    return {
        "amount": payment.amount, "currency": payment.currency, "refunded": payment.refunded,
        "transferred": payment.transferred, "lesson": payment.lesson_id,
    }  # fmt: skip
