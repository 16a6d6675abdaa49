"""Concepts: reading them in, finding them in free text, and their place in the tree."""

import secrets
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from django.db import connection, models, transaction
from django.db.models import F

from exchange.lib import arabic
from exchange.outbox import services as outbox
from skills import rules
from skills.models import Closure, Concept, ConceptsVersion, Label, Link
from skills.resolution import Hit, LabelRow, Resolver
from skills.services import rerank, words

SHIPPED = Path(__file__).resolve().parent.parent / "data" / "concepts"
MAPPINGS = SHIPPED.parent / "mappings.jsonl"
BY_CURATOR = "curator"
BATCH = 500
LONGEST_FOLDED = 200  # a longer folded name was cut when it was stored
WHOLE = 0.95  # a name that is all of the text scores so
LEAST_MEANT = 0.4  # weaker guesses are not worth a question
MOST_MEANINGS = 4

Progress = Callable[[int], None]


@dataclass(frozen=True)
class ConceptHit:
    """A concept that a text seems to mean; `score` is 0–1, `is_exact` says that a whole name of it stands there."""

    concept_id: int
    uri: str
    ar: str
    en: str
    score: float
    is_exact: bool = False
    is_sure: bool = False

    def name(self, language: str) -> str:
        """Name in the reader's language, else in the other one."""
        return (self.ar or self.en) if language.startswith("ar") else (self.en or self.ar)

    @property
    def slug(self) -> str:
        """The last part of the URI."""
        return self.uri.rpartition(":")[2]


@dataclass(frozen=True)
class Tree:
    """All concepts of one version, in memory: names, links both ways."""

    version: int
    names: dict[int, tuple[str, str, str]]  # id → (uri, ar, en)
    ids: dict[str, int]  # uri → id; the URI of a merged concept leads to the one it became
    broader: dict[int, tuple[int, ...]]
    narrower: dict[int, tuple[int, ...]]
    related: dict[int, tuple[int, ...]]
    resolver: Resolver

    def hit(self, concept_id: int, score: float = 1.0, *, is_exact: bool = False, is_sure: bool = False) -> ConceptHit:
        """Give a concept as a hit."""
        uri, ar, en = self.names[concept_id]
        return ConceptHit(concept_id, uri, ar, en, score, is_exact, is_sure)

    def ancestors(self, concept_id: int) -> dict[int, int]:
        """Give each ancestor with its distance, the concept itself at 0."""
        return _reach(concept_id, self.broader)

    def descendants(self, concept_id: int) -> dict[int, int]:
        """Give each narrower concept with its distance, the concept itself at 0."""
        return _reach(concept_id, self.narrower)

    def near(self, concept_id: int) -> list[int]:
        """Give concepts worth offering when this one has nothing: related, then siblings, then broader."""
        near = dict.fromkeys(self.related.get(concept_id, ()))
        near.update(dict.fromkeys(self.narrower.get(concept_id, ())))
        for parent in self.broader.get(concept_id, ()):
            near.update(dict.fromkeys(self.narrower.get(parent, ())))
            near[parent] = None
        near.pop(concept_id, None)
        return list(near)


_cached: Tree | None = None
_checked_at = 0.0
_building = threading.Lock()
FRESH_SECONDS = 0.5  # how long the copy in memory is believed without asking; one page asks once


def tree() -> Tree:
    """Give the concepts of now; one small query tells whether the copy in memory is still true."""
    global _cached, _checked_at
    if _cached is not None and time.monotonic() - _checked_at < FRESH_SECONDS:
        return _cached
    number = version()
    if _cached is not None and _cached.version == number:
        _checked_at = time.monotonic()
        return _cached
    with _building:
        if _cached is None or _cached.version != number:
            _cached = _load(number)
        _checked_at = time.monotonic()
        return _cached


def forget() -> None:
    """Ask the database again at the next look; for whoever changes concepts."""
    global _checked_at
    _checked_at = 0.0


