"""What is drawn once for many is never what belongs to one: tokens, addresses, names, choices."""

import re

import pytest
from django.template import Context, Template
from django.utils import translation

from exchange.templatetags import drawn


@pytest.fixture(autouse=True)
def _nothing_kept():
    drawn.forget()
    yield
    drawn.forget()


def test_is_drawn_once_for_the_same_values_and_language():
    asked = []
    page = Template("{% drawn place %}{{ slow }}{% enddrawn %}")

    def draw(place):
        return page.render(Context({"place": place, "slow": lambda: asked.append(1) or len(asked)}))

    with translation.override("ar"):
        assert [draw("home"), draw("home"), draw("find")] == ["1", "1", "2"]
    with translation.override("en"):
        assert draw("home") == "3"


def test_is_drawn_anew_after_a_minute(monkeypatch):
    page = Template("{% drawn %}{{ value }}{% enddrawn %}")
    monkeypatch.setattr(drawn.time, "monotonic", lambda: 1000.0)
    assert page.render(Context({"value": 1})) == "1"
    monkeypatch.setattr(drawn.time, "monotonic", lambda: 1061.0)
    assert page.render(Context({"value": 2})) == "2"


def test_token_and_address_are_each_requests_own_and_escaped():
    page = Template("{% drawn %}{{ here }}|{% csrf_token %}{% enddrawn %}")
    first = page.render(Context({"here": "/find/?q=<a>", "csrf_token": "one"}))
    again = page.render(Context({"here": "/me/", "csrf_token": "two"}))
    assert first.startswith("/find/?q=&lt;a&gt;|")
    assert 'value="one"' in first
    assert again.startswith("/me/|")
    assert 'value="two"' in again


def test_frames_of_two_people_do_not_mix(client, client_of, salma, huda):
    def frame(browser, url):
        text = browser.get(url).content.decode()
        return text[text.index("<header") : text.index("<main")]

    curator = frame(client_of(huda), "/help/")
    resident = frame(client_of(salma), "/help/")
    stranger = frame(client, "/help/")
    assert "/desk/" in curator
    assert "/desk/" not in resident
    assert "/enter/" in stranger
    assert "/enter/" not in resident
    assert 'value="/find/?q=x"' in frame(client_of(salma), "/find/?q=x")
    tokens = [re.search(r'csrfmiddlewaretoken" value="(\w+)"', each).group(1) for each in (curator, resident, stranger)]
    assert len(set(tokens)) == 3


def test_filters_show_the_choices_of_this_question(client, make_offer, salma):
    make_offer(salma, "خياطة", ["rukn:sewing"])
    assert re.search(r'value="offer"[^>]*checked', client.get("/find/?kind=offer").content.decode())
    assert not re.search(r'value="offer"[^>]*checked', client.get("/find/?kind=wish").content.decode())


def test_a_card_is_drawn_again_when_it_says_something_else(client, make_offer, salma):
    offer = make_offer(salma, "خياطة", ["rukn:sewing"])
    assert "خياطة" in client.get("/find/").content.decode()
    type(offer).objects.filter(id=offer.pk).update(title="تطريز")
    assert "تطريز" in client.get("/find/").content.decode()
