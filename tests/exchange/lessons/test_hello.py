"""Saying hello: the first state of a lesson, with its talk, in one act."""

import threading
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection

from accounts import services as accounts
from exchange.chat import services as chat
from exchange.chat.models import Message
from exchange.lessons import services as lessons
from exchange.lessons.models import Lesson
from skills.services import listings


@pytest.fixture
def offer(make_offer, salma):
    return make_offer(salma, "خياطة للمبتدئات", ["rukn:sewing"])


class TestSayHello:
    def test_on_an_offer_the_owner_teaches(self, offer, salma, yusuf):
        lesson = lessons.say_hello(listing=offer, by=yusuf, body="مرحبًا")
        assert (lesson.teacher, lesson.learner, lesson.state) == (salma, yusuf, "enquiry")
        assert lesson.conversation.subject == offer.title

    def test_on_a_wish_the_one_who_writes_would_teach(self, make_wish, salma, yusuf):
        wish = make_wish(yusuf, "أتعلم خياطة", ["rukn:sewing"])
        lesson = lessons.say_hello(listing=wish, by=salma, body="مرحبًا")
        assert (lesson.teacher, lesson.learner) == (salma, yusuf)

    def test_a_second_click_finds_the_first(self, offer, yusuf):
        assert lessons.say_hello(listing=offer, by=yusuf, body="أ") == lessons.say_hello(
            listing=offer, by=yusuf, body="ب"
        )
        assert Message.objects.count() == 1

    def test_is_refused_to_oneself(self, offer, salma):
        with pytest.raises(lessons.OwnListing):
            lessons.say_hello(listing=offer, by=salma, body="أنا")

    @pytest.mark.parametrize("why", ["blocked", "resting", "paused"])
    def test_is_refused_alike_whatever_the_reason(self, offer, salma, yusuf, why):
        if why == "blocked":
            accounts.block(blocker=salma, blocked=yusuf)
        elif why == "resting":
            accounts.pause(person=salma)
        else:
            listings.pause(listing=offer, by=salma)
        with pytest.raises(lessons.NotReachable):
            lessons.say_hello(listing=offer, by=yusuf, body="مرحبًا")
        assert not Lesson.objects.exists()

    def test_empty_words_leave_nothing_behind(self, offer, yusuf):
        with pytest.raises(chat.EmptyMessage):
            lessons.say_hello(listing=offer, by=yusuf, body="\u200b")
        assert not Lesson.objects.exists()


class TestThePage:
    def test_brings_a_ready_sentence_and_leads_to_the_talk(self, offer, yusuf, client_of):
        browser = client_of(yusuf)
        assert "يوسف" in browser.get(f"/listings/{offer.pk}/hello/").content.decode()
        answer = browser.post(f"/listings/{offer.pk}/hello/", {"body": "مرحبًا"})
        assert answer.url == Lesson.objects.get().conversation.get_absolute_url()

    @pytest.mark.parametrize("body", ["", "x" * 1_000_000])
    def test_says_what_is_wrong(self, offer, yusuf, client_of, body):
        assert client_of(yusuf).post(f"/listings/{offer.pk}/hello/", {"body": body}).status_code == 422


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_make_one_enquiry(offer, yusuf):
    barrier = threading.Barrier(4)

    def click():
        barrier.wait()
        lessons.say_hello(listing=offer, by=yusuf, body="مرحبًا")
        connection.close()

    threads = [threading.Thread(target=click) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Lesson.objects.count() == 1
    assert Message.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_hellos_at_once_are_counted_one_after_the_other_and_no_counter_can_be_emptied(
    make_offer, salma, yusuf, settings
):
    """The count is of rows under the person's lock: of any number of processes, and whatever Redis forgot."""
    offers = [make_offer(salma, f"عرض رقم {number}", ["خياطة"]) for number in range(9)]
    barrier, ended = threading.Barrier(8), []

    def hello(offer):
        barrier.wait()
        try:
            ended.append(lessons.say_hello(listing=offer, by=yusuf, body="مرحبًا"))
        except lessons.TooManyHellos as refusal:
            ended.append(refusal)
        connection.close()

    threads = [threading.Thread(target=hello, args=(offer,)) for offer in offers[:8]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ended) == 8
    assert Lesson.objects.count() == settings.FIRST_CONTACTS_A_DAY
    if settings.REDIS_URL:
        import redis

        redis.Redis.from_url(settings.REDIS_URL).flushdb()
    cache.clear()
    with pytest.raises(lessons.TooManyHellos):
        lessons.say_hello(listing=offers[8], by=yusuf, body="مرحبًا")


class TestFirstWordsToAStranger:
    def test_are_short(self, offer, yusuf, settings):
        with pytest.raises(lessons.TooLong):
            lessons.say_hello(listing=offer, by=yusuf, body="أ" * (settings.FIRST_WORDS_LONGEST + 1))
        assert not Lesson.objects.exists()

    def test_hold_no_link_and_the_page_loses_nothing_typed(self, offer, yusuf, client):
        client.force_login(yusuf)
        words = "مرحبًا، شوفي موقعي www.my-lessons.net"
        answer = client.post(f"/listings/{offer.pk}/hello/", {"body": words})
        assert answer.status_code == 422
        assert words in answer.content.decode()
        assert not Lesson.objects.exists()

    def test_of_a_new_account_are_five_a_day_and_of_an_old_one_as_many_as_it_likes(
        self, make_offer, salma, yusuf, settings
    ):
        offers = [make_offer(salma, f"عرض رقم {number}", ["rukn:sewing"]) for number in range(7)]
        for each in offers[: settings.FIRST_CONTACTS_A_DAY]:
            lessons.say_hello(listing=each, by=yusuf, body="مرحبًا")
        with pytest.raises(lessons.TooManyHellos):
            lessons.say_hello(listing=offers[5], by=yusuf, body="مرحبًا")
        lessons.say_hello(listing=offers[5], by=yusuf, body="مرحبًا", is_stranger=False)
        yusuf.joined_at -= timedelta(days=settings.NEW_ACCOUNT_DAYS)
        yusuf.save()
        lessons.say_hello(listing=offers[6], by=yusuf, body="مرحبًا")

    def test_that_must_be_read_first_reach_nobody_yet(self, offer, salma, yusuf):
        lesson = lessons.say_hello(listing=offer, by=yusuf, body="send me the OTP")
        assert not Message.objects.exists()
        assert [row.conversation for row in chat.conversations(person=yusuf)] == [lesson.conversation]
        assert chat.conversations(person=salma) == []
