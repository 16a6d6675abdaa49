"""Elasticsearch: the engine of a city; one request a question.

What a person typed only ever stands as text of a match, never in a query language. Questions are plain dictionaries:
building one through `elasticsearch.dsl`, which describes the index, took longer than Elasticsearch's answer.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from math import ceil
from time import monotonic
from typing import Any

from django.conf import settings
from elasticsearch import ApiError, TransportError
from elasticsearch.exceptions import HTTP_EXCEPTIONS

from accounts.rules import codes
from exchange.lib import arabic
from search import analysis
from search.backends import elastic_index as index
from search.backends import elastic_rebuild as rebuilding
from search.backends.base import Away, Backend, Drift, Progress
from search.backends.database import CONCEPT_WEIGHT, WEIGHTS
from search.query import Document, Found, Hit, Query

TITLE, CONCEPT, BODY = WEIGHTS
TOKEN_FIELDS = [f"title_tokens^{TITLE}", f"concept_tokens^{CONCEPT}", f"body_tokens^{BODY}"]
SPELT = ("title_tokens", "concept_tokens")  # the words that a slip of the finger is held against
TEXT_FIELDS = ["title^3", "title.en^3", "names_ar^2", "names_en^2", "body", "body.en"]
IS_OPEN = {"term": {"is_open": True}}
NEWEST = [{"published_at": {"order": "desc", "missing": "_last"}}, {"number": "desc"}]
JSON = dict.fromkeys(("accept", "content-type"), "application/vnd.elasticsearch+json; compatible-with=8")
LITTLE = 0.001
LEAST_SECONDS = 0.05
MET, END = "\ue000", "\ue001"  # private letters around met words; no text holds them (exchange.lib.text)
MARKING = {
    "fields": {"body": {}, "body.en": {}},
    "pre_tags": [MET],
    "post_tags": [END],
    "number_of_fragments": 1,
    "fragment_size": 130,
    "order": "score",
}
FACETS = {  # facet → (the filter it ignores, field, most values)
    "kind": ("kind", "kind", 5),
    "domain": ("concept", "domain", 50),
    "district": ("district", "district", 100),
    "speaks": ("speaks", "speaks", 20),
    "format": ("format", "format", 5),
    "day": ("free", "days", 7),
    "part": ("free", "parts", 3),
}


Body = dict[str, Any]


class ElasticBackend(Backend):
    """Finds, filters, counts, marks and helps spelling in one request, two when nothing was found."""

    keeps_own_index = True

    def find(self, query: Query) -> Found:
        """Answer a question; without words the newest listings come first. All its requests share the page's time."""
        until = monotonic() + settings.SEARCH_SECONDS
        if query.like:
            words = " ".join(analysis.likeness_words(query.like))
            return _found(_run(_search(query, _like(words)), until)) if words else Found()
        reading = analysis.read(query.text, query.lang) if query.text.strip() else None
        if reading is None:
            return _found(_run(_search(query, None), until))
        if not reading.groups and not reading.means:
            return Found()
        search = _search(query, _meaning(reading, reading.groups, len(reading.groups)))
        helped = [] if reading.means else list(enumerate(reading.groups))
        if helped:
            search["suggest"] = {
                f"{field}{number}": {"text": group[0], "term": _near(group[0], field)}
                for number, group in helped
                for field in SPELT
            }
        if reading.words:
            search["highlight"] = {
                **MARKING,
                "highlight_query": {"multi_match": {"query": " ".join(reading.words), "fields": ["body", "body.en"]}},
            }
        answer = _run(search, until)
        if answer["hits"]["total"]["value"] or not helped:
            return _found(answer)
        return self._second_try(query, reading, answer.get("suggest", {}), until)

    def suggest(self, text: str, *, limit: int = 8) -> list[str]:
        """Complete with titles of open listings that begin a word like this."""
        if not arabic.words(text):
            return []
        begins = {"match": {"title.prefix": {"query": text, "operator": "and"}}}
        search = {
            "query": {"bool": {"must": [begins], "filter": [IS_OPEN]}},
            "size": limit,
            "collapse": {"field": "title.raw"},
            "_source": ["title"],
        }
        answer = _run(search, monotonic() + settings.SEARCH_SECONDS)
        return [hit["_source"]["title"] for hit in answer["hits"]["hits"]]

    def write(self, documents: Iterable[Document]) -> None:
        """Write to every index that is open for writing; these are known before the first document is taken."""
        with _reaching():
            index.write(documents, _targets())

    def erase(self, listing_ids: Iterable[int]) -> None:
        """Forget listings for good."""
        with _reaching():
            index.erase(listing_ids, _targets())

    def migrate(self, progress: Progress | None = None) -> None:
        """Make sure that an index of today's shape is read and written."""
        with _reaching():
            rebuilding.migrate(progress)

    def rebuild(self, progress: Progress | None = None) -> None:
        """Fill a new index and move the aliases to it, while searches and writes go on."""
        with _reaching():
            rebuilding.rebuild(progress)

    def drift(self) -> Drift:
        """Compare the index that is read with the database."""
        with _reaching():
            read = index.behind(index.read_alias())
            if len(read) != 1:
                raise Away(f"the alias {index.read_alias()} names {len(read)} indices; run `manage.py search migrate`")
            return rebuilding.drift(read[0])

    def refresh(self) -> None:
        """Let everything written be found now."""
        index.client().indices.refresh(index=index.read_alias())

    def _second_try(self, query: Query, reading: analysis.Reading, near: dict[str, Any], until: float) -> Found:
        """Ask again with near known words for those that no title, or no skill's name, holds; half of the words are
        enough then."""
        groups: list[tuple[str, ...]] = []
        replaced: list[str] = []
        for number, group in enumerate(reading.groups):
            options = [near.get(f"{field}{number}", [{}])[0].get("options", ()) for field in SPELT]
            words = tuple(dict.fromkeys(option["text"] for found in options for option in found))[:3]
            replaced.extend(words[:1])
            groups.append(words or group)
        found = _found(_run(_search(query, _meaning(reading, tuple(groups), ceil(len(groups) / 2))), until))
        return Found(found.hits, found.total, found.facets, " ".join(replaced)) if replaced else found


