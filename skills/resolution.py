"""Free text to concepts: an index over every name of every concept in both languages.

Evidence is added up: words shared with a name, rare words counting more; character grams shared with a name, which
forgive slips of the finger and endings; the same through a dictionary, so that an Arabic question meets English names;
what the neighbours in the tree are called, weakly. A whole name standing in the text counts most.
`docs/concepts.md` tells which is worth how much, `benchmarks/resolution.py` measures it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cache, cached_property
from math import exp, log, sqrt
from typing import Any

import numpy as np
from rapidfuzz.distance import OSA, Prefix
from rapidfuzz.fuzz import token_sort_ratio
from rapidfuzz.process import cdist

from exchange.lib import arabic
from skills import phrases, rewordings, stand_ins
from skills.lexicon import Lexicon, sound_keys
from skills.phrases import Word
from skills.spelling import Spelling
from skills.vocabulary import Vocabulary

LONGEST_NAME = 8  # words of a name that are looked up as one phrase
GRAM_SIZES = (2, 3, 4)
PLACE_BITS = 24  # names that fit an index: 16 million
SHORT_ASKING = 4  # letters; shorter words that ask are a slip away from too much
SHORTEST_SLIP = 5  # letters of a word that may be a slip of the finger
CHARACTERS = 255  # of the alphabet; rarer ones share a place
MOST_POSTINGS = 600_000  # gram places that one question may touch, rare grams first
LEAST_ALIKE, SAME_STEM = 0.7, 0.97
MOST_REWORDED = 20  # concepts whose name may be the question in other words
MOST_NAMES = 3  # of one concept that are looked at closely
FEW_ENOUGH_TO_PAIR = 12  # a longer question is no single name
FEW_WORDS, LEAST_COVER = 4, 0.45  # one word of a short question is not its subject
LONG_TEXT = 9  # words; from here on a text is no name, and what it names whole is what it is about
NEARLY_ALL = 0.8  # names that cover so much of a text together are what it lists
ALL = 0.95  # a name that covers so much is the question
NAMED = 0.42  # a name that stands whole in what somebody says is meant at least so surely
NAME_ITSELF, NAMED_APART = 0.995, 0.004  # score of what the text is the very name of, and how far such lie apart
LONGEST_TEXT_OF_NAME = 400
TATWEEL = "\u0640"
LEAST_FRAME = 0.5  # of the skills with a frame that must have a name without it
SHORTEST_INITIALS, LONGEST_INITIALS = 2, 6  # letters
STRANGE = 0.25  # how much a word counts that no skill is called by
WRITTEN = (0.776, 0.657, 1.87, 0.653, 0.371, 2.5)  # of words, then of letters: weight, floor, power
OWN_CLAUSE = 0.85  # how much being all of one clause counts, against being all of the text
ABOVE = 0.1  # of what is so far under a guess nobody can be sure
OVERSHADOWED, BESIDES = 0.3, 0.5  # nor of a lesser part of a clause that is so far under what the clause is about
# Endings of one and the same word. Others make another word of a stem: سكر, سكري; دراجة, دراج; organ, organic.
_ARABIC_PAIRS = ("/ات", "ه/ات", "/ون", "/ين", "ون/ين", "/ان", "ه/تان", "ه/تين")
_ENGLISH_PLAIN, _ENGLISH_ENDINGS = ("", "s", "e", "ing"), ("", "s", "es", "e", "ing", "ed", "er", "ers")
_INFLECTIONS = frozenset(
    [frozenset(pair.split("/")) for pair in _ARABIC_PAIRS]
    + [frozenset((one, other)) for one in _ENGLISH_PLAIN for other in _ENGLISH_ENDINGS]
)

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class LabelRow:
    """One name of a concept. `folded` spares folding it again."""

    concept: int
    lang: str
    text: str
    preferred: bool
    folded: str = ""


@dataclass(frozen=True)
class Hit:
    """A concept found in a text by one of its names. `score` is 0–1; `exact` says that a whole name stands there.

    `sure` hits may be taken without asking the author.
    """

    concept: int
    score: float
    label: str
    lang: str
    exact: bool
    sure: bool = False


@dataclass(frozen=True)
class Weights:
    """How much each kind of evidence (0–1 each) counts.

    Fitted by random search on held-out names of the thesaurus, of ESCO and on tests/data/requests.jsonl
    (docs/concepts.md); `floor` values are where a likeness begins to say anything.
    """

    stand_in: float = 0.8  # how far a word that may stand for another counts as it
    dropped: float = 0.5  # how much less a word counts that names of a skill always have and lack
    slip: float = 0.89  # how far a word one slip away counts as the one that was meant
    stems: float = 0.057  # words shared with the best name, rare ones counting more
    grams: float = 0.1  # letter groups shared with the best name
    best_stems: float = 0.042  # the same, mean over the best names
    best_grams: float = 0.071
    cover: float = 0.124  # share of the question that all names of a concept cover together
    paired: float = 0.68  # words of question and name pair up, a slip apart or not
    paired_floor: float = 0.642
    paired_power: float = 2.493
    letters: float = 0.511  # the whole name, letter by letter
    letters_floor: float = 0.474
    letters_power: float = 1.99
    whole: float = 0.15  # a name is all of the question
    translated: float = 0.542  # all evidence through the dictionary, beside names of the question's own language
    translated_stems: float = 0.945
    translated_grams: float = 0.344
    translated_cover: float = 0.335
    alone: float = 2.35  # the same for a concept without any name in the question's language
    untold: float = 1.645  # own evidence, for a concept without any name in the other language
    said: float = 0.2  # share of the question that all names of a concept say, in its words or in others
    core: float = 0.111  # the same in its own words, the more the more of the names have them
    reworded: float = 1.163  # the question, said otherwise, is a name
    reworded_power: float = 0.313
    neighbours: float = 0.065  # the best of what is just above, below or related
    initials: float = 0.3  # the first letters of a name's words, or a name of them
    sound: float = 0.5  # strength of a translation that only sounds alike


class _Postings:
    """For each key the places of the names that hold it; keys are numbers, places ascend."""

    def __init__(self, keys: Array, places: Array) -> None:
        both = _distinct((keys << PLACE_BITS) | places)
        keys = both >> PLACE_BITS
        self.starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]]) if len(keys) else keys
        self.counts = np.diff(np.r_[self.starts, len(keys)])
        self.keys = keys[self.starts]
        self.places = (both & ((1 << PLACE_BITS) - 1)).astype(np.int32)

    def add_up(self, spots: Array, weights: Array, size: int) -> Array:
        """Give for each place the sum of the weights of its keys."""
        if not len(spots):
            return np.zeros(size)
        counts = self.counts[spots]
        chosen = np.concatenate(
            [self.places[start : start + count] for start, count in zip(self.starts[spots], counts, strict=True)]
        )
        return np.bincount(chosen, np.repeat(weights, counts), size)


def _distinct(values: Array) -> Array:
    """Give the values sorted, each once; numpy's own `unique` hashes, which is many times slower here (measured)."""
    values = np.sort(values)
    return values[np.r_[True, values[1:] != values[:-1]]] if len(values) else values


