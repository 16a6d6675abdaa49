"""Shapes of concept and listing files, read strictly: a row is whole, or it is refused with its line and cause."""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from accounts import rules as week
from exchange.lib.jsonl import BadRow, json_lines

__all__ = ["BadRow", "json_lines"]

LONGEST_LABEL = 200
MOST_OTHERS = 400
URI_PATTERN = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*:[^\s\x00-\x1f]{1,190}$")
FREE_PATTERN = re.compile(
    r"^(sun|mon|tue|wed|thu|fri|sat)[a-z]*"
    r"(?:[ -](?:(morning|afternoon|evening)|(\d{1,2})(?::(\d\d))?\s*[-–]\s*(\d{1,2})(?::(\d\d))?))?$"
)


@dataclass(frozen=True)
class Names:
    """The names of a concept in one language; `sources` names where single ones come from, if not from the row's."""

    label: str
    others: tuple[str, ...] = ()
    sources: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ConceptRow:
    """One concept as a file tells it; a language that the file does not know is absent."""

    uri: str
    names: dict[str, Names] = field(default_factory=dict)
    broader: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    source: str = ""


def clean_text(value: object, *, what: str, most: int) -> str:
    """Give a text that can be stored: str, no NUL, no lone surrogate, not longer than `most`.

    Raises `ValueError` naming `what`.
    """
    if not isinstance(value, str):
        raise ValueError(f"{what} must be text")
    if "\x00" in value:
        raise ValueError(f"{what} holds a NUL character")
    if any("\ud800" <= char <= "\udfff" for char in value):
        raise ValueError(f"{what} holds a lone surrogate")
    text = " ".join(value.split())
    if len(text) > most:
        raise ValueError(f"{what} is longer than {most} characters")
    return text


