"""Elasticsearch's side of the index: its shape, its names and aliases, versioned writes.

An index is named by the hash of its shape and the time it was made, and is only spoken to through two aliases:
`…listings` is read, every index behind `…listings_write` is written. A rebuild adds a new index to the write alias,
fills it while both are written, and then moves both aliases in one step.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from django.conf import settings
from elasticsearch import ApiError, Elasticsearch, NotFoundError, TransportError, helpers
from elasticsearch.dsl import (
    Boolean,
    Date,
    Index,
    Keyword,
    Long,
    Mapping,
    Text,
    analyzer,
    char_filter,
    token_filter,
    tokenizer,
)

from accounts.rules import codes
from exchange.lib import arabic
from search.backends.base import Away
from search.backends.elastic_wire import PunctualNode
from search.query import Document

WRITE_SECONDS = 10.0
ASK_SECONDS = 2.0  # for small questions about names; an engine that hangs must not hold the worker for long
BULK = 500
REACH_STEPS = 20  # how finely "how much a listing is about a concept" is kept
GONE = 2**62  # version of an erased listing: no write of an old text can bring it back
UNUSED_SINCE = "unused_since"
KEEP_TOMBSTONES = "1h"  # how long Elasticsearch remembers versions of erased documents

Unreachable = (TransportError, ApiError)


class Refused(RuntimeError):
    """Elasticsearch took a batch but not every document of it; names the first."""


# --- Shape -----------------------------------------------------------------------------------------------------------
_marks = char_filter("rukn_marks", "pattern_replace", pattern=arabic.MARKS_PATTERN, replacement="")
_letters = char_filter("rukn_letters", "mapping", mappings=[f"{old} => {new}" for old, new in arabic.LETTER_PAIRS])
_fold = [_marks, _letters]
_arabic_text = analyzer(
    "rukn_arabic",
    tokenizer="standard",
    char_filter=_fold,
    filter=[
        "lowercase",
        "decimal_digit",
        token_filter("rukn_arabic_stop", "stop", stopwords=sorted(arabic.ARABIC_STOP)),
        "arabic_normalization",
        token_filter("rukn_arabic_stem", "stemmer", language="arabic"),
    ],
)
_english_text = analyzer(
    "rukn_english",
    tokenizer="standard",
    filter=[
        token_filter("rukn_possessive", "stemmer", language="possessive_english"),
        "lowercase",
        "asciifolding",
        token_filter("rukn_english_stop", "stop", stopwords=sorted(arabic.ENGLISH_STOP)),
        token_filter("rukn_english_stem", "stemmer", language="english"),
    ],
)
_prefix = analyzer(
    "rukn_prefix",
    tokenizer="standard",
    char_filter=_fold,
    filter=["lowercase", "asciifolding", token_filter("rukn_edges", "edge_ngram", min_gram=1, max_gram=20)],
)
_typed = analyzer("rukn_typed", tokenizer="standard", char_filter=_fold, filter=["lowercase", "asciifolding"])
_tokens = analyzer("rukn_tokens", tokenizer=tokenizer("rukn_blanks", "whitespace"))


def _text(**more: Any) -> Text:
    return Text(analyzer=_arabic_text, fields={"en": Text(analyzer=_english_text), **more})


def _mapping() -> Mapping:
    fields: dict[str, Any] = {
        "kind": Keyword(),
        "owner": Long(),
        "is_open": Boolean(),
        "title": _text(
            prefix=Text(analyzer=_prefix, search_analyzer=_typed), raw=Keyword(ignore_above=200, doc_values=True)
        ),
        "body": _text(),
        "names_ar": Text(analyzer=_arabic_text),
        "names_en": Text(analyzer=_english_text),
        "title_tokens": Text(analyzer=_tokens),
        "concept_tokens": Text(analyzer=_tokens),
        "body_tokens": Text(analyzer=_tokens),
        "concepts": Long(),
        "reach": Text(analyzer=_tokens, similarity="rukn_how_much"),
        "domain": Keyword(),
        "district": Long(),
        "format": Keyword(),
        "speaks": Keyword(),
        "free": Keyword(),
        "days": Keyword(),
        "parts": Keyword(),
        "revision": Long(),
        "published_at": Date(),
        "number": Long(),
    }
    mapping = Mapping()
    mapping.meta("dynamic", "strict")
    for name, field in fields.items():
        mapping.field(name, field)
    return mapping


@cache
def shape() -> dict[str, Any]:
    """Give settings and mappings of an index of listings."""
    index = Index("shape")
    index.mapping(_mapping())
    index.settings(
        number_of_shards=1,
        number_of_replicas=settings.SEARCH_REPLICAS,
        refresh_interval="1s",
        gc_deletes=KEEP_TOMBSTONES,
        similarity={"rukn_how_much": {"type": "scripted", "script": {"source": "return query.boost * doc.freq;"}}},
    )
    return dict(index.to_dict())


@cache
def shape_mark() -> str:
    """Give eight letters that change whenever the shape does."""
    return hashlib.sha256(json.dumps(shape(), sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:8]


def source(document: Document) -> dict[str, Any]:
    """Give a document as it is stored."""
    free = codes(document.free_mask)
    return {
        "number": document.listing_id,
        "revision": document.version,
        "kind": document.kind,
        "owner": document.owner_id,
        "is_open": document.is_open,
        "title": document.title,
        "body": document.body,
        "names_ar": document.names.get("ar", ""),
        "names_en": document.names.get("en", ""),
        "title_tokens": document.title_tokens,
        "concept_tokens": document.concept_tokens,
        "body_tokens": document.body_tokens,
        "concepts": list(document.concepts),
        "reach": " ".join(
            " ".join([str(concept)] * max(1, round(share * REACH_STEPS))) for concept, share in document.reach
        ),
        "domain": document.domain,
        "district": document.district_id,
        "format": ["place", "online"] if document.format == "both" else [document.format],
        "speaks": list(document.speaks),
        "free": free,
        "days": sorted({code.split("-")[0] for code in free}),
        "parts": sorted({code.split("-")[1] for code in free}),
        "published_at": document.published_at.isoformat() if document.published_at else None,
    }


# --- Names, aliases, writes ------------------------------------------------------------------------------------------
@cache
def client() -> Elasticsearch:
    """Give the one client of this process; callers say how long they wait."""
    return Elasticsearch(
        settings.ELASTICSEARCH_URL,
        node_class=PunctualNode,
        connections_per_node=20,
        request_timeout=WRITE_SECONDS,
        max_retries=0,
        retry_on_timeout=False,
    )


def read_alias() -> str:
    """Name of the alias that is searched."""
    return f"{settings.SEARCH_PREFIX}listings"


def write_alias() -> str:
    """Name of the alias behind which every index is written."""
    return f"{settings.SEARCH_PREFIX}listings_write"


def put_template() -> None:
    """Tell Elasticsearch the shape of every index of ours, and that none of them is made by a mere write to it."""
    client().indices.put_index_template(
        name=f"{settings.SEARCH_PREFIX}listings",
        index_patterns=[f"{settings.SEARCH_PREFIX}listings_v*"],
        template=shape(),
        priority=200,
        allow_auto_create=False,
    )


def name_at(now: datetime) -> str:
    """Name of an index of today's shape, made now."""
    return f"{settings.SEARCH_PREFIX}listings_v{shape_mark()}_{now.astimezone(UTC):%Y%m%d%H%M%S%f}"