@contextmanager
def _reaching() -> Iterator[None]:
    """Turn every way of not being reached into `Away`."""
    try:
        yield
    except TransportError as error:
        raise Away(type(error).__name__) from error
    except ApiError as error:
        if error.status_code in (404, 408, 429) or error.status_code >= 500:
            raise Away(f"status {error.status_code}") from error
        raise


def _targets() -> list[str]:
    targets = index.behind(index.write_alias())
    if not targets:
        raise Away("there is no index yet; run `manage.py search migrate`")
    return targets


def _meaning(reading: analysis.Reading, groups: tuple[tuple[str, ...], ...], at_least: int) -> Body:
    """Give what listings must meet: the words, or a concept that the words mean; both add up."""
    clauses: list[Body] = []
    if groups:
        each = [_group(group, word) for group, word in zip(groups, reading.words, strict=True)]
        words = {"bool": {"should": each, "minimum_should_match": at_least}}
        # When a concept's name is the whole question, other wordings of it must give the same order.
        clauses.append({"constant_score": {"filter": words, "boost": LITTLE}} if reading.is_whole else words)
    for concept, sureness in reading.means.items():
        boost = CONCEPT_WEIGHT * sureness / index.REACH_STEPS
        clauses.append({"term": {"reach": {"value": str(concept), "boost": boost, "_name": str(concept)}}})
    return {"bool": {"should": clauses, "minimum_should_match": 1}}


def _group(group: tuple[str, ...], word: str) -> Body:
    """Give one word of the question: by our own stems, or by Elasticsearch's reading of either language."""
    ours = {"combined_fields": {"query": " ".join(group), "fields": TOKEN_FIELDS, "operator": "or"}}
    theirs = {"multi_match": {"query": word, "fields": TEXT_FIELDS, "type": "best_fields"}}
    return {"dis_max": {"queries": [ours, theirs]}}


def _like(words: str) -> Body:
    return {
        "more_like_this": {
            "fields": ["title_tokens", "body_tokens"],
            "like": words,
            "min_term_freq": 1,
            "min_doc_freq": 1,
            "max_query_terms": analysis.MOST_LIKENESS_WORDS,
            "minimum_should_match": "20%",
        }
    }


