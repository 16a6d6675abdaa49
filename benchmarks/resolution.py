"""How well and how fast free text finds its concept, beside a stock Elasticsearch on the same names; prints JSON.

    python benchmarks/resolution.py --data FOLDER [--elasticsearch URL] [--sample 400] [--seed 1] [--only esco]

FOLDER holds unesco_thesaurus_ar_en.jsonl.xz, esco_skills_en.jsonl.xz (form of `import_concepts`). What is asked for is
taken out of the index first: half of the other names, one other name, or all names of one language. The stock engine
has the analysers `arabic` and `english` over labels and other names, asked by `multi_match` of type `most_fields`.
MRR is over the first ten; p50_cpu_ms is this process's CPU (for the stock engine that of its client alone). The
dictionary of the run is learned from what is left in the index, the shipped concepts and the lexicon files, none of
which come from the thesaurus.
"""

import argparse
import copy
import json
import lzma
import os
import random
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "exchange.settings")

import django

django.setup()

from skills import rules
from skills.lexicon import Lexicon, learn
from skills.resolution import LabelRow, Resolver
from skills.services import concepts, words

Row = dict[str, Any]
Question = tuple[str, str | None, set[int]]
LETTERS = "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"
LATIN = "abcdefghijklmnopqrstuvwxyz"


def load(path: Path) -> list[Row]:
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def shipped() -> list[Row]:
    return [
        json.loads(line) for path in sorted(concepts.SHIPPED.glob("*.jsonl")) for line in path.open(encoding="utf-8")
    ]


def index(rows: list[Row]) -> Resolver:
    ids = {row["uri"]: place for place, row in enumerate(rows)}
    labels = [
        LabelRow(place, lang, text, text == row[lang]["label"])
        for place, row in enumerate(rows)
        for lang in ("ar", "en")
        if row.get(lang)
        for text in dict.fromkeys([row[lang]["label"], *row[lang]["others"]])
    ]
    links = {
        kind: [(ids[row["uri"]], ids[other]) for row in rows for other in row.get(kind, ()) if other in ids]
        for kind in ("broader", "related")
    }
    if (
        sum(bool(row.get("ar") and row.get("en")) for row in rows if not row["uri"].startswith("rukn:"))
        >= words.LEAST_PAIRS
    ):
        pairs = [pair for row in rows for pair in words._pairs(rules.concept_row(row).names)]
        pairs += [pair for row in concepts.shipped_rows() for pair in words._pairs(row.names)]
        lexicon = Lexicon(learn([*pairs, *words.file_pairs()]))
    else:
        lexicon = Lexicon(words.shipped_entries())
    return Resolver(labels, links["broader"], links["related"], lexicon)


def without_half(rows: list[Row], rng: random.Random) -> tuple[list[Row], list[Question]]:
    left, asked = copy.deepcopy(rows), []
    for place, row in enumerate(left):
        for lang in ("ar", "en"):
            if row.get(lang):
                gone = [other for other in row[lang]["others"] if rng.random() < 0.5]
                row[lang]["others"] = [other for other in row[lang]["others"] if other not in gone]
                asked += [(other, lang, {place}) for other in gone]
    return left, asked


def without_one(rows: list[Row], rng: random.Random, langs: str, least: int) -> tuple[list[Row], list[Question]]:
    """Hide one other name of concepts that have at least so many in a language."""
    left, asked = copy.deepcopy(rows), []
    for lang in langs.split():
        held: list[Question] = []
        for place in rng.sample(range(len(left)), len(left)):
            others = (left[place].get(lang) or {}).get("others", ())
            if len(others) >= least and len(held) < 2000:
                held.append((others.pop(rng.randrange(len(others))), lang, {place}))
        asked += held
    return left, asked


def without_language(rows: list[Row], lang: str, rng: random.Random) -> tuple[list[Row], list[Question]]:
    left, asked = copy.deepcopy(rows), []
    for place, row in enumerate(left):
        if row.get("ar") and row.get("en") and rng.random() < 0.5:
            asked.append((row[lang]["label"], lang, {place}))
            row[lang] = None
    return left, asked


