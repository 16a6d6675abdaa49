"""The search page: chips, empty answers, kind words for strange questions."""

import pytest

from search.backends import backend
from search.query import Found

pytestmark = pytest.mark.django_db


def test_empty_answer_offers_near_skills_and_the_wish(client, make_offer, karim):
    make_offer(karim, "Fix your own bike", ["bike repair"], lang="en")
    page = client.get("/find/?q=embroidery", headers={"accept-language": "en"}).content.decode()
    assert "Post this as a wish" in page
    assert "/wish/new/?q=embroidery" in page
    assert "sewing" in page


def test_chips_take_one_choice_away(client, make_offer, karim):
    page = client.get("/find/?kind=offer&day=fri&day=sat", headers={"accept-language": "en"}).content.decode()
    assert '/find/?kind=offer&amp;day=sat"' in page
    assert '/find/?day=fri&amp;day=sat"' in page


@pytest.mark.parametrize(
    "query",
    ["kind=x", "district=99999", "concept=abc", "page=-5", "page=999999", "day=x", "q=%00%ff", "q=" + "x" * 5000],
)
def test_strange_questions_get_a_page(client, query):
    assert client.get(f"/find/?{query}").status_code in (200, 422)


def test_suggestions_complete_in_the_readers_language(client, make_offer, salma):
    make_offer(salma, "خياطة للمبتدئات", ["rukn:sewing"])
    found = client.get("/find/suggest/?q=خيا", headers={"accept-language": "ar"}).json()["suggestions"]
    assert found[0]["text"] == "الخياطة"


def test_a_card_marks_what_was_met_and_never_as_markup(make_offer, salma, client):
    make_offer(salma, "دروس", ["rukn:sewing"], body="أعلّم الخياطة <b>لمن</b> يحب")
    page = client.get("/find/?q=الخياطة").content.decode()
    assert "<mark>الخياطة</mark>" in page
    assert "<b>لمن</b>" not in page


def test_a_resting_engine_is_said_kindly(make_offer, salma, client, monkeypatch):
    monkeypatch.setattr(type(backend()), "find", lambda *_: Found(is_basic=True))
    page = client.get("/find/?q=خياطة", headers={"accept-language": "ar"}).content.decode()
    assert "البحث في راحة" in page
