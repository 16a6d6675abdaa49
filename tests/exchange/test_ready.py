"""A read whose SQL is written once answers as its query set would, for whoever asks, and cannot mix them up."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Block, Person
from exchange.chat.models import Message
from exchange.lessons import services as lessons
from exchange.ready import SHAPES, Ready
from skills.models import Listing

pytestmark = pytest.mark.django_db


def test_gives_what_the_query_set_gives_for_each_value(make_offer, salma, karim):
    offers = [make_offer(person, f"خياطة {number}", ["rukn:sewing"]) for number, person in enumerate([salma, karim])]
    of_owner = Ready(lambda *, owner: Listing.objects.filter(owner=owner).select_related("owner"))
    with CaptureQueriesContext(connection) as queries:
        assert [row.owner.name for row in of_owner(owner=salma.pk)] == [salma.name]
        assert of_owner(owner=karim.pk) == [offers[1]]
        assert of_owner(owner=0) == []
    assert len(queries) == 3


def test_takes_moments_and_several_numbers_and_reads_columns_as_django_does(make_offer, salma):
    offers = [make_offer(salma, f"خياطة {number}", ["rukn:sewing"], speaks=["ar", "en"]) for number in range(3)]
    since = Ready(lambda *, ids, at: Listing.objects.filter(id__in=ids, published_at__gte=at).values_list("speaks"))
    hour = timedelta(hours=1)
    ids = [row.pk for row in offers]
    assert since(ids=ids, at=timezone.now() - hour) == [(["ar", "en"],)] * 3
    assert since(ids=ids[:1], at=timezone.now() - hour) == [(["ar", "en"],)]
    assert since(ids=ids, at=timezone.now() + hour) == []
    assert since(ids=[], at=timezone.now()) == []


def test_numbers_of_every_column_can_be_asked_for(make_offer, salma, yusuf):
    lesson = lessons.say_hello(listing=make_offer(salma, "خياطة", ["rukn:sewing"]), by=yusuf, body="مرحبًا")
    before = Ready(lambda *, talk, seq: Message.objects.filter(conversation=talk, seq__lt=seq))
    assert len(before(talk=lesson.conversation_id, seq=2)) == 1
    assert before(talk=lesson.conversation_id, seq=1) == []


def test_rules_are_asked_anew_for_every_reader(make_offer, salma, yusuf, karim):
    offer = make_offer(salma, "خياطة", ["rukn:sewing"])
    open_for = Ready(lambda *, reader: Listing.objects.open_for(Person(pk=reader)))
    Block.objects.create(blocker=salma, blocked=yusuf)
    assert open_for(reader=yusuf.pk) == []
    assert open_for(reader=karim.pk) == [offer]


def test_is_written_once_for_a_shape_and_keeps_a_bounded_number(db):
    made = []

    def make(most, *, owner):
        made.append(most)
        return Listing.objects.filter(owner=owner)[:most]

    read = Ready(make)
    for _ in range(3):
        read(5, owner=1)
        read(6, owner=2)
    assert made == [5, 6]
    for most in range(1, SHAPES + 50):
        read(most, owner=1)
    assert read._written.cache_info().currsize <= SHAPES


def test_a_value_that_the_statement_does_not_hold_is_a_fault():
    with pytest.raises(ValueError, match="does not stand"):
        Ready(lambda *, owner: Listing.objects.all())(owner=1)
