"""A hello that nobody answers does not just sit: reminders, others, and "full now, ask me after …"."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from accounts import services as accounts
from exchange.chat import services as chat
from exchange.chat.models import Held
from exchange.lessons import rules
from exchange.lessons import services as lessons
from exchange.lessons.models import Rest
from exchange.lessons.rules import Heard, usual_band
from exchange.lib.text import clean
from exchange.moderation import services as moderation
from exchange.notices.models import Notice
from exchange.notices.services import mailing
from matching import services as matching
from skills.models import Listing
from skills.services import listings

NOON = datetime(2026, 11, 24, 10, tzinfo=UTC)  # 13:00 in Amman


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def offer(clock, make_offer, salma):
    return make_offer(salma, "خياطة للمبتدئات", ["rukn:sewing"])


@pytest.fixture
def hello(offer, yusuf, relay):
    lesson = lessons.say_hello(listing=offer, by=yusuf, body="مرحبًا")
    relay()
    Notice.objects.all().delete()
    return lesson


@pytest.fixture
def after(clock, relay):
    def run(days):
        clock.move_to(NOON + timedelta(days=days))
        lessons.end_rests(now=timezone.now())
        lessons.wait_for_answers(now=timezone.now())
        relay()
        return list(Notice.objects.exclude(kind="message").order_by("id").values_list("person__email", "kind"))

    return run


class TestAnUnansweredHello:
    def test_is_reminded_of_after_two_and_five_days_then_who_asked_is_shown_others(self, hello, after, salma, yusuf):
        waits, onward = (salma.email, "hello_waits"), (yusuf.email, "hello_onward")
        assert after(1.9) == []
        assert after(2) == [waits]
        assert after(4.9) == [waits]
        assert after(5) == [waits, waits]
        assert after(6.9) == [waits, waits]
        assert after(7) == [waits, waits, onward]
        assert after(30) == [waits, waits, onward]

    def test_takes_one_rung_a_day_after_the_clock_stood_still(self, hello, after):
        assert len(after(20)) == 1
        assert len(after(20.5)) == 1
        assert len(after(21)) == 2
        assert len(after(22)) == 3

    def test_is_not_reminded_of_once_answered(self, hello, after, salma):
        chat.send(conversation_id=hello.conversation_id, sender=salma, client_id=uuid.uuid4(), body="أهلًا")
        assert after(8) == []

    def test_answered_before_its_mail_is_due_is_in_no_mail(self, hello, after, salma, clock):
        accounts_email = salma.email
        clock.move_to(NOON + timedelta(days=2, hours=10))  # 23:00: the mail waits for the morning
        lessons.wait_for_answers(now=timezone.now())
        after(2.5)
        assert Notice.objects.filter(kind="hello_waits").count() == 1
        chat.send(conversation_id=hello.conversation_id, sender=salma, client_id=uuid.uuid4(), body="أهلًا")
        clock.move_to(NOON + timedelta(days=3))
        mailing.send_due(now=timezone.now())
        assert [message for message in mail.outbox if message.to == [accounts_email]] == []

    def test_reminds_nobody_who_rests_but_still_shows_others(self, hello, after, salma, yusuf):
        accounts.pause(person=salma)
        assert after(2) == []
        after(5)
        assert after(7) == [(yusuf.email, "hello_onward")]

    def test_of_a_blocked_or_stopped_talk_is_not_spoken_of(self, hello, after):
        chat.stop(conversation_id=hello.conversation_id)
        assert after(8) == []

    def test_that_a_curator_reads_first_waits_from_when_it_is_let_through(self, offer, after, karim, huda, salma):
        lessons.say_hello(listing=offer, by=karim, body="Send me the code you got by SMS")
        assert after(3) == []
        moderation.decide_held(held_id=Held.objects.get().pk, curator=huda, is_through=True)
        assert (salma.email, "hello_waits") in after(5)

    def test_is_looked_at_once_though_two_clocks_ask(self, hello, clock):
        clock.shift(timedelta(days=2))
        now = timezone.now()
        assert [lessons.wait_for_answers(now=now), lessons.wait_for_answers(now=now)] == [1, 0]

    def test_leads_on_to_the_next_best_matches_of_ones_own_wish(
        self, offer, make_offer, make_wish, salma, yusuf, karim, relay, after
    ):
        other = make_offer(karim, "خياطة الأزرار", ["rukn:sewing"])
        wish = make_wish(yusuf, "أتعلم خياطة", ["rukn:sewing"])
        relay()
        matching.rematch()
        lessons.say_hello(listing=offer, by=yusuf, body="مرحبًا")
        relay()
        after(2), after(5), after(7)
        notice = Notice.objects.get(kind="hello_onward")
        assert notice.url == f"/listings/{wish.pk}/matches/"
        assert notice.facts["others"] == [other.pk]
        mailing.send_due(now=timezone.now())
        assert "خياطة الأزرار · Karim" in clean(mail.outbox[-1].body)

    def test_leads_on_to_others_of_the_same_skill_without_a_wish(self, hello, make_offer, karim, after):
        other = make_offer(karim, "خياطة الأزرار", ["rukn:sewing"])
        after(2), after(5), after(7)
        notice = Notice.objects.get(kind="hello_onward")
        assert notice.facts["others"] == [other.pk]
        assert notice.url.startswith("/find/?kind=offer&concept=")


class TestFull:
    def tap(self, client, hello, days="30"):
        return client.post(f"/talks/{hello.conversation_id}/full/", {"days": days})

    def test_is_one_tap_on_the_talk_that_rests_the_offers_and_tells_who_asked(
        self, hello, offer, salma, yusuf, client_of, relay, make_wish
    ):
        wish = make_wish(salma, "أتعلم الهاتف", ["هاتف"])
        client = client_of(salma)
        assert 'name="days" value="30"' in client.get(f"/talks/{hello.conversation_id}/").content.decode()
        self.tap(client, hello)
        relay()
        offer.refresh_from_db(), wish.refresh_from_db()
        assert (offer.state, wish.state) == ("paused", "published")
        assert not Listing.objects.open_for(yusuf).filter(id=offer.pk).exists()
        notice = Notice.objects.get(person=yusuf)
        assert (notice.kind, notice.facts["full_until"][:10]) == ("hello_onward", "2026-12-24")
        assert "24" in client.get(f"/talks/{hello.conversation_id}/").content.decode()
        page = client_of(yusuf).get(f"/talks/{hello.conversation_id}/").content.decode()
        assert "لا متّسع الآن عند" in page

    def test_ends_by_itself_and_who_asked_may_ask_again(self, hello, offer, salma, yusuf, after):
        lessons.be_full(lesson=hello, by=salma, days=14)
        assert after(13.9) == [(yusuf.email, "hello_onward")]
        assert after(14) == [(yusuf.email, "hello_onward"), (yusuf.email, "hello_again")]
        offer.refresh_from_db()
        assert offer.state == "published"
        assert not Rest.objects.exists()

    def test_ended_by_hand_leaves_a_later_pause_alone(self, hello, offer, salma, after, relay):
        lessons.be_full(lesson=hello, by=salma, days=14)
        listings.resume(listing=offer, by=salma)
        relay()
        listings.pause(listing=offer, by=salma)
        after(15)
        offer.refresh_from_db()
        assert offer.state == "paused"

    def test_takes_reminders_back(self, hello, salma, after, relay):
        after(2)
        lessons.be_full(lesson=hello, by=salma, days=14)
        relay()
        assert not Notice.objects.filter(kind="hello_waits").exists()

    def test_twice_is_once(self, hello, salma):
        first = lessons.be_full(lesson=hello, by=salma, days=14)
        again = lessons.be_full(lesson=hello, by=salma, days=90)
        assert again.full_until == first.full_until

    def test_is_for_the_teacher_who_was_asked_only(self, hello, yusuf, client_of):
        with pytest.raises(lessons.NotAsked):
            lessons.be_full(lesson=hello, by=yusuf, days=14)
        assert 'name="days"' not in client_of(yusuf).get(f"/talks/{hello.conversation_id}/").content.decode()

    def test_is_refused_once_answered(self, hello, salma, client_of):
        chat.send(conversation_id=hello.conversation_id, sender=salma, client_id=uuid.uuid4(), body="أهلًا")
        with pytest.raises(lessons.NotAsked):
            lessons.be_full(lesson=hello, by=salma, days=14)
        self.tap(client_of(salma), hello)
        assert not Rest.objects.exists()

    @pytest.mark.parametrize("days", ["", "15", "-1", "٣٠", "9" * 40])
    def test_of_days_that_are_not_offered_changes_nothing(self, hello, salma, client_of, days):
        assert self.tap(client_of(salma), hello, days).status_code == 302
        assert not Rest.objects.exists()


HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class TestUsualAnswer:
    @pytest.mark.parametrize(
        ("answers", "silent", "says"),
        [
            ([HOUR] * 4, [], "unknown"),  # four answers are too few
            ([HOUR] * 5, [], "day"),
            ([HOUR] * 3 + [2 * DAY] * 5, [], "days"),
            ([5 * DAY] * 5, [], "week"),
            ([20 * DAY] * 5, [], "longer"),
            ([HOUR] * 5, [30 * DAY] * 2, "longer"),  # silence is not left out
            ([HOUR] * 6, [30 * DAY] * 2, "day"),
            ([HOUR] * 5, [HOUR] * 9, "day"),  # too young to say anything
            ([HOUR] * 6, [2 * DAY] * 3, "days"),  # old enough to count against a day, not against three
        ],
    )
    def test_is_the_shortest_band_that_holds_three_of_four(self, answers, silent, says):
        assert (
            usual_band([*(Heard(60 * DAY, each) for each in answers), *(Heard(each, None) for each in silent)]) == says
        )

    def test_is_said_where_one_would_say_hello_from_rows(
        self, offer, salma, karim, yusuf, nadia, huda, stranger, clock, client, client_of, relay
    ):
        there = (f"/listings/{offer.pk}/", f"/people/{salma.pk}/")
        for url in there:
            assert "لا نعرف بعد ما يكفي" in client.get(url, headers={"accept-language": "ar"}).content.decode()
        for neighbour in (karim, yusuf, nadia, huda, stranger):
            lesson = lessons.say_hello(listing=offer, by=neighbour, body="مرحبًا")
            clock.shift(timedelta(hours=2))
            chat.send(conversation_id=lesson.conversation_id, sender=salma, client_id=uuid.uuid4(), body="أهلًا")
        clock.shift(timedelta(minutes=10))  # what was read is kept so long
        for url in there:
            assert "عادةً خلال يوم" in client.get(url, headers={"accept-language": "ar"}).content.decode()
        assert "عادةً خلال" not in client_of(salma).get(there[0]).content.decode()

    def test_counts_full_now_as_an_answer_and_forgets_what_is_old(self, offer, salma, yusuf, clock, monkeypatch):
        monkeypatch.setattr(rules, "FEWEST_ANSWERS", 1)
        lesson = lessons.say_hello(listing=offer, by=yusuf, body="مرحبًا")
        lessons.be_full(lesson=lesson, by=salma, days=14)
        clock.shift(timedelta(days=10))
        assert lessons.usual_answer(person=salma) == "day"
        clock.shift(timedelta(days=180))
        assert lessons.usual_answer(person=salma) == "unknown"
