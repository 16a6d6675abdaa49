"""PostgreSQL refuses, at commit, a listing that waits for a curator without a text that waits."""

from django.db import migrations

from exchange.migrating import Sql

UP = """
CREATE FUNCTION listing_waits_with_text() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM skills_listing WHERE id = NEW.id AND state = 'in_review')
        AND NOT EXISTS (SELECT 1 FROM skills_revision WHERE listing_id = NEW.id AND state = 'in_review') THEN
        RAISE EXCEPTION 'listing % waits for a curator without a text', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'waiting_listing_has_waiting_text';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER waiting_listing_has_waiting_text AFTER INSERT OR UPDATE OF state ON skills_listing
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION listing_waits_with_text();
"""
DOWN = """
DROP TRIGGER waiting_listing_has_waiting_text ON skills_listing; DROP FUNCTION listing_waits_with_text();
"""


class Migration(migrations.Migration):
    dependencies = [("skills", "0001_concepts_and_listings")]
    operations = [Sql("postgresql", [UP], [DOWN])]
