"""Lessons as iCalendar (RFC 5545): what a calendar shows, in the reader's language, with first names at most."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from icalendar import Calendar, Event

PUBLISH, CANCEL = "PUBLISH", "CANCEL"


@dataclass(frozen=True)
class Entry:
    """One event. `uid` never changes; `sequence` rises with each change of it."""

    uid: str
    sequence: int
    starts_at: datetime
    ends_at: datetime
    changed_at: datetime
    title: str
    text: str
    place: str
    url: str
    is_cancelled: bool


def write(entries: Sequence[Entry], *, name: str, method: str = PUBLISH) -> bytes:
    """Give a calendar file of some entries; the same entries give the same bytes."""
    calendar = Calendar()
    calendar.add("prodid", "-//Rukn//Lessons//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    calendar.add("x-wr-calname", one_line(name))
    calendar.add("x-published-ttl", "PT1H")
    for entry in entries:
        calendar.add_component(_event(entry))
    return bytes(calendar.to_ical())


def one_line(text: str) -> str:
    """Give text without line breaks and whatever else cannot be seen."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _event(entry: Entry) -> Event:
    event = Event()
    event.add("uid", entry.uid)
    event.add("sequence", entry.sequence)
    event.add("dtstamp", entry.changed_at.astimezone(UTC))
    event.add("last-modified", entry.changed_at.astimezone(UTC))
    event.add("dtstart", entry.starts_at.astimezone(UTC))
    event.add("dtend", entry.ends_at.astimezone(UTC))
    event.add("summary", one_line(entry.title))
    event.add("description", "\n".join(each for each in (one_line(entry.text), entry.url) if each))
    if entry.place:
        event.add("location", one_line(entry.place))
    event.add("url", entry.url)
    event.add("class", "PRIVATE")
    event.add("status", "CANCELLED" if entry.is_cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if entry.is_cancelled else "OPAQUE")
    return event


def latest(moments: Iterable[datetime | None]) -> datetime:
    """Give the last of some moments, those left out that are not known."""
    return max(moment for moment in moments if moment is not None)