def create(name: str) -> None:
    """Make an empty index of today's shape."""
    put_template()
    client().indices.create(index=name, settings={"refresh_interval": "-1"}, wait_for_active_shards="1")


def exists(name: str) -> bool:
    """Whether an index is there."""
    return bool(client().indices.exists(index=name))


def behind(alias: str) -> list[str]:
    """Give the indices behind an alias."""
    try:
        return sorted(client().options(request_timeout=ASK_SECONDS).indices.get_alias(name=alias).body)
    except NotFoundError:
        return []


def open_for_writing(name: str) -> None:
    """From now on every write goes to this index too."""
    client().indices.put_alias(index=name, name=write_alias())


def switch(name: str) -> None:
    """Read and write this index only, in one step."""
    old = {*behind(read_alias()), *behind(write_alias())} - {name}
    actions: list[dict[str, Any]] = [
        {"remove": {"indices": sorted(old), "aliases": [read_alias(), write_alias()], "must_exist": False}}
    ] if old else []  # fmt: skip
    actions += [{"add": {"index": name, "alias": alias}} for alias in (read_alias(), write_alias())]
    client().indices.put_settings(index=name, settings={"refresh_interval": "1s"})
    client().indices.refresh(index=name)
    client().indices.update_aliases(actions=actions)


