"""PostgreSQL's full-text columns over the tokens of each listing: generated, so they cannot drift from the row."""

from django.db import migrations

WORDS = "array_to_tsvector(array_remove(string_to_array({}, ' '), ''))"
COLUMNS = {
    "words": "title_tokens || ' ' || concept_tokens || ' ' || body_tokens",
    "title_words": "title_tokens",
    "concept_words": "concept_tokens",
}


def up(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name, text in COLUMNS.items():
            schema_editor.execute(
                f"ALTER TABLE skills_listing ADD COLUMN {name} tsvector GENERATED ALWAYS AS ({WORDS.format(text)}) STORED"
            )
        schema_editor.execute("CREATE INDEX skills_listing_words ON skills_listing USING gin (words)")


def down(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name in COLUMNS:
            schema_editor.execute(f"ALTER TABLE skills_listing DROP COLUMN {name}")


class Migration(migrations.Migration):
    dependencies = [("search", "0001_full_text")]
    operations = [migrations.RunPython(up, down)]
