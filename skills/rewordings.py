"""What else a question may be called: rules learned from the names that one concept has, in one language.

"Look after" and "take care of" begin names of the same skills, so a question "look after gems" may mean what is called
"take care of gems". A rule puts a few words for a few others, for none ("perform …") or none for some; the words
around it stay. Where a question, once reworded, is a name word for word, its skill is likely meant, the more so the
more of the skills with the old words also say the new ones (paraphrases by pivoting: Bannard and Callison-Burch 2005,
"Paraphrasing with bilingual parallel corpora", with the concept as the pivot).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, groupby

MOST_CHANGED = 2  # words that a rule takes or puts
LONGEST = 8  # stems of a name that teaches, and of a question
MOST_NAMES = 24  # of one concept and language that teach
DOUBT = 1.5  # concepts that must say so before it is believed by half
LEAST, MOST_PER_WORDS = 0.005, 60

Stems = frozenset[str]
Rules = Mapping[Stems, Sequence[tuple[Stems, float]]]


def learn(names: Iterable[tuple[int, str, Sequence[str]]]) -> Rules:
    """Learn from (concept, language, stems), the names of one concept beside each other.

    Gives for the words that may go those that may come, with the share (0–1) of the concepts with the old words that
    also say the new ones, doubted where few say so.
    """
    told: dict[Stems, Counter[Stems]] = defaultdict(Counter)
    together = [
        list(dict.fromkeys(frozenset(stems) for _, _, stems in rows if len(stems) <= LONGEST))[:MOST_NAMES]
        for _, rows in groupby(names, key=lambda name: name[:2])
    ]
    for several in together:
        for old, new in {
            (one - other, other - one)
            for one in several
            for other in several
            if one is not other and one & other and len(one - other) <= MOST_CHANGED >= len(other - one)
        }:
            told[old][new] += 1
    holders = Counter(
        part for several in together for part in {part for name in several for part in _parts(name, told)}
    )
    out = {}
    for old, found in told.items():
        rules = [(new, count / (holders[old] + DOUBT)) for new, count in found.most_common(MOST_PER_WORDS)]
        rules = [rule for rule in rules if rule[1] >= LEAST]
        if rules:
            out[old] = rules
    return out


def reword(stems: Stems, rules: Rules) -> Iterator[tuple[Stems, float]]:
    """Give what else a question of these stems may be called, with how likely (0–1) each is to mean the same."""
    if len(stems) <= LONGEST:
        for old in _parts(stems, rules):
            rest = stems - old
            for new, strength in rules[old]:
                yield rest | new, strength


def _parts(stems: Stems, known: Mapping[Stems, object]) -> Iterator[Stems]:
    """Give the known parts of a name that leave something of it."""
    ordered = sorted(stems)
    for size in range(min(MOST_CHANGED, len(ordered) - 1) + 1):
        for words in combinations(ordered, size):
            part = frozenset(words)
            if part in known:
                yield part
