"""What a message gives away or asks for: contacts to mask, patterns to warn of, and what a curator must see first."""

import re
import tomllib
from bisect import bisect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from exchange.chat.screening import contacts
from exchange.chat.screening.anchors import Anchors
from exchange.chat.screening.reading import Reading, read

HERE = Path(__file__).resolve().parent
LANGUAGES = ("ar", "en")
MASK, WARN, HOLD = "mask", "warn", "hold"
WARNINGS_TO_HOLD = 2
COVER = "•••"
MOST_ROUNDS = 10
FAR = 40  # letters on either side of a finding that can say something about it
_CLAUSE_ENDS = re.compile(r"[.…؟?!،,;؛]| (?:but|لكن|ولكن|بس) ")
_REST_OF_WORD = re.compile(r".\w*", re.DOTALL)


@dataclass(frozen=True)
class Finding:
    """One rule that a message meets. `spans` are (start, end) in the text as it was written."""

    rule: str
    severity: str
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Screened:
    """A message as its reader gets it, and why."""

    masked: str
    findings: tuple[Finding, ...]

    @property
    def is_held(self) -> bool:
        """Whether a curator looks first: one reason to hold, or two warnings."""
        warnings = sum(finding.severity == WARN for finding in self.findings)
        return warnings >= WARNINGS_TO_HOLD or any(finding.severity == HOLD for finding in self.findings)


@dataclass(frozen=True)
class Pattern:
    """One kind of scam or grooming as one language says it, what takes it back, and why it matters, in both.

    `unless` begins before what is said and reaches it ("never | give anyone the code"); `about` stands anywhere in the
    same clause ("a lesson about"). Neither counts from another clause: «كيف حالك؟» says nothing of what follows it.
    """

    rule: str
    lang: str
    severity: str
    reason: dict[str, str]
    says: tuple["re.Pattern[str]", ...]
    unless: tuple["re.Pattern[str]", ...]
    about: tuple["re.Pattern[str]", ...]


def screen(text: str, *, is_first_contact: bool) -> Screened:
    """Screen one message. Contact data is masked only before both have answered; patterns are looked for always."""
    reading = read(text)
    masked, hidden = _hide(text) if is_first_contact else (text, {})
    findings = [Finding(rule, MASK, tuple(spans)) for rule, spans in hidden.items()]
    for pattern in _met(reading.text):
        spans = [span for says in pattern.says for span in _said(pattern, says, reading)]
        if spans and all(pattern.rule != finding.rule for finding in findings):
            findings.append(Finding(pattern.rule, pattern.severity, tuple(reading.original(*span) for span in spans)))
    return Screened(masked, tuple(findings))


def make_ready() -> None:
    """Read the rules before the first message comes. It takes a quarter of a second, in which a process that carries
    talks would carry nothing else.
    """
    _searches()


def _met(text: str) -> Iterable[Pattern]:
    """Give the patterns that say something about a folded text, in their order. Nearly every message meets none, and
    each message of every talk is asked: so only what it could meet at all is looked at closely.
    """
    anchors, searches = _searches()
    found = {}
    for number in anchors.may_meet(text):
        search, pattern = searches[number]
        if search(text):
            found[id(pattern)] = pattern
    return found.values()


@cache
def _searches() -> tuple[Anchors, list[tuple[Callable[[str], "re.Match[str] | None"], Pattern]]]:
    """People mix, so both languages are looked for in every text."""
    says = [(each, pattern) for pattern in patterns() for each in pattern.says]
    return Anchors(each for each, _pattern in says), [(each.search, pattern) for each, pattern in says]


@cache
def patterns() -> tuple[Pattern, ...]:
    """Give the patterns of both files; a rule of both languages is looked for in every text, because people mix."""
    found = []
    for lang in LANGUAGES:
        with (HERE / f"{lang}.toml").open("rb") as stream:
            rules = tomllib.load(stream)
        groups = rules.pop("words", {})
        for rule, row in rules.items():
            says = tuple(_compiled(lang, each, groups) for each in row["says"])
            unless = tuple(_compiled(lang, each, groups) for each in row.get("unless", ()))
            about = tuple(_compiled(lang, each, groups) for each in row.get("about", ()))
            found.append(Pattern(rule, lang, row["severity"], row["reason"], says, unless, about))
    return tuple(found)


