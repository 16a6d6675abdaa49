"""Reading through disguises: a text as it sounds, with the way back to the letters as they were written."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from exchange.lib import arabic

_LETTERS = dict(arabic.LETTER_PAIRS)
_MARKS = re.compile(arabic.MARKS_PATTERN)
# What stands between letters without being seen, and what dresses a digit as a button: 0️⃣.
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\u20e3]"
)
_LOOKALIKES = str.maketrans("аеорсухіⅼ\u2019\u2018", "aeopcyxil''")


@dataclass(frozen=True)
class Reading:
    """A text folded for comparing; `places[i]` is where its i-th character stands in the original."""

    text: str
    places: tuple[int, ...]

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Give the original's span (start, end) of a span of the folded text."""
        return self.places[start], self.places[end - 1] + 1


def read(text: str) -> Reading:
    """Fold a text as `exchange.lib.arabic.fold` does, but keep signs and blanks, and remember where each stood."""
    letters: list[str] = []
    places: list[int] = []
    for place, char in enumerate(text):
        folded = _folded(char)
        letters.append(folded)
        places.extend([place] * len(folded))
    return Reading("".join(letters), tuple(places))


@lru_cache(maxsize=4096)
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
