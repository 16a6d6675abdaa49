"""Do an act by one call of the `ledger_act` function of PostgreSQL (migration 0002): one round trip, in a transaction
of its own or in the caller's. What it does is what `book.perform` does; both pass the same tests. It rings no bell for
its event, which would cost more than the transfer: the schedule relays it within two seconds.
"""

from datetime import UTC
from typing import Any

from django.db import connection

from exchange.ledger import rules
from exchange.ledger.models import Transfer
from exchange.ledger.services.acts import Act, NoAccount, refusal
from exchange.outbox import services as outbox

STATEMENT = (
    "SELECT code, number, payer, payee, minutes, at, title, url, digest FROM ledger_act("
    "%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::text[], %s)"
)


def perform(act: Act) -> tuple[Transfer | None, bool]:
    """Do an act once; gives its transfer (None: nothing is held) and whether it is new. Raises as `book.perform`."""
    queues = outbox.queues_of(act.event) if act.event else []
    given = (
        act.kind, act.key, act.now, act.asked, act.subject, act.payer, act.payee, act.by, act.reverses, act.note,
        act.title, act.url, act.event, queues, rules.SHARDS,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT, given)
        code, number, *rest = cursor.fetchone()
    if code == "nothing":
        return None, False
    if code == "no_account":
        raise NoAccount(number)
    if code not in ("done", "again"):
        raise refusal(code)
    return _transfer(act, number, rest), code == "done"


def _transfer(act: Act, number: int, rest: list[Any]) -> Transfer:
    payer, payee, minutes, at, title, url, digest = rest
    made = Transfer(
        id=number, kind=act.kind, key=act.key, subject=act.subject, payer_id=payer, payee_id=payee, asked=act.asked,
        minutes=minutes, by_id=act.by or None, reverses_id=act.reverses or None, at=at.astimezone(UTC), title=title,
        url=url, note=act.note, digest=bytes(digest),
    )  # fmt: skip
    made._state.adding, made._state.db = False, connection.alias
    return made
