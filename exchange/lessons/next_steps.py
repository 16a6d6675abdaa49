"""The one next step of each who looks at a lesson. Values in, values out."""

from datetime import datetime

from exchange.lessons import states
from exchange.lessons.states import Facts

AGREE, ANSWER, WAIT, COME, GOING, PAY = "agree", "answer", "wait", "come", "going", "pay"
SAY, SAID, DISPUTED, THANKS, OVER, WATCH = "say", "said", "disputed", "thanks", "over", "watch"
# A page of lessons shows first what waits for its reader.
NEEDS_ME = (ANSWER, SAY, PAY)
SAY_THE_STATE = (COME, PAY, DISPUTED, OVER, WATCH)  # the heading of their part of the page does


def next_step(facts: Facts, *, now: datetime, is_unpaid: bool = False) -> str:
    """Give what this person does next: one word, for which there is one part of the page.

    `is_unpaid`: they are to pay its fee. `WATCH`: for who is not one of the two (a guardian, a curator).
    """
    if facts.role not in (states.TEACHER, states.LEARNER):
        return WATCH
    if facts.phase in (states.ASKED, states.MOVING):
        return WAIT if facts.is_asker else ANSWER
    if facts.phase == states.BOOKED:
        ahead = PAY if is_unpaid else COME
        return ahead if facts.starts_at is None or now < facts.starts_at else GOING
    if facts.phase == states.HELD:
        return SAID if facts.said else SAY
    known = {states.ENQUIRY: AGREE, states.DISPUTED: DISPUTED, states.CONFIRMED: THANKS}
    return known.get(facts.phase, OVER)
