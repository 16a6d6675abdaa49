"""Where a city counts participation only, no lesson is said to cost hours: the same lesson, nothing is owed."""

import pytest
from django.utils import translation

from exchange.lessons import serializers

HOURS, NOTHING_OWED = "مقابل ساعات من الوقت", "مشاركةً، وليس على أحد شيء"


@pytest.fixture
def offer(make_offer, salma):
    return make_offer(salma, "خياطة للمبتدئات", ["rukn:sewing"], in_return="hours")


@pytest.fixture
def shown(client_of, enquiry, offer, salma, yusuf):
    """Give what the forms and pages say that name what a lesson is in return for."""

    def read():
        pages = ((yusuf, f"/lessons/{enquiry.pk}/ask/"), (salma, f"/listings/{offer.pk}/sittings/new/"))
        return [client_of(person).get(path).content.decode() for person, path in pages]

    return read


def test_the_forms_speak_of_hours_where_the_city_keeps_them(shown):
    for text in shown():
        assert HOURS in text
        assert NOTHING_OWED not in text


def test_the_forms_speak_of_taking_part_where_it_does_not(shown, settings):
    settings.HOURS = "participation"
    for text in shown():
        assert HOURS not in text
        assert text.count(NOTHING_OWED) == 1


def test_so_do_the_lesson_its_listing_and_a_group_lesson(booked, offer, client_of, salma, yusuf, settings):
    settings.HOURS = "participation"
    form = {"day": "2026-12-01", "time": "18:00", "minutes": "60", "seats": "4", "format": "online", "place": "",
            "in_return": "hours"}  # fmt: skip
    made = client_of(salma).post(f"/listings/{offer.pk}/sittings/new/", form)
    for path in (f"/lessons/{booked.pk}/", f"/listings/{offer.pk}/", made["Location"]):
        text = client_of(yusuf).get(path).content.decode()
        assert NOTHING_OWED in text, path
        assert HOURS not in text
        assert "ساعة من الوقت" not in text


@pytest.mark.parametrize(("keeping", "said"), [("balances", "for hours of time"), ("participation", "nothing is owed")])
def test_the_words_of_the_api_say_so_too(keeping, said, settings):
    settings.HOURS = keeping
    with translation.override("en"):
        for wire in (serializers.AskIn(), serializers.LessonOut()):
            assert said in str(wire.fields["in_return"].choices["hours"])