def reason(rule: str, lang: str) -> str:
    """Give why a rule exists, for the reader; nothing for a rule that is not there."""
    return next((pattern.reason.get(lang, "") for pattern in patterns() if pattern.rule == rule), "")


def _compiled(lang: str, words: str, groups: dict[str, str]) -> "re.Pattern[str]":
    """Read a pattern: folded like the text it is held against; <name> is a group of words, a blank any blanks."""
    for name, group in groups.items():
        words = words.replace(f"<{name}>", group)
    folded = read(words).text if lang == "ar" else words.casefold()
    return re.compile(folded.replace(" ?", r"[\s,،]{0,4}").replace(" ", r"[\s,،]{1,4}"))


def _said(pattern: Pattern, says: "re.Pattern[str]", reading: Reading) -> Iterator[tuple[int, int]]:
    """Give the spans at which a pattern says something that is not taken back. What is taken back may hide another in
    itself ("never give it to others, give me the code"): so the next word after its beginning is looked at again.
    """
    at = 0
    while match := says.search(reading.text, at):
        start, at = match.span()
        if _taken_back(pattern, reading, start, at):
            at = start + len(_REST_OF_WORD.match(reading.text, start).group())  # type: ignore[union-attr]
        else:
            yield start, at


def _taken_back(pattern: Pattern, reading: Reading, start: int, end: int) -> bool:
    """Whether words in the clause of a finding say the opposite ("never give anyone the code")."""
    if not pattern.unless and not pattern.about:
        return False
    first, last = _clause(reading, start, end)
    near = reading.text[first:last]
    return any(about.search(near) for about in pattern.about) or any(
        match.start() < start - first <= match.end() for unless in pattern.unless for match in unless.finditer(near)
    )


def _clause(reading: Reading, start: int, end: int) -> tuple[int, int]:
    """Give (beginning, end) of the clause, or the clauses, that a span stands in; not farther than `FAR` from it."""
    first, last = max(0, start - FAR), min(len(reading.text), end + FAR)
    line_begins = reading.written.rfind("\n", 0, reading.places[start]) + 1
    line_ends = reading.written.find("\n", reading.places[end - 1])
    first = max(first, bisect(reading.places, line_begins - 1))
    if line_ends >= 0:
        last = min(last, bisect(reading.places, line_ends - 1))
    for mark in _CLAUSE_ENDS.finditer(reading.text, first, start):
        first = mark.end()
    following = _CLAUSE_ENDS.search(reading.text, end, last)
    return first, following.start() if following else last


def _hide(text: str) -> tuple[str, dict[str, list[tuple[int, int]]]]:
    """Cover contact data, and look again until what is left gives nothing away. Gives rule → spans in the original."""
    hidden: dict[str, list[tuple[int, int]]] = {}
    places = list(range(len(text)))  # where each character left stood in the original
    for _round in range(MOST_ROUNDS):
        reading = read(text)
        found = {
            rule: [reading.original(*span) for span in spans] for rule, spans in contacts.found(reading.text).items()
        }
        if not found:
            break
        for rule, spans in found.items():
            hidden.setdefault(rule, []).extend((places[start], places[end - 1] + 1) for start, end in spans)
        text, places = _covered(text, places, sorted(span for spans in found.values() for span in spans))
    return text, hidden


def _covered(text: str, places: list[int], spans: list[tuple[int, int]]) -> tuple[str, list[int]]:
    """Put a cover in place of each span; spans may overlap."""
    out, left, at = [], [], 0
    for start, end in spans:
        if start >= at:
            out += [text[at:start], COVER]
            left += [*places[at:start], *[places[start]] * (len(COVER) - 1), places[end - 1]]
        elif end > at:  # it begins inside the one before, which already has a cover
            left[-1] = places[end - 1]
        at = max(at, end)
    return "".join([*out, text[at:]]), [*left, *places[at:]]
