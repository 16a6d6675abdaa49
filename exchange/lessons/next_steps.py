"""The one next step of each who looks at a lesson. Values in, values out."""

from datetime import datetime

from exchange.lessons import states
from exchange.lessons.states import Facts

AGREE, ANSWER, WAIT, COME, GOING = "agree", "answer", "wait", "come", "going"
SAY, SAID, DISPUTED, THANKS, OVER, WATCH = "say", "said", "disputed", "thanks", "over", "watch"
# A page of lessons shows first what waits for its reader.
NEEDS_ME = (ANSWER, SAY)


def next_step(facts: Facts, *, now: datetime) -> str:
    """Give what this person does next: one word, for which there is one part of the page.

    `WATCH`: for who is not one of the two (a guardian, a curator).
    """
    if facts.role not in (states.TEACHER, states.LEARNER):
        return WATCH
    if facts.phase in (states.ASKED, states.MOVING):
        return WAIT if facts.is_asker else ANSWER
    if facts.phase == states.BOOKED:
        return COME if facts.starts_at is None or now < facts.starts_at else GOING
    if facts.phase == states.HELD:
        return SAID if facts.said else SAY
    known = {states.ENQUIRY: AGREE, states.DISPUTED: DISPUTED, states.CONFIRMED: THANKS}
    return known.get(facts.phase, OVER)
