"""The acts between two people about a lesson; each lives in the module of its group, and all are called from here."""

from exchange.lessons.rules import Span
from exchange.lessons.services.agreeing import accept, ask, counter, decline, withdraw
from exchange.lessons.services.bundling import bind, is_bound, let_go_due, release
from exchange.lessons.services.clock import keep_time
from exchange.lessons.services.ending import again, cancel, part_blocked, part_unguarded
from exchange.lessons.services.hello import (
    NoLinks,
    NotReachable,
    OwnListing,
    TooLong,
    TooManyHellos,
    enquiry_between,
    say_hello,
)  # fmt: skip
from exchange.lessons.services.meeting import confirm, dispute, disputes, miss, resolve
from exchange.lessons.services.refusals import (
    BadTerms,
    BadTimes,
    DatesTaken,
    KeyReused,
    NotNow,
    NotYours,
    NoWords,
    ProposalGone,
    TakenAlready,
)  # fmt: skip
from exchange.lessons.services.series import cancel_rest
from exchange.lessons.services.slots import propose, propose_two, usual_minutes
from exchange.lessons.services.swapping import Half, accept_all, ask_swap
from exchange.lessons.services.waiting import (
    NotAsked,
    be_full,
    end_rests,
    forget_rests,
    is_answered,
    unanswered,
    usual_answer,
    wait_for_answers,
)  # fmt: skip

move = counter  # of a booked lesson: it stays booked until another time is accepted

__all__ = [
    "BadTerms", "BadTimes", "DatesTaken", "Half", "KeyReused", "NoLinks", "NoWords", "NotAsked", "NotNow",
    "NotReachable", "NotYours", "OwnListing", "ProposalGone", "Span", "TakenAlready", "TooLong", "TooManyHellos",
    "accept", "accept_all", "again", "ask", "ask_swap", "be_full", "bind", "cancel", "cancel_rest", "confirm",
    "counter", "decline", "dispute", "disputes", "end_rests", "enquiry_between", "forget_rests", "is_answered",
    "is_bound", "keep_time", "let_go_due", "miss", "move", "part_blocked", "part_unguarded", "propose",
    "propose_two", "release", "resolve", "say_hello", "unanswered", "usual_answer", "usual_minutes",
    "wait_for_answers", "withdraw",
]  # fmt: skip
