"""Several messages become one notice; who reads the talk gets no mail of it; nothing written is left untold."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from accounts import services as accounts
from exchange.chat import services as chat
from exchange.chat.models import Held
from exchange.lessons import services as lessons
from exchange.lib.text import clean
from exchange.moderation import services as moderation
from exchange.notices.models import Notice
from exchange.notices.services import choosing, mailing, telling

NOON = datetime(2026, 11, 24, 10, tzinfo=UTC)  # 13:00 in Amman


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def talk(clock, make_offer, karim, yusuf, relay):
    """Karim and Yusuf have written to each other, and seen it."""
    offer = make_offer(karim, "Fix your own bike", ["bike repair"])
    lesson = lessons.say_hello(listing=offer, by=yusuf, body="مرحبًا")
    chat.send(conversation_id=lesson.conversation_id, sender=karim, client_id=uuid.uuid4(), body="Hello!")
    chat.mark_seen(person=yusuf, conversation_id=lesson.conversation_id, seq=2)
    relay()
    Notice.objects.all().delete()
    return lesson.conversation


@pytest.fixture
def write(relay, talk):
    def run(sender, body):
        message = chat.send(conversation_id=talk.pk, sender=sender, client_id=uuid.uuid4(), body=body)
        relay()
        return message

    return run


def send():
    return mailing.send_due(now=timezone.now())


class TestMessages:
    def test_become_one_notice_and_one_mail_in_the_receivers_language_with_their_words(self, talk, write, yusuf, clock):
        for body in ("Tuesday?", "Or Thursday?", "At six."):
            write(yusuf, body)
        (notice,) = Notice.objects.all()
        assert (notice.kind, notice.person_id == yusuf.pk, notice.facts["count"]) == ("message", False, 3)
        clock.shift(timedelta(minutes=5))
        assert send() == 1
        (message,) = mail.outbox
        assert clean(message.subject) == "يوسف wrote about “Fix your own bike”"
        assert "يوسف wrote you 3 messages about “Fix your own bike”." in clean(message.body)
        assert [word in message.body for word in ("Tuesday?", "Or Thursday?", "At six.")] == [True] * 3
        assert clean(message.body).startswith("Hello Karim,")
        assert 'dir="ltr"' in message.alternatives[0][0]
        assert send() == 0

    def test_in_arabic_count_as_arabic_does_and_use_the_citys_digits(self, talk, write, karim, clock, settings):
        settings.CITY = {**settings.CITY, "digits": "arab"}
        for number in range(3):
            write(karim, f"no {number}")
        clock.shift(timedelta(minutes=5))
        send()
        assert "٣ رسائل إليك من Karim بشأن «Fix your own bike»." in clean(mail.outbox[0].body)

    def test_are_not_mailed_to_who_reads_them_meanwhile(self, talk, write, yusuf, karim, clock):
        write(yusuf, "Tuesday?")
        clock.shift(timedelta(minutes=4))
        chat.mark_seen(person=karim, conversation_id=talk.pk, seq=3)
        clock.shift(timedelta(minutes=2))
        assert send() == 0
        assert mail.outbox == []
        notice = Notice.objects.get()
        assert (notice.mailed_at, notice.mail_due_at) == (None, None)  # withdrawn, not sent
        assert telling.latest(person=karim) == []

    def test_are_not_even_told_to_who_is_there(self, talk, karim, yusuf, relay):
        chat.send(conversation_id=talk.pk, sender=yusuf, client_id=uuid.uuid4(), body="Tuesday?")
        chat.mark_seen(person=karim, conversation_id=talk.pk, seq=3)  # their page is open: seen at once
        relay()
        assert not Notice.objects.exists()

    def test_seen_in_part_are_told_from_there_on(self, talk, write, yusuf, karim, clock):
        write(yusuf, "Tuesday?")
        chat.mark_seen(person=karim, conversation_id=talk.pk, seq=3)
        clock.shift(timedelta(minutes=4))
        write(yusuf, "Or Thursday?")
        clock.shift(timedelta(minutes=2))
        assert send() == 0  # five minutes count from the newer one
        clock.shift(timedelta(minutes=3))
        assert send() == 1
        assert "Tuesday?" not in mail.outbox[0].body

    def test_after_a_mail_that_led_to_no_look_are_told_again_later_and_only_what_is_new(self, write, yusuf, clock):
        write(yusuf, "Tuesday?")
        clock.shift(timedelta(minutes=5))
        assert send() == 1
        write(yusuf, "Are you well?")
        clock.shift(timedelta(minutes=5))
        assert send() == 0
        clock.shift(timedelta(minutes=55))
        assert send() == 1
        assert "Are you well?" in mail.outbox[1].body
        assert "Tuesday?" not in mail.outbox[1].body

    def test_written_while_the_mail_is_on_its_way_are_not_lost(self, talk, yusuf, write, clock, monkeypatch):
        write(yusuf, "Tuesday?")
        clock.shift(timedelta(minutes=5))
        usual = mailing._message

        def meanwhile(lines):
            message = usual(lines)
            monkeypatch.undo()
            write(yusuf, "Or Thursday?")
            return message

        monkeypatch.setattr(mailing, "_message", meanwhile)
        assert send() == 1
        assert "Or Thursday?" not in mail.outbox[0].body
        clock.shift(timedelta(hours=1))
        assert send() == 1
        assert "Or Thursday?" in mail.outbox[1].body

    def test_taken_back_before_the_mail_are_in_no_mail(self, talk, write, yusuf, clock):
        seq = write(yusuf, "A slip").seq
        chat.take_back(person=yusuf, conversation_id=talk.pk, seq=seq)
        clock.shift(timedelta(minutes=5))
        assert send() == 0

    def test_of_somebody_blocked_meanwhile_are_in_no_mail(self, talk, write, yusuf, karim, clock):
        write(yusuf, "Tuesday?")
        accounts.block(blocker=karim, blocked=yusuf)
        clock.shift(timedelta(minutes=5))
        assert send() == 0

    def test_are_counted_at_the_talks_not_under_what_is_new(self, write, yusuf, karim, client_of):
        write(yusuf, "Tuesday?")
        assert telling.unread_count(person=karim) == 0
        page = client_of(karim).get("/notices/").content.decode()
        assert "wrote you 1 message" in page

    def test_of_several_people_are_one_notice_without_a_name(self, talk, write, yusuf, karim, nadia, clock):
        talk.members.create(person=nadia, seen_seq=2)
        write(yusuf, "Tuesday?")
        write(nadia, "أنا أيضًا")
        clock.shift(timedelta(minutes=5))
        send()
        to_karim = next(message for message in mail.outbox if message.to == [karim.email])
        assert clean(to_karim.subject) == "New messages about “Fix your own bike”"
        assert "نادية" in to_karim.body

    def test_warn_their_reader_in_the_mail_as_on_the_page(self, make_offer, karim, stranger, relay, clock):
        offer = make_offer(karim, "Mend a tyre", ["bike repair"])
        lessons.say_hello(listing=offer, by=stranger, body="Hello, write me at sam at gmail dot com, keep it secret")
        relay()
        clock.shift(timedelta(minutes=5))
        assert send() == 1
        assert "gmail" not in mail.outbox[0].body
        assert "Take care." in mail.outbox[0].body


class TestHello:
    def test_is_told_as_such_once_and_what_follows_goes_with_it(self, clock, make_offer, salma, karim, relay):
        offer = make_offer(salma, "خياطة للمبتدئات", ["rukn:sewing"])
        lesson = lessons.say_hello(listing=offer, by=karim, body="Hello, may I come?")
        relay()
        chat.send(conversation_id=lesson.conversation_id, sender=karim, client_id=uuid.uuid4(), body="On Tuesday?")
        relay()
        (notice,) = Notice.objects.all()
        assert (notice.person_id, notice.kind) == (salma.pk, "enquiry")
        clock.shift(timedelta(minutes=5))
        assert send() == 1
        assert clean(mail.outbox[0].subject) == "تحية من Karim: «خياطة للمبتدئات»"
        assert "On Tuesday?" in mail.outbox[0].body

    def test_that_waits_for_a_curator_is_told_when_it_is_let_through(
        self, clock, make_offer, salma, karim, huda, relay
    ):
        offer = make_offer(salma, "خياطة للمبتدئات", ["rukn:sewing"])
        lessons.say_hello(listing=offer, by=karim, body="Send me the code you got by SMS")
        relay()
        assert not Notice.objects.exists()
        moderation.decide_held(held_id=Held.objects.get().pk, curator=huda, is_through=True)
        relay()
        assert Notice.objects.get().kind == "enquiry"


class TestQuietHours:
    def test_hold_a_mail_until_morning(self, write, yusuf, clock):
        clock.move_to(datetime(2026, 11, 24, 20, 30, tzinfo=UTC))  # 23:30
        write(yusuf, "Still up?")
        clock.shift(timedelta(hours=1))
        assert send() == 0
        clock.move_to(datetime(2026, 11, 25, 4, tzinfo=UTC))  # 7:00
        assert send() == 1

    def test_hold_a_mail_that_is_late_because_no_worker_was_there(self, write, yusuf, clock):
        write(yusuf, "Tuesday?")
        clock.move_to(datetime(2026, 11, 24, 21, tzinfo=UTC))  # midnight
        assert send() == 0
        clock.move_to(datetime(2026, 11, 25, 4, tzinfo=UTC))
        assert send() == 1


class TestDigest:
    def test_is_one_mail_with_all_that_is_gathered_at_the_persons_hour(self, write, yusuf, karim, clock):
        choosing.choose(person=karim, mail={"message": "digest", "report": "digest"})
        write(yusuf, "Tuesday?")
        telling.tell(people=[karim.pk], kind="report", key="1", url="/talks/", verdict="calm")
        clock.shift(timedelta(hours=4))
        assert send() == 0
        clock.shift(timedelta(hours=1))  # 18:00 in Amman
        assert send() == 1
        (message,) = mail.outbox
        assert message.subject == "2 pieces of news for you"
        assert "wrote you 1 message" in message.body
        assert "looked at your report" in message.body
        assert "24 November 2026" in message.body

    def test_leaves_out_what_was_read_meanwhile(self, write, talk, yusuf, karim, clock):
        choosing.choose(person=karim, mail={"message": "digest", "report": "digest"})
        write(yusuf, "Tuesday?")
        telling.tell(people=[karim.pk], kind="report", key="1", url="/talks/", verdict="calm")
        chat.mark_seen(person=karim, conversation_id=talk.pk, seq=3)
        clock.shift(timedelta(hours=5))
        assert send() == 1
        assert mail.outbox[0].subject == "What came of your report"

    def test_is_stopped_as_a_whole_with_one_click(self, write, yusuf, karim, clock, client):
        choosing.choose(person=karim, mail={"message": "digest"})
        write(yusuf, "Tuesday?")
        clock.shift(timedelta(hours=5))
        send()
        url = mail.outbox[0].extra_headers["List-Unsubscribe"].strip("<>").split("8000")[1]
        assert "What comes collected" in client.get(url, headers={"accept-language": "en"}).content.decode()
        client.post(url, {"List-Unsubscribe": "One-Click"})
        ways = choosing.choices_of(person=karim)
        assert ways["message"] == ("never", True)
        assert ways["ring_proposed"] == ("now", True)
