"""The value that describes one act, and what both ways of doing it need to say."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from exchange.ledger.models import Transfer
from exchange.ledger.services import refusals
from exchange.lib.errors import Refused

Kind = Transfer.Kind
EVENTS = {Kind.GIVE: "hours.given", Kind.SHARE: "hours.given", Kind.REVERSE: "hours.reversed"}


@dataclass(frozen=True)
class Act:
    """What is to be done; people by number, 0 for nobody or the pot. `asked` 0: all that is held."""

    kind: Kind
    key: str
    now: datetime
    asked: int = 0
    subject: str = ""
    payer: int = 0
    payee: int = 0
    by: int = 0
    reverses: int = 0
    note: str = ""
    title: str = ""
    url: str = ""

    @property
    def event(self) -> str:
        """What upper rooms hear of it; of lessons they know themselves."""
        return EVENTS.get(self.kind, "")


class NoAccount(Exception):
    """A person has none yet: it is opened, and the act tried again."""

    def __init__(self, person: int) -> None:
        super().__init__(person)
        self.person = person


def refusal(code: str) -> Refused:
    """Give the refusal of a code, with its sentence."""
    if code == "not_enough_hours":
        return refusals.NotEnoughHours(_("There are not enough hours in this account."))
    if code == "key_reused":
        return refusals.KeyReused(_("This operation was already used for something else."))
    if code == "not_reachable":
        return refusals.NotReachable(_("This neighbour cannot be given hours now."))
    if code == "not_reversible":
        return refusals.NotReversible(_("This entry cannot be reversed, or was reversed already."))
    if code == "same_account":
        return refusals.SameAccount(_("Hours go from one person to another."))
    return refusals.BadAmount(_("Whole minutes, from 1 minute to 100 hours, and not more than is held."))
