"""Write an act row by row: the way of reference, on every database. PostgreSQL has a shorter one, `one_call`."""

from collections import defaultdict
from collections.abc import Iterable

from django.db import transaction

from accounts import policies
from accounts.models import Person
from exchange.ledger import rules
from exchange.ledger.models import Account, Posting, Transfer
from exchange.ledger.services.acts import Act, Kind, NoAccount, refusal
from exchange.outbox import services as outbox

Legs = dict[int, int]  # account → minutes that come (+) or go (−)


@transaction.atomic
def perform(act: Act) -> tuple[Transfer | None, bool]:
    """Do an act once; gives its transfer (None: nothing is held) and whether it is new.

    Locks its accounts in `in_lock_order`. Raises `NoAccount`, and `Refused`: `KeyReused`, `NotEnoughHours`,
    `BadAmount`, `NotReversible`, `SameAccount`.
    """
    done = Transfer.objects.select_related("payer", "payee").filter(key=act.key).first()
    if done is not None:
        if not _is_same(act, done):
            raise refusal("key_reused")
        return done, False
    if act.kind == Kind.HOLD:
        return _hold(act)
    if act.kind in (Kind.SETTLE, Kind.RETURN):
        return _release(act)
    if act.kind == Kind.REVERSE:
        return _reverse(act)
    return _move(act)


def _is_same(act: Act, done: Transfer) -> bool:
    """Whether a second try asks for what was done."""
    same = (act.kind, act.subject, act.by, act.reverses, act.note) == (
        done.kind, done.subject, done.by_id or 0, done.reverses_id or 0, done.note,
    )  # fmt: skip
    if act.kind == Kind.REVERSE:
        return same
    payer = 0 if act.kind in (Kind.SETTLE, Kind.RETURN) else done.payer.person_id or 0
    payee = 0 if act.kind in (Kind.HOLD, Kind.RETURN) else done.payee.person_id or 0
    return same and (act.asked, act.payer, act.payee) == (done.asked, payer, payee)


def _account(person: int) -> Account:
    found = Account.objects.of(person).first()
    if found is None:
        raise NoAccount(person)
    return found


def _locked(ids: Iterable[int]) -> dict[int, Account]:
    rows = Account.objects.filter(id__in=set(ids)).in_lock_order().select_for_update(of=("self",))
    return {row.pk: row for row in rows}


def _hold(act: Act) -> tuple[Transfer, bool]:
    payer = _account(act.payer)
    escrow = Account.objects.held_for(act.subject).filter(person=act.payer).first()
    locked = _locked([payer.pk, *([escrow.pk] if escrow else [])])
    if escrow is None:
        escrow = Account.objects.create(
            kind=Account.Kind.ESCROW, person_id=act.payer, subject=act.subject, title=act.title, url=act.url,
            floor=0, opened_at=act.now, tip=rules.opening(Account.Kind.ESCROW, act.payer, act.subject, 0),
        )  # fmt: skip
        locked[escrow.pk] = escrow
    return _write(act, locked, {payer.pk: -act.asked, escrow.pk: act.asked}, payer.pk, escrow.pk), True


def _release(act: Act) -> tuple[Transfer | None, bool]:
    """Settle or give back what is held; the rest of a settlement goes back to who paid."""
    escrows = list(Account.objects.held_for(act.subject).filter(balance__gt=0).order_by("id"))
    if not escrows:
        return None, False
    payee = _account(act.payee) if act.payee else None
    payers = {row.pk: _account(row.person_id or 0) for row in escrows}
    goes_back = act.kind == Kind.RETURN or act.asked
    ids = [row.pk for row in escrows] + ([payee.pk] if payee else [])
    locked = _locked(ids + ([row.pk for row in payers.values()] if goes_back else []))
    total = sum(locked[row.pk].balance for row in escrows)
    if not total:
        return None, False
    wanted = 0 if act.kind == Kind.RETURN else act.asked or total
    if wanted > total:
        raise refusal("bad_amount")
    legs: Legs = defaultdict(int)
    left = wanted
    for row in escrows:
        held = locked[row.pk].balance
        part = min(left, held)
        left -= part
        legs[row.pk] -= held
        if held > part:
            legs[payers[row.pk].pk] += held - part
    if payee is not None:
        _receive(locked, legs, payee.pk, wanted)
    first = payers[escrows[0].pk].pk
    ends = (first, payee.pk) if payee else (escrows[0].pk, first)
    named = Act(**{**vars(act), "title": escrows[0].title, "url": escrows[0].url})
    return _write(named, locked, legs, *ends, minutes=total), True


