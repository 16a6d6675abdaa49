"""Hours in words, and what each line of a statement says, for pages, files and programs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from exchange.ledger.models import Account, Posting, Transfer

WHAT = {
    "start": gettext_lazy("Hours to begin with"),
    "held": gettext_lazy("Held for a lesson"),
    "back": gettext_lazy("Given back"),
    "rest": gettext_lazy("The rest of what was held"),
    "taught": gettext_lazy("A lesson you gave"),
    "late": gettext_lazy("Half of a lesson called off late"),
    "late_rest": gettext_lazy("The other half of a lesson you called off late"),
    "missed": gettext_lazy("A lesson your learner did not come to"),
    "half": gettext_lazy("Half of a lesson, as a curator decided"),
    "half_rest": gettext_lazy("The other half of a lesson, as a curator decided"),
    "gift_to": gettext_lazy("Gift to a neighbour"),
    "gift_from": gettext_lazy("Gift from a neighbour"),
    "pot_to": gettext_lazy("Gift to the community pot"),
    "pot_from": gettext_lazy("From the community pot"),
    "reversed": gettext_lazy("Put right by a curator"),
}
OTHERWISE = ("late", "missed", "half")  # why hours are settled that no lesson was given for
NOTES = {
    "thanks": gettext_lazy("Thank you"),
    "welcome": gettext_lazy("Welcome"),
    "better": gettext_lazy("Get well soon"),
    "helped": gettext_lazy("You helped me"),
    "together": gettext_lazy("For what we do together"),
}


def span(minutes: int) -> str:
    """Give minutes as hours and minutes in words, without a sign: "2 hours 15 minutes"."""
    hours, rest = divmod(abs(minutes), 60)
    parts = []
    if hours:
        parts.append(ngettext("%(count)s hour", "%(count)s hours", hours) % {"count": hours})
    if rest or not hours:
        parts.append(ngettext("%(count)s minute", "%(count)s minutes", rest) % {"count": rest})
    return parts[0] if len(parts) == 1 else _("%(hours)s %(minutes)s") % {"hours": parts[0], "minutes": parts[1]}


def signed(minutes: int) -> str:
    """Give minutes in words with + or −."""
    return f"{'+' if minutes > 0 else '−' if minutes < 0 else ''}{span(minutes)}"


@dataclass(frozen=True)
class Line:
    """One line of one person's statement. `other`: who it came from or went to; `to_pot`: minutes over the ceiling."""

    number: int
    at: datetime
    what: str
    minutes: int
    balance: int
    other: Any
    title: str
    url: str
    note: str
    subject: str
    to_pot: int

    @property
    def words(self) -> str:
        """What happened, in the reader's language."""
        return str(WHAT[self.what])

    @property
    def note_words(self) -> str:
        """The ready words that came with a gift; what a curator wrote stands as it is."""
        return str(NOTES.get(self.note, self.note))


def line_of(posting: Posting) -> Line:
    """Read one posting of a person's own account (`Posting.objects.of`)."""
    act = posting.transfer
    what = _what(posting, act)
    other = None
    if what in ("taught", "gift_from", *OTHERWISE):
        other = act.payer.person
    elif what == "gift_to":
        other = act.payee.person
    comes_in = what in ("taught", "gift_from", "pot_from", "start", *OTHERWISE)
    return Line(
        number=act.pk,
        at=act.at,
        what=what,
        minutes=posting.minutes,
        balance=posting.balance,
        other=other,
        title=act.title,
        url=act.url,
        note="" if act.kind == Transfer.Kind.SETTLE else act.note,  # why it was, which `what` says
        subject=act.subject,
        to_pot=max(0, (act.asked or act.minutes) - posting.minutes) if comes_in else 0,
    )


def _what(posting: Posting, act: Transfer) -> str:
    pays = posting.account_id == act.payer_id
    if act.kind == Transfer.Kind.SETTLE:
        why = act.note if act.note in OTHERWISE else ""
        if pays:
            return f"{why}_rest" if f"{why}_rest" in WHAT else "rest"
        return why or "taught"
    if act.kind == Transfer.Kind.GIVE:
        if not pays:
            return "gift_from"
        return "pot_to" if act.payee.kind == Account.Kind.POT else "gift_to"
    return {"hold": "held", "return": "back", "share": "pot_from", "start": "start", "reverse": "reversed"}[act.kind]
