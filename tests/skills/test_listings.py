"""Listings: started, saved, sent, paused, asked whether they are still true."""

from datetime import timedelta

import pytest
from django.utils import timezone

from skills.models import Listing, Revision, Unmapped
from skills.services import concepts as concept_services
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


class TestWhatIsReadFromTheTitle:
    """Salma names the oud; her title names sewing too."""

    TITLE = "العود والخياطة"

    @pytest.fixture
    def offer(self, make_offer, salma):
        return make_offer(salma, self.TITLE, ["rukn:oud"])

    @pytest.fixture
    def writing(self, draft, salma):
        tags = [{"text": "عود"}]
        return listings.save_answers(revision=draft, by=salma, title=self.TITLE, body="نبدأ.", tags=tags)

    @staticmethod
    def say_no(listing, salma, client_of, on, uri="rukn:sewing"):
        return client_of(salma).post(f"/listings/{listing.pk}/not-meant/", {"uri": uri, "on": on})

    @staticmethod
    def uris_of(listing):
        return set(listing.tags.values_list("concept__uri", flat=True))

    def test_is_shown_to_the_author_before_it_is_sent(self, writing, salma, client_of):
        page = client_of(salma).get(f"/listings/{writing.listing_id}/check/").content.decode()
        assert "وفهمنا من كلماتك أيضًا:" in page
        assert 'value="rukn:sewing"' in page
        assert 'value="rukn:oud"' not in page

    def test_is_shown_on_the_listing_to_its_owner_alone(self, offer, salma, yusuf, client_of):
        assert 'value="rukn:sewing"' in client_of(salma).get(f"/listings/{offer.pk}/").content.decode()
        assert 'value="rukn:sewing"' not in client_of(yusuf).get(f"/listings/{offer.pk}/").content.decode()

    def test_that_is_not_meant_is_never_published(self, writing, salma, client_of):
        answer = self.say_no(writing.listing, salma, client_of, "check")
        assert answer.url == f"/listings/{writing.listing_id}/check/"
        assert 'value="rukn:sewing"' not in client_of(salma).get(answer.url).content.decode()
        listings.accept(revision=listings.send(revision=writing, by=salma))
        assert self.uris_of(writing.listing) == {"rukn:oud"}

    def test_that_is_not_meant_leaves_a_published_listing_at_once_and_stays_away(self, offer, salma, client_of):
        assert self.uris_of(offer) == {"rukn:oud", "rukn:sewing"}
        assert self.say_no(offer, salma, client_of, "listing").url == f"/listings/{offer.pk}/"
        assert self.say_no(offer, salma, client_of, "listing").status_code == 302
        fresh = Listing.objects.get(pk=offer.pk)
        assert "dressmak" in offer.concept_tokens
        assert "dressmak" not in fresh.concept_tokens
        assert fresh.search_rev == offer.search_rev + 1
        listings.accept(revision=listings.send(revision=listings.edit(listing=offer, by=salma), by=salma))
        assert self.uris_of(offer) == {"rukn:oud"}

    def test_a_skill_that_the_author_named_stays(self, offer, salma, client_of):
        self.say_no(offer, salma, client_of, "listing", "rukn:oud")
        assert "rukn:oud" in self.uris_of(offer)

    def test_is_only_for_the_owner_to_refuse(self, offer, yusuf, client_of):
        assert self.say_no(offer, yusuf, client_of, "listing").status_code == 404
        sewing = concept_services.tree().ids["rukn:sewing"]
        with pytest.raises(listings.NotYours):
            listings.say_not_meant(listing=offer, by=yusuf, concept_id=sewing)
        assert "rukn:sewing" in self.uris_of(offer)

    @pytest.mark.parametrize("uri", ["", "rukn:nothing", "x" * 5000, "\x00"])
    def test_of_no_skill_changes_nothing(self, offer, salma, client_of, uri):
        assert self.say_no(offer, salma, client_of, "listing", uri).status_code == 302
        assert self.uris_of(offer) == {"rukn:oud", "rukn:sewing"}
