"""A search one keeps: kept once, told of each new listing that meets it, never of what was there or may not be seen."""

import pytest

from accounts import services as accounts
from exchange.notices.models import Notice
from search import services as search
from search.models import Met, SavedSearch
from skills.models import Concept
from skills.services import concepts as concept_services
from skills.services import listings


@pytest.fixture
def keep(client_of):
    def run(person, query):
        return client_of(person).post("/find/keep/", {"query": query})

    return run


class TestKeep:
    def test_is_kept_once_however_often_it_is_asked(self, yusuf, keep, concepts):
        keep(yusuf, "q=خياطة&kind=offer&page=3")
        answer = keep(yusuf, "kind=offer&q=خياطة")

        assert answer.status_code == 302
        assert answer["Location"].startswith("/find/?")
        (saved,) = SavedSearch.objects.all()
        assert "page" not in saved.query
        assert saved.name.startswith("خياطة · ")

    @pytest.mark.django_db(transaction=True)
    def test_is_kept_whole_or_not_at_all(self, yusuf, keep, concepts, monkeypatch):
        make = SavedSearch.objects.create

        def make_and_die(**values):
            make(**values)
            raise RuntimeError

        with monkeypatch.context() as patch:
            patch.setattr(SavedSearch.objects, "create", make_and_die)
            with pytest.raises(RuntimeError):
                keep(yusuf, "q=خياطة")
        assert not SavedSearch.objects.exists()
        assert keep(yusuf, "q=خياطة").status_code == 302
        assert SavedSearch.objects.get().concepts.exists()

    def test_is_refused_beyond_twenty_with_a_sentence(self, yusuf, keep, concepts):
        for number in range(20):
            keep(yusuf, f"q=word{number}")

        answer = keep(yusuf, "q=onemore")

        assert answer.status_code == 409
        assert "عشرون" in answer.content.decode()
        assert SavedSearch.objects.count() == 20

    def test_is_let_go_by_its_owner_only(self, yusuf, karim, keep, client_of, concepts):
        keep(yusuf, "q=خياطة")
        saved = SavedSearch.objects.get()

        client_of(karim).post(f"/me/searches/{saved.pk}/let-go/")
        assert SavedSearch.objects.exists()
        client_of(yusuf).post(f"/me/searches/{saved.pk}/let-go/")
        assert not SavedSearch.objects.exists()

    def test_stays_a_door_for_whoever_is_not_signed_in(self, client, db):
        assert client.post("/find/keep/", {"query": "q=x"})["Location"].startswith("/enter/")
        assert "next=/find/%3Fq%3Dsewing" in client.get("/find/?q=sewing").content.decode()


class TestMeets:
    def test_forgives_the_slip_that_the_search_forgave(
        self, yusuf, salma, karim, keep, make_offer, relay, concepts, monkeypatch
    ):
        monkeypatch.setattr("search.backends.database.VOCABULARY_SECONDS", -1)  # other tests' words are remembered
        make_offer(salma, "تنجيد مفروشات", [])
        relay()
        keep(yusuf, "q=مفؤوشات")

        make_offer(karim, "مفروشات قديمة نجددها", [])
        relay()

        assert Met.objects.get().listing.title == "مفروشات قديمة نجددها"

    def test_goes_on_for_the_skill_that_its_own_became(self, yusuf, salma, keep, make_offer, relay, concepts):
        keep(yusuf, "q=تطريز لفستاني")
        Concept.objects.filter(uri="rukn:embroidery").update(merged_into=concepts["rukn:sewing"])
        concept_services.refresh_tree()

        make_offer(salma, "تفصيل ثوب", ["rukn:sewing"])
        relay()

        assert Met.objects.count() == 1

    @pytest.mark.parametrize(
        ("query", "title", "tags", "content", "is_met"),
        [
            ("q=خياطة", "تفصيل ثوب بسيط", ["rukn:sewing"], {}, True),
            ("q=sewing", "تفصيل ثوب بسيط", ["rukn:sewing"], {}, True),  # across the languages, by the concept
            ("q=الدانتيل", "تعليم الدانتيل اليدوي", ["دانتيل"], {}, True),  # words that no concept has
            ("q=الدانتيل", "خبز منزلي", ["rukn:bread"], {}, False),
            ("kind=wish", "خياطة", ["rukn:sewing"], {}, False),
            ("kind=offer", "خياطة", ["rukn:sewing"], {}, True),
            ("q=خياطة&format=online", "خياطة", ["rukn:sewing"], {"format": "place"}, False),
            ("q=خياطة&format=online", "خياطة", ["rukn:sewing"], {"format": "both"}, True),
            ("q=خياطة&day=tue&part=evening", "خياطة", ["rukn:sewing"], {}, True),
            ("q=خياطة&day=wed", "خياطة", ["rukn:sewing"], {}, False),
        ],
    )
    def test_by_words_concepts_and_choices(
        self, yusuf, salma, keep, make_offer, relay, query, title, tags, content, is_met
    ):
        keep(yusuf, query)

        make_offer(salma, title, tags, **content)
        relay()

        assert Met.objects.exists() == is_met
        assert Notice.objects.filter(person=yusuf, kind="met").exists() == is_met

    def test_is_told_once_though_the_listing_changes_and_two_searches_meet_it(
        self, yusuf, salma, keep, make_offer, relay
    ):
        keep(yusuf, "q=خياطة")
        keep(yusuf, "kind=offer")
        offer = make_offer(salma, "خياطة", ["rukn:sewing"])
        relay()
        listings.pause(listing=offer, by=salma)
        listings.resume(listing=offer, by=salma)
        relay()

        assert Notice.objects.filter(person=yusuf).count() == 1

    def test_says_nothing_of_what_was_there_before_of_ones_own_or_of_the_blocked(
        self, yusuf, salma, karim, keep, make_offer, relay
    ):
        make_offer(salma, "خياطة قديمة", ["rukn:sewing"])
        relay()
        keep(yusuf, "q=خياطة")
        accounts.block(blocker=karim, blocked=yusuf)
        make_offer(yusuf, "خياطة", ["rukn:sewing"])
        make_offer(karim, "خياطة", ["rukn:sewing"])
        relay()

        assert not Met.objects.exists()

    def test_costs_the_same_however_many_searches_say_nothing_of_it(
        self, yusuf, nadia, salma, keep, make_offer, relay, django_assert_max_num_queries
    ):
        for number in range(15):
            keep(yusuf, f"q=word{number}")
            keep(nadia, f"q=other{number}")
        offer = make_offer(salma, "خياطة", ["rukn:sewing"])
        with django_assert_max_num_queries(5):
            search.tell_keepers(listing_id=offer.pk)


def test_find_says_that_a_search_is_kept_already(yusuf, keep, client_of, concepts):
    keep(yusuf, "q=خياطة")
    page = client_of(yusuf).get("/find/?q=خياطة").content.decode()
    assert "نخبرك عندما يظهر جديد" in page
    assert 'form="keep-search"' not in page


def test_page_lists_them_and_find_offers_to_keep(yusuf, keep, client_of, concepts):
    keep(yusuf, "q=خياطة")
    client = client_of(yusuf)
    assert "خياطة" in client.get("/me/searches/").content.decode()
    assert "أخبرني عندما يظهر جديد" in client.get("/find/?q=عود").content.decode()
    assert "أخبرني عندما يظهر جديد" not in client.get("/find/").content.decode()
