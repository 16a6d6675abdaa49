"""The clock of money."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from exchange.outbox import services as outbox
from exchange.payments import gateway
from exchange.payments.services import errands, fees, inbox, nightly


@shared_task(ignore_result=True)
def work(**_: Any) -> None:
    """Look into what Stripe told, do what is to be asked of it, remind of fees, call off what nobody paid."""
    if gateway.is_on():
        inbox.work()
        errands.run()
        fees.remind(now=timezone.now())
        fees.call_off_unpaid(now=timezone.now())


@shared_task(ignore_result=True)
def reconcile(**_: Any) -> None:
    """Compare the last days with Stripe, once a night."""
    now = timezone.now()

    def work() -> None:
        try:
            nightly.reconcile(now=now)
        except gateway.StripeAway:
            inbox.forget(now=now)  # the next night looks back over this one, too

    if gateway.is_on():
        outbox.do_job("money-nightly", every_seconds=86_400, now=now, work=work)
