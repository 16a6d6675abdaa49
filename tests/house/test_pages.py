"""Every page opens for whom it is meant, within its query budget, the same at ten rows and at many."""

import pytest
from django.urls import reverse

from exchange.lessons import services as lessons
from skills.services import listings

BUDGET = 12


@pytest.fixture
def city(make_offer, make_wish, salma, karim, yusuf, huda, relay):
    offer = make_offer(salma, "خياطة للمبتدئات", ["rukn:sewing"])
    wish = make_wish(yusuf, "أتعلم خياطة", ["خياطة"])
    make_offer(karim, "Fix your own bike", ["bike repair"])
    lesson = lessons.say_hello(listing=offer, by=yusuf, body="مرحبًا")
    revision = listings.start(owner=karim, kind="wish", lang="en")
    listings.save_answers(
        revision=revision, by=karim, title="Learn the oud", body="Please.", tags=[{"text": "oud"}], step=5
    )
    listings.send(revision=revision, by=karim)
    draft = listings.start(owner=yusuf, kind="offer", lang="ar")
    listings.save_answers(revision=draft, by=yusuf, title="إكسل", body="من الصفر", tags=[{"text": "إكسل"}], step=5)
    relay()
    return {"offer": offer, "wish": wish, "lesson": lesson, "revision": revision, "draft": draft}


def addresses(city):
    offer, wish, talk = city["offer"].pk, city["wish"].pk, city["lesson"].conversation_id
    return {
        "stranger": ["home", "find", "help", "account_login", ("listing", offer), ("person", city["offer"].owner_id)],
        "yusuf": [
            "home", "find", "talks", "me", "help", "profile_edit", "free_hours", "hours", "hours_give", "devices",
            "keys", "api_docs",
            "offer_new", "wish_new",
            ("listing", offer), ("listing", wish), ("listing_matches", wish), ("talk", talk), ("talk_messages", talk),
            ("person", city["offer"].owner_id), ("listing_edit", wish), ("listing_check", city["draft"].listing_id),
            *(("listing_step", city["draft"].listing_id, step) for step in range(1, 6)),
        ],
        "karim": [("hello", offer), "me", "home"],
        "huda": ["desk", "hours_pot", ("desk_item", city["revision"].pk)],
    }  # fmt: skip


def test_open_in_both_languages_within_budget(city, client, client_of, cast, django_assert_max_num_queries):
    for who, pages in addresses(city).items():
        for language in ("ar", "en"):
            browser = client if who == "stranger" else client_of(cast[who])
            browser.cookies["language"] = language
            for page in pages:
                name, *args = page if isinstance(page, tuple) else (page,)
                url = reverse(name, args=args)
                browser.get(url)
                with django_assert_max_num_queries(BUDGET, info=f"{who} {url}"):
                    response = browser.get(url)
                assert response.status_code == 200, f"{who} {url}: {response.status_code}"
                if "html" in response["Content-Type"]:
                    text = response.content.decode()
                    assert f'lang="{language}"' in text
                    assert text.count("<h1") == 1, url
