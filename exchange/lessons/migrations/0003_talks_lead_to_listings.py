"""The title of a talk leads to the listing it is about; talks opened before there was such a link get it too."""

from django.db import migrations

UP = """
UPDATE chat_conversation SET about_url = '/listings/' || (
    SELECT listing_id FROM lessons_lesson WHERE conversation_id = chat_conversation.id
) || '/'
WHERE about_url = '' AND id IN (SELECT conversation_id FROM lessons_lesson WHERE listing_id IS NOT NULL)
"""


class Migration(migrations.Migration):
    dependencies = [("lessons", "0002_hellos_wait"), ("chat", "0009_groups")]
    operations = [migrations.RunSQL(UP, migrations.RunSQL.noop)]
