"""Talks in which both sides have written before there was a rule: contact data shows there."""

from django.db import migrations

UP = """
UPDATE chat_conversation SET met_at = last_at WHERE met_at IS NULL AND
    (SELECT COUNT(DISTINCT sender_id) FROM chat_message WHERE conversation_id = chat_conversation.id) >= 2
"""


class Migration(migrations.Migration):
    dependencies = [("chat", "0004_safe_first_words")]
    operations = [migrations.RunSQL(UP, migrations.RunSQL.noop)]
