"""SQLite's full-text table over the tokens of each listing, kept by triggers in the row's own transaction."""

from django.db import migrations

from exchange.migrating import Sql

COLUMNS = "title_tokens, concept_tokens, body_tokens"

UP = [
    f"""CREATE VIRTUAL TABLE listing_text USING fts5(
        {COLUMNS}, content='skills_listing', content_rowid='id', tokenize="unicode61 remove_diacritics 0 tokenchars '+#'", prefix='2 3')""",
    "CREATE VIRTUAL TABLE listing_words USING fts5vocab(listing_text, 'row')",
    f"""CREATE TRIGGER listing_text_insert AFTER INSERT ON skills_listing BEGIN
        INSERT INTO listing_text(rowid, {COLUMNS}) VALUES (new.id, new.title_tokens, new.concept_tokens, new.body_tokens);
    END""",
    f"""CREATE TRIGGER listing_text_delete AFTER DELETE ON skills_listing BEGIN
        INSERT INTO listing_text(listing_text, rowid, {COLUMNS})
        VALUES ('delete', old.id, old.title_tokens, old.concept_tokens, old.body_tokens);
    END""",
    f"""CREATE TRIGGER listing_text_update AFTER UPDATE OF {COLUMNS} ON skills_listing BEGIN
        INSERT INTO listing_text(listing_text, rowid, {COLUMNS})
        VALUES ('delete', old.id, old.title_tokens, old.concept_tokens, old.body_tokens);
        INSERT INTO listing_text(rowid, {COLUMNS}) VALUES (new.id, new.title_tokens, new.concept_tokens, new.body_tokens);
    END""",
    "INSERT INTO listing_text(listing_text) VALUES ('rebuild')",
]
DOWN = [
    "DROP TRIGGER listing_text_update",
    "DROP TRIGGER listing_text_delete",
    "DROP TRIGGER listing_text_insert",
    "DROP TABLE listing_words",
    "DROP TABLE listing_text",
]


class Migration(migrations.Migration):
    dependencies = [("skills", "0001_concepts_and_listings")]
    operations = [Sql("sqlite", UP, DOWN)]
