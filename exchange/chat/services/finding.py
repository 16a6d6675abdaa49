"""Finding words again in one talk, in whatever spelling they were written."""

import re
from dataclasses import dataclass

from accounts.models import Person
from exchange.chat import services as chat
from exchange.chat.models import Message
from exchange.lib import arabic

MOST = 50
MOST_WORDS = 8
AROUND = 60  # characters shown on either side of what was found


@dataclass(frozen=True)
class Found:
    """A message in which all words were found; its text around the first of them, in three parts."""

    message: Message
    before: str
    hit: str
    after: str


def find(*, person: Person, conversation_id: int, text: str) -> list[Found]:
    """Give the newest messages of a talk in which every word of `text` stands, at most fifty, newest first.

    Words are compared folded and without the article, and found inside longer words. Empty for a talk that is not this
    person's, and where nothing is asked.
    """
    patterns = _patterns(text)
    if not patterns:
        return []
    rows = Message.objects.filter(conversation_id=conversation_id, conversation__members__person=person)
    for pattern in patterns:
        rows = rows.filter(body__regex=pattern)
    newest = rows.select_related(*chat.BESIDE).order_by("-seq")[:MOST]
    return [_found(message, patterns) for message in chat.beside(newest, person)]


def _patterns(text: str) -> list[str]:
    words = list(dict.fromkeys(arabic.words(text[:200])))[:MOST_WORDS]
    return [arabic.pattern(arabic.without_article(word)) for word in words]


def _found(message: Message, patterns: list[str]) -> Found:
    body = message.body
    places = [place for pattern in patterns if (place := re.search(pattern, body))]
    start, end = min((place.span() for place in places), default=(0, 0))
    begin, until = max(0, start - AROUND), end + AROUND
    before = ("…" if begin else "") + body[begin:start]
    return Found(message, before, body[start:end], body[end:until] + ("…" if until < len(body) else ""))
