"""Measure the rules for first words on the project's own messages, good and bad, in both languages.

    python benchmarks/first_words.py [--names]

`tests/data/first_words.jsonl` is what the rules were tuned on; `first_words_unseen.jsonl` was written before and never
tuned on; `first_words_kept_back.jsonl` is the half of a third, harder round that was not tuned on. A bad message is
caught when it gets a finding at least as severe as it expects and, where it gives contact data away, no part of what it
names in "secrets" can be read in the masked text. A harmless message with any finding is a false alarm. `--names` lists
the messages that go wrong. Prints JSON; exit status 1 when the tuned set falls short of 95 % caught or passes 2 % false
alarms.
"""

import argparse
import json
import re
import sys
import time
import unicodedata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
DATA = ROOT / "tests" / "data"
SETS = {
    "tuned": DATA / "first_words.jsonl",
    "unseen": DATA / "first_words_unseen.jsonl",
    "kept_back": DATA / "first_words_kept_back.jsonl",
}
LEAST_RECALL, MOST_FALSE = 0.95, 0.02
SEVERITIES = ["mask", "warn", "hold"]
# What remains readable of an address when only its own part is gone: says nothing.
COMMON = frozenset(
    [
        "com",
        "net",
        "org",
        "www",
        "http",
        "https",
        "hxxp",
        "hxxps",
        "gmail",
        "hotmail",
        "instagram",
        "chat",
        "whatsapp",
        "mail",
        "yahoo",
        "outlook",
        "live",
        "example",
        "me",
        "join",
        "start",
    ]
)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--names", action="store_true", help="list the messages that go wrong")
    asked = parser.parse_args()
    found = {name: measure(path) for name, path in SETS.items()}
    for figures in found.values():
        if not asked.names:
            del figures["missed"], figures["alarmed"]
    sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=2) + "\n")
    tuned = found["tuned"]
    return int(tuned["recall"] < LEAST_RECALL or tuned["false_alarms"] > MOST_FALSE)


def measure(path: Path) -> dict[str, Any]:
    """Give recall and false alarms (0–1) over a file, what went wrong, and the time a message takes (microseconds)."""
    from exchange.chat.screening import screen

    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    screen("warm", is_first_contact=True)
    began = time.perf_counter()
    screened = {row["id"]: screen(row["text"], is_first_contact=row["first_contact"]) for row in rows}
    seconds = time.perf_counter() - began
    bad, harmless = [row for row in rows if row["expect"]], [row for row in rows if not row["expect"]]
    missed = [row["id"] for row in bad if not is_caught(row, screened[row["id"]])]
    alarmed = {row["id"]: [each.rule for each in screened[row["id"]].findings] for row in harmless}
    alarmed = {key: rules for key, rules in alarmed.items() if rules}
    return {
        "bad": len(bad),
        "harmless": len(harmless),
        "recall": round(1 - len(missed) / len(bad), 4),
        "false_alarms": round(len(alarmed) / len(harmless), 4),
        "microseconds": round(seconds / len(rows) * 1e6),
        "missed": missed,
        "alarmed": alarmed,
    }


def is_caught(row: dict[str, Any], screened: Any) -> bool:
    """Whether a bad message got a right finding, and nothing of its secrets can be read."""
    wanted = min(SEVERITIES.index(each) for each in row["expect"])
    found = {each.severity for each in screened.findings}
    if SEVERITIES[wanted] == "mask":
        return "mask" in found and not leaks(row, screened.masked)
    return any(SEVERITIES.index(each) >= wanted for each in found)


def leaks(row: dict[str, Any], masked: str) -> list[str]:
    """Give the parts of a message's secrets that can still be read: words of three letters, four digits in a row."""
    plain = _plain(masked)
    shown = re.sub(r"\W+", "", plain)
    left = []
    for secret in row.get("secrets", []):
        words = [word for word in re.findall(r"\w+", _plain(secret)) if len(word) >= 3 and word not in COMMON]
        left += [word for word in words if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", plain)]
        digits = re.sub(r"\D", "", _plain(secret))
        left += [digits[at : at + 4] for at in range(len(digits) - 3) if digits[at : at + 4] in shown]
    return left


def _plain(text: str) -> str:
    visible = "".join(char for char in text if unicodedata.category(char) not in {"Cf", "Mn", "Me"} and char != "ـ")
    folded = unicodedata.normalize("NFKC", visible).casefold()
    return "".join(str(unicodedata.digit(char, "")) if char.isdigit() else char for char in folded)


if __name__ == "__main__":
    sys.exit(main())