def slip(text: str, rng: random.Random) -> str | None:
    parts = text.split()
    long = [place for place, word in enumerate(parts) if len(word) >= 5]
    if not long:
        return None
    place = rng.choice(long)
    word, spot = parts[place], rng.randrange(1, len(parts[place]) - 1)
    other = rng.choice(LETTERS if "\u0600" <= word[0] <= "\u06ff" else LATIN)
    parts[place] = rng.choice(
        [
            word[:spot] + word[spot + 1 :],
            word[:spot] + other + word[spot:],
            word[:spot] + other + word[spot + 1 :],
            word[:spot] + word[spot + 1] + word[spot] + word[spot + 2 :],
        ]
    )
    return " ".join(parts)


SPELLINGS: dict[str, Callable[[str, random.Random], str | None]] = {
    "hamza": lambda text, _rng: text.translate(str.maketrans("أإآ", "ااا")),
    "hamza_put": lambda text, _rng: text.replace(" ا", " أ").replace("ا", "أ", 1),
    "tashkeel": lambda text, rng: "".join(char + rng.choice(["", "\u064e", "\u0650", "\u0651"]) for char in text),
    "ta_marbuta": lambda text, _rng: text.replace("ة", "ه"),
    "alef_maqsura": lambda text, _rng: text.replace("ى", "ي") if "ى" in text else text.replace("ي ", "ى ") or None,
    "tatweel": lambda text, _rng: "ـ".join(text.split(" ")[0]) + text[len(text.split(" ")[0]) :],
    "article": lambda text, _rng: " ".join(
        word if word.startswith(("ال", "و", "ب", "ل")) or not "\u0600" <= word[0] <= "\u06ff" else f"ال{word}"
        for word in text.split()
    ),
    "digits": lambda text, _rng: text.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")),
    "slip": slip,
}


