"""PostgreSQL refuses two times of one person that meet, whoever writes them; on SQLite the service does (ADR 0065)."""

from django.db import migrations

from exchange.migrating import Sql

UP = [
    "CREATE EXTENSION IF NOT EXISTS btree_gist",
    """ALTER TABLE lessons_taken ADD CONSTRAINT nobody_is_taken_twice
       EXCLUDE USING gist (person_id WITH =, tstzrange(starts_at, ends_at) WITH &&)""",
]
DOWN = ["ALTER TABLE lessons_taken DROP CONSTRAINT nobody_is_taken_twice"]


class Migration(migrations.Migration):
    replaces = [("lessons", "0005_nobody_is_taken_twice")]
    dependencies = [("lessons", "0001_lessons")]
    operations = [Sql("postgresql", UP, DOWN)]
