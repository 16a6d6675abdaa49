"""The curators' desk: oldest first, let through, return with a reason, skip, undo."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from exchange.moderation import services as moderation
from exchange.moderation.models import Decision, Look
from skills.models import Listing, Revision
from skills.services import listings


@pytest.fixture
def waiting(concepts, salma):
    revision = listings.start(owner=salma, kind="offer", lang="ar")
    listings.save_answers(
        revision=revision,
        by=salma,
        title="خياطة",
        body="نبدأ بالإبرة.",
        tags=[{"text": "خياطة"}, {"text": "طقطقة الخرز"}],
    )
    return listings.send(revision=revision, by=salma)


def _sent(owner, title):
    revision = listings.start(owner=owner, kind="offer", lang="ar")
    listings.save_answers(revision=revision, by=owner, title=title, body="نبدأ معًا.", tags=[{"text": title}])
    return listings.send(revision=revision, by=owner)


class TestLetThrough:
    def test_publishes_and_records(self, waiting, huda):
        moderation.let_through(revision=waiting, curator=huda)
        listing = Listing.objects.get(id=waiting.listing_id)
        assert listing.is_published
        assert Decision.objects.get().verdict == "accepted"

    def test_keeps_every_tag_named_or_not(self, waiting, huda, concepts):
        moderation.let_through(revision=waiting, curator=huda)
        tags = {tag.text: tag.concept_id for tag in waiting.listing.tags.all()}
        assert tags["خياطة"] == concepts["rukn:sewing"]
        assert tags["طقطقة الخرز"] is None

    def test_is_refused_twice(self, waiting, huda):
        moderation.let_through(revision=waiting, curator=huda)
        with pytest.raises(listings.WrongState):
            moderation.let_through(revision=waiting, curator=huda)

    def test_is_refused_to_residents(self, waiting, yusuf):
        with pytest.raises(moderation.NotACurator):
            moderation.let_through(revision=waiting, curator=yusuf)

    def test_is_refused_for_ones_own_text(self, concepts, huda):
        revision = listings.start(owner=huda, kind="offer", lang="ar")
        listings.save_answers(revision=revision, by=huda, title="خط", body="نكتب.", tags=[{"text": "خط"}])
        listings.send(revision=revision, by=huda)
        with pytest.raises(moderation.OwnText):
            moderation.let_through(revision=revision, curator=huda)


class TestTwoCurators:
    @pytest.fixture
    def three(self, concepts, salma):
        return [_sent(salma, title) for title in ("خياطة", "خط", "خبز")]

    @pytest.fixture
    def deputy(self, karim):
        karim.role = karim.Role.CURATOR
        karim.save()
        return karim

    def test_are_given_different_texts(self, three, huda, deputy):
        assert moderation.next_text(curator=huda) == three[0]
        assert moderation.next_text(curator=deputy) == three[1]
        moderation.let_through(revision=three[0], curator=huda)
        assert moderation.next_text(curator=huda, but=three[0]) == three[2]
        assert set(Look.objects.values_list("revision", flat=True)) == {three[1].pk, three[2].pk}  # only what waits

    def test_are_given_the_same_text_again_until_they_decide(self, three, huda):
        assert moderation.next_text(curator=huda) == moderation.next_text(curator=huda) == three[0]

    def test_give_back_a_text_that_stayed_open_too_long(self, three, huda, deputy):
        moderation.next_text(curator=huda)
        with time_machine.travel(timezone.now() + timedelta(minutes=moderation.LOOK_MINUTES, seconds=1)):
            assert moderation.next_text(curator=deputy) == three[0]

    def test_share_the_last_text(self, waiting, huda, deputy):
        assert moderation.next_text(curator=huda) == moderation.next_text(curator=deputy) == waiting

    def test_begin_at_different_places(self, three, huda, deputy, client_of):
        for curator, text in ((huda, three[0]), (deputy, three[1])):
            assert client_of(curator).post("/desk/begin/").url == f"/desk/{text.pk}/"


class TestGiveBack:
    def test_tells_the_author_why_in_their_language(self, waiting, huda, salma, client_of):
        moderation.give_back(revision=waiting, curator=huda, reason="too_vague", note="متى؟")
        page = client_of(salma).get("/me/", headers={"accept-language": "ar"}).content.decode()
        assert "النص عام جدًا" in page
        assert "متى؟" in page

    def test_lets_the_author_mend_and_send_again(self, waiting, huda, salma):
        moderation.give_back(revision=waiting, curator=huda, reason="too_vague")
        again = listings.edit(listing=waiting.listing, by=salma)
        assert (again.title, [tag["text"] for tag in again.tags]) == ("خياطة", ["خياطة", "طقطقة الخرز"])
        listings.save_answers(revision=again, by=salma, body="نبدأ بالإبرة يوم الثلاثاء.")
        assert listings.send(revision=again, by=salma).state == "in_review"

    def test_needs_a_reason_of_the_list(self, waiting, huda):
        with pytest.raises(moderation.UnknownReason):
            moderation.give_back(revision=waiting, curator=huda, reason="because")


class TestAnEdit:
    def test_leaves_the_public_text_up_until_it_is_let_through(self, make_offer, salma, huda):
        listing = make_offer(salma, "خياطة", ["rukn:sewing"])
        revision = listings.edit(listing=listing, by=salma)
        listings.save_answers(revision=revision, by=salma, title="خياطة وتطريز")
        listings.send(revision=revision, by=salma)
        listing.refresh_from_db()
        assert (listing.title, listing.state) == ("خياطة", "published")
        shown = moderation.item(revision=Revision.objects.get(id=revision.pk))
        assert [word.text for word in shown.changes["title"] if word.kind == "ins"] == ["وتطريز"]
        moderation.let_through(revision=revision, curator=huda)
        listing.refresh_from_db()
        assert listing.title == "خياطة وتطريز"


class TestUndo:
    def test_brings_the_text_back_to_the_desk(self, waiting, huda):
        decision = moderation.let_through(revision=waiting, curator=huda)
        moderation.undo(decision=decision, curator=huda)
        waiting.refresh_from_db()
        assert waiting.state == "in_review"
        assert not Listing.objects.get(id=waiting.listing_id).is_published

    def test_of_an_edit_brings_the_old_text_back(self, make_offer, salma, huda):
        listing = make_offer(salma, "خياطة", ["rukn:sewing"])
        revision = listings.edit(listing=listing, by=salma)
        listings.save_answers(revision=revision, by=salma, title="شيء آخر")
        listings.send(revision=revision, by=salma)
        decision = moderation.let_through(revision=revision, curator=huda)
        moderation.undo(decision=decision, curator=huda)
        listing.refresh_from_db()
        assert (listing.title, listing.state) == ("خياطة", "published")

    def test_is_too_late_after_ten_minutes(self, waiting, huda):
        decision = moderation.let_through(revision=waiting, curator=huda)
        with time_machine.travel(timezone.now() + timedelta(minutes=11)), pytest.raises(moderation.TooLate):
            moderation.undo(decision=decision, curator=huda)


class TestThePages:
    def test_do_not_exist_for_residents(self, waiting, yusuf, client_of):
        assert client_of(yusuf).get("/desk/").status_code == 404
        assert client_of(yusuf).post(f"/desk/{waiting.pk}/accept/").status_code == 404

    def test_skip_puts_a_text_at_the_end(self, waiting, huda, client_of, concepts, karim):
        other = listings.start(owner=karim, kind="wish", lang="en")
        listings.save_answers(revision=other, by=karim, title="Oud", body="Please.", tags=[{"text": "oud"}])
        listings.send(revision=other, by=karim)
        client_of(huda).post(f"/desk/{waiting.pk}/skip/")
        assert [row.pk for row in moderation.queue(curator=huda)] == [other.pk, waiting.pk]

    def test_return_without_a_reason_is_said_and_keeps_the_note(self, waiting, huda, client_of):
        answer = client_of(huda).post(f"/desk/{waiting.pk}/return/", {"note": "ملاحظة"})
        assert answer.status_code == 422
        assert "ملاحظة" in answer.content.decode()