def measure(find: Callable[[str, str | None], list[int]], asked: list[Question]) -> dict[str, float]:
    first = ten = reciprocal = 0.0
    times = []
    for text, lang, right in asked:
        started = time.process_time()
        hits = find(text, lang)
        times.append(time.process_time() - started)
        rank = next((place for place, hit in enumerate(hits[:10], start=1) if hit in right), 0)
        first += rank == 1
        ten += rank > 0
        reciprocal += 1 / rank if rank else 0.0
    count = max(1, len(asked))
    return {
        "n": len(asked), "mrr": round(reciprocal / count, 4), "recall_at_10": round(ten / count, 4),
        "recall_at_1": round(first / count, 4), "p50_cpu_ms": round(1000 * sorted(times)[len(times) // 2], 3),
    }  # fmt: skip


class Stock:
    """An Elasticsearch as it comes, over the same names."""

    def __init__(self, url: str, rows: list[Row]) -> None:
        from elasticsearch import Elasticsearch, helpers

        self.name = f"bench_resolution_{os.getpid()}"
        self.client = Elasticsearch(url, request_timeout=60)
        analysers = {"ar": "arabic", "en": "english"}
        fields = {
            f"{part}_{lang}": {"type": "text", "analyzer": name}
            for lang, name in analysers.items()
            for part in ("label", "others")
        }
        self.fields = list(fields)
        self.client.indices.create(
            index=self.name, mappings={"properties": fields}, settings={"number_of_shards": 1, "number_of_replicas": 0}
        )
        helpers.bulk(self.client, self._documents(rows), chunk_size=2000)
        self.client.indices.refresh(index=self.name)

    def _documents(self, rows: list[Row]) -> Iterator[dict[str, Any]]:
        for place, row in enumerate(rows):
            names = {}
            for lang in ("ar", "en"):
                if row.get(lang):
                    names |= {f"label_{lang}": row[lang]["label"], f"others_{lang}": row[lang]["others"]}
            yield {"_index": self.name, "_id": place, **names}

    def find(self, text: str, _lang: str | None) -> list[int]:
        query = {"multi_match": {"query": text, "type": "most_fields", "fields": self.fields}}
        hits = self.client.search(index=self.name, query=query, size=10, source=False)["hits"]["hits"]
        return [int(hit["_id"]) for hit in hits]

    def close(self) -> None:
        self.client.indices.delete(index=self.name)


def requests(path: Path, rows: list[Row]) -> dict[str, list[Question]]:
    ids = {row["uri"]: place for place, row in enumerate(rows)}
    out: dict[str, list[Question]] = {"ar": [], "en": []}
    for line in path.read_text(encoding="utf-8").splitlines():
        value = json.loads(line)
        right = {ids[uri] for uri in value["concepts"] if uri in ids}
        out["ar" if value.get("lang") != "en" else "en"].append((value["text"], value.get("lang"), right))
    return out


def spelt_otherwise(thesaurus: list[Row], rng: random.Random) -> dict[str, list[Question]]:
    """Give the Arabic labels in each other spelling, those that it changes."""
    variants: dict[str, list[Question]] = {}
    for kind, change in SPELLINGS.items():
        made = [
            (change(row["ar"]["label"], rng), "ar", {place}) for place, row in enumerate(thesaurus) if row.get("ar")
        ]
        variants[f"unesco_label_{kind}"] = [
            (text, lang, right) for text, lang, right in made if text and text != thesaurus[min(right)]["ar"]["label"]
        ]
    return variants


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--elasticsearch", default=os.environ.get("ELASTICSEARCH_URL", ""))
    parser.add_argument("--sample", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="how the names of what is measured begin; the draws stay the same")
    options = parser.parse_args()
    report: dict[str, Any] = {"seed": options.seed}

    def compare(rows: list[Row], tasks: dict[str, list[Question]], *, stock: bool = True) -> None:
        tasks = {name: part for name, part in tasks.items() if name.startswith(options.only)}
        if not tasks:
            return
        cpu = time.process_time()
        resolver = index(rows)
        built = round(time.process_time() - cpu, 2)
        other = Stock(options.elasticsearch, rows) if stock and options.elasticsearch else None
        for name, asked in tasks.items():
            if not asked:
                continue
            chosen = random.Random(options.seed).sample(asked, min(options.sample, len(asked)))
            found = lambda text, lang: [hit.concept for hit in resolver.resolve(text, lang, threshold=0.0)]
            ours = measure(found, chosen)
            report[name] = {"ours": ours, "names": len(resolver._rows), "index_cpu_s": built}
            if other:
                theirs = measure(other.find, chosen)
                ratio = {
                    key: round(ours[key] / max(theirs[key], 1e-9), 3) for key in ("mrr", "recall_at_10", "recall_at_1")
                }
                report[name] |= {"stock": theirs, "ratio": ratio}
            print(name, json.dumps(report[name]), file=sys.stderr)
        if other:
            other.close()

    rng = random.Random(options.seed)
    own = shipped()
    asked = requests(Path(__file__).resolve().parent.parent / "tests" / "data" / "requests.jsonl", own)
    tasks = {f"requests_{lang}": part for lang, part in asked.items()}
    arabic_requests = asked["ar"]
    for kind, change in SPELLINGS.items():
        changed = [(change(text, rng) or text, lang, right) for text, lang, right in arabic_requests]
        tasks[f"requests_ar_{kind}"] = changed
    compare(own, tasks)
    thesaurus = load(options.data / "unesco_thesaurus_ar_en.jsonl.xz")
    left, held = without_half(thesaurus, rng)
    compare(left, {f"unesco_{lang}": [each for each in held if each[1] == lang] for lang in ("ar", "en")})
    for lang, name in (("ar", "arabic_to_english"), ("en", "english_to_arabic")):
        left, held = without_language(thesaurus, lang, rng)
        compare(left, {name: held}, stock=False)
    compare(thesaurus, spelt_otherwise(thesaurus, rng))
    esco = load(options.data / "esco_skills_en.jsonl.xz")
    for least, name in ((2, "esco_en"), (4, "esco_en_of_four")):
        left, held = without_one(esco, rng, "en", least)
        compare(left, {name: held})
    left, held = without_one(thesaurus, rng, "ar en", 2)
    compare(left, {f"unesco_one_{lang}": [each for each in held if each[1] == lang] for lang in ("ar", "en")})
    report["peak_rss_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(report, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
