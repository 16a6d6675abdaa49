"""The dictionary between the languages: learned from pairs of names, reviewed by curators."""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import groupby
from pathlib import Path

from django.db.models import Q

from exchange.lib import arabic
from skills import lexicon, rules
from skills.models import Label, Translation

LEXICON = Path(__file__).resolve().parent.parent / "data" / "lexicon"
SHIPPED_WORDS = LEXICON / "words.tsv"
MOST_OTHERS = 4  # other names of a concept that teach; more of them repeat the same words
OTHER_WEIGHT = 0.25  # of a pair of which one is another name, against 1 for the two preferred ones
LEAST_PAIRS = 50  # pairs of names from other sources; fewer teach nothing
BATCH = 2000


def relearn(shipped: Callable[[], Iterable[rules.ConceptRow]]) -> int:
    """Learn the dictionary anew from all loaded concepts, the shipped ones and the lexicon files.

    Where hardly any concept of another source has names in both languages there is nothing to learn, and the shipped
    dictionary (words.tsv) counts. What a curator struck out stays so. Gives the number of learned entries.
    """
    own = list(_loaded_pairs())
    learned = {}
    if len(own) >= LEAST_PAIRS:
        pairs = [*own, *(pair for row in shipped() for pair in _pairs(row.names)), *file_pairs()]
        learned = {(entry.ar[:60], entry.en[:60]): entry for entry in lexicon.learn(pairs)}
    struck = set(Translation.objects.filter(is_struck=True).values_list("ar", "en"))
    rows = Translation.objects.filter(is_struck=False)
    if set(rows.values_list("ar", "en", "ar_en", "en_ar")) == {
        (*pair, *_rounded(entry)) for pair, entry in learned.items() if pair not in struck
    }:
        return len(learned)
    rows.delete()
    made = (
        Translation(ar=ar, en=en, ar_en=forth, en_ar=back)
        for (ar, en), entry in learned.items()
        for forth, back in [_rounded(entry)]
        if (ar, en) not in struck
    )
    Translation.objects.bulk_create(made, batch_size=BATCH)
    return len(learned)


def entries() -> list[lexicon.Entry]:
    """Give the entries that count: the learned ones, or those shipped where nothing was learned."""
    rows = Translation.objects.values_list("ar", "en", "ar_en", "en_ar", "is_struck")
    learned, struck = [], set()
    for ar, en, ar_en, en_ar, is_struck in rows.iterator():
        if is_struck:
            struck.add((ar, en))
        else:
            learned.append(lexicon.Entry(ar, en, ar_en, en_ar))
    return learned or [entry for entry in shipped_entries() if (entry.ar, entry.en) not in struck]


def dictionary() -> lexicon.Lexicon:
    """Give the entries that count as a dictionary in memory. The shipped one, as it is, is made once in a process."""
    counting = entries()
    return shipped_dictionary() if counting == list(shipped_entries()) else lexicon.Lexicon(counting)


@lru_cache(maxsize=1)
def shipped_dictionary() -> lexicon.Lexicon:
    """Give the dictionary of the repository in memory; nobody writes into it."""
    return lexicon.Lexicon(shipped_entries())


@lru_cache(maxsize=1)
def shipped_entries() -> tuple[lexicon.Entry, ...]:
    """Give the dictionary of the repository, learned from its lexicon files by `manage.py learn_words`."""
    lines = SHIPPED_WORDS.read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines)
    return tuple(lexicon.Entry(ar, en, float(ar_en), float(en_ar)) for ar, en, ar_en, en_ar in rows)


def shipped_text() -> str:
    """Give what words.tsv must hold: an entry a line, Arabic, English, both probabilities."""
    learned = lexicon.learn(file_pairs())
    lines = ("\t".join([entry.ar, entry.en, *(f"{value:.3f}" for value in _rounded(entry))]) for entry in learned)
    return "".join(f"{line}\n" for line in lines)


def _rounded(entry: lexicon.Entry) -> tuple[float, float]:
    return round(entry.ar_en, 3), round(entry.en_ar, 3)


def about(text: str) -> list[tuple[lexicon.Entry, bool]]:
    """Give the entries of each word of a text in either language with whether they are struck, the strongest first."""
    stems = {stem for word in arabic.words(text) for stem in arabic.stems(word)}
    struck = Translation.objects.filter(is_struck=True).filter(Q(ar__in=stems) | Q(en__in=stems))
    out = [(lexicon.Entry(row.ar, row.en, row.ar_en, row.en_ar), True) for row in struck]
    out += [(entry, False) for entry in entries() if entry.ar in stems or entry.en in stems]
    return sorted(out, key=lambda pair: -(pair[0].ar_en * pair[0].en_ar))


def file_pairs() -> Iterator[tuple[str, str, float]]:
    """Give the pairs of the lexicon files (`docs/concepts.md` says where each is from), weight 1 a line."""
    for path in sorted(LEXICON.glob("*.pairs.tsv")):
        for line in path.read_text(encoding="utf-8").splitlines():
            mine, theirs = (side.split(" | ")[:MOST_OTHERS] for side in line.split("\t"))
            for one in mine:
                for other in theirs:
                    yield one, other, 1 / (len(mine) * len(theirs))


def _loaded_pairs() -> Iterator[tuple[str, str, float]]:
    rows = Label.objects.filter(concept__merged_into=None).exclude(concept__uri__startswith="rukn:")
    rows = rows.order_by("concept_id", "lang", "-is_preferred", "id")
    values = rows.values_list("concept_id", "lang", "text", "is_preferred").iterator()
    for _concept, labels in groupby(values, key=lambda row: row[0]):
        names: dict[str, list[str]] = {"ar": [], "en": []}
        for _, lang, text, _ in labels:
            names[lang].append(text)
        if names["ar"] and names["en"]:
            yield from _pairs({lang: rules.Names(own[0], tuple(own[1:])) for lang, own in names.items()})


def _pairs(names: dict[str, rules.Names]) -> Iterator[tuple[str, str, float]]:
    if "ar" not in names or "en" not in names:
        return
    for mine in (names["ar"].label, *names["ar"].others[:MOST_OTHERS]):
        for theirs in (names["en"].label, *names["en"].others[:MOST_OTHERS]):
            both = (mine, theirs) == (names["ar"].label, names["en"].label)
            yield mine, theirs, 1.0 if both else OTHER_WEIGHT
