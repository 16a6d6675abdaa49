"""What all names of a concept say together: which words they hold, and in how many of them each stands.

A word that nearly every name of a skill has is its subject; one that a single name has may be by the way. (The share of
names that hold a word is its probability under the concept's language model: Ponte and Croft 1998.)
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

KEY_BITS = 24  # words that fit: 16 million

Array = np.ndarray[Any, Any]


class Vocabulary:
    """The words of each concept, as numbers; immutable."""

    def __init__(self, keys: Array, owners: Array, names: Array, size: int) -> None:
        """Take the word and the concept of each occurrence, how many names each concept has, and how many words are."""
        both = np.sort((owners << KEY_BITS) | keys)
        starts = np.flatnonzero(np.r_[True, both[1:] != both[:-1]]) if len(both) else both
        self._keys = both[starts] & ((1 << KEY_BITS) - 1)
        held = both[starts] >> KEY_BITS
        self._share = np.diff(np.r_[starts, len(both)]) / names[held] if len(both) else np.zeros(0)
        self._ends = np.searchsorted(held, np.arange(len(names) + 1))
        self._size = size

    def told(self, question: Sequence[tuple[Mapping[int, float], float]], concepts: Sequence[int]) -> Array:
        """Give for each concept how much (0–1) of a question its names say in these or other words, and how much all
        of them say in these.

        The question is its words: what each may be said by with how good that is (1 for itself), and its weight.
        """
        spans = [np.arange(self._ends[concept], self._ends[concept + 1]) for concept in concepts]
        places = np.concatenate(spans) if spans else np.zeros(0, dtype=np.int64)
        told = np.zeros((2, len(concepts)))
        lengths = np.array([len(span) for span in spans])
        full = np.flatnonzero(lengths)
        if not len(full):
            return told
        starts = (np.cumsum(lengths) - lengths)[full]
        keys, share = self._keys[places], self._share[places]
        for said_by, weight in question:
            good = np.zeros(self._size)
            good[list(said_by)] = list(said_by.values())
            here = good[keys]
            told[0, full] += weight * np.maximum.reduceat(here, starts)
            told[1, full] += weight * np.maximum.reduceat(np.where(here >= 1, share, 0.0), starts)
        everything = sum(weight for _, weight in question)
        return told / everything if everything else told
