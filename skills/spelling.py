"""Words a slip of the finger away: which words of an index a word that it does not know may be meant for."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

SHORTEST = 4  # letters; shorter words are a slip away from too much
MOST = 3


class Spelling:
    """Words with how often each is used, found by words one letter left out, put in, changed or swapped away."""

    def __init__(self, words: Iterable[tuple[str, int]]) -> None:
        self._count = dict(words)
        self._by_length: dict[int, list[str]] = defaultdict(list)
        for word in sorted(self._count):
            self._by_length[len(word)].append(word)

    def near(self, word: str) -> Sequence[str]:
        """Give words one slip away, the most used first; nothing for short words."""
        if len(word) < SHORTEST:
            return ()
        found = [
            near
            for size in (len(word) - 1, len(word), len(word) + 1)
            for near, _far, _place in extract(
                word, self._by_length.get(size, ()), scorer=OSA.distance, score_cutoff=1, limit=None
            )
        ]
        return sorted(found, key=lambda near: (-self._count[near], near))[:MOST]
