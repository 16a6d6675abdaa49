"""Every change of a balance happens here, and nowhere else: hold, settle, give back, give, reverse.

Each act carries a key: the same key again gives the same transfer and changes nothing; with other particulars it is
refused (`KeyReused`).
"""

from typing import cast

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.services import care
from exchange.ledger import rules
from exchange.ledger.models import Account, Transfer
from exchange.ledger.services import book, one_call
from exchange.ledger.services.acts import Act, Kind, NoAccount, refusal
from exchange.ledger.services.refusals import (
    BadAmount,
    HoursOff,
    KeyReused,
    NotEnoughHours,
    NotReachable,
    NotReversible,
    NotTheirs,
    SameAccount,
)
from exchange.lib.text import clean
from exchange.outbox import services as outbox
from exchange.whole import again, whole

__all__ = [
    "BadAmount", "HoursOff", "KeyReused", "NotEnoughHours", "NotReachable", "NotReversible", "NotTheirs", "SameAccount",
    "balance_of", "give", "give_back", "held", "hold", "is_on", "open_account", "reverse", "set_floor", "settle",
    "share",
]  # fmt: skip

LONGEST_KEY, LONGEST_SUBJECT, LONGEST_TITLE, LONGEST_URL, LONGEST_NOTE = 120, 60, 120, 200, 200


def is_on() -> bool:
    """Whether this city keeps balances; otherwise it counts participation only."""
    return bool(settings.HOURS == "balances")


def hold(*, payer: Person, minutes: int, subject: str, key: str, title: str = "", url: str = "") -> Transfer | None:
    """Take minutes out of a person's account and hold them for a subject such as "lesson:5".

    `title`, `url`: what the lines of statements say of the subject and lead to. None, and nothing is written, where
    only participation is counted. Refused: `NotEnoughHours` (the floor), `KeyReused`, `BadAmount`.
    """
    if not is_on():
        return None
    _require_amount(minutes)
    return _perform(
        Act(
            Kind.HOLD, _key(key), timezone.now(), asked=minutes, subject=_subject(subject), payer=payer.pk,
            title=clean(title)[:LONGEST_TITLE], url=clean(url)[:LONGEST_URL],
        )
    )  # fmt: skip


def settle(*, subject: str, payee: Person, key: str, minutes: int | None = None, why: str = "") -> Transfer | None:
    """Pay what is held to a person: all of it, or `minutes` of it, and the rest goes back to who paid.

    `why` is what statements say of it: "" for a lesson that was given, or one of `words.OTHERWISE`.
    What does not fit under the payee's ceiling goes to the community pot. None when nothing is held. Works on what is
    held also where only participation is counted by now. Refused: `KeyReused`, `BadAmount` (more than is held).
    """
    if minutes is not None:
        _require_amount(minutes)
    return _perform(
        Act(
            Kind.SETTLE, _key(key), timezone.now(), asked=minutes or 0, subject=_subject(subject), payee=payee.pk,
            note=_note(why),
        )
    )  # fmt: skip


def give_back(*, subject: str, key: str) -> Transfer | None:
    """Return all that is still held to who paid it. None when nothing is held. Refused: `KeyReused`."""
    return _perform(Act(Kind.RETURN, _key(key), timezone.now(), subject=_subject(subject)))


def give(*, giver: Person, receiver: Person | None, minutes: int, note: str = "", key: str) -> Transfer:
    """Give hours to a person, or to the community pot (None).

    Refused: `HoursOff`, `NotEnoughHours`, `BadAmount`, `SameAccount`, `KeyReused`, `NotReachable` (gone, blocked
    either way, or young without a guardian), `AgeNotSaid` and `NeedsGuardian` of the giver.
    """
    _require_on()
    _require_amount(minutes)
    if receiver is not None:
        care.require_may_meet(giver)
    payee = receiver.pk if receiver else 0
    act = Act(Kind.GIVE, _key(key), timezone.now(), asked=minutes, payer=giver.pk, payee=payee, note=_note(note))
    return _made(_perform(act))