def version() -> int:
    """Give the number of the concepts' present state; 0 before any were loaded."""
    number = ConceptsVersion.objects.order_by("-id").values_list("number", flat=True).first()
    return number or 0


def resolver() -> Resolver:
    """Give the index over all labels, rebuilt when names or links changed."""
    return tree().resolver


def resolve_text(
    text: str, lang: str | None = None, *, limit: int = 10, sure: bool = False, least: float | None = None
) -> list[ConceptHit]:
    """Map free text in either language to concepts, best first; `sure` keeps only what can be taken without asking.

    `least` is the score (0–1) that a hit must have; without it, mere guesses are left out.
    """
    known = tree()
    hits = known.resolver.resolve(text, lang, limit=limit, sure=sure, threshold=least)
    hits = rerank.reranked(text, hits)
    return [known.hit(hit.concept, hit.score, is_exact=hit.exact, is_sure=hit.sure) for hit in hits]


def meanings(text: str, lang: str | None = None) -> list[ConceptHit]:
    """Give the skills between which only the author can choose, best first; empty when there is nothing to ask.

    To ask about: a word that is the name of several concepts (one that is just narrower is no other meaning), and
    whatever comes near to some skills and can be taken for none of them without asking.
    """
    known = tree()
    hits = known.resolver.resolve(text, lang, limit=MOST_MEANINGS * 2, threshold=LEAST_MEANT)
    sure = [hit for hit in hits if hit.sure]
    if not sure:
        near = hits
    else:
        near = _apart(known, (hit for hit in sure if hit.score >= WHOLE))
        if len(near) < 2:
            return []
    return [known.hit(hit.concept, hit.score) for hit in near[:MOST_MEANINGS]]


def _apart(known: Tree, hits: Iterable[Hit]) -> list[Hit]:
    """Give the hits without those that are just narrower or broader than an earlier one."""
    kept: dict[int, Hit] = {}
    for hit in hits:
        if kept.keys().isdisjoint({*known.ancestors(hit.concept), *known.descendants(hit.concept)}):
            kept[hit.concept] = hit
    return list(kept.values())


def suggest(prefix: str, lang: str, *, limit: int = 8) -> list[ConceptHit]:
    """Complete what someone is typing, names of the reader's language first."""
    known = tree()
    return [known.hit(hit.concept, hit.score) for hit in known.resolver.suggest(prefix, lang, limit=limit)]


@transaction.atomic
def import_rows(
    rows: Iterable[rules.ConceptRow], *, only: bool = False, progress: Progress | None = None
) -> dict[str, int]:
    """Take concepts in, idempotently; gives counts {"concepts", "new", "labels", "links", "unknown_links"}.

    A row replaces the names of the languages it carries, but never names given by a curator. `only` removes every
    concept that is not among the rows; texts of listings stay, their mapping is dropped.
    """
    merged = _merge(rows)
    before = dict(Concept.objects.values_list("uri", "id"))
    if only:
        _remove([before[uri] for uri in before.keys() - merged.keys()])
    new = [uri for uri, row in merged.items() if uri not in before and row.names]
    Concept.objects.bulk_create([_concept(merged[uri]) for uri in new], batch_size=BATCH)
    ids = dict(Concept.objects.values_list("uri", "id"))
    named = {ids[uri]: row for uri, row in merged.items() if row.names and uri in ids}
    by_curator = Label.objects.filter(source=BY_CURATOR, is_preferred=True)
    chosen = set(by_curator.values_list("concept_id", "lang"))
    labels = _replace_labels(named, chosen, progress)
    _rename(named, chosen)
    links, unknown = _replace_links(_with_mappings(merged, ids), ids)
    _count_again(Concept, Label, Link)
    words.relearn(shipped_rows)
    refresh_tree()
    _count_again(Closure)
    return {"concepts": len(named), "new": len(new), "labels": labels, "links": links, "unknown_links": unknown}


