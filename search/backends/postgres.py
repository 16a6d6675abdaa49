"""PostgreSQL full text over the tokens that each listing carries, kept by generated columns in the row's transaction.

The tokens were folded and stemmed by `exchange.lib.arabic`, so PostgreSQL takes them as they are: its own `arabic`
configuration and `unaccent` do not fold Arabic properly (measured). Rank: BM25 without length, per word of the
question the inverse document frequency (Robertson & Spärck Jones 1976, as in Lucene) times the weight of each field.
"""
# ruff: noqa: S608

from typing import Any

from django.db import connection

from exchange.lib import arabic
from search import analysis
from search.backends.base import Progress
from search.backends.database import WEIGHTS, DatabaseBackend


class PostgresBackend(DatabaseBackend):
    """Generated tsvector columns with a GIN index (search/migrations/0002)."""

    def suggest(self, text: str, *, limit: int = 8) -> list[str]:
        """Complete with titles of open listings that begin a word like this."""
        words = arabic.tokens(text).split()
        if not words:
            return []
        wanted = " & ".join([*(_quoted(word) for word in words[:-1]), f"{_quoted(words[-1])}:*"])
        sql = """SELECT title FROM skills_listing
            WHERE title_words @@ %s::tsquery AND words @@ %s::tsquery AND state = 'published'
            GROUP BY title ORDER BY MAX(published_at) DESC, title LIMIT %s"""
        with connection.cursor() as cursor:
            cursor.execute(sql, [wanted, wanted, limit])
            return [row[0] for row in cursor.fetchall()]

    def rebuild(self, progress: Progress | None = None) -> None:
        """Write the generated columns' index again."""
        with connection.cursor() as cursor:
            cursor.execute("REINDEX INDEX skills_listing_words")
            cursor.execute("ANALYZE skills_listing")

    def _words_met(self, groups: list[list[str]], share: float) -> tuple[str, list[Any]]:
        title, concept, body = WEIGHTS
        asked = [" | ".join(_quoted(word) for word in group) for group in groups]
        parts, params = [], []
        for number, question in enumerate(asked):
            parts.append(
                f"""asked_{number} AS MATERIALIZED (SELECT %s::tsquery AS q, ln(1 + (total - met + 0.5) / (met + 0.5))
                    AS idf FROM (SELECT (SELECT GREATEST(reltuples, 1) FROM pg_class
                        WHERE oid = 'skills_listing'::regclass) AS total,
                        (SELECT COUNT(*) FROM skills_listing WHERE words @@ %s::tsquery) AS met) AS counts)"""
            )
            params += [question, question]
        score = " + ".join(
            f"asked_{number}.idf * (CASE WHEN l.title_words @@ asked_{number}.q THEN {title} ELSE 0 END"
            f" + CASE WHEN l.concept_words @@ asked_{number}.q THEN {concept} ELSE 0 END + {body})"
            for number in range(len(asked))
        )
        joined = "".join(f", asked_{number}" for number in range(len(asked)))
        parts.append(
            f"""words AS MATERIALIZED (SELECT l.id, CAST(({score}) * {share} + 0.001 AS DOUBLE PRECISION) AS score
                FROM skills_listing l{joined} WHERE l.words @@ %s::tsquery)"""
        )
        params.append(" & ".join(f"({question})" for question in asked))
        return ", ".join(parts), params

    def _known(self, words: list[str]) -> set[str]:
        if not words:
            return set()
        sql = """SELECT word FROM unnest(%s::text[], %s::text[]) AS asked(word, question)
            WHERE EXISTS (SELECT 1 FROM skills_listing WHERE words @@ question::tsquery)"""
        with connection.cursor() as cursor:
            cursor.execute(sql, [words, [_quoted(word) for word in words]])
            return {row[0] for row in cursor.fetchall()}

    def _read_vocabulary(self) -> list[str]:
        sql = "SELECT word FROM ts_stat('SELECT words FROM skills_listing') WHERE length(word) >= %s"
        with connection.cursor() as cursor:
            cursor.execute(sql, [analysis.SHORTEST_FUZZY - 1])
            return [row[0] for row in cursor.fetchall()]

    def _each_language(self) -> str:
        return "jsonb_array_elements_text(base.speaks) AS s(value)"

    def _is_spoken(self) -> str:
        return "l.speaks @> to_jsonb(%s::text)"


def _quoted(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"
