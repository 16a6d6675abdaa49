"""Searching as people type: forgiving in both languages, and across them."""

import pytest

from search import services as search
from search.query import Query


def found(text, **more):
    return [row.title for row in search.find(query=Query(text=text, lang="ar", **more), person=None).listings]


@pytest.fixture
def city(make_offer, make_wish, salma, karim, yusuf, nadia):
    make_offer(salma, "خياطة للمبتدئات", ["rukn:sewing"])
    make_offer(karim, "Fix your own bike", ["bike repair"])
    make_offer(yusuf, "إكسل من الصفر", ["إكسل"])
    make_wish(nadia, "نفسي أتعلم العود", ["rukn:oud"])


@pytest.mark.usefixtures("city")
class TestWords:
    @pytest.mark.parametrize(
        "text",
        [
            "خياطة",
            "الخياطة",
            "خِيَاطَة",
            "خياطه",
            "خيـاطة",
            "اتعلم خياطة",
            "sewing",
            "learn to sew",
            "sew clothes",
            "خياظة",
            "seewing",
        ],
    )
    def test_find_sewing_however_it_is_written(self, text):
        assert found(text)[:1] == ["خياطة للمبتدئات"]

    @pytest.mark.parametrize("text", ["تصليح دراجة", "إصلاح الدراجات", "اصلاح دراجات", "bike repair", "تصليح سيكل"])
    def test_lead_to_the_same_first_listing_in_both_languages(self, text):
        assert found(text)[:1] == ["Fix your own bike"]

    def test_find_nothing_for_nonsense(self):
        assert found("زقزقق") == []
