"""On PostgreSQL one statement stores a message.

`chat_send` does what `exchange.chat.services.send` does, for talks in which everyone has written already. Talks with
somebody young (their guardian is asked for), talks that rest, and messages whose words were screened it leaves to that
way of reference.
"""

from django.db import migrations

from exchange.migrating import Sql

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
        THEN code := CASE WHEN EXISTS (
            SELECT FROM chat_screening s JOIN chat_message m ON m.id = s.message_id
            WHERE m.sender_id = writer AND m.client_id = number
        ) THEN 'first_words' ELSE 'client_id_reused' END;
        ELSE code := 'again'; place := done.seq; stored_at := done.at;
        END IF;
        RETURN;
    END IF;
    SELECT array_agg(person_id), bool_or(first_seq IS NULL OR is_guardian) INTO people, is_new FROM chat_member
        WHERE conversation_id = talk;
    IF is_new
        OR EXISTS (SELECT FROM accounts_person WHERE id = ANY (people) AND age = '13-17')
        OR EXISTS (SELECT FROM chat_conversation WHERE id = talk AND stopped_at IS NOT NULL)
        THEN code := 'first_words'; RETURN; END IF;
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


class Migration(migrations.Migration):
    dependencies = [("chat", "0002_deferred_order"), ("accounts", "0001_people"), ("outbox", "0001_events")]
    operations = [Sql("postgresql", [SEND], ["DROP FUNCTION chat_send"])]
