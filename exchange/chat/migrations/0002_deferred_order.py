"""PostgreSQL refuses, at commit, a conversation whose last_seq is not the number of its newest message."""

from django.db import migrations

from exchange.migrating import Sql

UP = """
CREATE FUNCTION chat_order_holds() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE newest integer; said integer;
BEGIN
    SELECT last_seq INTO said FROM chat_conversation WHERE id = NEW.conversation_id;
    SELECT MAX(seq) INTO newest FROM chat_message WHERE conversation_id = NEW.conversation_id;
    IF said IS NOT NULL AND said <> COALESCE(newest, 0) THEN
        RAISE EXCEPTION 'conversation % says % messages, its newest is %', NEW.conversation_id, said, newest
            USING ERRCODE = 'check_violation', CONSTRAINT = 'last_seq_is_newest_message';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER last_seq_is_newest_message AFTER INSERT OR UPDATE OF seq ON chat_message
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION chat_order_holds();
"""
DOWN = "DROP TRIGGER last_seq_is_newest_message ON chat_message; DROP FUNCTION chat_order_holds();"


class Migration(migrations.Migration):
    dependencies = [("chat", "0001_talks")]
    operations = [Sql("postgresql", [UP], [DOWN])]