def _count_again(*tables: type[models.Model]) -> None:
    """Let PostgreSQL count tables that were just filled: autovacuum cannot see rows of an open transaction.

    Where it last counted none (as after an import that was broken off), it takes a full table for an empty one and
    joins row by row: 10 s for the names of three concepts instead of 3 ms. Other databases keep no
    such counts.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE (SKIP_LOCKED) {', '.join(table._meta.db_table for table in tables)}")


def shipped_rows() -> list[rules.ConceptRow]:
    """Give the concepts of the repository, reviewed by its tests."""
    rows = []
    for path in sorted(SHIPPED.glob("*.jsonl")):
        with path.open("rb") as lines:
            for line, value in rules.json_lines(path.name, lines):
                if isinstance(value, rules.BadRow):
                    raise value
                try:
                    rows.append(rules.concept_row(value))
                except ValueError as error:
                    raise rules.BadRow(path.name, line, str(error)) from error
    return rows


def ensure_shipped() -> bool:
    """Load the repository's concepts into a database that has none. Gives whether it did."""
    if Concept.objects.exists():
        return False
    import_rows(shipped_rows())
    return True


def refresh_tree() -> None:
    """Rebuild the closure and domains and let every process know. Must run inside the transaction of the change."""
    parents: dict[int, list[int]] = defaultdict(list)
    became = _became()
    for one, two in Link.objects.filter(kind=Link.Kind.BROADER).values_list("concept_id", "other_id"):
        child, parent = became.get(one, one), became.get(two, two)
        if child != parent:
            parents[child].append(parent)
    uris = dict(Concept.objects.values_list("id", "uri"))
    Closure.objects.all().delete()
    broader = {child: tuple(above) for child, above in parents.items()}
    reached = {concept: _reach(concept, broader) for concept in uris}
    Closure.objects.bulk_create(
        (
            Closure(ancestor_id=above, descendant_id=concept, distance=distance)
            for concept, ways in reached.items()
            for above, distance in ways.items()
        ),
        batch_size=BATCH,
    )
    domains: dict[str, list[int]] = defaultdict(list)
    for concept, ways in reached.items():
        tops = [above for above in ways if not parents.get(above) and uris[above].startswith("rukn:")]
        if tops:
            domains[uris[min(tops, key=lambda top: (ways[top], top))].removeprefix("rukn:")].append(concept)
    for domain, members in domains.items():
        for start in range(0, len(members), BATCH):
            Concept.objects.filter(id__in=members[start : start + BATCH]).exclude(domain=domain).update(domain=domain)
    bump()


def bump() -> None:
    """Let every process know that names or links changed. Must run inside the transaction of the change."""
    if not ConceptsVersion.objects.update(number=F("number") + 1):
        # Not 1: another database of the same process (a restored one, a test's) must not look the same.
        ConceptsVersion.objects.create(number=secrets.randbelow(1_000_000_000) + 1)
    forget()
    transaction.on_commit(forget)
    outbox.emit("concepts.changed", "all", version=version())


def _reach(start: int, steps: dict[int, tuple[int, ...]]) -> dict[int, int]:
    reached = {start: 0}
    queue = deque([start])
    while queue:
        here = queue.popleft()
        for there in steps.get(here, ()):
            if there not in reached:
                reached[there] = reached[here] + 1
                queue.append(there)
    return reached


def _became() -> dict[int, int]:
    """Give for each merged concept the one that it became."""
    return dict(Concept.objects.exclude(merged_into=None).values_list("id", "merged_into_id"))


