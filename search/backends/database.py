"""What the engines inside the listings' own database share: one statement for hits, total and facet counts.

Statements are put together from this module's own column names and numbers; whatever a person typed is a parameter.
"""
# ruff: noqa: S608

import time
from abc import abstractmethod
from datetime import datetime
from typing import Any

from django.db import connection

from accounts.rules import CODES, DAYS, PARTS, mask
from search import analysis
from search.backends.base import Backend
from search.document import FADE_PER_PLACE, FADE_PER_STEP
from search.query import Found, Hit, Query

# Weights of title, concept names, body; the author's title says most, the names of the concept bridge the languages,
# the body is long and says many things.
WEIGHTS = (6.0, 4.0, 1.0)
CONCEPT_WEIGHT = 100.0
VOCABULARY_SECONDS = 60

DAY_MASKS = {day: mask(code for code in CODES if code.startswith(day)) for day in DAYS}
PART_MASKS = {part: mask(code for code in CODES if code.endswith(part)) for part in PARTS}

EVERYTHING = "SELECT id, CAST(0 AS DOUBLE PRECISION) AS score, CAST(NULL AS INTEGER) AS via FROM skills_listing"


class DatabaseBackend(Backend):
    """Finds, filters and counts in one SQL statement; a dialect says how words are met."""

    def __init__(self) -> None:
        self._words: tuple[float, list[str]] = (0.0, [])

    @abstractmethod
    def _words_met(self, groups: list[list[str]], share: float) -> tuple[str, list[Any]]:
        """Give common table expressions, the last named `words` (id, score), of rows that meet a word of each group."""

    @abstractmethod
    def _known(self, words: list[str]) -> set[str]:
        """Give those of these words that some listing holds, in one query."""

    @abstractmethod
    def _read_vocabulary(self) -> list[str]:
        """Give all words of listings long enough to be helped."""

    @abstractmethod
    def _each_language(self) -> str:
        """Give the SQL that turns `base.speaks` into rows s.value."""

    @abstractmethod
    def _is_spoken(self) -> str:
        """Give the SQL that asks whether l.speaks holds a parameter."""

    def find(self, query: Query) -> Found:
        """Answer a question; without words the newest listings come first."""
        if query.like:
            words = list(analysis.likeness_words(query.like))
            return self._ask(query, *self._texts([words], None)) if words else Found()
        reading = analysis.read(query.text, query.lang) if query.text.strip() else None
        if reading is None:
            return self._ask(query, "", EVERYTHING, [])
        groups, correction = self._groups(reading)
        if not groups and not reading.means:
            return Found(corrected=correction)
        return self._ask(query, *self._texts(groups, reading), correction)

    def _groups(self, reading: analysis.Reading) -> tuple[list[list[str]], str]:
        """Give the words to meet, unknown ones replaced by near known ones, and what was replaced.

        Words that nobody uses are left out, unless that is more than half of them.
        """
        known = self._known([word for group in reading.groups for word in group])
        groups: list[list[str]] = []
        replaced: list[str] = []
        for group in reading.groups:
            words = [word for word in group if word in known]
            if not words and not reading.means:
                words = [near for word in group for near in analysis.corrected(word, self._vocabulary)]
                replaced.extend(words[:1])
            if words:
                groups.append(list(dict.fromkeys(words)))
        if len(groups) < len(reading.groups) / 2:
            return [], ""
        return groups, " ".join(replaced)

    def _vocabulary(self) -> list[str]:
        """Give all words of listings, at most a minute old: only misspelt words need them."""
        read_at, words = self._words
        if time.monotonic() - read_at > VOCABULARY_SECONDS or not words:
            words = self._read_vocabulary()
            self._words = (time.monotonic(), words)
        return words

    def _texts(self, groups: list[list[str]], reading: analysis.Reading | None) -> tuple[str, str, list[Any]]:
        """Give (expressions before, statement, parameters) of listings whose words meet or whose concepts are meant."""
        parts: list[str] = []
        before: str = ""
        params: list[Any] = []
        if groups:
            # When a concept's name is the whole question, other wordings of it must give the same order.
            before, params = self._words_met(groups, 0.0 if reading and reading.is_whole else 1.0)
            parts.append("SELECT id, score, CAST(NULL AS INTEGER) AS via FROM words")
        for concept, sureness in (reading.means if reading else {}).items():
            parts.append(
                f"""SELECT t.listing_id AS id,
                    MAX({CONCEPT_WEIGHT * sureness:.4f}
                        * CASE c.distance WHEN 0 THEN 1.0 ELSE {FADE_PER_STEP} / c.distance END
                        / (1 + {FADE_PER_PLACE} * t.place)) AS score, {int(concept)} AS via
                FROM skills_tag t JOIN skills_closure c ON c.descendant_id = t.concept_id
                WHERE c.ancestor_id = {int(concept)} GROUP BY t.listing_id"""
            )
        union = " UNION ALL ".join(parts)
        return before, f"SELECT id, SUM(score) AS score, MAX(via) AS via FROM ({union}) AS met GROUP BY id", params

    def _ask(self, query: Query, before: str, source: str, params: list[Any], correction: str = "") -> Found:
        sql, choices = self._statement(query, before, source)
        hits: list[Hit] = []
        facets: dict[str, dict[str, int]] = {}
        total = 0
        with connection.cursor() as cursor:
            cursor.execute(sql, [*params, *choices])
            for what, value, number, via in cursor.fetchall():
                if what == "hit":
                    hits.append(Hit(int(value), number, via))
                elif what == "total":
                    total = int(number)
                elif value not in (None, "") and number:
                    facets.setdefault(what, {})[str(value)] = int(number)
        return Found(tuple(hits), total, facets, correction)

    def _statement(self, query: Query, before: str, source: str) -> tuple[str, list[Any]]:
        """Write one statement that gives hits, total and facet counts; each facet ignores its own filter."""
        passes, params = self._filters(query)
        flags = "".join(f", ({sql}) AS ok_{name}" for name, sql in passes.items())
        flag_params = [value for name in passes for value in params[name]]
        hidden = ", ".join(str(int(owner)) for owner in query.hidden_owners) or "0"
        base = f"""WITH {before}{", " if before else ""}found AS ({source}),
            base AS MATERIALIZED (
                SELECT l.id, f.score, f.via, l.kind, l.district_id, l.format, l.speaks, l.published_at, k.domain,
                    CASE WHEN l.free_mask > 0 THEN l.free_mask ELSE p.free_mask END AS free{flags}
                FROM found f JOIN skills_listing l ON l.id = f.id
                JOIN accounts_person o ON o.id = l.owner_id JOIN accounts_profile p ON p.person_id = l.owner_id
                LEFT JOIN skills_concept k ON k.id = l.main_concept_id
                WHERE l.state = 'published' AND o.is_active AND p.paused_at IS NULL AND l.owner_id NOT IN ({hidden}))"""

        def ok(*but: str) -> str:
            return " AND ".join(f"ok_{name}" for name in passes if name not in but) or "TRUE"

        parts = [
            f"""SELECT * FROM (SELECT 'hit' AS what, CAST(id AS TEXT) AS value, score, via FROM base WHERE {ok()}
                ORDER BY score DESC, published_at DESC, id DESC LIMIT {int(query.limit)} OFFSET {int(query.offset)})
                AS top""",
            f"SELECT 'total', '', CAST(COUNT(*) AS DOUBLE PRECISION), CAST(NULL AS INTEGER) FROM base WHERE {ok()}",
        ]
        if query.facets:
            count = "COUNT(*), CAST(NULL AS INTEGER)"
            parts += [
                f"SELECT 'kind', kind, {count} FROM base WHERE {ok('kind')} GROUP BY kind",
                f"SELECT 'domain', domain, {count} FROM base WHERE {ok('concept')} GROUP BY domain",
                f"SELECT 'district', CAST(district_id AS TEXT), {count} FROM base WHERE {ok('district')}"
                " GROUP BY district_id",
                f"SELECT 'speaks', s.value, {count} FROM base, {self._each_language()} WHERE {ok('speaks')}"
                " GROUP BY s.value",
                *(
                    f"SELECT 'format', '{form}', {count} FROM base WHERE {ok('format')}"
                    f" AND format IN ('{form}', 'both')"
                    for form in ("place", "online")
                ),
                *(
                    f"SELECT '{what}', '{name}', {count} FROM base WHERE {ok('free')} AND (free & {bits}) != 0"
                    for what, masks in (("day", DAY_MASKS), ("part", PART_MASKS))
                    for name, bits in masks.items()
                ),
            ]
        return base + " UNION ALL ".join(parts), flag_params

    def _filters(self, query: Query) -> tuple[dict[str, str], dict[str, list[Any]]]:
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
            add("district", "COALESCE(l.district_id, 0) = %s", query.district)
        if query.format:
            add("format", "l.format IN (%s, 'both')", query.format)
        if query.speaks:
            add("speaks", self._is_spoken(), query.speaks)
        if query.free_mask:
            free = "CASE WHEN l.free_mask > 0 THEN l.free_mask ELSE p.free_mask END"
            add("free", f"(({free}) & %s) != 0", query.free_mask)
        if query.since:
            add("since", "l.published_at >= %s", _stored(query.since))
        return passes, params


def _stored(moment: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(moment)
