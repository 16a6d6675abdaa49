"""Cards are drawn once and kept, and still never show what is hidden now, or what no longer is so."""

import pytest
from django.utils import timezone

from accounts import districts as remembered
from accounts.models import Block, Person, Profile
from exchange.templatetags import rukn
from skills import cards
from skills.models import Concept, Listing
from skills.services import concepts as concept_services

pytestmark = pytest.mark.django_db
PLACES = ["/", "/find/"]


@pytest.fixture(autouse=True)
def _nothing_drawn():
    rukn.forget()
    yield
    rukn.forget()


@pytest.fixture
def offer(make_offer, salma):
    return make_offer(salma, "خياطة للمبتدئات", ["rukn:sewing"])


def seen(browser, place, language="ar"):
    return browser.get(place, headers={"accept-language": language}).content.decode()


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "hide",
    [
        lambda offer: Listing.objects.filter(pk=offer.pk).update(state="paused"),
        lambda offer: Profile.objects.filter(person=offer.owner_id).update(paused_at=timezone.now()),
        lambda offer: Person.objects.filter(pk=offer.owner_id).update(is_active=False),
        lambda offer: offer.delete(),
    ],
    ids=["listing rests", "owner pauses", "owner left", "gone"],
)
def test_what_is_hidden_is_gone_at_once(client, offer, place, hide):
    assert f"/listings/{offer.pk}/hello/" in seen(client, place)
    hide(offer)
    assert f"/listings/{offer.pk}/" not in seen(client, place)


@pytest.mark.parametrize("place", PLACES)
def test_a_block_hides_from_one_and_not_from_the_other(client_of, offer, place, salma, yusuf, karim):
    kept_away, other = client_of(yusuf), client_of(karim)
    assert f"/listings/{offer.pk}/" in seen(kept_away, place)
    Block.objects.create(blocker=salma, blocked=yusuf)
    assert f"/listings/{offer.pk}/" not in seen(kept_away, place)
    assert f"/listings/{offer.pk}/" in seen(other, place)


@pytest.mark.parametrize("place", PLACES)
def test_a_card_says_what_is_so_now(client, offer, place, salma):
    assert salma.first_name in seen(client, place)
    Person.objects.filter(pk=salma.pk).update(name="زهراء الجديدة")
    assert "زهراء" in seen(client, place)
    Concept.objects.filter(uri="rukn:sewing").update(ar="الحياكة", en="Tailoring")
    concept_services.forget()
    page = seen(client, place)
    assert '<bdi dir="rtl">الحياكة</bdi>' in page
    assert '<bdi dir="ltr">Tailoring</bdi>' in seen(client, place, "en")
    Listing.objects.filter(pk=offer.pk).update(format="online", free_mask=1)
    assert "عن بُعد" in seen(client, place) or "online" in seen(client, place, "en")


def test_a_card_without_a_concept_shows_its_authors_words_in_one_query(
    make_wish, yusuf, client, django_assert_num_queries
):
    wish = make_wish(yusuf, "شيء", ["ما لا اسم له"])
    with django_assert_num_queries(1):
        (row,) = cards.rows(Listing.objects.filter(pk=wish.pk))
    assert cards.Card(row, "ar").concept == "ما لا اسم له"
    assert cards.row_of(Listing.objects.with_card().get(pk=wish.pk)) == row


def test_a_moved_district_is_shown(client, offer, districts, salma):
    remembered.forget()
    assert "حي النسيم" in seen(client, "/find/") or "حي الواحة" in seen(client, "/find/")
    Person.objects.filter(pk=salma.pk).update(district=districts["port"])
    assert "الميناء القديم" in seen(client, "/find/")


def test_ones_own_card_has_another_button(client, client_of, offer, salma, yusuf):
    assert f"/listings/{offer.pk}/hello/" in seen(client_of(yusuf), "/find/")
    assert f"/listings/{offer.pk}/hello/" not in seen(client_of(salma), "/find/")
    assert f"/listings/{offer.pk}/hello/" in seen(client, "/find/")


def test_kept_cards_are_bounded_and_hold_no_long_text(monkeypatch, offer):
    monkeypatch.setattr(rukn, "CARDS_KEPT", 5)
    (row,) = cards.rows(Listing.objects.filter(pk=offer.pk))
    for number in range(12):
        rukn.show_card(cards.Card(row._replace(pk=number, body="x" * 3000), "ar"))
    assert len(rukn._drawn) == 5
    assert "x" * 3000 not in repr(rukn._drawn)