def _load(number: int) -> Tree:
    names = {key: (uri, ar, en) for key, uri, ar, en in Concept.objects.live().values_list("id", "uri", "ar", "en")}
    became = _became()
    links: dict[str, dict[int, list[int]]] = {kind: defaultdict(list) for kind in ("broader", "narrower", "related")}
    for one, two, kind in Link.objects.values_list("concept_id", "other_id", "kind"):
        concept, other = became.get(one, one), became.get(two, two)
        if concept in names and other in names and concept != other:
            links[kind][concept].append(other)
            links["narrower" if kind == "broader" else "related"][other].append(concept)
    fixed = {kind: {key: tuple(dict.fromkeys(ids)) for key, ids in table.items()} for kind, table in links.items()}
    labels = Label.objects.order_by("concept_id", "lang", "id")
    rows = (
        LabelRow(
            became.get(concept, concept), lang, text, preferred and concept not in became,
            folded if len(folded) < LONGEST_FOLDED else "",
        )
        for concept, lang, text, preferred, folded in labels.values_list(
            "concept_id", "lang", "text", "is_preferred", "folded"
        ).iterator()
    )  # fmt: skip
    index = Resolver(
        rows,
        [(child, parent) for child, above in fixed["broader"].items() for parent in above],
        [(one, other) for one, others in fixed["related"].items() for other in others],
        words.dictionary(),
    )
    merged = Concept.objects.filter(id__in=became).values_list("uri", "id")
    ids = {uri: became[key] for uri, key in merged}
    return Tree(
        version=number,
        names=names,
        ids={**ids, **{uri: key for key, (uri, _, _) in names.items()}},
        broader=fixed["broader"],
        narrower=fixed["narrower"],
        related=fixed["related"],
        resolver=index,
    )


@dataclass(frozen=True)
class Standing:
    """What stands above what before a file is taken in, by URI, and which concepts were merged into which."""

    broader: dict[str, tuple[str, ...]]
    became: dict[str, str]

    def now(self, uri: str) -> str:
        """Give the URI of what a concept is today."""
        return self.became.get(uri, uri)


def standing(*, only: bool, shipped: bool) -> Standing:
    """Give the tree that an import meets; the repository's concepts count where it will load them too.

    `only` and `shipped` are the import's options.
    """
    broader: dict[str, tuple[str, ...]] = {}
    became: dict[str, str] = {}
    if not only:
        became = dict(Concept.objects.exclude(merged_into=None).values_list("uri", "merged_into__uri"))
        links = Link.objects.filter(kind=Link.Kind.BROADER).values_list("concept__uri", "other__uri")
        for uri, other in links:
            broader[uri] = (*broader.get(uri, ()), other)
    if shipped or not (only or Concept.objects.exists()):
        broader.update((row.uri, row.broader) for row in shipped_rows())
    return Standing(broader, became)


def joined(rows: Iterable[rules.ConceptRow]) -> list[rules.ConceptRow]:
    """Join rows of one concept that came together, so that no name is lost: its last label stays the preferred one."""
    out: dict[str, rules.ConceptRow] = {}
    for row in rows:
        known = out.get(row.uri)
        if known is not None:
            both = known.names.keys() & row.names.keys()
            row = replace(
                row, names={**row.names, **{lang: _both(known.names[lang], row.names[lang]) for lang in both}}
            )
            row = _merge([known, row])[row.uri]
        out[row.uri] = row
    return list(out.values())


def _both(earlier: rules.Names, later: rules.Names) -> rules.Names:
    others = dict.fromkeys((*later.others, earlier.label, *earlier.others))
    return rules.Names(
        later.label,
        tuple(other for other in others if other != later.label),
        {**earlier.sources, **later.sources},
    )


def _merge(rows: Iterable[rules.ConceptRow]) -> dict[str, rules.ConceptRow]:
    """Join rows of one concept: ESCO tells its languages and its links in separate files."""
    merged: dict[str, rules.ConceptRow] = {}
    for row in rows:
        known = merged.get(row.uri)
        if known is not None:
            row = rules.ConceptRow(
                uri=row.uri,
                names={**known.names, **row.names},
                broader=tuple(dict.fromkeys(known.broader + row.broader)),
                related=tuple(dict.fromkeys(known.related + row.related)),
                source=known.source or row.source,
            )
        merged[row.uri] = row
    return merged


