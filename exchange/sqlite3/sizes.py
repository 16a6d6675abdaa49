"""How many rows there are, so that SQLite plans by what is true. PostgreSQL counts by itself.

Until it has counted, SQLite takes "all published listings" for ten rows and begins with them: the suggestions of one
person then cost as much as the city has listings. Sources: https://sqlite.org/lang_analyze.html, analysis_limit.
"""

from django.db import connection

MOST_OF_AN_INDEX = 400  # rows looked at; near enough, and 11 ms with 20,000 listings instead of 260


def learn() -> None:
    """Count anew; nothing on other databases. Connections opened afterwards plan by it."""
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA analysis_limit={MOST_OF_AN_INDEX}")
        cursor.execute("ANALYZE")
