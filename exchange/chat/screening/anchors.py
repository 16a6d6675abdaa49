"""Which of many patterns can a text meet at all? Told by the letters they cannot do without.

Every message of every talk is held against some 160 patterns, and nearly every one meets none. Each pattern has
pieces of which a text must hold one; a text's own pieces are looked up among them at once, and only the patterns found
so are asked. The way of code search by trigrams (R. Cox, "Regular Expression Matching with a Trigram Index", 2012),
with pieces of two to four letters.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import product
from re import _constants as kinds  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

LONGEST, SHORTEST = 4, 2  # letters of a piece
MOST_TEXTS = 400  # that one part of a pattern may stand for, to be written out

_NO_WIDTH = {kinds.AT, kinds.ASSERT, kinds.ASSERT_NOT}


class Anchors:
    """An index of patterns by their pieces."""

    def __init__(self, patterns: Iterable["re.Pattern[str]"]) -> None:
        self._always: list[int] = []
        self._by_piece: dict[str, list[int]] = defaultdict(list)
        for number, pattern in enumerate(patterns):
            pieces = needed(pattern.pattern)
            if pieces is None:
                self._always.append(number)
            for piece in pieces or ():
                self._by_piece[piece].append(number)
        self._pieces = frozenset(self._by_piece)
        self._lengths = sorted({len(piece) for piece in self._pieces})

    def may_meet(self, text: str) -> list[int]:
        """Give the numbers of all patterns that can match somewhere in the text, in their order; few others."""
        held = {text[at : at + length] for length in self._lengths for at in range(len(text) - length + 1)}
        numbers = {number for piece in self._pieces & held for number in self._by_piece[piece]}
        return sorted(numbers.union(self._always)) if numbers else self._always


def needed(pattern: str) -> frozenset[str] | None:
    """Give pieces of which every match holds at least one; None when no such pieces are known."""
    best = max(_choices(parser.parse(pattern)), key=_worth, default=frozenset())
    return frozenset(_piece(text) for text in best) if _worth(best)[0] >= SHORTEST else None


def _worth(texts: frozenset[str]) -> tuple[int, int]:
    """The longer the shortest, the rarer; then the fewer the better."""
    return min((min(len(text.strip()), LONGEST) for text in texts), default=0), -len(texts)


def _piece(text: str) -> str:
    text = text.strip() if len(text.strip()) >= SHORTEST else text
    return text[:LONGEST]


def _choices(parts: Iterable[Any]) -> Iterator[frozenset[str]]:
    """Give sets of texts, each of which every match of these parts, one after the other, holds one of."""
    run = frozenset({""})
    for part in parts:
        texts = _written_out(part)
        if texts is not None and len(run) * len(texts) <= MOST_TEXTS:
            run = frozenset(before + after for before, after in product(run, texts))
            continue
        yield run
        run = texts if texts is not None else frozenset({""})
        yield from _inside(part)
    yield run


def _inside(part: Any) -> Iterator[frozenset[str]]:
    kind, value = part
    if kind is kinds.SUBPATTERN:
        yield from _choices(value[3])
    elif kind in (kinds.MAX_REPEAT, kinds.MIN_REPEAT) and value[0] > 0:
        yield from _choices(value[2])
    elif kind is kinds.BRANCH:
        best = [max(_choices(each), key=_worth, default=frozenset()) for each in value[1]]
        yield frozenset().union(*best)


def _written_out(part: Any) -> frozenset[str] | None:
    """Give all texts that one part can stand for; None when they are too many."""
    kind, value = part
    if kind is kinds.LITERAL:
        return frozenset({chr(value)})
    if kind in _NO_WIDTH:
        return frozenset({""})
    if kind is kinds.IN:
        if all(each is kinds.LITERAL for each, _value in value):
            return frozenset(chr(letter) for _kind, letter in value)
        return None
    if kind is kinds.SUBPATTERN:
        return _all_of(value[3])
    if kind is kinds.BRANCH:
        each = [_all_of(branch) for branch in value[1]]
        return frozenset().union(*each) if None not in each else None  # type: ignore[arg-type]
    if kind in (kinds.MAX_REPEAT, kinds.MIN_REPEAT) and value[1] <= 1:
        texts = _all_of(value[2])
        return None if texts is None else texts | ({""} if value[0] == 0 else set())
    return None


def _all_of(parts: Iterable[Any]) -> frozenset[str] | None:
    run = frozenset({""})
    for part in parts:
        texts = _written_out(part)
        if texts is None or len(run) * len(texts) > MOST_TEXTS:
            return None
        run = frozenset(before + after for before, after in product(run, texts))
    return run
