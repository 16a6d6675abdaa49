"""What a message gives away or asks for: contacts to mask, patterns to warn of, and what a curator must see first."""

import re
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from exchange.chat.screening import contacts
from exchange.chat.screening.anchors import Anchors
from exchange.chat.screening.reading import read

HERE = Path(__file__).resolve().parent
LANGUAGES = ("ar", "en")
MASK, WARN, HOLD = "mask", "warn", "hold"
WARNINGS_TO_HOLD = 2
COVER = "•••"
MOST_ROUNDS = 10


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
    """One kind of scam or grooming as one language says it, what takes it back, and why it matters, in both."""

    rule: str
    lang: str
    severity: str
    reason: dict[str, str]
    says: tuple["re.Pattern[str]", ...]
    unless: tuple["re.Pattern[str]", ...]


def screen(text: str, *, is_first_contact: bool) -> Screened:
    """Screen one message. Contact data is masked only before both have answered; patterns are looked for always."""
    reading = read(text)
    masked, hidden = _hide(text) if is_first_contact else (text, {})
    findings = [Finding(rule, MASK, tuple(spans)) for rule, spans in hidden.items()]
    for pattern in _met(reading.text):
        spans = [match.span() for says in pattern.says for match in says.finditer(reading.text) if match.group()]
        spans = [span for span in spans if not _taken_back(pattern, reading.text, span)]
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
            found.append(Pattern(rule, lang, row["severity"], row["reason"], says, unless))
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


def _taken_back(pattern: Pattern, text: str, span: tuple[int, int]) -> bool:
    """Whether the words around a finding say the opposite ("never give anyone the code")."""
    around = text[max(0, span[0] - 40) : span[1] + 40]
    return any(unless.search(around) for unless in pattern.unless)


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
