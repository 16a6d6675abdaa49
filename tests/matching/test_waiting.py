"""No wish left alone: it climbs by the clock, stops when answered, is held by one mentor at a time, and says so."""

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from exchange.chat import services as chat
from exchange.chat.models import Conversation, Message
from exchange.lessons import services as lessons
from exchange.lib.errors import Refused
from exchange.notices.models import Notice
from matching import ladder, waits
from matching.models import Claim, Climb, Match
from matching.services import rings, waiting, wider
from skills.services import listings


@pytest.fixture
def wish(make_offer, make_wish, salma, yusuf, huda, relay):
    """Yusuf wishes to learn sewing, which Salma teaches."""
    make_offer(salma, "خياطة للمبتدئات", ["rukn:sewing"])
    row = make_wish(yusuf, "أتعلم خياطة", ["rukn:sewing"])
    relay()
    return row


@pytest.fixture
def second(wish, nadia, make_offer, relay):
    """Nadia teaches sewing too."""
    offer = make_offer(nadia, "خياطة", ["rukn:sewing"])
    relay()
    return offer


def climb(days, relay):
    with time_machine.travel(timezone.now() + timedelta(days=days, minutes=1), tick=False):
        waiting.climb_due(now=timezone.now())
        relay()


class TestClimb:
    def test_begins_with_the_wish_and_takes_each_rung_on_its_day(self, wish, huda, relay):
        assert Climb.objects.get().rung == ladder.SUGGESTED
        for days, rung in [(2, "suggested"), (3, "wider"), (6, "wider"), (7, "ring"), (14, "steward"), (40, "steward")]:
            climb(days, relay)
            assert Climb.objects.get().rung == rung, days
        assert Climb.objects.get().steward == huda
        assert Climb.objects.get().due_at is None

    def test_takes_one_rung_at_a_time_though_the_clock_slept_for_weeks(self, wish, relay):
        for _ in range(5):
            climb(30, relay)
        steps = list(Climb.objects.get().steps.order_by("id").values_list("what", flat=True))
        assert steps == ["suggested", "wider", "ring", "steward"]

    def test_stops_when_both_have_written_and_goes_on_when_it_came_to_nothing(self, wish, salma, yusuf, relay):
        lesson = lessons.say_hello(listing=wish, by=salma, body="أهلا")
        relay()
        assert Climb.objects.get().ended_at is None  # one hello is no answer
        chat.send(conversation_id=lesson.conversation_id, sender=yusuf, client_id=uuid4(), body="شكرا")
        relay()
        assert Climb.objects.get().ended == "answered"
        climb(30, relay)
        assert Climb.objects.get().rung == ladder.SUGGESTED
        waiting.still_looking(wish=wish, by=yusuf)
        climb(3, relay)
        assert Climb.objects.get().rung == ladder.WIDER

    def test_stops_when_a_lesson_is_booked_though_one_side_wrote_nothing(self, wish, salma, yusuf, relay):
        hello = lessons.say_hello(listing=wish, by=salma, body="أهلا")
        at = timezone.now() + timedelta(days=3)
        asked = lessons.ask(
            lesson=hello, by=salma, times=[lessons.Span(at, at + timedelta(hours=1))], minutes=60, format="online"
        )
        lessons.accept(lesson=asked, by=yusuf, proposal=asked.proposals.get())
        relay()
        assert Climb.objects.get().ended == "answered"

    def test_goes_on_when_only_somebody_elses_words_stand_in_the_talk(self, wish, salma, nadia, relay):
        lesson = lessons.say_hello(listing=wish, by=salma, body="أهلا")
        Message.objects.create(
            conversation=lesson.conversation, seq=2, sender=nadia, client_id=uuid4(), body="أنا وصيّة سلمى"
        )
        Conversation.objects.filter(id=lesson.conversation_id).update(last_seq=2)
        waiting.note_answer(conversation_id=lesson.conversation_id, now=timezone.now())
        assert Climb.objects.get().ended_at is None

    def test_is_answered_by_a_talk_about_an_offer_that_fits_it(self, wish, salma, yusuf, relay):
        offer = salma.listings.get(kind="offer")
        lesson = lessons.say_hello(listing=offer, by=yusuf, body="أهلا")
        chat.send(conversation_id=lesson.conversation_id, sender=salma, client_id=uuid4(), body="أهلا بك")
        relay()
        assert Climb.objects.get().ended == "answered"

    def test_ends_when_the_wish_goes_and_begins_anew_when_it_is_back(self, wish, yusuf, relay):
        climb(3, relay)
        listings.pause(listing=wish, by=yusuf)
        relay()
        assert Climb.objects.get().ended == "gone"
        listings.resume(listing=wish, by=yusuf)
        relay()
        assert (Climb.objects.get().rung, Climb.objects.get().ended) == ("suggested", "")

    def test_tells_the_author_and_the_steward_once(self, wish, yusuf, huda, relay):
        for days in (3, 7, 14, 14):
            climb(days, relay)
        assert Notice.objects.filter(person=yusuf, kind="wish_climbed").count() == 3
        assert Notice.objects.filter(person=huda, kind="wish_given").count() == 1

    def test_page_says_what_was_done_and_what_comes_next(self, wish, yusuf, salma, client_of, relay):
        climb(3, relay)
        page = client_of(yusuf).get(wish.get_absolute_url()).content.decode()
        assert "ما يجري لرغبتك" in page
        assert "البحث عن حلقة" in page
        assert "ما يجري لرغبتك" not in client_of(salma).get(wish.get_absolute_url()).content.decode()


