"""Pairs: found across languages, limited, explained truly, remembered when refused."""

import json
from decimal import Decimal

import pytest
from django.db import connection

from accounts import services as accounts
from accounts.models import District
from exchange.sqlite3 import sizes
from matching import services as matching
from matching.models import Match
from skills.models import Listing


@pytest.fixture
def pair(make_offer, make_wish, salma, yusuf, relay):
    offer = make_offer(salma, "خياطة للمبتدئات", ["rukn:sewing"])
    wish = make_wish(yusuf, "learn to sew", ["sewing"], lang="en")
    relay()
    return offer, wish


def views(listing, language="ar"):
    return matching.matches_for(listing=listing, person=listing.owner, language=language)


class TestMatches:
    def test_meet_across_languages(self, pair):
        offer, wish = pair
        assert [view.listing for view in views(wish)] == [offer]
        assert [view.listing for view in views(offer)] == [wish]

    def test_add_up_to_their_score(self, pair):
        match = Match.objects.get()
        assert Decimal(str(match.score)) == sum(Decimal(str(each)) for each in match.contributions.values())

    def test_say_why_in_the_readers_language(self, pair):
        offer, wish = pair
        assert views(wish, "en")[0].reasons[0] == "Teaches what you wish to learn: sewing."
        assert views(offer, "ar")[0].reasons[0] == "هنا من يرغب في تعلّم ما في عرضك: الخياطة."
        assert len(views(wish, "en")[0].reasons) <= 3

    def test_name_the_shared_evening_only_while_it_is_shared(self, pair, yusuf, relay):
        _offer, wish = pair
        wish.free_mask = 0
        assert any("Tuesday evening" in reason for reason in views(wish, "en")[0].reasons)
        accounts.set_free_hours(person=yusuf, codes=["sat-morning"])
        type(wish).objects.filter(id=wish.pk).update(free_mask=0)
        matching.refresh_listing(listing_id=wish.pk)
        assert not any("Tuesday" in reason for reason in views(wish, "en")[0].reasons)

    def test_notice_when_both_can_help_each_other(self, pair, make_offer, make_wish, salma, yusuf, relay):
        make_offer(yusuf, "أساعد في مكالمات الفيديو", ["rukn:video-calls"])
        make_wish(salma, "مكالمات الفيديو", ["rukn:video-calls"])
        relay()
        matching.refresh_listing(listing_id=pair[1].pk)
        assert "two_way" in views(pair[1])[0].contributions

    def test_reach_related_skills_less_strongly(self, make_offer, make_wish, salma, karim, yusuf, relay):
        make_offer(salma, "تطريز", ["rukn:embroidery"])
        same = make_offer(karim, "Sewing", ["rukn:sewing"], lang="en")
        wish = make_wish(yusuf, "أتعلم خياطة", ["rukn:sewing"])
        relay()
        found = views(wish)
        assert found[0].listing == same
        assert "related_skill" in found[1].contributions

    def test_call_near_only_what_has_a_place_on_the_map(self, make_offer, make_wish, salma, yusuf, relay):
        for number, person in enumerate((salma, yusuf)):
            person.district = District.objects.create(slug=f"unplaced-{number}", ar="حي جديد", en="New district")
            person.save(update_fields=["district"])
        make_offer(salma, "خياطة", ["rukn:sewing"], format="place")
        wish = make_wish(yusuf, "أتعلم الخياطة", ["rukn:sewing"], format="place")
        relay()
        assert "place" not in views(wish)[0].contributions

    def test_of_nothing_shared_do_not_exist(self, make_offer, make_wish, karim, yusuf, relay):
        make_offer(karim, "Fix your bike", ["rukn:bicycle-repair"], lang="en")
        wish = make_wish(yusuf, "أتعلم العود", ["rukn:oud"])
        relay()
        assert views(wish) == []


class TestHardLimits:
    def test_block_hides_both_ways_at_once(self, pair, salma, yusuf):
        accounts.block(blocker=salma, blocked=yusuf)
        assert views(pair[0]) == []
        assert views(pair[1]) == []

    def test_pause_hides(self, pair, salma):
        accounts.pause(person=salma)
        assert views(pair[1]) == []

    def test_no_places_no_match(self, pair, salma, relay):
        accounts.change_profile(person=salma, max_learners=0)
        relay()
        assert views(pair[1]) == []

    def test_no_common_language_no_match(self, make_offer, make_wish, salma, stranger, relay):
        make_offer(salma, "خياطة", ["rukn:sewing"], speaks=["ar"])
        wish = make_wish(stranger, "Sewing", ["rukn:sewing"], speaks=["en"])
        relay()
        assert views(wish) == []


class TestOnDemand:
    def test_looks_again_at_once(self, make_offer, make_wish, salma, yusuf, client_of):
        offer = make_offer(salma, "خياطة", ["rukn:sewing"])
        wish = make_wish(yusuf, "خياطة", ["rukn:sewing"])
        assert views(wish) == []
        assert client_of(yusuf).post(f"/listings/{wish.pk}/matches/").status_code == 302
        assert [view.listing for view in views(wish)] == [offer]

    def test_is_not_for_others(self, make_wish, yusuf, karim, client_of):
        wish = make_wish(yusuf, "خياطة", ["rukn:sewing"])
        assert client_of(karim).post(f"/listings/{wish.pk}/matches/").status_code == 404


class TestNotForMe:
    def test_is_remembered_when_the_pair_is_found_again(self, pair, yusuf, client_of):
        offer, wish = pair
        client_of(yusuf).post("/matches/dismiss/", {"offer": offer.pk, "wish": wish.pk})
        matching.refresh_listing(listing_id=wish.pk)
        assert views(wish) == []
        assert len(views(offer)) == 1

    @pytest.mark.parametrize("value", ["²", "", "x", "9" * 50, "-1"])
    def test_survives_nonsense(self, pair, yusuf, client_of, value):
        assert client_of(yusuf).post("/matches/dismiss/", {"offer": value, "wish": value}).status_code == 302


@pytest.fixture
def crowd(make_offer, make_wish, salma, yusuf, karim):
    """One pair of Salma's and Yusuf's among 400 of Karim's."""
    Match.objects.create(offer=make_offer(salma, "خياطة"), wish=make_wish(yusuf, "أتعلم خياطة"), score=0.5)
    rows = [Listing(kind=kind, owner=karim, title="أي شيء", state="published") for kind in ("offer", "wish") * 400]
    made = Listing.objects.bulk_create(rows)
    Match.objects.bulk_create(
        Match(offer=offer, wish=wish, score=0.1) for offer, wish in zip(made[::2], made[1::2], strict=True)
    )
    sizes.learn()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE skills_listing, matching_match, accounts_person, accounts_profile")
            cursor.execute("SET LOCAL enable_seqscan = off")  # so few rows would be read whole otherwise


def test_one_persons_matches_are_found_without_reading_everybodys(crowd, yusuf):
    mine = Match.objects.for_owner(yusuf).order_by("-score", "id")
    assert mine.count() == 1
    if connection.vendor == "sqlite":
        assert "SCAN matching_match" not in mine.explain()
        assert "listing_public" not in mine.explain()  # all published listings
    else:
        (plan,) = json.loads(mine.explain(format="json", analyze=True))
        read = list(_rows_read(plan["Plan"]))
        assert 0 < sum(read) < 50


def _rows_read(node):
    if node.get("Relation Name") in ("matching_match", "skills_listing"):
        yield (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
    for inner in node.get("Plans", ()):
        yield from _rows_read(inner)
