"""The one statement leaves talks that rest, and messages whose words were screened, to the way of reference."""

import importlib

from django.db import migrations

BEFORE = importlib.import_module("exchange.chat.migrations.0003_one_statement").SEND
AGAIN = "        THEN code := 'client_id_reused';"
SCREENED = """        THEN code := CASE WHEN EXISTS (
            SELECT FROM chat_screening s JOIN chat_message m ON m.id = s.message_id
            WHERE m.sender_id = writer AND m.client_id = number
        ) THEN 'first_words' ELSE 'client_id_reused' END;"""
NEW = "    IF is_new THEN code := 'first_words'"
RESTS = "    IF is_new OR EXISTS (SELECT FROM chat_conversation WHERE id = talk AND stopped_at IS NOT NULL)\n        THEN code := 'first_words'"
AFTER = BEFORE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION").replace(NEW, RESTS).replace(AGAIN, SCREENED)


def up(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(AFTER, params=None)


def down(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(BEFORE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"), params=None)


class Migration(migrations.Migration):
    dependencies = [("chat", "0005_talks_that_met")]

    operations = [migrations.RunPython(up, down)]
