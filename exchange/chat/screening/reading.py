"""Reading through disguises: a text as it sounds, with the way back to the letters as they were written."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property

from exchange.lib import arabic

_LETTERS = dict(arabic.LETTER_PAIRS)
_MARKS = re.compile(arabic.MARKS_PATTERN)
# What stands between letters without being seen, and what dresses a digit as a button: 0️⃣.
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\u20e3]"
)
_LOOKALIKES = str.maketrans("аеорсухіⅼ\u2019\u2018", "aeopcyxil''")


MOST_LETTERS = 4096  # kept folded; Arabic and Latin with their dresses are some hundreds


@dataclass(frozen=True)
class Reading:
    """A text folded for comparing, and the way back to the letters as they were written."""

    text: str
    written: str

    @cached_property
    def places(self) -> tuple[int, ...]:
        """Where each letter of the folded text stands in the one that was written; few texts are asked."""
        return tuple(place for place, char in enumerate(self.written) for _letter in _FOLDED[ord(char)])

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Give the original's span (start, end) of a span of the folded text."""
        return self.places[start], self.places[end - 1] + 1


class _Folded(dict[int, str]):
    """What each letter is folded to, remembered from its first meeting."""

    def __missing__(self, letter: int) -> str:
        if len(self) >= MOST_LETTERS:
            self.clear()
        folded = self[letter] = _folded(chr(letter))
        return folded


def read(text: str) -> Reading:
    """Fold a text as `exchange.lib.arabic.fold` does, but keep signs and blanks."""
    return Reading(text.translate(_FOLDED), text)


def _folded(char: str) -> str:
    """Give what one character is folded to: nothing, itself, or several."""
    if _UNSEEN.match(char) or _MARKS.match(char):
        return ""
    out = []
    for each in unicodedata.normalize("NFKC", char).casefold():
        for plain in unicodedata.normalize("NFKD", each):
            if not unicodedata.combining(plain):
                folded = _LETTERS.get(plain, plain).translate(_LOOKALIKES)
                out.append(" " if folded.isspace() else folded)
    return "".join(out)


_FOLDED = _Folded()
