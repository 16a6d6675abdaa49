"""The index of Elasticsearch follows the rows: late, doubled, lost and killed writes included."""

import socket
import threading
import time
from datetime import timedelta

import pytest
from django.conf import settings as site
from django.core.management import call_command
from django.utils import timezone

from accounts import services as accounts
from exchange.lib import arabic
from exchange.outbox import services as outbox
from search import analysis, document, indexing
from search import services as search
from search.backends import backend
from search.backends.base import Away
from search.query import Query
from skills.models import Listing
from skills.services import listings
from tests.faults.proxy import Proxy

pytestmark = [pytest.mark.django_db, pytest.mark.late_engine]

if site.ELASTICSEARCH_URL:
    from search.backends import elastic, elastic_index, elastic_rebuild
    from search.models import IndexBuild

    @pytest.fixture
    def index(_own_indices, monkeypatch):
        """One empty index behind both aliases."""
        for name in elastic_index.client().indices.get(index=f"{site.SEARCH_PREFIX}*").body:
            elastic_index.client().indices.delete(index=name)
        IndexBuild.objects.all().delete()
        monkeypatch.setattr(indexing, "LOOKS", 0)  # nothing is on its way in these tests
        indexing._engine.worked()
        elastic_rebuild.rebuild()
        return elastic_index

    def found(text):
        engine = elastic.ElasticBackend()
        engine.refresh()
        return [hit.listing_id for hit in engine.find(Query(text=text, lang="ar")).hits]

    class TestNews:
        def test_a_published_offer_is_found_when_the_news_has_come(self, index, make_offer, salma, relay):
            offer = make_offer(salma, "خياطة للمبتدئات", ["rukn:sewing"])
            assert found("خياطة") == []
            assert indexing.settled_drift().missing == [offer.pk]
            relay()
            assert found("sewing") == [offer.pk]
            assert not indexing.settled_drift()

        def test_a_paused_person_is_not_found(self, index, make_offer, salma, relay):
            make_offer(salma, "خياطة للمبتدئات", ["rukn:sewing"])
            relay()
            accounts.pause(person=salma)
            relay()
            assert found("خياطة") == []
            assert not indexing.settled_drift()

        def test_an_older_text_that_comes_late_stays_out(self, index, make_offer, salma, relay):
            offer = make_offer(salma, "خياطة", ["rukn:sewing"])
            late = document.one(offer.pk)
            Listing.objects.filter(pk=offer.pk).update(title="تطريز", search_rev=late.version + 1)
            indexing.sync([offer.pk])
            backend().write([late, late])
            backend().refresh()
            title = index.client().get(index=index.read_alias(), id=str(offer.pk))["_source"]["title"]
            assert title == "تطريز"

        def test_an_erased_listing_never_comes_back_by_a_late_write(self, index, make_offer, salma, relay):
            offer = make_offer(salma, "خياطة", ["rukn:sewing"])
            late = document.one(offer.pk)
            relay()
            number = offer.pk
            Listing.objects.filter(pk=number).delete()
            indexing.sync([number])
            backend().write([late])
            assert found("خياطة") == []
            assert not indexing.settled_drift()

        def test_a_ghost_and_an_old_text_are_named_by_verify(self, index, make_offer, salma, relay, capsys):
            offer = make_offer(salma, "خياطة", ["rukn:sewing"])
            relay()
            ghost = document.one(offer.pk)
            backend().write([type(ghost)(**{**vars(ghost), "listing_id": 10_000_001})])
            Listing.objects.filter(pk=offer.pk).update(search_rev=99)
            with pytest.raises(SystemExit):
                call_command("search", "verify")
            assert f'"stale": [{offer.pk}], "ghosts": [10000001]' in capsys.readouterr().out
            call_command("search", "rebuild", "--no-progress")
            assert not indexing.settled_drift()

        def test_news_waits_while_the_engine_is_away(self, index, make_offer, salma, relay, away):
            from exchange.outbox.models import Event

            offer = make_offer(salma, "خياطة", ["rukn:sewing"])
            with away():
                relay()
            waiting = Event.objects.filter(finished_at=None, parked_at=None)
            assert [(event.subject_id, event.tries) for event in waiting] == [(str(offer.pk), 0)]

        def test_while_it_hangs_only_one_batch_waits_for_it(self, index, make_offer, salma, away, monkeypatch):
            monkeypatch.setattr(index, "ASK_SECONDS", 1.0)
            offer = make_offer(salma, "خياطة", ["rukn:sewing"])
            with away(hang=True):
                started = time.monotonic()
                for _ in range(5):
                    with pytest.raises(outbox.Later):
                        indexing.sync([offer.pk])
                assert time.monotonic() - started < index.ASK_SECONDS + 1

        def test_a_draft_begun_and_thrown_away_is_no_fault(self, index, salma, concepts, relay):
            revision = listings.start(owner=salma, kind="offer", lang="ar")
            relay()
            assert not indexing.settled_drift()
            listings.withdraw(revision=revision, by=salma)
            relay()
            assert not indexing.settled_drift()

        def test_a_document_newer_than_its_row_is_named(self, index, make_offer, salma, relay):
            offer = make_offer(salma, "خياطة", ["rukn:sewing"])
            relay()
            Listing.objects.filter(pk=offer.pk).update(search_rev=1)  # as after setting a backup back
            assert indexing.settled_drift().stale == [offer.pk]
            elastic_rebuild.rebuild()
            assert not indexing.settled_drift()

    class TestMarks:
        def test_what_was_met_is_marked_by_the_engine_itself(self, index, make_offer, salma, relay, monkeypatch):
            # The words of the question are in none of the listing's spellings, so only a stemmer joins them.
            offer = make_offer(salma, "خياطة", ["rukn:sewing"], body="نتعلّم معًا تقصير الفساتين على مهل، وكلّنا نضحك.")
            relay()
            elastic.ElasticBackend().refresh()
            hits = elastic.ElasticBackend().find(Query(text="فساتين", lang="ar")).hits
            assert [hit.listing_id for hit in hits] == [offer.pk]
            assert [words for words, is_met in hits[0].snippet if is_met] == ["الفساتين"]
            assert "".join(words for words, _ in hits[0].snippet) in offer.body

            monkeypatch.setattr(analysis, "snippet", None)  # nobody helps out
            results = search.find(query=Query(text="فساتين", lang="ar"), person=None)
            assert results.snippets == {offer.pk: hits[0].snippet}

    class TestDocument:
        def test_has_the_fields_of_its_listing_and_no_others(self, index, make_offer, salma, relay):
            offer = make_offer(salma, "خياطة للمبتدئات", ["rukn:sewing"], format="both")
            relay()
            stored = index.client().get(index=index.read_alias(), id=str(offer.pk))["_source"]
            mapped = index.shape()["mappings"]["properties"]
            assert set(stored) == set(mapped)
            assert stored["owner"] == salma.pk
            assert stored["format"] == ["place", "online"]
            assert stored["revision"] == Listing.objects.get(pk=offer.pk).search_rev
            assert "خياطة" in stored["names_ar"]
            assert "sewing" in stored["names_en"]

        def test_an_unknown_field_is_refused_rather_than_guessed(self, index):
            from elasticsearch import BadRequestError

            with pytest.raises(BadRequestError):
                index.client().index(index=index.read_alias(), document={"surprise": 1})

    class Killed(BaseException):
        """Stands for the process dying at a point."""

    POINTS = ["create", "open_for_writing", "write", "switch", "drop_unused"]

    class TestRebuild:
        @pytest.mark.parametrize("point", POINTS)
        @pytest.mark.parametrize("moment", ["before", "after"])
        def test_killed_anywhere_loses_nothing_and_goes_on(
            self, index, make_offer, salma, relay, monkeypatch, point, moment
        ):
            monkeypatch.setattr(document, "CHUNK", 1)
            first = make_offer(salma, "خياطة", ["rukn:sewing"])
            second = make_offer(salma, "خياطة الستائر", ["rukn:sewing"])
            relay()
            usual = getattr(index, point)

            def dies(*args, **named):
                if moment == "after":
                    usual(*args, **named)
                raise Killed

            with monkeypatch.context() as patch:
                patch.setattr(index, point, dies)
                with pytest.raises(Killed):
                    elastic_rebuild.rebuild()
            assert sorted(found("خياطة")) == [first.pk, second.pk]
            Listing.objects.filter(pk=first.pk).update(title="تطريز", title_tokens="تطريز", search_rev=50)
            indexing.sync([first.pk])
            unfinished = list(IndexBuild.objects.filter(finished_at=None).values_list("name", flat=True))
            name = elastic_rebuild.rebuild()
            if moment == "after" and point in ("create", "open_for_writing", "switch", "drop_unused"):
                assert unfinished in ([name], [])
            assert index.behind(index.read_alias()) == index.behind(index.write_alias()) == [name]
            assert not indexing.settled_drift()
            assert found("تطريز") == [first.pk]

        def test_what_is_written_meanwhile_is_in_the_new_index(self, index, make_offer, salma, relay, monkeypatch):
            offer = make_offer(salma, "خياطة", ["rukn:sewing"])
            relay()
            usual = index.write

            def write(documents, targets):
                usual(documents, targets)  # the fill has read and written the old text …
                with monkeypatch.context() as patch:
                    patch.setattr(index, "write", usual)
                    Listing.objects.filter(pk=offer.pk).update(title="تطريز", search_rev=70)
                    indexing.sync([offer.pk])  # … and now somebody changes it

            monkeypatch.setattr(elastic_rebuild, "IN_FLIGHT", 1)
            monkeypatch.setattr(elastic_rebuild, "ThreadPoolExecutor", AtOnce)
            monkeypatch.setattr(index, "write", write)
            elastic_rebuild.rebuild()
            assert index.client().get(index=index.read_alias(), id=str(offer.pk))["_source"]["title"] == "تطريز"

        def test_a_listing_begun_during_the_comparison_is_not_erased(
            self, index, make_offer, salma, relay, monkeypatch
        ):
            make_offer(salma, "خياطة", ["rukn:sewing"])
            relay()
            usual = index.digest

            def digest(name):  # the rows were read; now somebody publishes, and the indexer is quick
                monkeypatch.setattr(index, "digest", usual)
                born = make_offer(salma, "تطريز", ["rukn:sewing"])
                indexing.sync([born.pk])
                return usual(name)

            monkeypatch.setattr(index, "digest", digest)
            elastic_rebuild.rebuild()
            relay()
            assert len(found("تطريز")) == 1
            assert not indexing.settled_drift()

        def test_the_old_index_stays_for_a_day_after_the_switch(self, index, time_machine):
            old = index.behind(index.read_alias())[0]  # made now, and read for a week
            start = timezone.now()
            time_machine.move_to(start + timedelta(days=7))
            elastic_rebuild.rebuild()
            assert index.exists(old)
            time_machine.move_to(start + timedelta(days=7, hours=23))
            elastic_rebuild.migrate()
            assert index.exists(old)
            time_machine.move_to(start + timedelta(days=8, hours=1))
            elastic_rebuild.migrate()
            assert not index.exists(old)

        def test_an_index_whose_alias_was_moved_back_is_not_counted_any_more(self, index, time_machine):
            old = index.behind(index.read_alias())[0]
            start = timezone.now()
            new = elastic_rebuild.rebuild()
            index.switch(old)
            time_machine.move_to(start + timedelta(days=2))
            assert index.drop_unused(now=timezone.now(), keep=elastic_rebuild.KEEP_OLD) == []  # counts `new` from here
            index.switch(new)
            assert index.drop_unused(now=timezone.now(), keep=elastic_rebuild.KEEP_OLD) == []  # and `old`
            assert index.exists(old)

        @pytest.mark.parametrize("act", ["write", "erase"])
        def test_a_write_to_a_dropped_index_makes_none_and_is_tried_again(
            self, index, make_offer, salma, relay, monkeypatch, act
        ):
            offer = make_offer(salma, "خياطة", ["rukn:sewing"])
            relay()
            gone = index.name_at(timezone.now())
            with monkeypatch.context() as patch:
                patch.setattr(elastic, "_targets", lambda: [index.behind(index.write_alias())[0], gone])
                with pytest.raises(Away):
                    backend().write([document.one(offer.pk)]) if act == "write" else backend().erase([offer.pk])
            assert not index.exists(gone)

        def test_migrate_does_nothing_to_an_index_of_todays_shape(self, index):
            before = index.behind(index.read_alias())
            call_command("search", "migrate", "--no-progress")
            assert index.behind(index.read_alias()) == before

        def test_migrate_builds_anew_when_the_shape_changed(self, index, monkeypatch):
            monkeypatch.setattr(index, "shape_mark", lambda: "0therone")
            call_command("search", "migrate", "--no-progress")
            assert "_v0therone_" in index.behind(index.read_alias())[0]

    class AtOnce:
        """An executor that works in the calling thread, where a test's transaction can be seen."""

        def __init__(self, **_):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def submit(self, act, *args):
            from concurrent.futures import Future

            done = Future()
            done.set_result(act(*args))
            return done

    @pytest.fixture
    def away(settings):
        """Give a way to make Elasticsearch refuse every connection (`hang=True`: take it and never answer)."""
        from contextlib import contextmanager

        @contextmanager
        def gone(*, hang=False):
            usual = settings.ELASTICSEARCH_URL
            with socket.socket() as door:
                door.bind(("127.0.0.1", 0))
                if hang:
                    door.listen(64)
                settings.ELASTICSEARCH_URL = f"http://127.0.0.1:{door.getsockname()[1]}"
                elastic_index.client.cache_clear()
                yield
                settings.ELASTICSEARCH_URL = usual
                elastic_index.client.cache_clear()

        return gone

    class TestAbsent:
        @pytest.mark.parametrize("hang", [False, True], ids=["gone", "hung"])
        def test_pages_answer_within_a_second_with_basic_results(
            self, index, make_offer, salma, relay, client, settings, away, hang
        ):
            from search.backends.guarded import GuardedBackend

            engine = GuardedBackend()
            settings.SEARCH_SECONDS = 0.6
            make_offer(salma, "خياطة للمبتدئات", ["rukn:sewing"])
            relay()
            with away(hang=hang):
                waits = []
                for _ in range(8):
                    started = time.monotonic()
                    answer = engine.find(Query(text="خياطة", lang="ar"))
                    waits.append(time.monotonic() - started)
                    assert answer.is_basic
                    assert answer.total == 1
            assert max(waits) < 1.0
            assert max(waits[3:]) < 0.3  # the breaker is open: nobody waits any more
            with engine.breaker._lock:
                engine.breaker._probe_at = 0.0  # the rest is over
            assert not engine.find(Query(text="خياطة", lang="ar")).is_basic
            assert not engine.breaker.is_open

        def test_an_answer_that_comes_by_drops_is_given_up_in_time(self, index, make_offer, salma, relay, settings):
            from search.backends.guarded import GuardedBackend

            make_offer(salma, "خياطة للمبتدئات", ["rukn:sewing"])
            relay()
            settings.SEARCH_SECONDS = 0.6
            with Proxy(settings.ELASTICSEARCH_URL) as proxy:
                settings.ELASTICSEARCH_URL = proxy.url
                index.client.cache_clear()
                engine = GuardedBackend()
                engine.find(Query(text="خياطة", lang="ar"))
                proxy.drip(40)
                started = time.monotonic()
                answer = engine.find(Query(text="خياطة", lang="ar"))
                waited = time.monotonic() - started
            index.client.cache_clear()
            assert answer.is_basic
            assert waited < 1.0

        def test_a_question_it_refuses_turns_nobody_else_away(self, index, make_offer, salma, relay):
            from search.backends.guarded import GuardedBackend

            make_offer(salma, "خياطة للمبتدئات", ["rukn:sewing"])
            relay()
            engine = GuardedBackend()
            for _ in range(5):
                assert engine.find(Query(text="خياطة", offset=20_000)).is_basic  # beyond what Elasticsearch pages
            assert not engine.breaker.is_open
            assert not engine.find(Query(text="خياطة")).is_basic

    def test_two_writers_at_once_leave_the_newer_text(index, make_offer, salma, relay):
        offer = make_offer(salma, "خياطة", ["rukn:sewing"])
        base = document.one(offer.pk)
        versions = [
            type(base)(**{**vars(base), "version": base.version + step, "title": f"ن{step}"}) for step in range(40)
        ]
        writers = [
            threading.Thread(
                target=index.write,
                args=(versions[start::4][:: 1 - 2 * (start % 2)], [index.behind(index.write_alias())[0]]),
            )
            for start in range(4)
        ]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert index.client().get(index=index.read_alias(), id=str(offer.pk))["_source"]["title"] == "ن39"


class TestSnippet:
    def test_marks_what_was_met_in_any_spelling(self):
        pieces = analysis.snippet("أعلّم الخياطةَ لمن لم يمسك إبرة", [arabic.stems("خياطه")])
        assert [words for words, is_met in pieces if is_met] == ["الخياطةَ"]
        assert "".join(words for words, _ in pieces) == "أعلّم الخياطةَ لمن لم يمسك إبرة"

    def test_is_cut_from_a_long_text_around_what_was_met(self):
        text = "كلمة " * 60 + "التطريز " + "أخرى " * 60
        pieces = analysis.snippet(text, [arabic.stems("تطريز")])
        assert len("".join(words for words, _ in pieces)) < 200
        assert pieces[0][0].startswith("… ")
        assert pieces[-1][0].endswith(" …")

    def test_nothing_met_gives_nothing(self):
        assert analysis.snippet("طبخ وخبز", [arabic.stems("خياطة")]) == ()
