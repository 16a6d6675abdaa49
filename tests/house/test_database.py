"""What the database itself refuses, whatever code asks."""

import gc
from contextlib import suppress

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.backends.utils import CursorWrapper

from accounts.models import Person
from exchange.chat import services as chat
from exchange.chat.models import Conversation
from exchange.lib.environment import WrongVariable, misspelt, service_url
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


else:

    @pytest.mark.django_db(transaction=True)
    def test_lets_go_of_a_statement_that_was_refused(salma):
        def cursors_after_a_refusal() -> int:
            with suppress(IntegrityError):
                Person.objects.create(email=salma.email, age="18+")
                pytest.fail("two people share an address")
            return sum(isinstance(each, CursorWrapper) for each in gc.get_objects())

        gc.collect()
        gc.disable()  # a collection in another thread would close the cursor there (exchange/sqlite3/base.py)
        try:
            first = cursors_after_a_refusal()  # its error is kept by the connection, until the next one
            assert [cursors_after_a_refusal() for _ in range(3)] == [first] * 3
        finally:
            gc.enable()


class TestServiceUrl:
    @pytest.mark.parametrize(
        ("value", "says"),
        [
            ("localhost:5432/rukn", "DATABASE_URL must look like postgres://"),
            ("mysql://h/rukn", "begins with 'mysql'"),
            ("postgres://h:notaport/rukn", "port is not a number"),
            ("postgres:///rukn", "host is missing"),
            ("postgres://u@h:5432/", "names no database"),
            (" postgres://h/rukn", "blanks"),
        ],
    )
    def test_names_the_variable_and_the_cure(self, value, says):
        with pytest.raises(WrongVariable, match=says):
            service_url("DATABASE_URL", value, ("postgres", "postgresql", "sqlite"))

    def test_leaves_good_ones_alone(self):
        for value in ("", "postgres://u:p@h:5432/rukn", "sqlite:////tmp/x.sqlite3"):
            assert service_url("DATABASE_URL", value, ("postgres", "sqlite")) == value

    def test_hears_of_misspelt_names(self):
        assert misspelt(["REDIS_URI", "HOME", "REDIS_URL"], ["REDIS_URL", "DATABASE_URL"]) == {"REDIS_URI": "REDIS_URL"}