class TestTake:
    def test_holds_the_wish_for_half_an_hour(self, wish, second, salma, nadia, yusuf, client_of, relay):
        answer = client_of(salma).post(f"/wishes/{wish.pk}/take/")
        assert answer["Location"] == f"/listings/{wish.pk}/hello/"
        relay()
        assert Notice.objects.filter(person=yusuf, kind="wish_claimed").exists()
        with pytest.raises(waiting.Taken):
            waiting.take(wish=wish, by=nadia)
        with time_machine.travel(timezone.now() + timedelta(minutes=31)):
            assert waiting.take(wish=wish, by=nadia).mentor == nadia
        assert Claim.objects.get(mentor=salma).outcome == "lapsed"
        page = client_of(yusuf).get(wish.get_absolute_url(), headers={"accept-language": "en"}).content.decode()
        assert [step.what for step in wish.climb.steps.order_by("id")] == ["suggested", "claimed", "free", "claimed"]
        assert "متاحة لغيرك" in page or "free for others" in page

    def test_twice_is_one_claim_and_a_hello_ends_it(self, wish, salma, relay):
        assert waiting.take(wish=wish, by=salma) == waiting.take(wish=wish, by=salma)
        lessons.say_hello(listing=wish, by=salma, body="أهلا")
        relay()
        assert Claim.objects.get().outcome == "hello"

    def test_is_refused_for_ones_own_and_beyond_three(self, wish, salma, yusuf, make_wish, relay):
        with pytest.raises(waiting.NotForTaking):
            waiting.take(wish=wish, by=yusuf)
        others = [make_wish(yusuf, f"خياطة {number}", ["rukn:sewing"]) for number in range(3)]
        relay()
        for other in others:
            waiting.take(wish=other, by=salma)
        with pytest.raises(waiting.HandsFull):
            waiting.take(wish=wish, by=salma)

    def test_is_not_for_whoever_wrote_already(self, wish, salma):
        lessons.say_hello(listing=wish, by=salma, body="أهلا")
        with pytest.raises(waiting.NotForTaking):
            waiting.take(wish=wish, by=salma)

    def test_is_for_those_who_teach_what_is_wished(self, wish, karim, make_offer, relay):
        make_offer(karim, "English talk", ["rukn:english-conversation"])
        relay()
        with translation.override("en"), pytest.raises(waiting.NotForTaking, match="None of your offers"):
            waiting.take(wish=wish, by=karim)

    @pytest.mark.django_db(transaction=True)
    def test_two_mentors_at_once_leave_one_claim(self, wish, second, salma, nadia):
        outcomes, start = [], threading.Barrier(2)

        def run(person):
            start.wait()
            try:
                waiting.take(wish=wish, by=person)
                outcomes.append("held")
            except Refused as refusal:
                outcomes.append(refusal.code)
            finally:
                connection.close()

        threads = [threading.Thread(target=run, args=(person,)) for person in (salma, nadia)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["held", "taken"]


class TestQueue:
    def test_shows_what_one_could_serve_with_one_tap(self, wish, salma, client_of):
        page = client_of(salma).get("/matches/wishes/").content.decode()
        assert "أتعلم خياطة" in page
        assert f"/wishes/{wish.pk}/take/" in page

    def test_leaves_out_what_another_holds_and_what_one_wrote_to(self, wish, second, salma, nadia, yusuf, client_of):
        own, theirs = (f"/listings/{row.pk}/matches/" for row in (Match.objects.get(offer__owner=salma).offer, wish))
        assert "أتعلم خياطة" in client_of(salma).get(own).content.decode()
        waiting.take(wish=wish, by=nadia)
        assert waiting.queue_for(person=salma) == []
        assert len(waiting.queue_for(person=nadia)) == 1
        assert "أتعلم خياطة" not in client_of(salma).get(own).content.decode()
        assert "خياطة للمبتدئات" in client_of(yusuf).get(theirs).content.decode()  # its author sees all who fit
        lessons.say_hello(listing=wish, by=nadia, body="أهلا")
        assert waiting.queue_for(person=nadia) == []

    def test_costs_the_same_at_more_rows(
        self, wish, salma, make_wish, yusuf, relay, client_of, django_assert_max_num_queries
    ):
        client = client_of(salma)
        client.get("/matches/wishes/")
        for number in range(6):
            make_wish(yusuf, f"خياطة {number}", ["rukn:sewing"])
        relay()
        with django_assert_max_num_queries(12):
            client.get("/matches/wishes/")


class TestWiderCircle:
    def test_shows_related_offers_to_the_author_and_the_wish_to_their_mentors(
        self, wish, nadia, yusuf, make_offer, relay, client_of
    ):
        make_offer(nadia, "تطريز", ["rukn:embroidery"])
        relay()
        Match.objects.filter(offer__owner=nadia).delete()
        page = f"/listings/{wish.pk}/matches/"
        assert "دائرة أوسع" not in client_of(yusuf).get(page).content.decode()
        climb(3, relay)
        Match.objects.filter(offer__owner=nadia).delete()
        seen = client_of(yusuf).get(page).content.decode()
        assert "تطريز" in seen
        assert "مهارة «التطريز» قريبة من رغبتك «الخياطة»" in seen
        assert "أتعلم خياطة" in client_of(nadia).get("/matches/wishes/").content.decode()

    def test_says_of_the_same_field_only_what_is_true(
        self, salma, yusuf, nadia, huda, make_offer, make_wish, relay, client_of
    ):
        wish = make_wish(yusuf, "مكالمات مع أحفادي", ["rukn:video-calls"])
        make_offer(salma, "إكسل من الصفر", ["rukn:excel"])
        make_offer(nadia, "خبز البيت", ["rukn:baking-bread"])
        for number in range(3):
            make_offer(nadia, f"جداول {number}", ["rukn:excel"])
        relay()
        climb(3, relay)
        page = client_of(yusuf).get(f"/listings/{wish.pk}/matches/").content.decode()
        assert "«إكسل» و«مكالمات الفيديو» من باب واحد: الهاتف والحاسوب" in page
        assert "خبز البيت" not in page
        assert page.count("من باب واحد") == wider.OF_A_SKILL

    def test_a_wish_in_an_open_ring_says_so(self, yusuf, salma, karim, make_offer, make_wish, relay, client_of):
        make_offer(salma, "خياطة", ["rukn:sewing"])
        wish = make_wish(yusuf, "أتعلم خياطة", ["rukn:sewing"])
        make_offer(yusuf, "إكسل", ["rukn:excel"])
        make_wish(karim, "Learn Excel", ["rukn:excel"])
        make_offer(karim, "English talk", ["rukn:english-conversation"], speaks=["en", "ar"])
        make_wish(salma, "محادثة إنجليزية", ["rukn:english-conversation"])
        relay()
        (ring,) = rings.look(now=timezone.now())
        assert ring.get_absolute_url() in client_of(yusuf).get(wish.get_absolute_url()).content.decode()


class TestUsualWait:
    def test_is_not_told_from_few_waits(self):
        assert waits.range_of([waits.Wait(2, is_answered=True)] * 19) is None

    def test_holds_eight_of_ten(self):
        known = [waits.Wait(day, is_answered=True) for day in range(1, 101)]
        found = waits.range_of(known)
        assert (found.low, found.high) == (10, 91)  # of one more than a hundred

    def test_the_last_wishes_speak_first_where_there_are_enough(self):
        before = [waits.Wait(2, is_answered=True, age=150)] * 200
        lately = [waits.Wait(20, is_answered=True, age=30)] * 100
        assert waits.range_of([*before, *lately]).low == 20
        assert waits.range_of([*before, *lately[:99]]).low == 2

    def test_does_not_forget_those_who_still_wait(self):
        answered = [waits.Wait(day, is_answered=True) for day in range(1, 51)]
        still = [waits.Wait(60, is_answered=False)] * 50
        assert waits.range_of([*answered, *still]).high is None  # half of them wait longer than we know

    def test_grows_with_the_days_already_waited(self):
        known = [waits.Wait(day, is_answered=True) for day in range(1, 101)]
        assert waits.range_of(known, waited=50).low > 50

    @given(st.lists(st.tuples(st.floats(0, 100), st.booleans()), max_size=80), st.floats(0, 50))
    def test_is_a_range_or_nothing(self, rows, waited):
        found = waits.range_of([waits.Wait(days, answered) for days, answered in rows], waited=waited)
        if found is not None:
            assert waited < found.low
            assert found.high is None or found.low <= found.high

    @given(st.lists(st.tuples(st.floats(0, 100), st.booleans()), max_size=60))
    def test_share_still_waiting_only_falls(self, rows):
        shares = [1.0, *(share for _, share in waits.survival([waits.Wait(*row) for row in rows]))]
        assert shares == sorted(shares, reverse=True)
        assert min(shares) >= -1e-9