class _Grams:
    """Character grams of every name, and how alike a text is to each (cosine over idf)."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.size = len(texts)
        joined = "".join(texts)
        codes = np.frombuffer(joined.encode("utf-32-le"), dtype=np.uint32)
        counts = np.bincount(codes, minlength=1)
        known = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)]
        table = np.zeros(len(counts), dtype=np.int64)
        table[known] = np.minimum(np.arange(len(known)) + 1, CHARACTERS)
        self._ids = {chr(char): int(table[char]) for char in known}
        letters = table[codes]
        owner = np.repeat(np.arange(self.size), [len(text) for text in texts])
        blank = self._ids.get(" ", 0)
        found = []
        for size in GRAM_SIZES:
            if len(letters) < size:
                continue
            count = len(letters) - size + 1
            code = np.zeros(count, dtype=np.int64)
            inner = np.zeros(count, dtype=bool)
            for step in range(size):
                code = code * 256 + letters[step : step + count]
                if 0 < step < size - 1:
                    inner |= letters[step : step + count] == blank
            apart = owner[:count] != owner[size - 1 :]
            if size == 2:
                apart |= (letters[:count] == blank) & (letters[1:] == blank)
            good = ~(apart | inner)
            found.append((code[good], owner[:count][good]))
        keys, places = (np.concatenate(part) for part in zip(*found, strict=True)) if found else (letters, letters)
        self._postings = _Postings(keys, places)
        self._idf2 = np.log(1 + self.size / np.maximum(self._postings.counts, 1)) ** 2
        squares = np.bincount(self._postings.places, np.repeat(self._idf2, self._postings.counts), self.size)
        self._norms = np.sqrt(np.maximum(squares, 1e-9))
        self._unknown = log(1 + self.size) ** 2 * 0.5

    def like(self, words: Sequence[tuple[str, float]]) -> Array:
        """Give each name's likeness (0–1) to weighted words."""
        weights: dict[int, float] = defaultdict(float)
        missing = 0.0
        for word, weight in words:
            marked = f" {word} "
            ids = [self._ids.get(char, 0) for char in marked]
            for size in GRAM_SIZES:
                for start in range(len(ids) - size + 1):
                    part = ids[start : start + size]
                    if 0 in part:
                        missing += weight * self._unknown
                        continue
                    code = 0
                    for place in part:
                        code = code * 256 + place
                    weights[code] = max(weights[code], weight)
        if not weights:
            return np.zeros(self.size)
        wanted = np.array(sorted(weights), dtype=np.int64)
        share = np.array([weights[code] for code in sorted(weights)])
        spots = np.searchsorted(self._postings.keys, wanted)
        spots[spots == len(self._postings.keys)] = 0
        is_known = self._postings.keys[spots] == wanted
        missing += float(share[~is_known].sum()) * self._unknown
        spots, share = spots[is_known], share[is_known]
        norm = sqrt(float((self._idf2[spots] * share).sum()) + missing) or 1.0
        order = np.argsort(self._postings.counts[spots], kind="stable")
        affordable = np.cumsum(self._postings.counts[spots][order]) <= MOST_POSTINGS
        spots, share = spots[order][affordable], share[order][affordable]
        return self._postings.add_up(spots, self._idf2[spots] * share, self.size) / (self._norms * norm)


