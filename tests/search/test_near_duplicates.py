"""Listings that say almost the same are found before one more is published, by whatever engine is there."""

import pytest

from search import services as search

pytestmark = pytest.mark.django_db
BODY = "أعلّم خياطة الستائر وتقصير البناطيل على ماكينة بيتية كل يوم أحد بعد العصر"


@pytest.fixture
def first(make_offer, salma, karim):
    make_offer(karim, "Fix your own bike", ["bike repair"], lang="en", body="Bring your bike and we mend it together.")
    return make_offer(salma, "خياطة الستائر", ["rukn:sewing"], body=BODY)


def likest(title, body, **more):
    return [row.pk for row in search.near_duplicates(title=title, body=body, **more)]


def test_the_same_in_other_spelling_is_found(first):
    assert likest("خياطه الستاير".replace("ستاير", "ستائر"), BODY.replace("أ", "ا") + " تقريبا") == [first.pk]


def test_a_listing_is_no_duplicate_of_itself(first):
    assert likest(first.title, first.body, but=first.pk) == []


def test_a_few_common_words_are_not_enough(first):
    assert likest("ستائر جاهزة", "عندي ستائر جاهزة للبيت أبحث لها عن قماش مناسب") == []


def test_the_other_kind_is_not_meant(first):
    assert likest(first.title, first.body, kind="wish") == []
