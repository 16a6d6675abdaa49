"""Money from the command line: what waits, a fresh start for what failed, the nightly look now."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from exchange.lib.command import unusable
from exchange.payments import gateway, rules
from exchange.payments.models import Errand, News
from exchange.payments.services import errands, fees, inbox, nightly


class Command(BaseCommand):
    help = "payments work: what is due; retry: a fresh start for what failed; reconcile: compare with Stripe; standing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("act", choices=["work", "retry", "reconcile", "standing"])
        parser.add_argument("--days", type=int, default=rules.LOOK_BACK_DAYS, help="how far reconcile looks back")

    def handle(self, *args: Any, **options: Any) -> None:
        if not gateway.is_on():
            unusable("payments: STRIPE_SECRET_KEY is not set, so there is nothing to do")
        if not 1 <= options["days"] <= 30:
            unusable("payments: --days must be between 1 and 30; Stripe keeps events for 30")
        now = timezone.now()
        try:
            told = getattr(self, f"_{options['act']}")(now, options["days"])
        except gateway.StripeAway:
            unusable("payments: Stripe does not answer; try again later")
        self.stdout.write(json.dumps(told))

    def _work(self, now: Any, days: int) -> dict[str, Any]:
        return {"news": inbox.work(), "errands": errands.run(), "called_off": fees.call_off_unpaid(now=now)}

    def _retry(self, now: Any, days: int) -> dict[str, Any]:
        again = {"news": inbox.retry(), "errands": errands.retry()}
        inbox.work()
        errands.run()
        return again | {"flagged": nightly.flagged_count()}

    def _reconcile(self, now: Any, days: int) -> dict[str, Any]:
        return nightly.reconcile(now=now, days=days)

    def _standing(self, now: Any, days: int) -> dict[str, Any]:
        return {
            "news": News.objects.due(now).count(), "errands": Errand.objects.due(now).count(),
            "flagged_news": list(News.objects.flagged().values("id", "event_id", "type", "reason")[:50]),
            "flagged_errands": list(Errand.objects.flagged().values("id", "act", "amount", "reason")[:50]),
        }  # fmt: skip
