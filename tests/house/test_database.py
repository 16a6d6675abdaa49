"""What the database itself refuses, whatever code asks."""

import gc
import io
from contextlib import suppress
from urllib.parse import quote

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.core.management.commands import migrate as django_migrate
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.utils import ConnectionHandler

from accounts.models import Person
from exchange.chat import services as chat
from exchange.chat.models import Conversation
from exchange.chat.one_statement import NOT_OURS
from exchange.lib.database import configured, database_url
from exchange.lib.environment import WrongVariable, misspelt
from exchange.management.commands import migrate
from skills.models import Concept, Label, Listing
from skills.services import concepts

if connection.vendor == "postgresql":

    @pytest.mark.django_db(transaction=True)
    class TestDeferred:
        def test_no_listing_waits_without_a_text(self, make_offer, salma):
            offer = make_offer(salma, "خياطة", ["rukn:sewing"])
            with pytest.raises(IntegrityError, match="without a text"):
                Listing.objects.filter(id=offer.pk).update(state="in_review")

        def test_no_talk_forgets_its_newest_message(self, salma, yusuf):
            talk = chat.open_conversation(subject="", subject_lang="ar", people=[salma, yusuf])
            with pytest.raises(IntegrityError, match="its newest is"), transaction.atomic():
                chat.Message.objects.create(conversation=talk, seq=1, sender=salma, body="ضائعة")
            assert Conversation.objects.get(id=talk.pk).last_seq == 0

    def test_knows_how_many_concepts_an_import_brought_after_one_that_was_broken_off(db):
        with transaction.atomic():
            concepts.ensure_shipped()
            transaction.set_rollback(True)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE skills_label, skills_concept")  # as autovacuum may do at any moment
        concepts.ensure_shipped()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT relname, reltuples FROM pg_class WHERE relname IN ('skills_label', 'skills_concept')"
            )
            counted = dict(cursor.fetchall())
        assert counted == {"skills_label": Label.objects.count(), "skills_concept": Concept.objects.count()}

    def shown(line, *names):
        with line.cursor() as cursor:
            return [cursor.execute(f"SHOW {name}").fetchone()[0] for name in names]

    class TestLine:
        @pytest.mark.django_db
        def test_has_three_time_outs_and_is_not_kept_beside_the_pool(self):
            assert shown(connection, "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout") == [
                f"{settings.STATEMENT_SECONDS}s", "3s", "1min",
            ]  # fmt: skip
            assert connection.settings_dict["CONN_MAX_AGE"] == 0
            assert connection.pool.max_size == settings.DATABASE_POOL

        @pytest.mark.django_db
        def test_says_what_the_address_says(self, tmp_path):
            here = connection.settings_dict
            key = ":".join(quote(here[name], safe="") for name in ("USER", "PASSWORD") if here[name])
            address = f"postgres://{key}@{here['HOST']}:{here['PORT'] or 5432}/{here['NAME']}"
            said = "?application_name=tried&sslmode=prefer&options=-c%20search_path%3Dpg_catalog"
            line = line_to(address + said, tmp_path)
            try:
                assert shown(line, "application_name", "search_path", "statement_timeout", "lock_timeout") == [
                    "tried", "pg_catalog", "5s", "3s",
                ]  # fmt: skip
            finally:
                line.close()
                line.close_pool()

    @pytest.fixture
    def held(django_db_blocker):
        """Hold a table from another line, as a long report does."""
        given = {name: value for name, value in connection.get_connection_params().items() if name not in NOT_OURS}
        with psycopg.connect(**given) as other:
            other.execute("LOCK TABLE accounts_district IN ACCESS SHARE MODE")
            yield other

    @pytest.mark.django_db(transaction=True)
    class TestMigrate:
        @pytest.fixture(autouse=True)
        def _changes_a_table(self, monkeypatch):
            self.tried = []

            def alter(command, *_args, **options):
                self.tried += shown(connection, "lock_timeout")
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute("ALTER TABLE accounts_district ADD COLUMN tried integer")
                    cursor.execute("ALTER TABLE accounts_district DROP COLUMN tried")

            monkeypatch.setattr(django_migrate.Command, "handle", alter)
            monkeypatch.setattr(migrate, "LOCK_SECONDS", 1)
            monkeypatch.setattr(migrate, "TRIES", 2)
            monkeypatch.setattr(migrate, "PAUSE_SECONDS", 0.0)

        def test_says_who_is_in_the_way_and_holds_nobody_up(self, held):
            with pytest.raises(CommandError, match=rf"in all 2 tries.*terminate_backend\({held.info.backend_pid}\)"):
                call_command("migrate", stderr=io.StringIO())
            assert self.tried == ["1s", "1s"]
            assert shown(connection, "lock_timeout") == ["3s"]

        def test_goes_on_when_the_table_is_free_again(self, held, monkeypatch):
            monkeypatch.setattr(migrate.time, "sleep", lambda _seconds: held.rollback())
            said = io.StringIO()
            call_command("migrate", stderr=said)
            assert self.tried == ["1s", "1s"]
            assert "try 2 of 2 follows" in said.getvalue()

        def test_other_faults_are_told_at_once(self, monkeypatch):
            def away(*_args, **_options):
                raise OperationalError("the server is going down")

            monkeypatch.setattr(django_migrate.Command, "handle", away)
            with pytest.raises(OperationalError, match="going down"):
                call_command("migrate", stderr=io.StringIO())


