"""Listings: started, saved, sent, paused, asked whether they are still true."""

from datetime import timedelta

import pytest
from django.utils import timezone

from skills.models import Listing, Revision, Unmapped
from skills.services import listings


@pytest.fixture
def draft(concepts, salma):
    return listings.start(owner=salma, kind="offer", lang="ar")


class TestStart:
    def test_takes_up_an_untouched_draft_again(self, draft, salma):
        assert listings.start(owner=salma, kind="offer", lang="ar").pk == draft.pk

    def test_begins_with_what_is_known_of_the_person(self, draft, salma):
        assert (draft.district_id, draft.free_mask) == (salma.district_id, salma.profile.free_mask)


class TestSend:
    @pytest.mark.parametrize("missing", ["title", "body", "tags"])
    def test_is_refused_while_an_answer_is_missing(self, draft, salma, missing):
        answers = {
            "title": "خياطة",
            "body": "نبدأ.",
            "tags": [{"text": "خياطة"}],
            missing: [] if missing == "tags" else " ",
        }
        listings.save_answers(revision=draft, by=salma, **answers)
        with pytest.raises(listings.Incomplete):
            listings.send(revision=draft, by=salma)

    def test_is_harmless_twice(self, draft, salma):
        listings.save_answers(revision=draft, by=salma, title="خياطة", body="نبدأ.", tags=[{"text": "خياطة"}])
        listings.send(revision=draft, by=salma)
        listings.send(revision=draft, by=salma)
        assert Revision.objects.filter(state="in_review").count() == 1

    def test_queues_words_that_map_to_nothing(self, draft, salma):
        listings.save_answers(revision=draft, by=salma, title="خرز", body="نبدأ.", tags=[{"text": "طقطقة الخرز"}])
        listings.send(revision=draft, by=salma)
        assert Unmapped.objects.get().text == "طقطقة الخرز"

    def test_is_refused_to_others(self, draft, yusuf):
        with pytest.raises(listings.NotYours):
            listings.send(revision=draft, by=yusuf)


class TestTags:
    @pytest.mark.parametrize("text", ["خياطة", "خياطه", "Excel إكسل", "صناعة الأشرعة", "🧵", "c++"])
    def test_are_never_dropped(self, concepts, text):
        assert [tag["text"] for tag in listings.mapped_tags([{"text": text}])] == [text]

    def test_that_mean_the_same_are_joined(self, concepts):
        assert len(listings.mapped_tags([{"text": "خياطة"}, {"text": "sewing"}, {"text": "خياطه"}])) == 1


class TestStillTrue:
    def test_is_asked_after_sixty_days_and_rests_after_fourteen_more(self, make_offer, salma):
        listing = make_offer(salma, "خياطة", ["rukn:sewing"])
        now = timezone.now()
        assert listings.rest_stale(now=now + timedelta(days=59)) == {"asked": 0, "rested": 0}
        assert listings.rest_stale(now=now + timedelta(days=61)) == {"asked": 1, "rested": 0}
        assert listings.rest_stale(now=now + timedelta(days=76)) == {"asked": 0, "rested": 1}
        listing.refresh_from_db()
        assert listing.state == Listing.State.EXPIRED

    def test_one_tap_keeps_it(self, make_offer, salma, client_of):
        listing = make_offer(salma, "خياطة", ["rukn:sewing"])
        listings.rest_stale(now=timezone.now() + timedelta(days=61))
        client_of(salma).post(f"/listings/{listing.pk}/confirm/")
        listing.refresh_from_db()
        assert (listing.asked_at, listing.state) == (None, "published")


class TestPause:
    def test_hides_and_resume_shows(self, make_offer, salma, client):
        listing = make_offer(salma, "خياطة", ["rukn:sewing"])
        listings.pause(listing=listing, by=salma)
        assert client.get(f"/listings/{listing.pk}/").status_code == 404
        listings.resume(listing=listing, by=salma)
        assert client.get(f"/listings/{listing.pk}/").status_code == 200
