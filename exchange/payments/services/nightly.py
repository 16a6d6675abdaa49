"""The nightly look: what Stripe says happened in the last days, compared with what is written here."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from exchange.payments import gateway, rules
from exchange.payments.models import Dispute, Errand, Gift, Movement, News, Payment
from exchange.payments.services import books, errands, fees, inbox, mentors

MOST = 2_000


def reconcile(*, now: datetime, days: int = rules.LOOK_BACK_DAYS) -> dict[str, Any]:
    """Fetch events that never came, read every payment and gift of these days again, and say what differed.

    `missed`: events that had not come; `mended`: payments and gifts that stood otherwise here; `flagged`: what
    somebody is to look at. All nought is a quiet night. Raises `gateway.StripeAway`.
    """
    since = now - timedelta(days=days)
    missed = inbox.keep(gateway.events_since(int(since.timestamp())))
    while inbox.work(now=now):
        pass
    mended, seen = [], 0
    for ref, page_id in _of_these_days(since):
        seen += 1
        before = _movements(ref)
        try:
            standing = gateway.standing(page_id)
            if standing is not None:
                fees.follow(standing)
        except (gateway.NotThere, books.Unknown, books.WrongAmount):
            continue
        if _movements(ref) != before:
            mended.append(ref)
    errands.run(now=now)
    return {
        "since": since.isoformat(), "missed": missed, "seen": seen, "mended": mended,
        "accounts": mentors.look_at_all(now=now), "forgotten": inbox.forget(now=now), "flagged": flagged_count(),
    }  # fmt: skip


def flagged_count() -> int:
    """Give how many news and errands somebody is to look at."""
    return News.objects.flagged().count() + Errand.objects.flagged().count()


def waiting_count() -> int:
    """Give how much of money needs a curator: open disputes and what failed; nothing is asked without keys."""
    if not gateway.is_on():
        return 0
    return Dispute.objects.filter(closed_at=None).count() + flagged_count()


def _of_these_days(since: datetime) -> list[tuple[str, str]]:
    """Give (reference, page) of what was paid lately, may still be paid, or is held."""
    lately = Q(made_at__gte=since) | Q(paid_at__gte=since) | Q(state__in=(rules.DUE, rules.HELD))
    payments = Payment.objects.filter(lately).exclude(page_id="").order_by("-id").values_list("ref", "page_id")
    gifts = Gift.objects.filter(made_at__gte=since).exclude(page_id="").order_by("-id").values_list("ref", "page_id")
    return [(str(ref), page) for rows in (payments, gifts) for ref, page in rows[:MOST]]


def _movements(ref: str) -> int:
    return Movement.objects.filter(Q(payment__ref=ref) | Q(gift__ref=ref)).count()
