"""The town that the crawls of this folder walk through."""

from datetime import timedelta

import pytest
from django.utils import timezone
from town import Town, met

from accounts import services as accounts
from accounts.services import care
from exchange.lessons import services as lessons
from exchange.lessons.services import sittings
from exchange.passport import services as passports
from matching.models import Place, Ring, RingAnswer
from search.models import SavedSearch
from skills.models import Unmapped
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
    hello = lessons.say_hello(listing=offer, by=yusuf, body="مرحبًا")
    at = timezone.now() + timedelta(days=3)
    lessons.ask(lesson=hello, by=yusuf, times=[lessons.Span(at, at + timedelta(hours=1))], minutes=60, format="online")
    revisions = {}
    for name in ("draft", "waiting"):
        revision = listings.start(owner=salma, kind="offer" if name == "draft" else "wish", lang="ar")
        listings.save_answers(revision=revision, by=salma, title=name, body="نص.", tags=[{"text": "خياطة"}], step=5)
        revisions[name] = revision
    listings.send(revision=revisions["waiting"], by=salma)
    accounts.block(blocker=salma, blocked=karim)
    accounts.pause(person=cast["nadia"])
    saved = SavedSearch.objects.create(person=salma, name="خياطة", query="q=خياطة").pk
    word = Unmapped.objects.create(text="دانتيل", folded="دانتيل", lang="ar").pk
    ring = Ring.objects.create(deadline=timezone.now() + timedelta(days=5))
    theirs = yusuf.listings.get(kind="wish")
    Place.objects.create(ring=ring, number=0, teacher=salma, learner=yusuf, offer=offer, wish=theirs)
    Place.objects.create(ring=ring, number=1, teacher=yusuf, learner=salma, offer=offer, wish=wish)
    RingAnswer.objects.bulk_create(RingAnswer(ring=ring, person=person) for person in (salma, yusuf))
    child = accounts.make_person(email="layan@example.org", name="ليان", age="13-17")
    ward = care.ask_guardian(young=child, email=yusuf.email).pk
    told, lately = (met(hello, days=days) for days in (30, 3))
    enquiry = lessons.again(lesson=lately, by=yusuf)
    passports.write(lesson=told, by=salma, thanks="يدٌ تتعلّم بسرعة")
    thanks = passports.write(lesson=told, by=yusuf, learned="الغرزة المستقيمة", thanks="شكرًا على صبرك")
    passports.show(thanks=thanks, by=salma, shown="public")
    relay()
    return Town(
        offer,
        wish,
        paused,
        revisions["draft"],
        revisions["waiting"],
        hello.conversation_id,
        hello.pk,
        ring.pk,
        saved,
        word,
        offer.main_concept_id,
        ward,
        enquiry.pk,
        lately.pk,
        thanks.pk,
        sittings.announce(
            listing=offer,
            by=salma,
            starts_at=timezone.now() + timedelta(days=9),
            minutes=60,
            seats=9,
            format="online",
        ).pk,
    )
