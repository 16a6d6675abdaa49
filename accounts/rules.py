"""The week in 21 parts: seven days from Sunday, each with a morning, an afternoon and an evening."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from exchange.lib.arabic import fold

DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
PARTS = ("morning", "afternoon", "evening")
HOURS = {"morning": (8, 12), "afternoon": (12, 17), "evening": (17, 22)}  # local time, half-open
CODES = tuple(f"{day}-{part}" for day in DAYS for part in PARTS)
ALL_WEEK = (1 << len(CODES)) - 1

# What a personal key may be allowed: look around as its person does; change listings, profile and blocks; read and
# write in their talks; decide at the curators' desk.
SCOPES = ("read", "write", "talk", "curate")


def mask(codes: Iterable[str]) -> int:
    """Give the bits of codes such as "tue-evening"; bit 0 is "sun-morning".

    Raises `ValueError` naming the first code that is unknown.
    """
    bits = 0
    for code in codes:
        try:
            bits |= 1 << CODES.index(code)
        except ValueError:
            raise ValueError(f"unknown time {code!r}; use a day and a part such as tue-evening") from None
    return bits


def codes(bits: int) -> list[str]:
    """Give the codes of a mask, in the order of the week."""
    return [code for place, code in enumerate(CODES) if bits >> place & 1]


def week_of(weekend: Sequence[str]) -> tuple[str, ...]:
    """Give the days in the order in which a city with this weekend shows its week: the day after the weekend first."""
    first = (DAYS.index(weekend[-1]) + 1) % 7
    return DAYS[first:] + DAYS[:first]


def wall(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Give a time of the wall clock in UTC: the first of two where clocks go back, the one after where they leap."""
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


def whole_days(first: date, last: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Give when one day begins and another one ends, both counted in."""
    return wall(first, time(0), zone), wall(last + timedelta(days=1), time(0), zone)


def hours_of_day(day: date, begins: time, ends: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Give two times of the wall clock on one day; an end not after the beginning is on the day after."""
    return wall(day, begins, zone), wall(day if ends > begins else day + timedelta(days=1), ends, zone)


# What a browser says of itself → the name people know it by; the first that fits counts.
_BROWSERS = {
    "Edg": "Edge",
    "SamsungBrowser": "Samsung",
    "OPR": "Opera",
    "Firefox": "Firefox",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
_SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS": "Mac",
    "Linux": "Linux",
}


def device_name(user_agent: str) -> str:
    """Give a browser's own description in words one knows, such as "Chrome · Android"; its first word when unknown."""
    found = [next((name for mark, name in known.items() if mark in user_agent), "") for known in (_BROWSERS, _SYSTEMS)]
    return " · ".join(name for name in found if name) or user_agent.split("/")[0][:40]


# A place counts as public when it names itself by one of these and by none of the private ones. Words, not parts of
# words; the Arabic ones with and without the article. A curator reads the listing besides.
_PUBLIC = (
    "مكتبة", "حديقة", "منتزه", "متنزه", "مركز", "مقهى", "كافيه", "مدرسة", "نادي", "مسجد", "جامع",
    "كنيسة", "جامعة", "كلية", "معهد", "متحف", "مول", "بلدية", "ملعب", "سوق", "قاعة", "ساحة", "ركن",
    "كورنيش", "صالة", "library", "park", "centre", "center", "café", "cafe", "school", "club", "mosque",
    "church", "university", "college", "institute", "museum", "mall", "municipality", "playground",
    "market", "hall", "square", "corner", "gym", "stadium",
)  # fmt: skip
_HOUSES_OF_CULTURE = ("بيت الثقافة", "بيت الشباب", "youth house", "house of culture", "town house")
_PRIVATE = (
    "بيتي", "بيتنا", "بيت", "منزل", "منزلي", "منزلنا", "شقة", "شقتي", "فيلا", "غرفة", "غرفتي", "سيارة",
    "سيارتي", "عندي", "عندنا", "مزرعتي", "مكتبي", "home", "house", "flat", "apartment", "room", "car",
    "villa", "mine",
)  # fmt: skip


def _words(text: str) -> str:
    plain = "".join(letter if letter.isalnum() else " " for letter in fold(text))
    words = [word[2:] if word.startswith("ال") and len(word) > 4 else word for word in plain.split()]
    return f" {' '.join(words)} "


_PUBLIC_WORDS, _PRIVATE_WORDS, _CULTURE = (
    [_words(each) for each in known] for known in (_PUBLIC, _PRIVATE, _HOUSES_OF_CULTURE)
)


def is_public_place(text: str) -> bool:
    """Whether a place, in its owner's words, names itself as open to everyone, such as "the library in Naseem"."""
    words = _words(text)
    for house in _CULTURE:
        words = words.replace(house, " ركن ")
    return any(each in words for each in _PUBLIC_WORDS) and not any(each in words for each in _PRIVATE_WORDS)