else:

    @pytest.mark.django_db(transaction=True)
    def test_lets_go_of_a_statement_that_was_refused(salma):
        def cursors_after_a_refusal() -> int:
            with suppress(IntegrityError):
                Person.objects.create(email=salma.email, age="18+")
                pytest.fail("two people share an address")
            return sum(issubclass(type(each), CursorWrapper) for each in gc.get_objects())  # some are dead proxies

        gc.collect()
        gc.disable()  # a collection in another thread would close the cursor there (exchange/sqlite3/base.py)
        try:
            first = cursors_after_a_refusal()  # its error is kept by the connection, until the next one
            assert [cursors_after_a_refusal() for _ in range(3)] == [first] * 3
        finally:
            gc.enable()


def line_to(value, tmp_path):
    """Give a connection as this address asks for it, not opened."""
    database_url("DATABASE_URL", value)
    entry = configured(value, folder=tmp_path, statement_seconds=5, pool=3)
    return ConnectionHandler({"default": {}, "tried": entry})["tried"]


class TestDatabaseUrl:
    @pytest.mark.parametrize(
        ("value", "says"),
        [
            ("localhost:5432/rukn", "must look like postgres://"),
            ("mysql://h/rukn", "begins with 'mysql'"),
            ("Postgres://h/rukn", "begins with 'Postgres'"),
            ("postgres://h:notaport/rukn", "port is not a number"),
            ("postgres://h:0/rukn", "port is not a number"),
            ("postgres://u:p/w@h/rukn", "/ is %2F"),
            ("postgres:///rukn", "host is missing"),
            ("postgres://u@h:5432/", "names no database"),
            ("postgres://h/a/b", "second /"),
            (" postgres://h/rukn", "blanks"),
            ("postgres://h/rukn?bogus=1", "'bogus', which is not taken.*sslmode"),
            ("postgres://h/rukn?CONN_MAX_AGE=600", "not taken"),
            ("postgres://h/rukn?sslmode=on", "one of disable, allow"),
            ("postgres://h/rukn?sslmode=", "sslmode once, with a value"),
            ("postgres://h/rukn?sslmode=require&sslmode=disable", "sslmode once"),
            ("postgres://h/rukn?sslrootcert=/none/ca.pem", "a file that is not there"),
            ("postgres://h/rukn?target_session_attrs=write", "one of any, read-write"),
            ("postgres://h/rukn?connect_timeout=60", "which Rukn sets itself"),
            ("postgres://h/rukn?options=-c%20statement_timeout%3D0", "set STATEMENT_SECONDS"),
            ("sqlite://", "sqlite:////srv"),
            ("sqlite:/tmp/x", "sqlite:////srv"),
            ("sqlite://h/x", "sqlite:////srv"),
            ("sqlite:///", "names no file"),
            ("sqlite:///:memory:", "names no file"),
            ("sqlite:////tmp/", "names no file"),
            ("sqlite:///tmp/nowhere/x", "folder .*tmp/nowhere is not there"),
            ("sqlite:////tmp/x?timeout=5", "nothing may follow"),
        ],
    )
    def test_names_the_variable_and_the_cure(self, value, says):
        with pytest.raises(WrongVariable, match=f"DATABASE_URL.*{says}"):
            database_url("DATABASE_URL", value)

    def test_leaves_good_ones_alone(self):
        for value in (
            "",
            "postgres://u:p@h:5432/rukn",
            "postgresql://h/rukn?sslmode=require",
            "sqlite:////tmp/x.sqlite3",
        ):
            assert database_url("DATABASE_URL", value) == value

    def test_is_read_whole(self, tmp_path):
        said = line_to("postgres://me%40home:p%2Fw@[::1]:6543/city%20two", tmp_path).get_connection_params()
        assert (said["user"], said["password"], said["host"]) == ("me@home", "p/w", "::1")
        assert (said["port"], said["dbname"]) == (6543, "city two")
        said = line_to("postgres://%2Frun%2Fpostgresql/rukn", tmp_path).get_connection_params()
        assert said["host"] == "/run/postgresql"

    def test_what_it_says_of_encryption_reaches_the_connection(self, tmp_path):
        (tmp_path / "ca.pem").touch()
        said = line_to(
            f"postgres://h/rukn?sslmode=verify-full&sslrootcert={tmp_path}/ca.pem&application_name=city"
            "&target_session_attrs=read-write&options=-c%20search_path%3Dcity",
            tmp_path,
        ).get_connection_params()
        assert (said["sslmode"], said["sslrootcert"]) == ("verify-full", f"{tmp_path}/ca.pem")
        assert (said["application_name"], said["target_session_attrs"]) == ("city", "read-write")
        assert said["options"].startswith("-c search_path=city -c statement_timeout=5000 -c lock_timeout=3000")
        assert said["connect_timeout"] == 3

    def test_keeps_connections_in_a_pool_and_nowhere_else(self, tmp_path):
        tried = line_to("postgres://h/rukn?sslmode=require", tmp_path)
        assert tried.settings_dict["CONN_MAX_AGE"] == 0
        assert tried.settings_dict["CONN_HEALTH_CHECKS"] is True
        assert tried.settings_dict["OPTIONS"]["pool"]["max_size"] == 3
        assert tried.settings_dict["OPTIONS"]["pool"]["timeout"] == 3

    def test_commands_may_take_their_time(self, tmp_path):
        entry = configured("postgres://h/rukn", folder=tmp_path, statement_seconds=0, pool=3)
        assert "statement_timeout=0 -c lock_timeout=0" in entry["OPTIONS"]["options"]
        assert entry["OPTIONS"]["pool"]["connection_class"].patience == 0

    def test_hears_of_misspelt_names(self):
        assert misspelt(["REDIS_URI", "HOME", "REDIS_URL"], ["REDIS_URL", "DATABASE_URL"]) == {"REDIS_URI": "REDIS_URL"}
