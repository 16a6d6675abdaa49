"""The embedded engine: SQLite FTS5 over the tokens that each listing carries, in the listings' own transaction.

Statements are put together from this module's own column names and numbers; whatever a person typed is a parameter.
"""
# ruff: noqa: S608

import time
from datetime import datetime
from typing import Any

from django.db import connection

from accounts.rules import CODES, DAYS, PARTS, mask
from exchange.lib import arabic
from search import analysis
from search.backends.base import Backend
from search.query import Found, Hit, Query

# Weights of title, concept names, body for bm25(); the author's title says most, the names of the concept bridge
# the languages, the body is long and says many things.
WEIGHTS = (6.0, 4.0, 1.0)
CONCEPT_WEIGHT = 100.0
FADE_PER_STEP = 0.6  # a listing about something narrower than asked counts less with each step down
VOCABULARY_SECONDS = 60

DAY_MASKS = {day: mask(code for code in CODES if code.startswith(day)) for day in DAYS}
PART_MASKS = {part: mask(code for code in CODES if code.endswith(part)) for part in PARTS}


class SqliteBackend(Backend):
    """Finds, filters and counts in one SQL statement."""

    def __init__(self) -> None:
        self._words: tuple[float, list[str]] = (0.0, [])

    def find(self, query: Query) -> Found:
        """Answer a question; without words the newest listings come first."""
        reading = analysis.read(query.text, query.lang) if query.text.strip() else None
        if reading is None:
            return self._ask(query, _Everything(), "")
        match, correction = self._match(reading)
        if not match and not reading.means:
            return Found(corrected=correction)
        return self._ask(query, _Texts(match, reading), correction)

    def suggest(self, text: str, *, limit: int = 8) -> list[str]:
        """Complete with titles of open listings that begin a word like this."""
        words = arabic.tokens(text).split()
        if not words:
            return []
        match = " ".join(_quoted(word) for word in words[:-1]) + f" {_quoted(words[-1])}*"
        sql = """SELECT DISTINCT l.title FROM listing_text t JOIN skills_listing l ON l.id = t.rowid
            WHERE listing_text MATCH %s AND l.state = 'published' ORDER BY t.rank LIMIT %s"""
        with connection.cursor() as cursor:
            cursor.execute(sql, [f"title_tokens : ({match.strip()})", limit])
            return [row[0] for row in cursor.fetchall()]

    def missing(self) -> list[int]:
        """Give ids whose row in the full-text table differs from the listing; SQLite compares them itself."""
        with connection.cursor() as cursor:
            try:
                cursor.execute("INSERT INTO listing_text(listing_text, rank) VALUES ('integrity-check', 1)")
            except Exception:  # the one error is "database disk image is malformed"
                cursor.execute("SELECT id FROM skills_listing WHERE state = 'published'")
                return [row[0] for row in cursor.fetchall()]
        return []

    def migrate(self) -> None:
        """Write the full-text table again from the listings."""
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO listing_text(listing_text) VALUES ('rebuild')")

    def _match(self, reading: analysis.Reading) -> tuple[str, str]:
        """Give the FTS5 expression for the words, unknown ones replaced by near known ones, and what was replaced."""
        clauses: list[str] = []
        replaced: list[str] = []
        for group in reading.groups:
            known = [word for word in group if self._is_known(word)]
            if not known and not reading.means:
                known = [near for word in group for near in analysis.corrected(word, self._vocabulary)]
                replaced.extend(known[:1])
            if known:
                clauses.append("(" + " OR ".join(_quoted(word) for word in dict.fromkeys(known)) + ")")
        if not clauses or len(clauses) < len(reading.groups) / 2:
            return "", ""
        return " AND ".join(clauses), " ".join(replaced)

    def _is_known(self, word: str) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM listing_words WHERE term = %s", [word])
            return cursor.fetchone() is not None

    def _vocabulary(self) -> list[str]:
        """Give all indexed words, at most a minute old: only misspelt words need them."""
        read_at, words = self._words
        if time.monotonic() - read_at > VOCABULARY_SECONDS or not words:
            with connection.cursor() as cursor:
                cursor.execute("SELECT term FROM listing_words WHERE length(term) >= %s", [analysis.SHORTEST_FUZZY - 1])
                words = [row[0] for row in cursor.fetchall()]
            self._words = (time.monotonic(), words)
        return words

    def _ask(self, query: Query, source: "_Everything | _Texts", correction: str) -> Found:
        sql, params = _statement(query, source)
        hits: list[Hit] = []
        facets: dict[str, dict[str, int]] = {}
        total = 0
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            for what, value, number, via in cursor.fetchall():
                if what == "hit":
                    hits.append(Hit(value, number, via))
                elif what == "total":
                    total = number
                elif value not in (None, "") and number:
                    facets.setdefault(what, {})[str(value)] = number
        return Found(tuple(hits), total, facets, correction)


class _Everything:
    """Every open listing, newest first."""

    before = ""
    sql = "SELECT id, 0.0 AS score, NULL AS via FROM skills_listing"
    params: tuple[Any, ...] = ()


