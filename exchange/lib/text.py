"""Texts as people send them: cleaned of what cannot be seen, with their language and direction."""

import re
import unicodedata
from collections.abc import Iterator

# Bidi overrides and isolates, marks, zero-width: invisible, and able to make a name read as another.
# U+200C/U+200D stay: they join emoji and are spelling in some scripts.
_HIDDEN = re.compile("[\u200b\u200e\u200f\u061c\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufff9-\ufffb]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_SHOWS_NOTHING = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp", "Mn", "Me"})  # joiners, blanks, marks without a letter
_BLANK_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # letters by category, and empty to the eye
_ARABIC = re.compile("[\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufeff]")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")


def clean(value: str) -> str:
    """Give the text without NUL, controls, lone surrogates, bidi overrides and zero-width characters; NFC.

    A text in which nothing can be seen is "".
    """
    value = _SURROGATE.sub("", value)
    value = value.replace("\r\n", "\n").replace("\r", "\n")
    value = _HIDDEN.sub("", _CONTROL.sub("", value))
    value = unicodedata.normalize("NFC", value).strip()
    return value if any(map(_is_seen, value)) else ""


def _is_seen(letter: str) -> bool:
    return unicodedata.category(letter) not in _SHOWS_NOTHING and letter not in _BLANK_LETTERS


def is_arabic(text: str) -> bool:
    """Whether more letters are Arabic than Latin."""
    return len(_ARABIC.findall(text)) > len(_LATIN.findall(text))


def guess_lang(text: str) -> str:
    """Give "ar" or "en", by the letters; "en" for a text without letters."""
    return "ar" if is_arabic(text) else "en"


def direction(text: str, lang: str = "") -> str:
    """Give "rtl" or "ltr": the way of the only script in a text; where both stand in it, that of its language.

    So "Excel من الصفر" in an Arabic listing runs from the right, and "C++" in the same listing from the left. Without
    a known language, the script with more letters decides. "" for a text without letters (digits, signs, pictures) in
    a language that nobody noted.
    """
    arabic, latin = bool(_ARABIC.search(text)), bool(_LATIN.search(text))
    if arabic != latin:
        return "rtl" if arabic else "ltr"
    if lang:
        return "rtl" if lang == "ar" else "ltr"
    if not arabic:
        return ""
    return "rtl" if is_arabic(text) else "ltr"


def isolated(text: str, lang: str = "") -> str:
    """Give a name or a title as it stands safely in a sentence of any direction (Unicode isolates); "" stays "".

    The first letter decides the way of a text in one script (FSI), its language that of a mixed one (RLI, LRI). For
    what people read only: what is searched, stored or parsed goes without.
    """
    if not text:
        return ""
    is_mixed = bool(_ARABIC.search(text) and _LATIN.search(text))
    opening = {"rtl": "\u2067", "ltr": "\u2066"}[direction(text, lang)] if is_mixed else "\u2068"
    return f"{opening}{text}\u2069"


def brief(text: str, most: int) -> str:
    """Give a text, or as many of its first words as fit into `most` characters with "…" after them."""
    text = " ".join(text.split())
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    words = cut.rpartition(" ")[0]
    return (words if len(words) > most // 2 else cut).rstrip(" ,.:;،؛-–") + "…"


# What a line in Arabic turns round, group by group (Unicode Annex 9, W2 and N2), or what is to be read as it was typed.
_PIECES = re.compile(
    r"```\n?(?P<block>.+?)\n?```|`(?P<code>[^`\n]+)`|(?P<turned>https?://[^\s،؛؟]+|[A-Za-z][A-Za-z0-9]*(?:\+\+|#)"
    r"|\+?\d+(?:[-–/.:]+\d+)+|(?:\+|\b0)\d[\d ()-]*\d)",
    re.DOTALL,
)


def pieces(text: str) -> Iterator[tuple[str, str]]:
    """Give the text in pieces with what each is: "" as it stands, "turned" (a date, a phone number, a time from–to,
    an address, C++: from left to right in any line), "code" between backticks, "block" between three of them.
    """
    end = 0
    for found in _PIECES.finditer(text):
        if found.start() > end:
            yield "", text[end : found.start()]
        kind = found.lastgroup or ""
        yield kind, found[kind]
        end = found.end()
    if end < len(text):
        yield "", text[end:]
