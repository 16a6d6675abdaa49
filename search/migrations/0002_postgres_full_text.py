"""PostgreSQL's full-text columns over the tokens of each listing: generated, so they cannot drift from the row."""

from django.db import migrations

from exchange.migrating import Sql

WORDS = "array_to_tsvector(array_remove(string_to_array({}, ' '), ''))"
COLUMNS = {
    "words": "title_tokens || ' ' || concept_tokens || ' ' || body_tokens",
    "title_words": "title_tokens",
    "concept_words": "concept_tokens",
}
UP = [
    *(
        f"ALTER TABLE skills_listing ADD COLUMN {name} tsvector GENERATED ALWAYS AS ({WORDS.format(text)}) STORED"
        for name, text in COLUMNS.items()
    ),
    "CREATE INDEX skills_listing_words ON skills_listing USING gin (words)",
]
DOWN = [f"ALTER TABLE skills_listing DROP COLUMN {name}" for name in COLUMNS]


class Migration(migrations.Migration):
    dependencies = [("search", "0001_full_text")]
    operations = [Sql("postgresql", UP, DOWN)]
