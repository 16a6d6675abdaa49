"""The town that the crawls of this folder walk through."""

import pytest
from town import Town

from accounts import services as accounts
from exchange.lessons import services as lessons
from skills.services import listings


@pytest.fixture
def amal(districts):
    """An administrator."""
    return accounts.make_person(email="amal@example.org", name="أمل", district=districts["waha"], role="admin")


@pytest.fixture
def town(make_offer, make_wish, cast, relay):
    salma, yusuf, karim = cast["salma"], cast["yusuf"], cast["karim"]
    offer = make_offer(salma, "خياطة للمبتدئات", ["rukn:sewing"])
    wish = make_wish(salma, "أتعلم تصليح الدراجة", ["bike repair"])
    paused = make_offer(salma, "تطريز", ["خياطة"])
    listings.pause(listing=paused, by=salma)
    make_wish(yusuf, "أتعلم خياطة", ["خياطة"])
    make_offer(karim, "Fix your own bike", ["bike repair"])
    talk = lessons.say_hello(listing=offer, by=yusuf, body="مرحبًا").conversation_id
    revisions = {}
    for name in ("draft", "waiting"):
        revision = listings.start(owner=salma, kind="offer" if name == "draft" else "wish", lang="ar")
        listings.save_answers(revision=revision, by=salma, title=name, body="نص.", tags=[{"text": "خياطة"}], step=5)
        revisions[name] = revision
    listings.send(revision=revisions["waiting"], by=salma)
    accounts.block(blocker=salma, blocked=karim)
    accounts.pause(person=cast["nadia"])
    relay()
    return Town(offer, wish, paused, revisions["draft"], revisions["waiting"], talk)