def _near(word: str, field: str) -> dict[str, Any]:
    """Say how a word that this field of no listing holds is helped: one slip, two in long words."""
    return {
        "field": field,
        "suggest_mode": "missing",
        "size": 3,
        "max_edits": 1 if len(word) < 8 else 2,
        "min_word_length": analysis.SHORTEST_FUZZY,
        "prefix_length": 0,
        "string_distance": "damerau_levenshtein",
    }


def _search(query: Query, meaning: Body | None) -> Body:
    """Write one request: open listings that meet the meaning, choices as post filter, a count for each other choice."""
    chosen = _choices(query)
    asked: Body = {"filter": [IS_OPEN]}
    if meaning is not None:
        asked["must"] = [meaning]
    if query.hidden_owners:
        asked["must_not"] = [{"terms": {"owner": list(query.hidden_owners)}}]
    search: Body = {
        "query": {"bool": asked},
        "sort": NEWEST if meaning is None else [{"_score": "desc"}, *NEWEST],
        "size": query.limit,
        "from": query.offset,
        "track_total_hits": True,
        "track_scores": True,
        "_source": False,
    }
    if chosen:
        search["post_filter"] = {"bool": {"filter": list(chosen.values())}}
    if query.facets:
        search["aggs"] = {
            name: {
                "filter": {"bool": {"filter": [each for key, each in chosen.items() if key != but]}},
                "aggs": {"by": {"terms": {"field": field, "size": most}}},
            }
            for name, (but, field, most) in FACETS.items()
        }
    return search


def _choices(query: Query) -> dict[str, Body]:
    """Give each choice made as a filter."""
    chosen: dict[str, Body] = {}
    if query.kind:
        chosen["kind"] = {"term": {"kind": query.kind}}
    if query.concept:
        chosen["concept"] = {"term": {"reach": str(query.concept)}}
    if query.district:
        chosen["district"] = {"term": {"district": query.district}}
    if query.format:
        chosen["format"] = {"term": {"format": query.format}}
    if query.speaks:
        chosen["speaks"] = {"term": {"speaks": query.speaks}}
    if query.free_mask:
        chosen["free"] = {"terms": {"free": codes(query.free_mask)}}
    if query.since:
        chosen["since"] = {"range": {"published_at": {"gte": query.since.isoformat()}}}
    return chosen


def _run(search: Body, until: float) -> dict[str, Any]:
    """Ask once, through the client's transport: `options()` would make a whole client for each question.

    The transport knows nothing of the client's own `max_retries`: left alone it asks a dying engine four times.
    """
    answer = index.client().transport.perform_request(
        "POST",
        f"/{index.read_alias()}/_search",
        headers=JSON,
        body=search,
        request_timeout=max(LEAST_SECONDS, until - monotonic()),
        max_retries=0,
        retry_on_status=(),
        retry_on_timeout=False,
    )
    if answer.meta.status != 200:
        raise HTTP_EXCEPTIONS.get(answer.meta.status, ApiError)("not found out", meta=answer.meta, body=answer.body)
    return dict(answer.body)


def _found(answer: dict[str, Any]) -> Found:
    hits = tuple(
        Hit(
            int(hit["_id"]),
            hit["_score"] or 0.0,
            max((int(name) for name in hit.get("matched_queries", ())), default=None),
            _marked(hit.get("highlight", {})),
        )
        for hit in answer["hits"]["hits"]
    )
    facets: dict[str, dict[str, int]] = {}
    for name in FACETS:
        buckets = answer.get("aggregations", {}).get(name, {}).get("by", {}).get("buckets", ())
        counts = {str(bucket["key"]): bucket["doc_count"] for bucket in buckets if bucket["key"] != ""}
        if counts:
            facets[name] = counts
    # With a post filter `hits.total` already counts only what passes it.
    return Found(hits, answer["hits"]["total"]["value"], facets)


def _marked(highlight: dict[str, list[str]]) -> tuple[tuple[str, bool], ...]:
    """Give a highlighted piece as (words, whether met)."""
    texts = [*highlight.get("body", ()), *highlight.get("body.en", ())]
    if not texts:
        return ()
    best = max(texts, key=lambda text: text.count(MET))
    out: list[tuple[str, bool]] = []
    for part in best.split(MET):
        met, end, rest = part.partition(END)
        out += [(met, True), (rest, False)] if end else [(met, False)]
    return tuple((words, is_met) for words, is_met in out if words)
