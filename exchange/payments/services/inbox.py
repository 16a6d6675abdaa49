"""News of Stripe: believed or refused, kept before it is answered, looked into later, flagged when it stays unclear."""

import logging
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from exchange.lib.counters import WEBHOOKS
from exchange.lib.logs import tell
from exchange.outbox import services as outbox
from exchange.payments import gateway, rules
from exchange.payments.models import Account, News
from exchange.payments.services import books, fees, mentors

log = logging.getLogger(__name__)

LEASE_SECONDS = 60  # a worker that dies in the middle gives its news free after this
AWAY_SECONDS = 15


class NotBelieved(Exception):
    """A webhook that is refused; `why` is counted and written down, its body is not."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def take(*, body: bytes, signature: str) -> bool:
    """Keep an event that is truly Stripe's and ours, once; gives whether it is new. Raises `NotBelieved`.

    A refused one leaves no row.
    """
    try:
        told = gateway.believe(body, signature)
        if told.account and not Account.objects.filter(account_id=told.account).exists():
            raise gateway.Forged("account")
    except gateway.Forged as refused:
        refuse(refused.why)
        raise NotBelieved(refused.why) from None
    if told.type not in gateway.EVENTS:
        WEBHOOKS.labels("ignored").inc()
        return False
    is_new = bool(keep([told]))
    WEBHOOKS.labels("new" if is_new else "again").inc()
    return is_new


def refuse(why: str) -> None:
    """Count a refused webhook and write down why."""
    WEBHOOKS.labels(why).inc()
    tell("webhook_refused", why=why)


def keep(told: Iterable[gateway.Told]) -> int:
    """Write events that are not there yet; gives how many were new."""
    wanted = {each.id: each for each in told}
    known = set(News.objects.filter(event_id__in=wanted).values_list("event_id", flat=True))  # most are repetitions
    rows = [
        News(
            event_id=each.id, type=each.type, object_id=each.object_id, account=each.account,
            happened_at=datetime.fromtimestamp(each.made_at, UTC),
        )
        for each in wanted.values()
        if each.id not in known
    ]  # fmt: skip
    if rows:
        with transaction.atomic():
            News.objects.bulk_create(rows, ignore_conflicts=True)
            outbox.emit("stripe.told", rows[0].event_id)
    return len(rows)


def work(*, now: datetime | None = None, limit: int = 200) -> int:
    """Look into the news that are due: each object is read again once, however much was told of it.

    Gives how many were looked into. Any number may run at once, and one may die at any point: the rest is done again,
    with the same result.
    """
    now = now or timezone.now()
    groups: dict[str, list[News]] = defaultdict(list)
    for each in _lease(now, limit):
        groups[each.object_id].append(each)
    for object_id, news in groups.items():
        _look_into(object_id, news, now=now)
    return sum(map(len, groups.values()))


def _look_into(object_id: str, news: list[News], *, now: datetime) -> None:
    try:
        if news[0].type.startswith("account."):
            mentors.look(account_id=object_id)
        else:
            standing = gateway.standing(object_id)
            if standing is None:
                _done(news, now=now, reason="not_ours")
                return
            fees.follow(standing)
    except gateway.StripeAway:
        _wait(news, now=now, reason="away", seconds=AWAY_SECONDS)
    except gateway.NotThere:
        _wait(news, now=now, reason="not_there")
    except books.Unknown:
        _wait(news, now=now, reason="unknown")
    except books.WrongAmount:
        _flag(news, now=now, reason="wrong_amount")
    except Exception as error:
        log.exception("News of Stripe could not be looked into")
        _fail(news, now=now, reason=type(error).__name__)
    else:
        _done(news, now=now)


def retry(*, news_id: int | None = None) -> int:
    """Give flagged news, or one of them, a fresh start; gives how many."""
    rows = News.objects.flagged() if news_id is None else News.objects.flagged().filter(id=news_id)
    now = timezone.now()
    return rows.update(flagged_at=None, tries=0, received_at=now, due_at=now)


def forget(*, now: datetime) -> int:
    """Delete news older than 90 days that nobody is to look at any more; gives how many."""
    return News.objects.filter(received_at__lt=now - timedelta(days=rules.KEEP_DAYS)).exclude(done_at=None).delete()[0]


def _lease(now: datetime, limit: int) -> list[News]:
    with transaction.atomic():
        rows = News.objects.due(now)
        if connection.features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True)
        found = list(rows[:limit])
        until = now + timedelta(seconds=LEASE_SECONDS)
        News.objects.filter(id__in=[each.pk for each in found]).update(due_at=until)
    return found


def _done(news: list[News], *, now: datetime, reason: str = "") -> None:
    News.objects.filter(id__in=[each.pk for each in news]).update(done_at=now, reason=reason)


def _flag(news: list[News], *, now: datetime, reason: str) -> None:
    """Stop trying; the page of payments shows it, and somebody tries again."""
    News.objects.filter(id__in=[each.pk for each in news]).update(flagged_at=now, reason=reason)
    tell("payments_flagged", why=reason, count=len(news))


def _wait(news: list[News], *, now: datetime, reason: str, seconds: int = 0) -> None:
    """Look again later; what an hour did not make clear is flagged."""
    for each in news:
        again = rules.next_look(first_at=each.received_at, now=now)
        if again is None:
            _flag([each], now=now, reason=reason)
            continue
        if seconds:
            again = min(again, now + timedelta(seconds=seconds))
        News.objects.filter(id=each.pk).update(due_at=again, reason=reason)


def _fail(news: list[News], *, now: datetime, reason: str) -> None:
    for each in news:
        again = rules.next_try(each.tries + 1, now=now)
        if again is None:
            _flag([each], now=now, reason=reason)
        else:
            News.objects.filter(id=each.pk).update(due_at=again, tries=each.tries + 1, reason=reason[:100])