def _with_mappings(merged: dict[str, rules.ConceptRow], ids: dict[str, int]) -> dict[str, rules.ConceptRow]:
    """Relate imported concepts to the shipped ones that `skills/data/mappings.jsonl` says are the same or close.

    What it calls broader is not linked: the tree and its domains stay the shipped ones.
    """
    linked = dict(merged)
    with MAPPINGS.open("rb") as lines:
        for _line, value in rules.json_lines(MAPPINGS.name, lines):
            if isinstance(value, rules.BadRow):
                raise value
            for other in (*value.get("exact", ()), *value.get("close", ())):
                if other in merged and value["uri"] in ids:
                    linked[other] = replace(linked[other], related=(*linked[other].related, value["uri"]))
    return linked


def _concept(row: rules.ConceptRow) -> Concept:
    return Concept(
        uri=row.uri,
        ar=row.names["ar"].label if "ar" in row.names else "",
        en=row.names["en"].label if "en" in row.names else "",
        source=row.source,
    )


def _remove(ids: list[int]) -> None:
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        Concept.objects.filter(merged_into__in=batch).update(merged_into=None)
    for start in range(0, len(ids), BATCH):
        Concept.objects.filter(id__in=ids[start : start + BATCH]).delete()


def _rename(named: dict[int, rules.ConceptRow], chosen: set[tuple[int, str]]) -> None:
    changed = []
    ids = list(named)
    for start in range(0, len(ids), BATCH):
        for concept in Concept.objects.filter(id__in=ids[start : start + BATCH]):
            names = {
                lang: each.label for lang, each in named[concept.pk].names.items() if (concept.pk, lang) not in chosen
            }
            if any(getattr(concept, lang) != label for lang, label in names.items()):
                for lang, label in names.items():
                    setattr(concept, lang, label)
                changed.append(concept)
    Concept.objects.bulk_update(changed, ["ar", "en"], batch_size=BATCH)


def _replace_labels(named: dict[int, rules.ConceptRow], chosen: set[tuple[int, str]], progress: Progress | None) -> int:
    count = 0
    ids = list(named)
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        kept: set[tuple[int, str, str]] = set()
        for label in Label.objects.filter(concept_id__in=batch, source=BY_CURATOR):
            kept.add((label.concept_id, label.lang, label.text))
        wanted = {
            (key, lang, text): Label(
                concept_id=key,
                lang=lang,
                text=text,
                folded=arabic.fold(text)[:200],
                is_preferred=preferred and (key, lang) not in chosen,
                source=names.sources.get(text) or row.source,
            )
            for key in batch
            for row in (named[key],)
            for lang, names in row.names.items()
            for text, preferred in [(names.label, True), *((other, False) for other in names.others)]
            if (key, lang, text) not in kept
        }
        for lang in ("ar", "en"):
            here = [key for key in batch if lang in named[key].names]
            Label.objects.filter(concept_id__in=here, lang=lang).exclude(source=BY_CURATOR).delete()
        Label.objects.bulk_create(wanted.values(), batch_size=BATCH)
        count += len(wanted)
        if progress:
            progress(len(batch))
    return count


def _replace_links(merged: dict[str, rules.ConceptRow], ids: dict[str, int]) -> tuple[int, int]:
    links: dict[tuple[int, int, str], Link] = {}
    unknown = 0
    for uri, row in merged.items():
        for kind, others in ((Link.Kind.BROADER, row.broader), (Link.Kind.RELATED, row.related)):
            for other in others:
                if uri not in ids or other not in ids:
                    unknown += 1
                    continue
                links[ids[uri], ids[other], kind] = Link(concept_id=ids[uri], other_id=ids[other], kind=kind)
    touched = [ids[uri] for uri in merged if uri in ids]
    for start in range(0, len(touched), BATCH):
        Link.objects.filter(concept_id__in=touched[start : start + BATCH]).delete()
    Link.objects.bulk_create(links.values(), batch_size=BATCH)
    return len(links), unknown
