"""How far each member wrote and saw, answers and deletions; on PostgreSQL one statement stores a message.

`chat_send` does what `exchange.chat.services.send` does, for talks in which everyone has written already.
"""

from django.conf import settings
from django.db import migrations, models

SEND = """
CREATE FUNCTION chat_send(
    talk bigint, writer bigint, number uuid, words text, answers integer, queues text[],
    OUT code text, OUT place integer, OUT stored_at timestamptz, OUT people bigint[]
) LANGUAGE plpgsql AS $$
DECLARE done record; is_new boolean;
BEGIN
    SELECT c.last_seq INTO place FROM chat_conversation c
        JOIN chat_member m ON m.conversation_id = c.id AND m.person_id = writer
        WHERE c.id = talk FOR UPDATE OF c;
    IF NOT FOUND THEN code := 'no_such_conversation'; RETURN; END IF;
    SELECT conversation_id, seq, body, reply_to, at, deleted_at INTO done FROM chat_message
        WHERE sender_id = writer AND client_id = number;
    IF FOUND THEN
        IF done.conversation_id <> talk OR done.deleted_at IS NULL
            AND (done.body <> words OR done.reply_to IS DISTINCT FROM answers)
        THEN code := 'client_id_reused';
        ELSE code := 'again'; place := done.seq; stored_at := done.at;
        END IF;
        RETURN;
    END IF;
    SELECT array_agg(person_id), bool_or(first_seq IS NULL) INTO people, is_new FROM chat_member
        WHERE conversation_id = talk;
    IF is_new THEN code := 'first_words'; RETURN; END IF;
    IF cardinality(people) = 2 AND (
        EXISTS (SELECT FROM accounts_person WHERE id = ANY (people) AND NOT is_active)
        OR EXISTS (SELECT FROM accounts_block WHERE blocker_id = ANY (people) AND blocked_id = ANY (people))
    ) THEN code := 'not_reachable'; RETURN; END IF;
    IF answers < 1 OR answers > place THEN code := 'no_such_message'; RETURN; END IF;
    code := 'stored'; place := place + 1; stored_at := clock_timestamp();
    UPDATE chat_conversation SET last_seq = place, last_at = stored_at WHERE id = talk;
    INSERT INTO chat_message (conversation_id, seq, sender_id, client_id, body, reply_to, at)
        VALUES (talk, place, writer, number, words, answers, stored_at);
    UPDATE chat_member SET seen_seq = place, seen_at = stored_at WHERE conversation_id = talk AND person_id = writer;
    INSERT INTO outbox_event (name, queue, subject_id, payload, made_at, due_at, tries, reason)
        SELECT 'message.sent', queue, talk::text, jsonb_build_object('seq', place), stored_at, stored_at, 0, ''
        FROM unnest(queues) AS queue;
END $$;
"""
FIRST = """
UPDATE chat_member SET first_seq = (
    SELECT MIN(seq) FROM chat_message
    WHERE chat_message.conversation_id = chat_member.conversation_id AND sender_id = chat_member.person_id
)
"""


def up(apps, schema_editor):
    schema_editor.execute(FIRST)
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(SEND, params=None)


def down(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION chat_send")


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0002_deferred_order'),
        ('accounts', '0003_age_band'),
        ('outbox', '0002_queues_and_jobs'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='member',
            name='first_seq',
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='member',
            name='seen_at',
            field=models.DateTimeField(db_index=True, null=True),
        ),
        migrations.AddField(
            model_name='message',
            name='deleted_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='message',
            name='reply_to',
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('deleted_at__isnull', False)), fields=['deleted_at'], name='chat_message_deleted'),
        ),
        migrations.RunPython(up, down),
    ]
