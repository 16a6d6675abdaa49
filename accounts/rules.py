"""The week in 21 parts: seven days from Sunday, each with a morning, an afternoon and an evening."""

from collections.abc import Iterable

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
