"""The embedded engine: SQLite FTS5 over the tokens that each listing carries, in the listings' own transaction."""
# ruff: noqa: S608

from typing import Any

from django.db import DatabaseError, connection

from exchange.lib import arabic
from search import analysis
from search.backends.base import Drift, Progress
from search.backends.database import WEIGHTS, DatabaseBackend


class SqliteBackend(DatabaseBackend):
    """FTS5 with bm25(), kept by triggers."""

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

    def drift(self) -> Drift:
        """Let SQLite compare its full-text table with the listings; it says only whether they differ."""
        with connection.cursor() as cursor:
            try:
                cursor.execute("INSERT INTO listing_text(listing_text, rank) VALUES ('integrity-check', 1)")
            except DatabaseError:  # "database disk image is malformed"
                cursor.execute("SELECT id FROM skills_listing WHERE state = 'published'")
                return Drift(stale=[row[0] for row in cursor.fetchall()])
        return Drift()

    def rebuild(self, progress: Progress | None = None) -> None:
        """Write the full-text table again from the listings."""
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO listing_text(listing_text) VALUES ('rebuild')")

    def _words_met(self, groups: list[list[str]], share: float) -> tuple[str, list[Any]]:
        match = " AND ".join("(" + " OR ".join(_quoted(word) for word in group) + ")" for group in groups)
        weights = ", ".join(str(weight) for weight in WEIGHTS)
        # Materialized, because bm25() may not be called from a flattened query.
        sql = (
            f"words AS MATERIALIZED (SELECT rowid AS id, -bm25(listing_text, {weights}) * {share} + 0.001 AS score"
            " FROM listing_text WHERE listing_text MATCH %s)"
        )
        return sql, [match]

    def _known(self, words: list[str]) -> set[str]:
        if not words:
            return set()
        marks = ", ".join(["%s"] * len(words))
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT term FROM listing_words WHERE term IN ({marks})", words)
            return {row[0] for row in cursor.fetchall()}

    def _read_vocabulary(self) -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT term FROM listing_words WHERE length(term) >= %s", [analysis.SHORTEST_FUZZY - 1])
            return [row[0] for row in cursor.fetchall()]

    def _each_language(self) -> str:
        return "json_each(base.speaks) s"

    def _is_spoken(self) -> str:
        return "EXISTS (SELECT 1 FROM json_each(l.speaks) WHERE value = %s)"


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'
