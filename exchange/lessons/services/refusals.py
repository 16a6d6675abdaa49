"""Why an act of a lesson is refused, each in its own sentence."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exchange.lessons import states
from exchange.lessons.rules import Span
from exchange.lib.errors import Refused


class NotNow(Refused):
    """The act is not open in the state the lesson is in."""

    code = "not_now"


class NotYours(Refused):
    """The act is another's to do."""

    code = "not_your_part"


class BadTimes(Refused):
    """Times that cannot be asked for."""

    code = "bad_times"


class BadTerms(Refused):
    """A length, a form, a return or a fee that cannot be agreed on."""

    code = "bad_terms"


class ProposalGone(Refused):
    """The time that was chosen is not in the question any more, or has passed."""

    code = "proposal_gone"


class TakenAlready(Refused):
    """One of the two is busy then; `others` are up to three other times."""

    code = "taken_already"

    def __init__(self, text: object = "", *, others: Sequence[Span] = ()) -> None:
        super().__init__(text)
        self.others = list(others)

    @property
    def more(self) -> dict[str, Any]:
        """The other times, for programs."""
        return {"others": [{"starts_at": at.starts_at, "ends_at": at.ends_at} for at in self.others]}


class DatesTaken(Refused):
    """Some days of a series are taken: `taken` are these, `left` is how many are not."""

    code = "dates_taken"

    def __init__(self, text: object = "", *, taken: Sequence[Span] = (), left: int = 0) -> None:
        super().__init__(text)
        self.taken, self.left = list(taken), left

    @property
    def more(self) -> dict[str, Any]:
        """The days that are taken, for programs."""
        return {"taken": [{"starts_at": at.starts_at, "ends_at": at.ends_at} for at in self.taken], "left": self.left}


class SittingFull(Refused):
    """No seat is left in a group lesson that is not kept for somebody who waits."""

    code = "sitting_full"


class SittingOver(Refused):
    """A group lesson that has begun, is over, or was called off."""

    code = "sitting_over"


class KeyReused(Refused):
    """The same key for something else: a bug or an attack, not a retry."""

    code = "key_reused"


class NoWords(Refused):
    """A dispute without a word of what happened."""

    code = "no_words"


STANDS = {
    states.ENQUIRY: gettext_lazy("Nobody has asked for a time yet."),
    states.ASKED: gettext_lazy("A time is asked for and not agreed on yet."),
    states.BOOKED: gettext_lazy("The lesson is booked."),
    states.MOVING: gettext_lazy("The lesson is booked, and another time is asked for."),
    states.HELD: gettext_lazy("The time of the lesson is over."),
    states.CONFIRMED: gettext_lazy("The lesson was held and confirmed."),
    states.DECLINED: gettext_lazy("The question was declined."),
    states.WITHDRAWN: gettext_lazy("The question was taken back."),
    states.CANCELLED: gettext_lazy("The lesson was called off."),
    states.LAPSED: gettext_lazy("The question found no answer in time."),
    states.NO_SHOW: gettext_lazy("One of you did not come, and that is settled."),
    states.DISPUTED: gettext_lazy("A curator looks at what happened."),
}
WHEN = {
    states.ASK: gettext_lazy(
        "Times are asked for where nothing is asked or booked; for another lesson, begin a new one."
    ),
    states.COUNTER: gettext_lazy("Other times can be offered to an open question, or for a lesson that is booked."),
    states.ACCEPT: gettext_lazy("Only an open question can be accepted."),
    states.DECLINE: gettext_lazy("Only an open question can be declined."),
    states.WITHDRAW: gettext_lazy("Only an open question can be taken back."),
    states.CANCEL: gettext_lazy("Only a booked lesson can be called off."),
    states.CONFIRM: gettext_lazy("A lesson can be confirmed once its time is over."),
    states.MISS: gettext_lazy("That somebody did not come can be said once the time of the lesson is over."),
    states.DISPUTE: gettext_lazy("A curator can be asked once the time of the lesson is over, until it is settled."),
    states.RESOLVE: gettext_lazy("Only a lesson that a curator looks at can be resolved."),
    states.AGAIN: gettext_lazy("A next lesson can be begun once this one is agreed on or over."),
}
WHOSE = {
    states.EITHER: gettext_lazy("Only the two people of the lesson can do this."),
    states.ASKER: gettext_lazy("Only the one who asked can do this."),
    states.ANSWERER: gettext_lazy("Only the one who was asked can do this."),
    states.TEACHER: gettext_lazy("Only the teacher can do this."),
    states.LEARNER: gettext_lazy("Only the learner can do this."),
    states.CURATOR: gettext_lazy("Only a curator who is not in the lesson can do this."),
}


def refusal(why: str, act: str, facts: states.Facts) -> Refused:
    """Give the refusal of an act, from why it is not open (`states.allowed`)."""
    if why == states.WRONG_PHASE:
        return NotNow(f"{STANDS[facts.phase]} {WHEN[act]}")
    if why == states.BEGUN:
        return NotNow(_("The lesson has begun. Once its time is over, say whether it was held."))
    if why == states.SAID:
        return NotNow(_("You have said so already. If it was otherwise, ask a curator."))
    whose = states.who_may(act, facts.phase) or [states.CURATOR if act == states.RESOLVE else states.EITHER]
    return NotYours(WHOSE[whose[0]])