class _Stems:
    """Stems of every name, weighted by rarity; each name a short document."""

    def __init__(self, names: Sequence[Sequence[str]], softness: dict[str, float], owner: Array, owners: int) -> None:
        self.size = len(names)
        self.ids: dict[str, int] = {}
        flat: list[int] = []
        for stems in names:
            flat.extend(self.ids.setdefault(stem, len(self.ids)) for stem in stems)
        keys = np.array(flat, dtype=np.int64)
        places = np.repeat(np.arange(self.size), [len(stems) for stems in names]).astype(np.int64)
        self._postings = _Postings(keys, places)
        self._by_concept = _Postings(keys, owner[places])
        self.owners = owners
        names_of = np.bincount(owner, minlength=owners)
        self.vocabulary = Vocabulary(keys, owner[places], names_of, len(self.ids))
        soft = np.ones(len(self.ids))
        for stem, place in self.ids.items():
            soft[place] = softness.get(stem, 1.0)
        self.idf = np.log(1 + self.size / np.maximum(self._postings.counts, 1)) * soft
        self.unknown = log(1 + max(self.size, 1)) * 0.7
        squares = np.bincount(self._postings.places, np.repeat(self.idf**2, self._postings.counts), self.size)
        self.norms = np.sqrt(np.maximum(squares, 1e-9))

    def weight(self, stem: str) -> float | None:
        place = self.ids.get(stem)
        return float(self.idf[place]) if place is not None else None

    def like(self, shares: dict[int, float], norm: float) -> Array:
        """Give each name's likeness to weighted stems (id → share 0–1), the question's length being `norm`."""
        spots = np.array(sorted(shares), dtype=np.int64)
        weights = np.array([shares[spot] for spot in spots]) * self.idf[spots] ** 2 if len(spots) else spots
        return self._postings.add_up(spots, weights, self.size) / (self.norms * max(norm, 1e-9))

    def cover(self, shares: dict[int, float], norm: float) -> Array:
        """Give which share (0–1) of the weighted stems all names of each concept cover together."""
        spots = np.array(sorted(shares), dtype=np.int64)
        weights = np.array([shares[spot] for spot in spots]) * self.idf[spots] ** 2 if len(spots) else spots
        return self._by_concept.add_up(spots, weights, self.owners) / max(norm * norm, 1e-9)


def _by_first(frames: Mapping[frozenset[str], float]) -> dict[str, list[tuple[frozenset[str], float]]]:
    """Give the frames that most skills can lose, by the first of their words."""
    out: dict[str, list[tuple[frozenset[str], float]]] = defaultdict(list)
    for frame, share in frames.items():
        if share >= LEAST_FRAME:
            out[min(frame)].append((frame, share))
    return out


def _initials(folded: str, *, is_short: bool) -> set[str]:
    """Give what a name in Latin letters is in first letters, with and without its particles; a short name is itself."""
    words = folded.split()
    if len(words) == 1:
        return {folded} if is_short and SHORTEST_INITIALS <= len(folded) <= LONGEST_INITIALS else set()
    short = ("".join(word[0] for word in some) for some in (words, phrases.name_words(folded)))
    return {letters for letters in short if SHORTEST_INITIALS <= len(letters) <= LONGEST_INITIALS}


def _doubted(hits: Sequence[Hit], says: Mapping[int, float], fields: Set[int]) -> list[Hit]:
    """Give the hits, best first, without being sure of those that something else is clearly above.

    `says` tells how much of its clause each says: a skill that is all of its own clause stands for itself. Whole
    `fields` of skills are not meant besides a skill that is: "read" is no wish for all of "reading and heritage".
    """
    guess = max((hit.score for hit in hits if not hit.sure), default=0.0)
    best = max((hit.score for hit in hits if hit.sure), default=0.0)

    def stays(hit: Hit) -> bool:
        said = says[hit.concept]
        if said >= OWN_CLAUSE and hit.exact:
            return True
        if hit.concept in fields and any(other.sure and other.concept not in fields for other in hits):
            return False
        if hit.score < guess - ABOVE:
            return False
        return (said > BESIDES and hit.exact) or hit.score >= best - OVERSHADOWED

    return [replace(hit, sure=False) if hit.sure and not stays(hit) else hit for hit in hits]


def _is_same_word(one: str, other: str) -> bool:
    """Whether two folded words of one stem are forms of the same word, and not a word and what is derived from it."""
    shared = int(Prefix.similarity(one, other))
    ends = [word[shared:] for word in (one, other)]
    doubled = one[shared - 1 : shared]
    ends = [end[1:] if doubled and end.startswith(doubled) else end for end in ends]
    return one == other or frozenset(ends) in _INFLECTIONS


def _above(values: Array, floor: float) -> Array:
    """Give how far (0–1) likenesses are above the floor from which they say anything."""
    return np.maximum(0.0, (values - floor) / (1 - floor))


