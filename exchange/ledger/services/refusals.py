"""What the ledger refuses."""

from exchange.lib.errors import Refused


class BadAmount(Refused):
    """Not a whole number of minutes between 1 and 6,000, or more than is held."""

    code = "bad_amount"


class NotEnoughHours(Refused):
    """The account would fall below its floor."""

    code = "not_enough_hours"


class KeyReused(Refused):
    """The same key with other particulars: a mistake or an attack, not a second try."""

    code = "key_reused"


class NotReachable(Refused):
    """The receiver is gone, or a block stands between the two; which one is not told."""

    code = "not_reachable"


class SameAccount(Refused):
    """Hours go from one to another."""

    code = "same_account"


class HoursOff(Refused):
    """This city counts participation only."""

    code = "hours_off"


class NotReversible(Refused):
    """What is held is given back, and what was reversed is not reversed again."""

    code = "not_reversible"


class NotTheirs(Refused):
    """Only a curator takes from the community pot, and reverses."""

    code = "not_theirs"
