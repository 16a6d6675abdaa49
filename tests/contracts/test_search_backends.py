"""What every search engine promises. A new engine joins by one class at the end."""

import pytest
from django.conf import settings
from django.db import connection
from django.http import QueryDict

from search import services as search
from search.backends import backend
from search.backends.postgres import PostgresBackend
from search.backends.sqlite import SqliteBackend
from search.query import Query
from skills.filters import ListingFilter
from skills.models import Listing
from skills.services import listings

pytestmark = pytest.mark.django_db


class BackendContract:
    """Subclass with `backend`."""

    backend: type

    @pytest.fixture(autouse=True)
    def _city(self, make_offer, make_wish, salma, karim, yusuf, nadia):
        self.sewing = make_offer(salma, "خياطة للمبتدئات", ["rukn:sewing"], format="place")
        self.trousers = make_wish(nadia, "أقصّر بناطيل أولادي", ["rukn:sewing-trousers"], speaks=["ar"])
        self.bike = make_offer(karim, "Fix your own bike", ["bike repair"], lang="en", format="both")
        self.excel = make_offer(yusuf, "إكسل عن بعد", ["rukn:excel"], format="online", speaks=["ar", "en"])
        self.beads = make_wish(nadia, "طقطقة الخرز على الجرّة", ["طقطقة الخرز"])

    def ids(self, **query):
        return [hit.listing_id for hit in self.backend().find(Query(**query)).hits]

    def test_finds_by_words_in_either_language(self):
        assert self.ids(text="sewing")[0] == self.sewing.pk
        assert self.ids(text="تصليح سيكل")[0] == self.bike.pk

    def test_finds_words_that_no_concept_knows(self):
        assert self.ids(text="طقطقة") == [self.beads.pk]

    def test_forgives_a_slip(self):
        assert self.beads.pk in self.ids(text="طقطفة")

    def test_without_words_gives_everything_newest_first(self):
        assert self.ids() == [self.beads.pk, self.excel.pk, self.bike.pk, self.trousers.pk, self.sewing.pk]

    def test_a_concept_holds_what_is_below_it(self, concepts):
        assert set(self.ids(concept=concepts["rukn:crafts"])) == {self.sewing.pk, self.trousers.pk}

    def test_a_hidden_owner_is_not_there(self, salma):
        assert self.sewing.pk not in self.ids(text="خياطة", hidden_owners=(salma.pk,))

    def test_follows_every_change_at_once(self, salma):
        listings.pause(listing=self.sewing, by=salma)
        assert self.sewing.pk not in self.ids(text="خياطة")
        listings.resume(listing=self.sewing, by=salma)
        assert self.sewing.pk in self.ids(text="خياطة")

    def test_pages_do_not_overlap(self):
        assert self.ids(limit=2, offset=0) + self.ids(limit=2, offset=2) + self.ids(limit=2, offset=4) == self.ids()

    @pytest.mark.parametrize(
        "text", ['"', "a AND", "NEAR(", "title_tokens:x", "*", "'; DROP TABLE x; --", "\x00", "(" * 50, "ـ", "و"]
    )
    def test_takes_anything_for_words(self, text):
        self.backend().find(Query(text=text))

    @pytest.mark.parametrize(
        "choice",
        [
            "kind=offer",
            "kind=wish",
            "format=online",
            "format=place",
            "speaks=en",
            "day=tue",
            "part=evening",
            "day=fri&part=morning",
            "new=true",
            "kind=offer&speaks=ar&part=evening",
        ],
    )
    def test_filters_as_the_database_does(self, choice):
        filters = ListingFilter(QueryDict(choice), queryset=Listing.objects.open_for(None))
        query = search.query_of(filters, reader=None, lang="ar")
        found = self.backend().find(query)
        assert {hit.listing_id for hit in found.hits} == set(filters.qs.values_list("id", flat=True))
        assert found.total == len(found.hits)

    def test_counts_what_each_choice_would_give(self):
        facets = self.backend().find(Query()).facets
        assert facets["kind"] == {"offer": 3, "wish": 2}
        for form in ("place", "online"):
            assert facets["format"][form] == len(self.ids(format=form))

    def test_suggests_titles_that_begin_so(self):
        assert self.backend().suggest("طقط") == ["طقطقة الخرز على الجرّة"]

    def test_finds_what_says_almost_the_same(self):
        found = self.ids(like="خياطة لمن تبدأ: خياطة للمبتدئات في بيتي", facets=False)
        assert self.sewing.pk in found  # in any order: who asks compares the texts themselves
        assert self.bike.pk not in found
        assert self.ids(like="", kind="offer") == self.ids(kind="offer")
        assert self.ids(like="قققق زززز") == []

    def test_finds_what_says_almost_the_same_of_one_kind_only(self):
        assert self.sewing.pk not in self.ids(like="خياطة للمبتدئات", kind="wish", facets=False)

    def test_holds_every_listing_as_it_is(self):
        assert len(self.ids()) == 5
        assert not self.backend().drift()


if connection.vendor == "sqlite":  # these two live inside the listings' own database, so each runs on its own

    class TestSqlite(BackendContract):
        backend = SqliteBackend


if connection.vendor == "postgresql":

    class TestPostgres(BackendContract):
        backend = PostgresBackend


if settings.ELASTICSEARCH_URL:
    from search.backends.elastic import ElasticBackend
    from search.backends.guarded import GuardedBackend

    class TestElastic(BackendContract):
        backend = ElasticBackend

    class TestGuarded(BackendContract):
        backend = GuardedBackend


class TestHidden:
    def test_is_never_shown_whatever_the_index_says(self, make_offer, salma, yusuf, client_of, monkeypatch):
        from accounts import services as accounts
        from search.query import Found, Hit

        offer = make_offer(salma, "خياطة", ["rukn:sewing"])
        accounts.block(blocker=salma, blocked=yusuf)
        monkeypatch.setattr(type(backend()), "find", lambda self, query: Found((Hit(offer.pk, 1.0),), 1))
        assert "card offer" not in client_of(yusuf).get("/find/?q=خياطة").content.decode()