class Resolver:
    """The index, built once per version of the concepts; immutable afterwards, so threads may share it."""

    SURE = 0.62  # near hits under this are guesses
    CLOSE = 0.69  # how alike, written, a name and the question must be for a near hit that is taken without asking
    POSSIBLE = 0.08

    def __init__(
        self,
        labels: Iterable[LabelRow],
        broader: Iterable[tuple[int, int]] = (),
        related: Iterable[tuple[int, int]] = (),
        lexicon: Lexicon | None = None,
        weights: Weights | None = None,
    ) -> None:
        self.weights = weights or Weights()
        self._lexicon = lexicon or Lexicon()
        broader = list(broader)
        self._fields = {above for _below, above in broader} - {below for below, _above in broader}
        rows = sorted(labels, key=lambda row: (row.concept, row.lang))
        self._rows = rows
        self._concepts = sorted({row.concept for row in rows})
        place_of = self._place_of = {concept: place for place, concept in enumerate(self._concepts)}
        self._owner = np.array([place_of[row.concept] for row in rows], dtype=np.int64)
        self._folded = [row.folded or arabic.fold(row.text) for row in rows]
        bare_of: dict[str, str] = {}
        stem_of: dict[str, str] = {}
        softness: dict[str, float] = {}
        self._bare: list[str] = []
        stems: list[tuple[str, ...]] = []
        for folded in self._folded:
            words = phrases.name_words(folded)
            for word in words:
                if word not in stem_of:
                    stem_of[word] = arabic.stems(word)[0]
                    bare_of[word] = arabic.without_article(word)
                    softness[stem_of[word]] = min(softness.get(stem_of[word], 1.0), phrases.softness(word))
            self._bare.append(" ".join(bare_of[word] for word in words))
            stems.append(tuple(dict.fromkeys(stem_of[word] for word in words)))
        asking = {arabic.without_article(word): 0 for word in phrases.ASK if len(word) > SHORT_ASKING}
        self._spelling = Spelling({**asking, **Counter(word for bare in self._bare for word in bare.split())}.items())
        self._stem_of = {bare_of[word]: stem for word, stem in stem_of.items()}
        said = [(row.concept, row.lang, own) for row, own in zip(rows, stems, strict=True)]
        learned = stand_ins.learn(said)
        self._rewordings = rewordings.learn(said)
        self._stand_ins = learned.instead
        for stem, share in learned.dropped.items():
            softness[stem] = softness.get(stem, 1.0) * (1 - self.weights.dropped * share)
        self._stems = _Stems(stems, softness, self._owner, len(self._concepts))
        self._grams = _Grams([f" {bare} " for bare in self._bare])
        self._phrases: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for place, own in enumerate(stems):
            if own and len(own) <= LONGEST_NAME:
                self._phrases[tuple(sorted(own))].append(place)
        self._keep_as_written()
        self._frames = _by_first(learned.frames)
        self._first_name = np.flatnonzero(np.r_[True, np.diff(self._owner) > 0]) if rows else self._owner
        size = len(self._concepts)
        self._has = (np.zeros(size, dtype=bool), np.zeros(size, dtype=bool))
        for row, owner in zip(rows, self._owner, strict=True):
            self._has[row.lang == "en"][owner] = True
        self._sounds: dict[str, list[str]] = defaultdict(list)
        for stem in self._stems.ids:
            for key in sound_keys(stem):
                self._sounds[key].append(stem)
        edges = {
            (place_of[one], place_of[other])
            for one, other in [*broader, *related]
            if one in place_of and other in place_of
        }
        edges |= {(other, one) for one, other in edges}
        ordered = np.array(sorted(edges), dtype=np.int64).reshape(-1, 2)
        self._edge_to = ordered[:, 1]
        self._edge_starts = np.flatnonzero(np.r_[True, np.diff(ordered[:, 0]) > 0]) if edges else ordered[:, 0]
        self._edge_owner = ordered[self._edge_starts, 0]

    def _keep_as_written(self) -> None:
        """Keep the names word by word, and those that hold words which ask or exclude by their first word."""
        self._written: dict[tuple[str, ...], list[int]] = defaultdict(list)
        self._veiled: dict[str, set[tuple[str, ...]]] = defaultdict(set)
        is_veiled = cache(phrases.is_veiled)
        for place, folded in enumerate(self._folded):
            key = arabic.same_written(folded)
            self._written[key].append(place)
            if 1 < len(key) <= LONGEST_NAME:
                told = {is_veiled(word) for word in folded.split()}
                if len(told) == 2:
                    self._veiled[key[0]].add(key)
        self._initials: dict[str, list[int]] = defaultdict(list)
        for place, row in enumerate(self._rows):
            if self._folded[place].isascii():
                for short in _initials(self._folded[place], is_short=row.text.isupper()):
                    self._initials[short].append(place)

    def _by_initials(self, words: Sequence[Word]) -> dict[int, float]:
        """Give concepts a name of which is the question in first letters, or is spelt out by it, with how surely."""
        if len(words) == 1 and not self._is_known(words[0]):
            found = self._initials.get(words[0].folded, ())
        elif len(words) > 1:
            short = "".join(word.folded[0] for word in words)
            found = [place for place in self._initials.get(short, ()) if self._folded[place] == short]
        else:
            return {}
        concepts = {int(self._owner[place]) for place in found}
        return dict.fromkeys(concepts, 1 / sqrt(len(concepts))) if concepts else {}

    def _reworded(self, words: Sequence[Word]) -> dict[int, float]:
        """Give concepts a name of which is the question said otherwise, with how surely (0–1); names add up."""
        doubt: dict[int, float] = {}
        stems = frozenset(word.stems[0] for word in words)
        for other, strength in rewordings.reword(stems, self._rewordings):
            for concept in {int(self._owner[place]) for place in self._phrases.get(tuple(sorted(other)), ())}:
                doubt[concept] = doubt.get(concept, 1.0) * (1 - strength)
        likely = sorted(doubt.items(), key=lambda pair: (pair[1], pair[0]))[:MOST_REWORDED]
        return {concept: 1 - left for concept, left in likely}

    def resolve(
        self,
        text: str,
        lang: str | None = None,
        *,
        limit: int = 10,
        threshold: float | None = None,
        sure: bool = False,
    ) -> list[Hit]:
        """Give concepts that a free text names or comes near to, best first; an empty list when nothing fits.

        `lang` only settles ties. Several concepts of one text are all found, those that it excludes are not.
        `threshold` is the least score; `sure` keeps only what may be taken without asking.
        """
        if not self._rows:
            return []
        named = self._named(text)
        request = phrases.Request(phrases.name(arabic.fold(text))) if named else self._read(text)
        if not request.words:
            return []
        words = self._unframed(self._mended(request.words))
        excluded = {concept for run in request.excluded for concept in self._whole_names(run)[0]}
        hits = self._rank(words, lang, is_spoken=request.is_spoken, named=named)
        least = self.POSSIBLE if threshold is None else threshold
        return [
            hit
            for hit in hits
            if hit.score >= least
            and (hit.sure or not sure)
            and (hit.exact or self._place_of[hit.concept] not in excluded)
        ][:limit]

    def suggest(self, prefix: str, lang: str, *, limit: int = 8) -> list[Hit]:
        """Complete what is being typed: names that begin so, then names with a word that does, then near spellings."""
        typed = arabic.fold(prefix)
        bare = arabic.without_article(typed)
        best: dict[int, Hit] = {}
        if len(typed) >= 2:
            for place in {*self._starts.get(typed[:2], ()), *self._starts.get(bare[:2], ())}:
                folded, row = self._folded[place], self._rows[place]
                score = self._starts_like(folded, typed, bare)
                if score:
                    score *= (1.0 if row.lang == lang else 0.85) * (1.0 if row.preferred else 0.93)
                    score *= 1 - min(len(folded), 60) / 400
                    known = best.get(row.concept)
                    if known is None or score > known.score:
                        best[row.concept] = Hit(row.concept, round(score, 4), row.text, row.lang, exact=False)
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

    @cached_property
    def _starts(self) -> dict[str, list[int]]:
        """Give the places of names by the first two letters of each word; made when someone first types."""
        starts: dict[str, list[int]] = defaultdict(list)
        for place, folded in enumerate(self._folded):
            for start in {part[:2] for word in folded.split() for part in (word, arabic.without_article(word))}:
                starts[start].append(place)
        return starts

    def _mended(self, words: Sequence[Word]) -> Sequence[Word]:
        """Give the words with what those that no name holds may be meant for; words that only ask go."""
        out = []
        for word in words:
            if len(word.folded) >= SHORTEST_SLIP and not self._is_known(word):
                near = self._spelling.near(word.bare)
                if near and near[0] not in self._stem_of:
                    continue
                found = dict.fromkeys(self._stem_of[other] for other in near if other in self._stem_of)
                word = replace(word, near=tuple(found))
            out.append(word)
        return out or words

    def _unframed(self, words: Sequence[Word]) -> Sequence[Word]:
        """Give the words with less weight for those that are only put around many names."""
        stems = {word.stems[0] for word in words}
        lost: dict[str, float] = {}
        for frame, share in (held for stem in stems for held in self._frames.get(stem, ())):
            if frame < stems:
                lost.update((stem, max(share, lost.get(stem, 0.0))) for stem in frame)
        return (
            [replace(word, weight=word.weight * (1 - lost.get(word.stems[0], 0.0))) for word in words]
            if lost
            else words
        )

    def _is_known(self, word: Word) -> bool:
        return any(stem in self._stems.ids or self._lexicon.translations(stem) for stem in word.stems)

    def _read(self, text: str) -> phrases.Request:
        return phrases.read(text, name_at=self._name_at, is_skill_at=self._is_skill_at)

    def _is_skill_at(self, words: Sequence[str], place: int) -> bool:
        """Whether a name of one word or a few begins at a place."""
        here = arabic.same_written(" ".join(words[place : place + FEW_WORDS]))
        return any(here[:size] in self._written for size in range(1, len(here) + 1))

    def _name_at(self, words: Sequence[str], place: int) -> int:
        """Give how many words from a place on are a name that holds words which ask or exclude; 0 for none."""
        here = arabic.same_written(" ".join(words[place : place + LONGEST_NAME]))
        known = self._veiled.get(here[0], ())
        return max((len(key) for key in known if here[: len(key)] == key), default=0)

    def _named(self, text: str) -> dict[int, float]:
        """Give the concepts of which a text is the very name, word by word, with how near (0–1) it is to be theirs.

        A preferred name goes before another one, then the one that is written most alike: «تأريخ» is not «تاريخ».
        """
        found = self._written.get(arabic.same_written(arabic.fold(text[:LONGEST_TEXT_OF_NAME])), ())
        several = len({self._rows[place].concept for place in found}) > 1
        typed = text.replace(TATWEEL, "").strip()
        out: dict[int, float] = {}
        for place in found:
            row, concept = self._rows[place], int(self._owner[place])
            alike = OSA.normalized_similarity(typed, row.text) if several else 1.0
            out[concept] = max(out.get(concept, 0.0), (row.preferred + alike) / 2)
        return out

    def _rank(
        self, words: Sequence[Word], lang: str | None, *, is_spoken: bool = False, named: Mapping[int, float]
    ) -> list[Hit]:
        """Score every concept roughly, then look closely at the best ones and at those that the text names whole."""
        evidence = self._evidence(words)
        best = {kind: self._best(evidence[kind]) for kind in ("stems", "grams", "translated", "sounding")}
        rough = self._rough(words, evidence, best)
        whole, together = self._whole_names(words)
        by_letters = best["grams"] + best["stems"]
        by_translation = best["translated"] + 0.3 * best["sounding"]
        top = {
            concept
            for values, most in ((rough, 40), (by_letters, 50), (by_translation, 20))
            for concept in np.argpartition(-values, min(most, len(values)) - 1)[:most].tolist()
        }
        initials = self._by_initials(words)
        reworded = self._reworded(words)
        looked_at = sorted({*top, *whole, *named, *initials, *reworded})
        hits = []
        says: dict[int, float] = {}
        for concept, (place, close, written) in self._close(words, evidence, looked_at).items():
            cover, stands, told = whole.get(concept, (0.0, place, 0.0))
            raw = float(rough[concept]) + close + (self.weights.whole if cover > ALL else 0.0)
            raw += self.weights.initials * initials.get(concept, 0.0)
            raw += self.weights.reworded * reworded.get(concept, 0.0) ** self.weights.reworded_power
            row = self._rows[stands if cover else place]
            score = self._score(raw, cover, len(words))
            if cover and is_spoken:
                score = max(score, NAMED + (0.95 - NAMED) * told)
            score += 0.0002 if row.preferred else 0.0
            score -= 0.0001 if lang not in (None, row.lang) else 0.0
            if concept in named:
                score = NAME_ITSELF + NAMED_APART * named[concept] + (1 - NAME_ITSELF - NAMED_APART) * (1 - exp(-raw))
            score = round(min(max(score, 0.0), 1.0), 4)
            is_sure = written >= self.CLOSE and score >= NAMED and len(words) > 1
            if cover:
                is_sure = cover >= LEAST_COVER or together >= NEARLY_ALL or len(words) > FEW_WORDS
                is_sure = is_sure and not (len(words) == 1 and words[0].near)  # "hello" is a slip away from "cello"
            is_name = concept in named
            hits.append(
                Hit(row.concept, score, row.text, row.lang, exact=bool(cover) or is_name, sure=is_sure or is_name)
            )
            says[row.concept] = 1.0 if is_name else told
        hits.sort(key=lambda hit: (-hit.score, hit.concept))
        return _doubted(hits, says, self._fields)

    def _score(self, raw: float, cover: float, words: int) -> float:
        """Give added-up evidence as 0–1; a name that is all of the question, or stands in a long text, is not doubted.

        In between a name that is only a part of a short question ("history" in "history of music") must earn its place
        like any other.
        """
        near = 1 - exp(-raw)
        if cover > ALL:
            return 0.95 + 0.045 * near
        near *= 0.95
        if cover and words > LONG_TEXT:
            return max(near, self.SURE + (0.95 - self.SURE) * cover)
        return near

    def _evidence(self, words: Sequence[Word]) -> dict[str, Array]:
        """Give the evidence of each kind: "stems", "grams", "translated", "sounding" by name, covers by concept."""
        ids, idf = self._stems.ids, self._stems.idf
        shares: dict[int, float] = {}
        alike: dict[int, float] = {}
        translated: dict[int, float] = {}
        sounding: dict[str, float] = {}
        square = translated_square = 0.0
        for word in words:
            known = [ids[stem] for stem in word.stems if stem in ids]
            square += word.weight * (max(idf[place] for place in known) if known else self._stems.unknown) ** 2
            for place in known:
                shares[place] = max(shares.get(place, 0.0), word.weight)
            for stem, strength in self._instead(word):
                if stem in ids:
                    alike[ids[stem]] = max(alike.get(ids[stem], 0.0), strength * word.weight)
            across = self._across(word)
            there = [ids[stem] for stem, _ in across if stem in ids]
            translated_square += (
                word.weight * (max(idf[place] for place in there) if there else self._stems.unknown) ** 2
            )
            for stem, strength in across:
                if stem in ids:
                    translated[ids[stem]] = max(translated.get(ids[stem], 0.0), strength * word.weight)
            best = across[0][1] if across else 0.0
            for stem, strength in across[:3]:
                if strength > 0.4 * best:
                    sounding[stem] = max(sounding.get(stem, 0.0), strength / best * word.weight)
        for place, share in alike.items():
            shares[place] = max(shares.get(place, 0.0), share)
        norm, other_norm = sqrt(square) or 1.0, sqrt(translated_square) or 1.0
        return {
            "stems": self._stems.like(shares, norm),
            "grams": self._grams.like([(word.bare, word.weight) for word in words]),
            "cover": self._stems.cover(shares, norm),
            "translated": self._stems.like(translated, other_norm),
            "sounding": self._grams.like(list(sounding.items())),
            "translated_cover": self._stems.cover(translated, other_norm),
        }

    def _instead(self, word: Word) -> list[tuple[str, float]]:
        """Give stems that may stand for a word in the names of a skill, or be meant by a slip."""
        strong = self.weights.stand_in
        found = [(other, strong * strength) for stem in word.stems for other, strength in self._stand_ins.get(stem, ())]
        return found + [(stem, self.weights.slip) for stem in word.near]

    def _said_by(self, word: Word) -> tuple[dict[int, float], float]:
        """Give which words of the names say a word of the question, with how well (0–1), and its weight."""
        ids = self._stems.ids
        meant = next((stem for stem in (*word.stems, *word.near) if stem in ids), None)
        if meant is None:
            return {}, word.weight * self._stems.unknown**2
        said_by = {ids[other]: strength**2 for other, strength in self._stand_ins.get(meant, ()) if other in ids}
        return {**said_by, ids[meant]: 1.0}, word.weight * float(self._stems.idf[ids[meant]]) ** 2

    def _across(self, word: Word) -> list[tuple[str, float]]:
        out: dict[str, float] = {}
        for stem in word.stems:
            for other, strength in self._lexicon.translations(stem):
                out[other] = max(out.get(other, 0.0), strength)
        for stem in word.near:
            for other, strength in self._lexicon.translations(stem):
                out[other] = max(out.get(other, 0.0), self.weights.slip * strength)
        if not out and not any(stem in self._stems.ids for stem in word.stems):
            script = arabic.is_arabic(word.bare)
            for key in sound_keys(word.stems[0]):
                for other in self._sounds.get(key, ()):
                    if arabic.is_arabic(other) != script:
                        out[other] = max(out.get(other, 0.0), self.weights.sound)
        return sorted(out.items(), key=lambda pair: (-pair[1], pair[0]))

    def _rough(self, words: Sequence[Word], evidence: dict[str, Array], best: dict[str, Array]) -> Array:
        """Give each concept's evidence, that of its best name by kind, without looking at single names."""
        w = self.weights
        in_arabic = sum(word.weight for word in words if arabic.is_arabic(word.bare))
        own, other = (0, 1) if in_arabic * 2 >= sum(word.weight for word in words) else (1, 0)
        told = w.stems * best["stems"] + w.grams * best["grams"]
        told += w.cover * evidence["cover"]
        through = w.translated_stems * best["translated"]
        through += w.translated_grams * best["sounding"]
        through += w.translated_cover * evidence["translated_cover"]
        told = np.where(self._has[own], told, w.alone * through)
        through = np.where(self._has[other], through, w.untold * told)
        rough = told + w.translated * through
        if len(self._edge_to):
            around = np.maximum.reduceat(rough[self._edge_to], self._edge_starts)
            rough[self._edge_owner] += w.neighbours * around
        return rough

    def _best(self, by_name: Array) -> Array:
        """Give the best name's value for each concept."""
        return np.maximum.reduceat(by_name, self._first_name)

    def _names_of(self, concept: int) -> tuple[int, int]:
        end = self._first_name[concept + 1] if concept + 1 < len(self._concepts) else len(self._rows)
        return int(self._first_name[concept]), int(end)

    def _close(
        self, words: Sequence[Word], evidence: dict[str, Array], concepts: Sequence[int]
    ) -> dict[int, tuple[int, float, float]]:
        """Give for each concept the place of its best name, what a close look at its best names adds, and how alike
        (0 to about 1.4) the best one and the question are as they are written, words that only stand in left out.
        """
        w = self.weights
        grams, stems = evidence["grams"], evidence["stems"]
        order = grams + stems + 0.3 * (evidence["sounding"] + evidence["translated"])
        chosen: list[int] = []
        starts: list[int] = []
        for concept in concepts:
            start, end = self._names_of(concept)
            best = np.argsort(-order[start:end], kind="stable")[:MOST_NAMES]
            starts.append(len(chosen))
            chosen.extend((start + best).tolist())
        counts = np.diff([*starts, len(chosen)])
        extra = w.best_grams * np.add.reduceat(grams[chosen], starts) / counts
        extra += w.best_stems * np.add.reduceat(stems[chosen], starts) / counts
        said, core = self._stems.vocabulary.told([self._said_by(word) for word in words], concepts)
        extra += w.said * said + w.core * core
        if len(words) > FEW_ENOUGH_TO_PAIR:
            return {
                concept: (chosen[start], float(more), 0.0)
                for concept, start, more in zip(concepts, starts, extra, strict=True)
            }
        paired, plain = self._paired(words, chosen)
        asked = " ".join(word.bare for word in words)
        letters = np.array([self._letters(asked, self._bare[place]) for place in chosen])
        best_paired = np.maximum.reduceat(paired, starts)
        extra += w.paired * _above(best_paired, w.paired_floor) ** w.paired_power
        extra += w.letters * _above(np.maximum.reduceat(letters, starts), w.letters_floor) ** w.letters_power
        written = WRITTEN[0] * _above(np.maximum.reduceat(plain, starts), WRITTEN[1]) ** WRITTEN[2]
        written += WRITTEN[3] * _above(np.maximum.reduceat(letters, starts), WRITTEN[4]) ** WRITTEN[5]
        out = {}
        for number, (concept, start, count, more) in enumerate(zip(concepts, starts, counts, extra, strict=True)):
            nearest = start + int(np.argmax(paired[start : start + count]))
            out[concept] = (chosen[nearest], float(more), float(written[number]))
        return out

    @staticmethod
    def _letters(asked: str, name: str) -> float:
        return max(OSA.normalized_similarity(asked, name), token_sort_ratio(asked, name) / 100)

    def _paired(self, words: Sequence[Word], places: Sequence[int]) -> tuple[Array, Array]:
        """Give for each name how well its words and the question's pair up, rare words counting more (0–1): with words
        that may stand for others, and as they are written.

        A soft form of the cosine (Cohen, Ravikumar, Fienberg 2003, "A comparison of string distance metrics for
        name-matching tasks"): words a slip apart count by their likeness.
        """
        names = [self._bare[place].split() for place in places]
        spots: dict[str, int] = {}
        columns = np.array([spots.setdefault(word, len(spots)) for name in names for word in name], dtype=np.int64)
        if not len(columns):
            return np.zeros(len(places)), np.zeros(len(places))
        known = list(spots)
        alike = cdist([word.bare for word in words], known, scorer=OSA.normalized_similarity, dtype=np.float32)
        alike[alike < LEAST_ALIKE] = 0.0
        by_stem: dict[str, list[int]] = defaultdict(list)
        theirs = np.empty(len(known))
        for column, name in enumerate(known):
            stem = self._stem_of.get(name) or arabic.stems(name)[0]
            by_stem[stem].append(column)
            theirs[column] = (self._stems.weight(stem) or self._stems.unknown) ** 2
        for row, word in enumerate(words):
            for stem in word.stems:
                for column in by_stem.get(stem, ()):
                    alike[row, column] = max(alike[row, column], SAME_STEM)
        loose = alike.copy()
        for row, word in enumerate(words):
            for stem, strength in self._instead(word):
                for column in by_stem.get(stem, ()):
                    loose[row, column] = max(loose[row, column], strength)
        mine = np.array(self._question_weights(words)) ** 2
        lengths = np.array([len(name) for name in names])
        starts = np.r_[0, np.cumsum(lengths)[:-1]]
        weights = theirs[columns]

        def both_ways(pairs: Array) -> Array:
            asked = mine @ np.maximum.reduceat(pairs, starts, axis=1) / max(mine.sum(), 1e-9)
            told = np.add.reduceat(pairs.max(axis=0) * weights, starts) / np.add.reduceat(weights, starts)
            paired: Array = np.sqrt(asked * told)
            return paired

        return both_ways(loose[:, columns]), both_ways(alike[:, columns])

    def _question_weights(self, words: Sequence[Word]) -> list[float]:
        return [
            word.weight * max([self._stems.weight(stem) or 0.0 for stem in word.stems])
            or word.weight * self._stems.unknown
            for word in words
        ]

    def _whole_names(self, words: Sequence[Word]) -> tuple[dict[int, tuple[float, int, float]], float]:
        """Give concepts whose name stands in the text as a run of words: which share of the text that covers, the place
        of the name, and how much of what the text says is said by it (0–1): of all of it or, a little less, of its own
        clause; words that no skill is called by hardly count.

        And which share of the text all such names cover together.
        """
        weights = self._question_weights(words)
        everything = sum(weights) or 1.0
        ids = self._stems.ids
        told = [
            weight if any(stem in ids for stem in word.stems) else weight * STRANGE
            for word, weight in zip(words, weights, strict=True)
        ]
        by_part: dict[int, float] = defaultdict(float)
        for word, weight in zip(words, told, strict=True):
            by_part[word.part] += weight
        covered: set[int] = set()
        out: dict[int, tuple[float, int, float]] = {}
        heaviest = max((word.weight for word in words), default=0.0)
        for size in range(min(LONGEST_NAME, len(words)), 0, -1):
            for start in range(len(words) - size + 1):
                span = range(start, start + size)
                if any(place in covered for place in span):
                    continue
                if heaviest > phrases.AUDIENCE >= max(words[place].weight for place in span):
                    continue  # for whom and where is not what, where something else is said
                found = self._phrase(words[start : start + size], is_short=len(words) < FEW_WORDS)
                if not found:
                    continue
                covered.update(span)
                share = sum(weights[place] for place in span) / everything
                said = sum(told[place] for place in span)
                around = sum(by_part[part] for part in {words[place].part for place in span})
                says = max(said / (sum(told) or 1.0), OWN_CLAUSE * said / (around or 1.0))
                for place in found:
                    concept = int(self._owner[place])
                    if concept not in out or self._rows[place].preferred:
                        out[concept] = (share, place, says)
        return out, sum(weights[place] for place in covered) / everything

    def _phrase(self, words: Sequence[Word], *, is_short: bool) -> list[int]:
        key = tuple(sorted({word.stems[0] for word in words}))
        found = self._phrases.get(key, [])
        if len(found) > 1:
            # «كورة» and «كوري» have one stem: where a name stands as it is written, the others are not meant.
            asked = sorted(word.bare for word in words)
            found = [place for place in found if sorted(self._bare[place].split()) == asked] or found
        if len(words) == 1:
            found = [place for place in found if _is_same_word(words[0].bare, self._bare[place])]
        if found or len(words) > 3:
            return found
        for place, word in enumerate(words):
            for other in (*word.stems[1:], *(word.near if len(words) > 1 or is_short else ())):
                changed = [other if here == place else each.stems[0] for here, each in enumerate(words)]
                found = self._phrases.get(tuple(sorted(set(changed))), [])
                if found:
                    return found
        return []
