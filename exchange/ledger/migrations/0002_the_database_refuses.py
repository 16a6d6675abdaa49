"""What no way around the services can do: unequal postings, changed or deleted history, balances without a posting.

On PostgreSQL `ledger_act` does in one call what `exchange.ledger.services.book` does row by row.
"""

from django.db import migrations

from exchange.migrating import Sql

EVERYWHERE = {
    "ledger_transfer": "a transfer is never changed or deleted; reverse it",
    "ledger_posting": "a posting is never changed or deleted; reverse its transfer",
}
SQLITE = [
    f"""CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table}
    BEGIN SELECT RAISE(ABORT, '{why}'); END"""
    for table, why in EVERYWHERE.items()
    for act in ("UPDATE", "DELETE")
] + [
    """CREATE TRIGGER ledger_account_no_delete BEFORE DELETE ON ledger_account
    BEGIN SELECT RAISE(ABORT, 'an account is never deleted'); END""",
    """CREATE TRIGGER ledger_account_no_new_owner BEFORE UPDATE OF id, kind, person_id, subject, shard ON ledger_account
    BEGIN SELECT RAISE(ABORT, 'an account stays what it is'); END""",
]
POSTGRES = """
CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'check_violation'; END $$;

CREATE TRIGGER ledger_transfer_stays BEFORE UPDATE OR DELETE ON ledger_transfer FOR EACH ROW
    EXECUTE FUNCTION ledger_refuse('a transfer is never changed or deleted; reverse it');
CREATE TRIGGER ledger_posting_stays BEFORE UPDATE OR DELETE ON ledger_posting FOR EACH ROW
    EXECUTE FUNCTION ledger_refuse('a posting is never changed or deleted; reverse its transfer');
CREATE TRIGGER ledger_account_stays BEFORE DELETE ON ledger_account FOR EACH ROW
    EXECUTE FUNCTION ledger_refuse('an account is never deleted');
CREATE TRIGGER ledger_account_keeps_its_owner BEFORE UPDATE ON ledger_account FOR EACH ROW
    WHEN ((OLD.id, OLD.kind, OLD.person_id, OLD.subject, OLD.shard)
        IS DISTINCT FROM (NEW.id, NEW.kind, NEW.person_id, NEW.subject, NEW.shard))
    EXECUTE FUNCTION ledger_refuse('an account stays what it is');

CREATE FUNCTION ledger_must_balance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE total bigint;
BEGIN
    SELECT SUM(minutes) INTO total FROM ledger_posting WHERE transfer_id = NEW.transfer_id;
    IF total <> 0 THEN
        RAISE EXCEPTION 'the postings of transfer % sum to %, not to 0', NEW.transfer_id, total
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ledger_postings_balance AFTER INSERT ON ledger_posting
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_must_balance();

CREATE FUNCTION ledger_must_agree() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE stands integer; posted integer;
BEGIN
    SELECT balance INTO stands FROM ledger_account WHERE id = NEW.id;
    SELECT balance INTO posted FROM ledger_posting WHERE account_id = NEW.id ORDER BY id DESC LIMIT 1;
    IF stands <> COALESCE(posted, 0) THEN
        RAISE EXCEPTION 'account % stands at %, its last posting at %', NEW.id, stands, COALESCE(posted, 0)
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ledger_account_agrees AFTER UPDATE OF balance ON ledger_account
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_must_agree();
"""
ACT = """
CREATE FUNCTION ledger_opening(kind text, person bigint, subject text, shard integer) RETURNS bytea
    LANGUAGE sql IMMUTABLE AS $$
    SELECT sha256(convert_to(concat_ws(chr(31), kind, COALESCE(person::text, ''), subject, shard::text), 'UTF8'))
$$;

CREATE FUNCTION ledger_shard(which text, place integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE found bigint;
BEGIN
    SELECT id INTO found FROM ledger_account WHERE kind = which AND shard = place AND kind IN ('pot', 'issue');
    IF found IS NULL THEN
        INSERT INTO ledger_account (kind, shard, subject, title, url, balance, floor, tip, opened_at)
            VALUES (which, place, '', '', '', 0, CASE which WHEN 'pot' THEN 0 END,
                ledger_opening(which, NULL, '', place), clock_timestamp())
            ON CONFLICT DO NOTHING;
        SELECT id INTO found FROM ledger_account WHERE kind = which AND shard = place AND kind IN ('pot', 'issue');
    END IF;
    RETURN found;
END $$;

CREATE FUNCTION ledger_act(
    a_kind text, a_key text, a_at timestamptz, a_asked integer, a_subject text, a_payer bigint, a_payee bigint,
    a_by bigint, a_reverses bigint, a_note text, a_title text, a_url text, a_event text, a_queues text[], shards integer,
    OUT code text, OUT number bigint, OUT payer bigint, OUT payee bigint, OUT minutes integer, OUT at timestamptz,
    OUT title text, OUT url text, OUT digest bytea
) LANGUAGE plpgsql AS $$
DECLARE
    done ledger_transfer; first ledger_transfer; line record;
    one bigint; other bigint; wants bigint[]; ids bigint[]; moves integer[];  -- accounts to lock; accounts and changes
    l_ids bigint[]; l_moves integer[]; l_balances integer[]; l_before bytea[]; ties text[];
    total integer; wanted integer; part integer; beyond integer; top integer; pot bigint;
BEGIN
LOOP
    SELECT * INTO done FROM ledger_transfer t WHERE t.key = a_key;
    IF FOUND THEN
        code := 'again';
        SELECT COALESCE(person_id, 0) INTO one FROM ledger_account WHERE id = done.payer_id;
        SELECT COALESCE(person_id, 0) INTO other FROM ledger_account WHERE id = done.payee_id;
        IF (a_kind, a_subject, a_by, a_reverses, a_note)
                <> (done.kind, done.subject, COALESCE(done.by_id, 0), COALESCE(done.reverses_id, 0), done.note)
            OR a_kind <> 'reverse' AND (a_asked, a_payer, a_payee) <> (
                done.asked, CASE WHEN a_kind IN ('settle', 'return') THEN 0 ELSE one END,
                CASE WHEN a_kind IN ('hold', 'return') THEN 0 ELSE other END)
        THEN code := 'key_reused'; END IF;
        number := done.id; payer := done.payer_id; payee := done.payee_id; minutes := done.minutes; at := done.at;
        title := done.title; url := done.url; digest := done.digest;
        RETURN;
    END IF;
    IF a_payer > 0 AND a_payer = a_payee THEN code := 'same_account'; RETURN; END IF;
    IF a_kind = 'give' AND a_payee > 0 AND (
        EXISTS (SELECT FROM accounts_person WHERE id IN (a_payer, a_payee) AND NOT is_active)
        OR EXISTS (SELECT FROM accounts_block WHERE blocker_id = a_payer AND blocked_id = a_payee)
        OR EXISTS (SELECT FROM accounts_block WHERE blocker_id = a_payee AND blocked_id = a_payer)
        OR EXISTS (SELECT FROM accounts_person p WHERE p.id = a_payee AND p.age = '13-17' AND NOT EXISTS (
            SELECT FROM accounts_guardianship g JOIN accounts_person q ON q.id = g.guardian_id AND q.is_active
            WHERE g.young_id = p.id AND g.accepted_at IS NOT NULL AND g.ended_at IS NULL))
    ) THEN code := 'not_reachable'; RETURN; END IF;
    ids := '{}'; moves := '{}'; wants := '{}'; one := NULL; other := NULL;
    title := a_title; url := a_url; at := a_at; minutes := a_asked; wanted := 0; pot := NULL;

    IF a_payer > 0 THEN
        SELECT id INTO one FROM ledger_account WHERE kind = 'person' AND person_id = a_payer;
        IF one IS NULL THEN code := 'no_account'; number := a_payer; RETURN; END IF;
        wants := wants || one;
    END IF;
    IF a_payee > 0 THEN
        SELECT id INTO other FROM ledger_account WHERE kind = 'person' AND person_id = a_payee;
        IF other IS NULL THEN code := 'no_account'; number := a_payee; RETURN; END IF;
        wants := wants || other;
    END IF;

    IF a_kind = 'hold' THEN
        SELECT id INTO other FROM ledger_account
            WHERE kind = 'escrow' AND subject = a_subject AND person_id = a_payer;
        IF other IS NOT NULL THEN wants := wants || other; END IF;
    ELSIF a_kind IN ('settle', 'return') THEN
        SELECT array_agg(id ORDER BY id) INTO ids FROM ledger_account
            WHERE kind = 'escrow' AND subject = a_subject AND balance > 0;
        IF ids IS NULL THEN code := 'nothing'; RETURN; END IF;
        wants := wants || ids;
        IF a_kind = 'return' OR a_asked > 0 THEN
            wants := wants || (SELECT array_agg(p.id) FROM ledger_account p JOIN ledger_account e
                ON e.person_id = p.person_id WHERE p.kind = 'person' AND e.id = ANY (ids));
        END IF;
    ELSIF a_kind = 'share' THEN
        wants := wants || COALESCE((SELECT array_agg(id) FROM ledger_account WHERE kind = 'pot'), '{}');
    ELSIF a_kind = 'start' THEN
        one := ledger_shard('issue', (a_payee % shards)::integer); wants := wants || one;
    ELSIF a_kind = 'give' AND a_payee = 0 THEN
        other := ledger_shard('pot', (a_payer % shards)::integer); wants := wants || other;
    ELSIF a_kind = 'reverse' THEN
        SELECT * INTO first FROM ledger_transfer WHERE id = a_reverses;
        IF NOT FOUND OR first.kind IN ('hold', 'return', 'reverse') THEN code := 'not_reversible'; RETURN; END IF;
        one := first.payee_id; other := first.payer_id;
        minutes := first.minutes; title := first.title; url := first.url;
        FOR line IN
            SELECT COALESCE(owner.id, p.account_id) AS id, SUM(-p.minutes)::integer AS move
                FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
                LEFT JOIN ledger_account owner
                    ON a.kind = 'escrow' AND owner.kind = 'person' AND owner.person_id = a.person_id
                WHERE p.transfer_id = first.id GROUP BY 1 HAVING SUM(p.minutes) <> 0
        LOOP ids := ids || line.id; moves := moves || line.move; END LOOP;
        wants := ids;
    END IF;

    -- People and what they hold by number, then the common accounts: Account.in_lock_order.
    PERFORM FROM ledger_account WHERE id = ANY (wants) ORDER BY kind IN ('pot', 'issue'), id FOR NO KEY UPDATE;

    IF a_kind = 'hold' THEN
        IF other IS NULL THEN  -- a refused act leaves no row
            IF EXISTS (SELECT FROM ledger_account WHERE id = one AND balance - a_asked < floor) THEN
                code := 'not_enough_hours'; RETURN;
            END IF;
            INSERT INTO ledger_account (kind, person_id, shard, subject, title, url, balance, floor, tip, opened_at)
                VALUES ('escrow', a_payer, 0, a_subject, a_title, a_url, 0, 0,
                    ledger_opening('escrow', a_payer, a_subject, 0), a_at) RETURNING id INTO other;
        END IF;
        ids := ARRAY[one, other]; moves := ARRAY[-a_asked, a_asked];
    ELSIF a_kind IN ('settle', 'return') THEN
        SELECT SUM(balance)::integer INTO total FROM ledger_account WHERE id = ANY (ids);
        IF total = 0 THEN code := 'nothing'; RETURN; END IF;
        wanted := CASE WHEN a_kind = 'return' THEN 0 WHEN a_asked > 0 THEN a_asked ELSE total END;
        IF wanted > total THEN code := 'bad_amount'; RETURN; END IF;
        minutes := total; part := wanted; wants := ids; ids := '{}';
        FOR line IN
            SELECT e.id, e.balance, e.title, e.url, p.id AS owner FROM ledger_account e JOIN ledger_account p
                ON p.kind = 'person' AND p.person_id = e.person_id WHERE e.id = ANY (wants) ORDER BY e.id
        LOOP
            IF one IS NULL THEN
                title := line.title; url := line.url;
                IF a_kind = 'return' THEN one := line.id; other := line.owner; ELSE one := line.owner; END IF;
            END IF;
            CONTINUE WHEN line.balance = 0;
            ids := ids || line.id; moves := moves || -line.balance;
            IF line.balance > part THEN ids := ids || line.owner; moves := moves || line.balance - part; END IF;
            part := part - LEAST(part, line.balance);
        END LOOP;
    ELSIF a_kind = 'share' THEN
        part := a_asked; wanted := a_asked;
        FOR line IN SELECT id, balance FROM ledger_account WHERE kind = 'pot' AND balance > 0 AND id = ANY (wants)
            ORDER BY balance DESC, id
        LOOP
            EXIT WHEN part = 0;
            one := COALESCE(one, line.id);
            ids := ids || line.id; moves := moves || -LEAST(part, line.balance);
            part := part - LEAST(part, line.balance);
        END LOOP;
        IF part > 0 THEN code := 'not_enough_hours'; RETURN; END IF;
    ELSIF a_kind = 'reverse' THEN
        IF ids = '{}' OR EXISTS (SELECT FROM ledger_transfer WHERE reverses_id = first.id) THEN
            code := 'not_reversible'; RETURN;
        END IF;
    ELSE
        ids := ARRAY[one]; moves := ARRAY[-a_asked];
        IF a_payee > 0 THEN wanted := a_asked; ELSE ids := ids || other; moves := moves || a_asked; END IF;
    END IF;
    payer := one; payee := other;

    IF wanted > 0 THEN  -- what comes in; what is over the ceiling goes to the pot
        SELECT a.balance + COALESCE((SELECT SUM(m) FROM unnest(ids, moves) AS u(i, m) WHERE i = other), 0), a.ceiling
            INTO part, top FROM ledger_account a WHERE a.id = other;
        beyond := CASE WHEN top IS NULL THEN 0 ELSE LEAST(wanted, GREATEST(0, part + wanted - top)) END;
        ids := ids || other; moves := moves || wanted - beyond;
        IF beyond > 0 THEN
            pot := ledger_shard('pot', (other % shards)::integer);
            PERFORM FROM ledger_account WHERE id = pot FOR NO KEY UPDATE;
            ids := ids || pot; moves := moves || beyond;
        END IF;
    END IF;

    l_ids := '{}'; l_moves := '{}'; l_balances := '{}'; l_before := '{}'; ties := '{}';
    FOR line IN
        SELECT a.id, g.move, a.balance + g.move AS balance, a.floor, a.tip
            FROM (SELECT i, SUM(m)::integer AS move FROM unnest(ids, moves) AS u(i, m) GROUP BY i HAVING SUM(m) <> 0) g
            JOIN ledger_account a ON a.id = g.i ORDER BY a.id
    LOOP
        IF line.move < 0 AND line.balance < line.floor THEN code := 'not_enough_hours'; RETURN; END IF;
        l_ids := l_ids || line.id; l_moves := l_moves || line.move; l_balances := l_balances || line.balance;
        l_before := l_before || line.tip;
        ties := ties || (line.id || ':' || line.move || ':' || line.balance || ':' || encode(line.tip, 'hex'));
    END LOOP;
    IF cardinality(l_ids) < 2 THEN code := 'bad_amount'; RETURN; END IF;
    digest := sha256(convert_to(array_to_string(ties || ARRAY[
        a_key, a_kind, a_subject, payer::text, payee::text, a_asked::text, minutes::text, NULLIF(a_by, 0)::text,
        NULLIF(a_reverses, 0)::text, (EXTRACT(EPOCH FROM at) * 1000000)::bigint::text, title, url, a_note
    ], chr(31), ''), 'UTF8'));
    INSERT INTO ledger_transfer AS t (
        kind, key, subject, payer_id, payee_id, asked, minutes, by_id, reverses_id, at, title, url, note, digest
    ) VALUES (
        a_kind, a_key, a_subject, payer, payee, a_asked, minutes, NULLIF(a_by, 0), NULLIF(a_reverses, 0), at, title, url,
        a_note, digest
    ) ON CONFLICT (key) DO NOTHING RETURNING t.id INTO number;
    CONTINUE WHEN number IS NULL;  -- the same key came in meanwhile
    INSERT INTO ledger_posting (transfer_id, account_id, minutes, balance, before)
        SELECT number, * FROM unnest(l_ids, l_moves, l_balances, l_before);
    UPDATE ledger_account a SET balance = n.balance, tip = ledger_act.digest
        FROM unnest(l_ids, l_balances) AS n(id, balance) WHERE a.id = n.id;
    IF a_event <> '' THEN
        INSERT INTO outbox_event (name, queue, subject_id, payload, made_at, due_at, tries, reason)
            SELECT a_event, queue, number::text, '{}', at, at, 0, '' FROM unnest(a_queues) AS queue;
    END IF;
    code := 'done';
    RETURN;
END LOOP;
END $$;
"""
POSTGRES_DOWN = [
    "DROP FUNCTION ledger_act",
    "DROP FUNCTION ledger_shard",
    "DROP FUNCTION ledger_opening",
    *(f"DROP FUNCTION {name} CASCADE" for name in ("ledger_must_agree", "ledger_must_balance", "ledger_refuse")),
]
SQLITE_DOWN = [f"DROP TRIGGER {statement.split()[2]}" for statement in SQLITE]


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial"), ("outbox", "0001_events"), ("accounts", "0001_people")]

    operations = [Sql("postgresql", [POSTGRES, ACT], POSTGRES_DOWN), Sql("sqlite", SQLITE, SQLITE_DOWN)]