def stable_name(value: object, *, what: str, most: int) -> str:
    """Give a key or an owner's name: text, or a whole number as text. Raises `ValueError` naming `what`."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    name = clean_text(value, what=what, most=most)
    if not name:
        raise ValueError(f"{what} is empty")
    return name


def concept_row(value: dict[str, Any]) -> ConceptRow:
    """Read one object of the `import_concepts` form (design, section 4). Raises `ValueError` with the cause."""
    uri = clean_text(value.get("uri"), what="uri", most=200)
    if not URI_PATTERN.match(uri):
        raise ValueError(f"uri {uri!r} is not a URI")
    names = {lang: _names(value[lang], lang) for lang in ("ar", "en") if value.get(lang)}
    if not names:
        raise ValueError("a concept needs a label in ar or en")
    return ConceptRow(
        uri=uri,
        names=names,
        broader=_uris(value.get("broader"), "broader", uri),
        related=_uris(value.get("related"), "related", uri),
        source=clean_text(value.get("source") or "", what="source", most=60),
    )


def _names(value: object, lang: str) -> Names:
    if not isinstance(value, dict):
        raise ValueError(f"{lang} must be an object with a label")
    label = clean_text(value.get("label"), what=f"{lang}.label", most=LONGEST_LABEL)
    if not label:
        raise ValueError(f"{lang}.label is empty")
    others = value.get("others") or []
    if not isinstance(others, list) or len(others) > MOST_OTHERS:
        raise ValueError(f"{lang}.others must be a list of at most {MOST_OTHERS} texts")
    texts = dict.fromkeys(clean_text(other, what=f"{lang}.others", most=LONGEST_LABEL) for other in others)
    known = {label, *texts}
    return Names(
        label,
        tuple(text for text in texts if text and text != label),
        _sources(value.get("sources"), f"{lang}.sources", known),
    )


def _sources(value: object, what: str, known: set[str]) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError(f"{what} must be an object from name to source")
    sources = {}
    for name, source in value.items():
        text = clean_text(name, what=what, most=LONGEST_LABEL)
        if text not in known:
            raise ValueError(f"{what} names {text!r}, which is no name here")
        sources[text] = clean_text(source, what=f"{what} of {text!r}", most=60)
    return sources


def _uris(value: object, what: str, own: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise ValueError(f"{what} must be a list of URIs")
    uris = dict.fromkeys(clean_text(uri, what=what, most=200) for uri in value)
    for uri in uris:
        if not URI_PATTERN.match(uri):
            raise ValueError(f"{what}: {uri!r} is not a URI")
    return tuple(uri for uri in uris if uri != own)


def esco_rows(path: Path) -> Iterator[tuple[int, ConceptRow | BadRow]]:
    """Read ESCO's own CSV: skills, groups and occupations by language, or its broader-relations table.

    The language is the end of the file's name (`skills_en.csv`), as ESCO publishes it.
    """
    with path.open("rb") as lines:
        reader = csv.DictReader(_decoded(path.name, lines), strict=True)
        try:
            yield from _esco(path, reader)
        except BadRow as bad:
            yield bad.line, bad
        except csv.Error as error:
            line = reader.line_num + ("field larger" in str(error))
            yield line, BadRow(path.name, line, f"not CSV ({error})")


def _esco(path: Path, reader: "csv.DictReader[str]") -> Iterator[tuple[int, ConceptRow | BadRow]]:
    lang = path.stem.rsplit("_", 1)[-1].lower()
    header = set(reader.fieldnames or ())
    if {"conceptUri", "broaderUri"} <= header:
        for row in reader:
            yield reader.line_num, _esco_link(path.name, reader.line_num, row)
        return
    if not {"conceptUri", "preferredLabel"} <= header:
        yield 1, BadRow(path.name, 1, "not an ESCO table: no columns conceptUri and preferredLabel")
        return
    if lang not in ("ar", "en"):
        yield 1, BadRow(path.name, 1, "the file's name must end in its language, _ar or _en")
        return
    for row in reader:
        yield reader.line_num, _esco_row(path.name, reader.line_num, row, lang)


def _decoded(name: str, lines: Iterable[bytes]) -> Iterator[str]:
    for number, raw in enumerate(lines, start=1):
        try:
            yield raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise BadRow(name, number, f"not UTF-8 (byte {error.start + 1})") from error


def _esco_link(name: str, line: int, row: dict[str, Any]) -> ConceptRow | BadRow:
    for column in ("conceptUri", "broaderUri"):
        if not URI_PATTERN.match(row[column] or ""):
            return BadRow(name, line, f"{column} {row[column]!r} is not a URI")
    return ConceptRow(uri=row["conceptUri"], broader=(row["broaderUri"],))


def _esco_row(name: str, line: int, row: dict[str, Any], lang: str) -> ConceptRow | BadRow:
    try:
        others = [text for text in (row.get("altLabels") or "").split("\n") if text.strip()][:MOST_OTHERS]
        return concept_row(
            {"uri": row["conceptUri"], lang: {"label": row["preferredLabel"], "others": others}, "source": "ESCO"}
        )
    except ValueError as error:
        return BadRow(name, line, str(error))


@dataclass(frozen=True)
class ListingRow:
    """One listing as a file tells it. `owner` is an e-mail address or any stable name; `free` is a 21-bit mask."""

    key: str
    kind: str
    owner: str
    title: str
    body: str
    lang: str
    concepts: tuple[str, ...] = ()
    district: str | None = None
    format: str = "place"
    free: int = 0


def listing_row(value: dict[str, Any]) -> ListingRow:
    """Read one object of the `import_listings` form (design, section 4). Raises `ValueError` with the cause.

    "free" is a list of weekly parts: "tue-evening", "tue evening", or "tue 17:00-19:00".
    """
    kind, lang, form = value.get("kind"), value.get("lang"), value.get("format")
    form = "place" if form is None or form == "" else form
    if kind not in ("offer", "wish"):
        raise ValueError(f"unknown kind {kind!r}; use offer or wish")
    if lang not in ("ar", "en"):
        raise ValueError(f"unknown language {lang!r}; use ar or en")
    if form not in ("place", "online", "both"):
        raise ValueError(f"unknown format {form!r}; use place, online or both")
    key = stable_name(value.get("key"), what="key", most=100)
    owner = stable_name(value.get("owner"), what="owner", most=200)
    title = clean_text(value.get("title"), what="title", most=400)
    if not title:
        raise ValueError("title is empty")
    tags, body, free = (value.get(name) for name in ("concepts", "body", "free"))
    tags = [] if tags is None else tags
    if not isinstance(tags, list):
        raise ValueError("concepts must be a list of URIs or names")
    district = value.get("district")
    return ListingRow(
        key=key,
        kind=kind,
        owner=owner,
        title=title,
        body=clean_text("" if body is None else body, what="body", most=100_000),
        lang=lang,
        concepts=tuple(clean_text(tag, what="concepts", most=200) for tag in tags),
        district=clean_text(district, what="district", most=80) if district is not None else None,
        format=form,
        free=free_mask([] if free is None else free),
    )


def free_mask(free: object) -> int:
    """Give the 21 bits of weekly free parts; an hour range covers each part that it overlaps by an hour or more."""
    if not isinstance(free, list):
        raise ValueError('free must be a list such as ["tue-evening"]')
    bits = 0
    for entry in free:
        if not isinstance(entry, str):
            raise ValueError(f"free: {entry!r} is not text")
        bits |= week.mask(_parts(entry))
    return bits


def _parts(entry: str) -> list[str]:
    match = FREE_PATTERN.match(entry.strip().lower())
    if match is None:
        raise ValueError(f"free: {entry!r} is not a time such as tue-evening or tue 17:00-19:00")
    day, part, start, start_minute, end, end_minute = match.groups()
    if part:
        return [f"{day}-{part}"]
    if start is None:
        return [f"{day}-{name}" for name in week.PARTS]
    begins, ends = int(start) * 60 + int(start_minute or 0), int(end) * 60 + int(end_minute or 0)
    if max(int(start_minute or 0), int(end_minute or 0)) > 59 or not begins < ends <= 24 * 60:
        raise ValueError(f"free: {entry!r} does not begin before it ends, between 0:00 and 24:00")
    return [
        f"{day}-{name}"
        for name, (opens, closes) in week.HOURS.items()
        if min(ends, closes * 60) - max(begins, opens * 60) >= min(60, ends - begins) > 0
    ]