class _Texts:
    """Listings whose words match, and those about the concepts that the question means."""

    def __init__(self, match: str, reading: analysis.Reading) -> None:
        parts: list[str] = []
        params: list[Any] = []
        self.before = ""
        if match:
            # When a concept's name is the whole question, other wordings of it must give the same order.
            share = 0.0 if reading.is_whole else 1.0
            weights = ", ".join(str(weight) for weight in WEIGHTS)
            # Materialized, because bm25() may not be called from a flattened query.
            self.before = (
                f"words AS MATERIALIZED (SELECT rowid AS id, -bm25(listing_text, {weights}) * {share} + 0.001 AS score,"
                " NULL AS via FROM listing_text WHERE listing_text MATCH %s), "
            )
            parts.append("SELECT id, score, via FROM words")
            params.append(match)
        for concept, sureness in reading.means.items():
            parts.append(
                f"""SELECT t.listing_id AS id,
                    MAX({CONCEPT_WEIGHT * sureness:.4f}
                        * CASE c.distance WHEN 0 THEN 1.0 ELSE {FADE_PER_STEP} / c.distance END
                        / (1 + 0.2 * t.place)) AS score, {int(concept)} AS via
                FROM skills_tag t JOIN skills_closure c ON c.descendant_id = t.concept_id
                WHERE c.ancestor_id = {int(concept)} GROUP BY t.listing_id"""
            )
        self.sql = f"SELECT id, SUM(score) AS score, MAX(via) AS via FROM ({' UNION ALL '.join(parts)}) GROUP BY id"
        self.params = tuple(params)


def _statement(query: Query, source: _Everything | _Texts) -> tuple[str, list[Any]]:
    """Write one statement that gives hits, total and facet counts; each facet ignores its own filter.

    Values go in as parameters; what is formatted in are column names and numbers of this module.
    """
    passes, params = _filters(query)
    flags = ", ".join(f"({sql}) AS ok_{name}" for name, sql in passes.items())
    flag_params = [value for name in passes for value in params[name]]
    hidden = ", ".join(str(int(owner)) for owner in query.hidden_owners) or "0"
    base = f"""WITH {source.before}found AS ({source.sql}),
        base AS MATERIALIZED (
            SELECT l.id, f.score, f.via, l.kind, l.district_id, l.format, l.speaks, l.published_at, k.domain,
                CASE WHEN l.free_mask > 0 THEN l.free_mask ELSE p.free_mask END AS free{"," if flags else ""} {flags}
            FROM found f JOIN skills_listing l ON l.id = f.id
            JOIN accounts_person o ON o.id = l.owner_id JOIN accounts_profile p ON p.person_id = l.owner_id
            LEFT JOIN skills_concept k ON k.id = l.main_concept_id
            WHERE l.state = 'published' AND o.is_active AND p.paused_at IS NULL AND l.owner_id NOT IN ({hidden}))"""

    def ok(*but: str) -> str:
        return " AND ".join(f"ok_{name}" for name in passes if name not in but) or "1"

    parts = [
        f"""SELECT * FROM (SELECT 'hit', id, score, via FROM base WHERE {ok()}
            ORDER BY score DESC, published_at DESC, id DESC LIMIT {int(query.limit)} OFFSET {int(query.offset)})""",
        f"SELECT 'total', '', COUNT(*), NULL FROM base WHERE {ok()}",
    ]
    if query.facets:
        parts += [
            f"SELECT 'kind', kind, COUNT(*), NULL FROM base WHERE {ok('kind')} GROUP BY kind",
            f"SELECT 'domain', domain, COUNT(*), NULL FROM base WHERE {ok('concept')} GROUP BY domain",
            f"SELECT 'district', district_id, COUNT(*), NULL FROM base WHERE {ok('district')} GROUP BY district_id",
            f"SELECT 'speaks', s.value, COUNT(*), NULL FROM base, json_each(base.speaks) s WHERE {ok('speaks')}"
            " GROUP BY s.value",
            *(
                f"SELECT 'format', '{form}', COUNT(*), NULL FROM base WHERE {ok('format')}"
                f" AND format IN ('{form}', 'both')"
                for form in ("place", "online")
            ),
            *(
                f"SELECT '{what}', '{name}', COUNT(*), NULL FROM base WHERE {ok('free')} AND (free & {bits}) != 0"
                for what, masks in (("day", DAY_MASKS), ("part", PART_MASKS))
                for name, bits in masks.items()
            ),
        ]
    return base + " UNION ALL ".join(parts), [*source.params, *flag_params]


def _filters(query: Query) -> tuple[dict[str, str], dict[str, list[Any]]]:
    passes: dict[str, str] = {}
    params: dict[str, list[Any]] = {}

    def add(name: str, sql: str, *values: Any) -> None:
        passes[name], params[name] = sql, list(values)

    if query.kind:
        add("kind", "l.kind = %s", query.kind)
    if query.concept:
        add(
            "concept",
            "l.id IN (SELECT t.listing_id FROM skills_tag t JOIN skills_closure c ON c.descendant_id = t.concept_id"
            " WHERE c.ancestor_id = %s)",
            query.concept,
        )
    if query.district:
        add("district", "COALESCE(l.district_id = %s, 0)", query.district)
    if query.format:
        add("format", "l.format IN (%s, 'both')", query.format)
    if query.speaks:
        add("speaks", "EXISTS (SELECT 1 FROM json_each(l.speaks) WHERE value = %s)", query.speaks)
    if query.free_mask:
        add(
            "free",
            "(CASE WHEN l.free_mask > 0 THEN l.free_mask ELSE p.free_mask END) & %s != 0",
            query.free_mask,
        )
    if query.since:
        add("since", "l.published_at >= %s", _stored(query.since))
    return passes, params


def _stored(moment: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(moment)


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'