def drop_unused(*, now: datetime, keep: timedelta) -> list[str]:
    """Delete indices of ours that no alias names, `keep` after they were first found so. Gives their names.

    Since when is kept in the index itself: a rebuild looks here right after its switch.
    """
    ours = f"{settings.SEARCH_PREFIX}listings_v*"
    found = client().indices.get(index=ours, allow_no_indices=True, features=["aliases", "mappings"]).body
    dropped = []
    for name, row in sorted(found.items()):
        since = row["mappings"].get("_meta", {}).get(UNUSED_SINCE)
        if row.get("aliases"):
            if since:  # an alias was moved back to it
                client().indices.put_mapping(index=name, meta={})
        elif not since:
            client().indices.put_mapping(index=name, meta={UNUSED_SINCE: now.isoformat()})
        elif datetime.fromisoformat(since) <= now - keep:
            client().indices.delete(index=name, ignore_unavailable=True)
            dropped.append(name)
    return dropped


def write(documents: Iterable[Document], targets: list[str]) -> int:
    """Write documents to these indices; one that is newer there stays. Gives how many writes were taken.

    Raises `Refused` when a document itself cannot be stored, `Away` when an index was dropped meanwhile (the next try
    asks for the targets anew); transport errors pass through.
    """
    actions = (
        {
            "_op_type": "index",
            "_index": target,
            "_id": str(document.listing_id),
            "_source": body,
            "version": document.version,
            "version_type": "external_gte",
        }
        for document in documents
        for body in (source(document),)
        for target in targets
    )
    return _bulk(actions)


def erase(listing_ids: Iterable[int], targets: list[str]) -> int:
    """Take listings out, and let no late write bring them back."""
    return _bulk(
        {
            "_op_type": "delete",
            "_index": target,
            "_id": str(listing_id),
            "version": GONE,
            "version_type": "external_gte",
        }
        for listing_id in listing_ids
        for target in targets
    )


def _bulk(actions: Iterable[dict[str, Any]]) -> int:
    count = 0
    for is_taken, answer in helpers.streaming_bulk(client(), actions, chunk_size=BULK, raise_on_error=False):
        result = next(iter(answer.values()))
        if is_taken:
            count += 1
        elif result.get("status") in (429, 503):
            raise Away("it is too busy to take documents")
        elif (result.get("error") or {}).get("type") == "index_not_found_exception":
            raise Away("an index is gone")
        elif result.get("status") not in (404, 409):  # 409: a newer one is there; 404: was not there to be deleted
            raise Refused(f"document {result.get('_id')}: {result.get('error')}")
    return count


def digest(name: str) -> Iterator[tuple[int, int]]:
    """Give (listing id, version) of every document of an index, in the order of ids."""
    client().indices.refresh(index=name)
    query = {"query": {"match_all": {}}, "_source": False, "version": True, "sort": ["number"]}
    for hit in helpers.scan(client(), query=query, index=name, size=5000, preserve_order=True):
        yield int(hit["_id"]), int(hit["_version"])
