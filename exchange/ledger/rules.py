"""What an amount of hours is, what fits into an account, and the digest that ties each line to the one before."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

MOST_MINUTES = 100 * 60  # in one act
SHARDS = 16  # rows of the community pot, and of the account that hours are issued from
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BETWEEN = "\x1f"  # cannot stand in any text we keep: `exchange.lib.text.clean`


def is_amount(minutes: object) -> bool:
    """Whether this can be moved in one act: a whole number of minutes from 1 to 6,000."""
    return type(minutes) is int and 1 <= minutes <= MOST_MINUTES


def over(incoming: int, *, balance: int, ceiling: int | None) -> int:
    """Give how many of the incoming minutes do not fit under an account's ceiling."""
    if ceiling is None:
        return 0
    return min(incoming, max(0, balance + incoming - ceiling))


def draw(wanted: int, stock: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Take minutes out of several accounts, (id, balance) each, the fullest first: (id, taken) each.

    Gives less than wanted when there is less.
    """
    taken = []
    for number, balance in sorted(stock, key=lambda each: (-each[1], each[0])):
        part = min(wanted, max(0, balance))
        if part:
            taken.append((number, part))
            wanted -= part
    return taken


def opening(kind: str, person: int | None, subject: str, shard: int) -> bytes:
    """Give the digest that an account's first line follows: whose it is, or what for."""
    return sha256(BETWEEN.join([kind, _word(person), subject, str(shard)]).encode()).digest()


def digest(particulars: Sequence[object], lines: Iterable[tuple[int, int, int, bytes]]) -> bytes:
    """Give the 32 bytes that stand for one transfer and everything its accounts had before it.

    `particulars`: the transfer's own, None written as nothing and a time as microseconds since 1970, the free text
    last. `lines`: (account, minutes, balance after, digest of the account's transfer before) in order of account.
    The function `ledger_act` of the database computes the same.
    """
    words = [_word(each) for each in particulars]
    ties = [f"{account}:{minutes}:{balance}:{before.hex()}" for account, minutes, balance, before in sorted(lines)]
    return sha256(BETWEEN.join([*ties, *words]).encode()).digest()


def _word(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return str((value - EPOCH) // timedelta(microseconds=1))
    return str(value)
