"""Free text to concepts: an index over every name of every concept in both languages.

Three roads, the strongest wins: a whole name standing in the text; words shared with a name, rare words counting more;
character grams shared with a name, which forgive slips of the finger. Words like "I want to learn" count for nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from math import log, sqrt

from rapidfuzz.distance import OSA

from exchange.lib import arabic

EXACT, PREFERRED_BONUS = 0.97, 0.03
LONGEST_NAME = 8  # words of a name that are looked up as one phrase
MOST_WORDS = 60  # content words of a text that are read
MOST_CANDIDATES = 60
MOST_FOR_SLIPS = 8  # a longer text is no single misspelt name
GRAM_SHARE = 0.8  # grams alone never make sure
WORD_SHARE = 0.9
UNKNOWN_IDF = 6.0  # weight of a word that no name has
SHORTEST_SLIPPED, LONG_WORD = 5, 8
SLIP_FROM = 0.75  # a name this near needs no forgiving of slips
COMMON_GRAM = 0.08  # grams in more than this share of names say nothing


@dataclass(frozen=True)
class LabelRow:
    """One name of a concept."""

    concept: int
    lang: str
    text: str
    preferred: bool


@dataclass(frozen=True)
class Hit:
    """A concept found in a text by one of its names. `score` is 0–1; `exact` says that a whole name stands there."""

    concept: int
    score: float
    label: str
    lang: str
    exact: bool


@dataclass(frozen=True)
class _Name:
    concept: int
    lang: str
    text: str
    preferred: bool
    stems: tuple[str, ...]
    words: tuple[str, ...]  # without article, for slips
    weight: float
    folded: str


@dataclass(frozen=True)
class _Word:
    """One word of a question: itself without article, and the stems it may be found under."""

    bare: str
    stems: tuple[str, ...]


def _allowed(one: str, other: str) -> int:
    """Give how many slips two words may be apart; short ones are too easily another word (عود, عقود)."""
    shorter = min(len(one), len(other))
    return 0 if shorter < SHORTEST_SLIPPED else 1 if shorter < LONG_WORD else 2


class Resolver:
    """The index, built once per version of the concepts; immutable afterwards, so threads may share it."""

    SURE = 0.62  # hits from here on may be taken without asking the author
    POSSIBLE = 0.18

    def __init__(
        self,
        labels: Iterable[LabelRow],
        broader: Iterable[tuple[int, int]] = (),
        related: Iterable[tuple[int, int]] = (),
    ) -> None:
        rows = list(labels)
        self._parents: dict[int, list[int]] = defaultdict(list)
        for child, parent in broader:
            self._parents[child].append(parent)
        stemmed = [self._stems(row.text) for row in rows]
        spread = Counter(stem for stems in stemmed for stem in set(stems))
        self._idf = {stem: log(1 + len(rows) / count) for stem, count in spread.items()}
        self._names: list[_Name] = []
        self._phrases: dict[tuple[str, ...], list[int]] = defaultdict(list)
        self._by_stem: dict[str, list[int]] = defaultdict(list)
        by_gram: dict[str, list[int]] = defaultdict(list)
        self._gram_counts: list[int] = []
        for row, stems in zip(rows, stemmed, strict=True):
            place = len(self._names)
            weight = sum(self._idf[stem] for stem in set(stems)) or 1.0
            folded = arabic.fold(row.text)
            plain = tuple(arabic.without_article(word) for word in arabic.content_words(row.text) or folded.split())
            self._names.append(_Name(row.concept, row.lang, row.text, row.preferred, stems, plain, weight, folded))
            if stems and len(stems) <= LONGEST_NAME:
                self._phrases[tuple(sorted(set(stems)))].append(place)
            for stem in set(stems):
                self._by_stem[stem].append(place)
            grams = set(self._grams(row.text))
            self._gram_counts.append(len(grams) or 1)
            for gram in grams:
                by_gram[gram].append(place)
        most = max(200, int(COMMON_GRAM * len(rows)))
        self._by_gram = {gram: places for gram, places in by_gram.items() if len(places) <= most}
        self._starts: dict[str, list[int]] = defaultdict(list)
        for place, name in enumerate(self._names):
            for word in {name.folded, *name.folded.split()}:
                bare = arabic.without_article(word)
                for start in {word[:2], bare[:2]}:
                    self._starts[start].append(place)

    def resolve(
        self, text: str, lang: str | None = None, *, limit: int = 10, threshold: float | None = None
    ) -> list[Hit]:
        """Give concepts that a free text names or comes near to, best first; an empty list when nothing fits.

        `lang` only settles ties. Several concepts of one text are all found. `threshold` is the least score.
        """
        words = self._content(text)
        if not words:
            return []
        best: dict[int, Hit] = {}
        covered = self._whole_names(words, lang, best)
        rest = [word for place, word in enumerate(words) if place not in covered]
        if rest or len(best) < limit:
            self._near_names(words if not best else rest, words, lang, best)
        least = self.POSSIBLE if threshold is None else threshold
        hits = [hit for hit in best.values() if hit.score >= least]
        hits.sort(key=lambda hit: (-hit.score, hit.lang != lang, hit.concept))
        return hits[:limit]

    def suggest(self, prefix: str, lang: str, *, limit: int = 8) -> list[Hit]:
        """Complete what is being typed: names that begin so, then names with a word that does, then near spellings."""
        typed = arabic.fold(prefix)
        bare = arabic.without_article(typed)
        best: dict[int, Hit] = {}
        if len(typed) >= 2:
            for place in {*self._starts.get(typed[:2], ()), *self._starts.get(bare[:2], ())}:
                name = self._names[place]
                score = self._starts_like(name.folded, typed, bare)
                if score:
                    score *= (1.0 if name.lang == lang else 0.85) * (1.0 if name.preferred else 0.93)
                    score *= 1 - min(len(name.folded), 60) / 400
                    self._keep(best, Hit(name.concept, round(score, 4), name.text, name.lang, exact=False))
        if len(best) < 3:
            for hit in self.resolve(prefix, lang, limit=limit):
                if hit.concept not in best:
                    best[hit.concept] = Hit(hit.concept, round(hit.score * 0.5, 4), hit.label, hit.lang, hit.exact)
        return sorted(best.values(), key=lambda hit: (-hit.score, hit.concept))[:limit]

    @staticmethod
    def _starts_like(name: str, typed: str, bare: str) -> float:
        if name.startswith((typed, bare)) or arabic.without_article(name).startswith(bare):
            return 1.0
        if any(
            word.startswith((typed, bare)) or arabic.without_article(word).startswith(bare) for word in name.split()
        ):
            return 0.8
        return 0.0

    def _content(self, text: str) -> list[_Word]:
        folded = arabic.content_words(text[:20_000])[:MOST_WORDS]
        if not folded:
            # «دروس» or "teaching" alone: every word is a request word, so they are all there is to go by.
            folded = [word for word in arabic.words(text[:2_000]) if len(word) > 2][:MOST_WORDS]
        return [_Word(arabic.without_article(word), arabic.stems(word)) for word in folded]

    def _stems(self, text: str) -> tuple[str, ...]:
        folded = arabic.content_words(text) or arabic.words(text)
        return tuple(arabic.stems(word)[0] for word in folded)

    @staticmethod
    def _grams(text: str) -> list[str]:
        folded = arabic.content_words(text) or arabic.words(text)
        return arabic.grams(" ".join(arabic.without_article(word) for word in folded))

    def _whole_names(self, words: list[_Word], lang: str | None, best: dict[int, Hit]) -> set[int]:
        """Take names that stand in the text as a run of words, longest first; give the places they cover."""
        covered: set[int] = set()
        for size in range(min(LONGEST_NAME, len(words)), 0, -1):
            for start in range(len(words) - size + 1):
                span = range(start, start + size)
                if any(place in covered for place in span):
                    continue
                found = self._phrase(words[start : start + size])
                if not found:
                    continue
                covered.update(span)
                share = size / len(words)
                for place in found:
                    name = self._names[place]
                    score = EXACT + (PREFERRED_BONUS if name.preferred else 0.0)
                    if name.lang != lang and lang is not None:
                        score -= 0.005
                    score *= 0.82 + 0.18 * min(1.0, share * 2)  # one name in a long text is less sure than alone
                    self._keep(best, Hit(name.concept, round(score, 4), name.text, name.lang, exact=True))
        return covered

    def _phrase(self, words: list[_Word]) -> list[int]:
        key = tuple(sorted({word.stems[0] for word in words}))
        found = self._phrases.get(key, [])
        if found or len(words) > 3:
            return found
        for place, word in enumerate(words):
            for other in word.stems[1:]:
                changed = [other if here == place else each.stems[0] for here, each in enumerate(words)]
                found = self._phrases.get(tuple(sorted(set(changed))), [])
                if found:
                    return found
        return []

    def _near_names(self, rest: list[_Word], words: list[_Word], lang: str | None, best: dict[int, Hit]) -> None:
        """Score names that share words or grams with what no whole name covered (or with all, for near concepts)."""
        scores = self._shared_scores(rest or words)
        for place in sorted(scores, key=lambda place: (-scores[place], place))[:MOST_CANDIDATES]:
            name = self._names[place]
            score = scores[place]
            if rest:
                score = max(score, self._slip(rest, name)) if score < SLIP_FROM else score
            else:
                score = min(score, self.SURE - 0.02)  # a whole name was found: what is merely near stays a guess
            score += (0.01 if name.preferred else 0.0) - (0.005 if lang not in (None, name.lang) else 0.0)
            self._keep(best, Hit(name.concept, round(min(score, 0.95), 4), name.text, name.lang, exact=False))

    def _shared_scores(self, asked_words: list[_Word]) -> dict[int, float]:
        """Give each name's place with the stronger of shared words (weighted by rarity) and shared grams (cosine)."""
        asked = sum(max(self._idf.get(stem, UNKNOWN_IDF) for stem in word.stems) for word in asked_words) or 1.0
        shared: dict[int, float] = defaultdict(float)
        for stem in {stem for word in asked_words for stem in word.stems}:
            for place in self._by_stem.get(stem, ()):
                shared[place] += self._idf[stem]
        grams = {gram for word in asked_words for gram in arabic.grams(word.stems[0])}
        alike = Counter(place for gram in grams for place in self._by_gram.get(gram, ()))
        scores: dict[int, float] = {}
        for place in {*shared, *(place for place, _ in alike.most_common(400))}:
            weight, part = self._names[place].weight, shared.get(place, 0.0)
            overlap = part / (asked + weight - part)
            inside = part / weight
            cosine = alike[place] / sqrt(len(grams) * self._gram_counts[place])
            by_words = WORD_SHARE * (0.6 * overlap + 0.4 * inside * min(1.0, part / asked + 0.3))
            scores[place] = max(by_words, GRAM_SHARE * cosine)
        return scores

    @staticmethod
    def _slip(words: list[_Word], name: _Name) -> float:
        """Give how sure a name is when every word of it stands in the text but for one slip of the finger."""
        if not name.words or len(words) > MOST_FOR_SLIPS:
            return 0.0
        slips = 0
        for own in name.words:
            nearest, allowed = min((OSA.distance(own, word.bare), _allowed(own, word.bare)) for word in words)
            if nearest > allowed:
                return 0.0
            slips += nearest
        if not slips:
            return 0.0
        share = min(1.0, len(name.words) / len(words))
        return (0.86 - 0.08 * slips) * (0.6 + 0.4 * share)

    @staticmethod
    def _keep(best: dict[int, Hit], hit: Hit) -> None:
        known = best.get(hit.concept)
        if known is None or hit.score > known.score:
            best[hit.concept] = hit
