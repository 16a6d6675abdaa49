"""What stands on an account and how it came there: two queries for a page, however long the history is."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db.models import OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce

from accounts.models import Person
from exchange.ledger.models import Account, Posting, Transfer
from exchange.ledger.words import Line, line_of


@dataclass(frozen=True)
class Statement:
    """One page of an account. `before`: the number the next page begins below; None: this is the last."""

    balance: int
    held: int
    floor: int
    lines: list[Line]
    before: int | None
    is_first: bool

    @property
    def left(self) -> int:
        """How much can be spent now."""
        return max(0, self.balance - self.floor)


def page(*, person: Person, before: int | None, limit: int) -> Statement:
    """Give a person's account and its lines, newest first, from below a number on; in two queries."""
    held = Account.objects.filter(kind=Account.Kind.ESCROW, person=OuterRef("person"), balance__gt=0)
    total = Subquery(held.values("person").annotate(total=Sum("balance")).values("total"))
    account = Account.objects.of(person).annotate(held=Coalesce(total, 0)).values_list("id", "balance", "held", "floor")
    number, balance, in_escrow, floor = account.first() or (0, 0, 0, -settings.HOURS_FLOOR)
    if not number or not limit:
        return Statement(balance, in_escrow, floor or 0, [], None, True)
    rows = Posting.objects.filter(account=number)
    if before is not None:
        rows = rows.filter(id__lt=before)
    found = list(rows.as_lines()[: limit + 1])
    lines = [line_of(row) for row in found[:limit]]
    more = found[limit - 1].pk if len(found) > limit else None
    return Statement(balance, in_escrow, floor or 0, lines, more, before is None)


def lines(*, person: Person) -> Iterator[Line]:
    """Give every line of a person's account, newest first, a few at a time."""
    return (line_of(row) for row in Posting.objects.of(person).iterator(chunk_size=500))


@dataclass(frozen=True)
class Pot:
    """The community pot: what is in it, and its last lines."""

    balance: int
    lines: list[Posting]


def pot(*, limit: int) -> Pot:
    """Give the community pot with its last lines; in two queries."""
    accounts = list(Account.objects.pot())
    rows = Posting.objects.filter(account__in=[row.pk for row in accounts])
    return Pot(sum(row.balance for row in accounts), list(rows.as_lines()[:limit]))


def transfer(number: int) -> Transfer | None:
    """Give an entry by its number."""
    return Transfer.objects.filter(id=number).first()