def _move(act: Act) -> tuple[Transfer, bool]:
    """Give hours from one to another, to or from the pot, or issue them."""
    if act.payer and act.payer == act.payee:
        raise refusal("same_account")
    if act.kind == Kind.GIVE and act.payee:
        _require_reachable(act)
    payer = _account(act.payer) if act.payer else None
    payee = _account(act.payee) if act.payee else None
    ids = [row.pk for row in (payer, payee) if row is not None]
    if act.kind == Kind.SHARE:
        ids += Account.objects.pot().values_list("id", flat=True)
    elif act.kind == Kind.START:
        ids.append(_shard(Account.Kind.ISSUE, act.payee))
    elif payee is None:
        ids.append(_shard(Account.Kind.POT, act.payer))
    locked = _locked(ids)
    commons = [row for row in locked.values() if row.person_id is None]
    legs: Legs = defaultdict(int)
    if act.kind == Kind.SHARE:
        source = _draw(act, commons, legs)
    else:
        source = payer.pk if payer is not None else commons[0].pk
        legs[source] -= act.asked
    if payee is None:
        legs[commons[0].pk] += act.asked
        return _write(act, locked, legs, source, commons[0].pk), True
    _receive(locked, legs, payee.pk, act.asked)
    return _write(act, locked, legs, source, payee.pk), True


def _require_reachable(act: Act) -> None:
    giver, receiver = Person.objects.get(id=act.payer), Person.objects.get(id=act.payee)
    if not policies.may_write_to(giver, receiver) or policies.lacks_guardian(receiver):
        raise refusal("not_reachable")


def _draw(act: Act, commons: list[Account], legs: Legs) -> int:
    """Take what is asked for out of the pot, the fullest rows first; gives the first of them."""
    drawn = rules.draw(act.asked, [(row.pk, row.balance) for row in commons])
    if sum(part for _number, part in drawn) < act.asked:
        raise refusal("not_enough_hours")
    for number, part in drawn:
        legs[number] -= part
    return drawn[0][0]


def _reverse(act: Act) -> tuple[Transfer, bool]:
    """Move everything back; what came out of a hold goes to who had paid it in."""
    first = Transfer.objects.filter(id=act.reverses).first()
    if first is None or first.kind in (Kind.HOLD, Kind.RETURN, Kind.REVERSE):
        raise refusal("not_reversible")
    legs: Legs = defaultdict(int)
    for line in Posting.objects.filter(transfer=first).select_related("account"):
        held = line.account.kind == Account.Kind.ESCROW
        number = _account(line.account.person_id or 0).pk if held else line.account_id
        legs[number] -= line.minutes
    legs = {number: minutes for number, minutes in legs.items() if minutes}
    locked = _locked(legs)
    if Transfer.objects.filter(reverses=first).exists() or not legs:
        raise refusal("not_reversible")
    named = Act(**{**vars(act), "title": first.title, "url": first.url})
    return _write(named, locked, legs, first.payee_id, first.payer_id, minutes=first.minutes), True


def _shard(kind: Account.Kind, number: int) -> int:
    """Give the row of a common account that this number uses; made when it is used first."""
    shard = number % rules.SHARDS
    rows = Account.objects.filter(kind=kind, shard=shard).values_list("id", flat=True)
    found = rows.first()
    if found is None:
        floor = 0 if kind == Account.Kind.POT else None
        Account.objects.bulk_create(
            [Account(kind=kind, shard=shard, floor=floor, tip=rules.opening(kind, None, "", shard))],
            ignore_conflicts=True,
        )
        found = rows.get()
    return found


def _receive(locked: dict[int, Account], legs: Legs, payee: int, minutes: int) -> None:
    """Let minutes come in; what is over the ceiling goes to the community pot."""
    row = locked[payee]
    beyond = rules.over(minutes, balance=row.balance + legs[payee], ceiling=row.ceiling)
    legs[payee] += minutes - beyond
    if beyond:
        pot = _shard(Account.Kind.POT, payee)
        if pot not in locked:
            locked.update(_locked([pot]))
        legs[pot] += beyond


def _write(
    act: Act, locked: dict[int, Account], legs: Legs, payer: int, payee: int, *, minutes: int | None = None
) -> Transfer:
    made = Transfer(
        kind=act.kind, key=act.key, subject=act.subject, payer_id=payer, payee_id=payee, asked=act.asked,
        minutes=minutes or act.asked, by_id=act.by or None, reverses_id=act.reverses or None, at=act.now,
        title=act.title, url=act.url, note=act.note,
    )  # fmt: skip
    lines = []
    for number, change in sorted(legs.items()):
        if not change:
            continue
        account = locked[number]
        account.balance += change
        if change < 0 and account.floor is not None and account.balance < account.floor:
            raise refusal("not_enough_hours")
        lines.append(Posting(account=account, minutes=change, balance=account.balance, before=bytes(account.tip)))
    if len(lines) < 2:
        raise refusal("bad_amount")
    made.digest = rules.digest(made.particulars, [line.tie for line in lines])
    made.save(force_insert=True)
    for line in lines:
        line.transfer = made
        Account.objects.filter(id=line.account_id).update(balance=line.balance, tip=made.digest)
    Posting.objects.bulk_create(lines)
    if act.event:
        outbox.emit(act.event, made)
    return made