def share(*, receiver: Person, minutes: int, by: Person, note: str = "", key: str) -> Transfer:
    """Give hours out of the community pot, by a curator.

    Refused: `NotTheirs`, `HoursOff`, `NotEnoughHours`, `BadAmount`, `KeyReused`.
    """
    _require_curator(by)
    _require_on()
    _require_amount(minutes)
    act = Act(Kind.SHARE, _key(key), timezone.now(), asked=minutes, payee=receiver.pk, by=by.pk, note=_note(note))
    return _made(_perform(act))


def reverse(*, transfer: Transfer, by: Person, reason: str, key: str) -> Transfer:
    """Undo a settlement or a gift by moving everything back; both lines stay.

    Refused: `NotTheirs` (not a curator), `NotReversible` (a hold, a return, a reversal, or done already),
    `NotEnoughHours` (who got the hours has spent them), `KeyReused`.
    """
    _require_curator(by)
    act = Act(Kind.REVERSE, _key(key), timezone.now(), by=by.pk, reverses=transfer.pk, note=_note(reason))
    return _made(_perform(act))


def held(*, subject: str) -> int:
    """Give the minutes that are held for a subject."""
    return Account.objects.held_for(subject).aggregate(minutes=Sum("balance"))["minutes"] or 0


def balance_of(*, person: Person) -> int:
    """Give the minutes on a person's account; what is held is not among them."""
    return Account.objects.of(person).values_list("balance", flat=True).first() or 0


@transaction.atomic
def open_account(*, person_id: int) -> None:
    """Open a person's account, with the hours everyone begins with; a second time changes nothing."""
    floor, ceiling = -settings.HOURS_FLOOR, settings.HOURS_CEILING or None
    tip = rules.opening(Account.Kind.PERSON, person_id, "", 0)
    opened = Account(kind=Account.Kind.PERSON, person_id=person_id, floor=floor, ceiling=ceiling, tip=tip)
    Account.objects.bulk_create([opened], ignore_conflicts=True)
    if settings.HOURS_START:
        _perform(Act(Kind.START, f"start:{person_id}", timezone.now(), asked=settings.HOURS_START, payee=person_id))


@whole
def set_floor(*, person: Person, minutes: int, reason: str) -> tuple[Account, int | None]:
    """Let a person's account go so many minutes below zero (0: not at all), and tell them why; by who runs the city.

    Gives the account and the floor it had; the same again changes nothing. Refused: `BadAmount` (less than 0, more
    than 100 hours), `NotEnoughHours` (it stands deeper than that already). Raises `ValueError` without a reason.
    """
    reason = _note(reason)
    if not reason:
        raise ValueError("a floor is changed for a reason")
    if minutes and not rules.is_amount(minutes):
        raise refusal("bad_amount")
    open_account(person_id=person.pk)
    account = Account.objects.of(person).select_for_update().get()
    before, account.floor = account.floor, -minutes
    if account.balance < account.floor:
        raise refusal("not_enough_hours")
    if before != account.floor:
        account.save(update_fields=["floor"])
        outbox.emit("hours.floor_changed", account, person=person.pk, minutes=minutes, before=before, reason=reason)
    return account, before


def _perform(act: Act) -> Transfer | None:
    """Do an act by the way of this database, opening the accounts it needs."""
    perform = one_call.perform if connection.vendor == "postgresql" else book.perform
    while True:
        try:
            return again(lambda: perform(act))[0]
        except NoAccount as missing:
            open_account(person_id=missing.person)


def _made(transfer: Transfer | None) -> Transfer:
    """Give what was made by an act that always makes something."""
    return cast(Transfer, transfer)


def _require_on() -> None:
    if not is_on():
        raise HoursOff(_("This city counts lessons, not hours."))


def _require_amount(minutes: object) -> None:
    if not rules.is_amount(minutes):
        raise refusal("bad_amount")


def _require_curator(person: Person) -> None:
    if not person.is_curator:
        raise NotTheirs(_("This is for curators."))


def _key(key: str) -> str:
    if not key or len(key) > LONGEST_KEY or clean(key) != key:
        raise ValueError(f"not a key: {key[:200]!r}")
    return key


def _subject(subject: str) -> str:
    if not subject or len(subject) > LONGEST_SUBJECT or clean(subject) != subject:
        raise ValueError(f"not a subject: {subject[:200]!r}")
    return subject


def _note(note: str) -> str:
    return clean(note)[:LONGEST_NOTE]
