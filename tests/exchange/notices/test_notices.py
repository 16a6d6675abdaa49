"""Told once, in one's own language, on the page and by mail where it is wanted."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from exchange.lib.text import clean
from exchange.notices import services as notices
from exchange.notices.models import Notice
from exchange.notices.services import choosing, mailing
from skills.services import listings

NOON = datetime(2026, 11, 24, 10, tzinfo=UTC)  # 13:00 in Amman


@pytest.fixture(autouse=True)
def _by_day():
    """It is one o'clock in the city, and nobody's hour for collected mail."""
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def met(make_offer, salma, yusuf):
    """Yusuf is told of Salma's new offer."""
    offer = make_offer(salma, "خياطة للمبتدئات", ["rukn:sewing"])
    notices.tell(people=[yusuf.pk], kind="met", key=str(offer.pk), url=f"/listings/{offer.pk}/", listing_id=offer.pk,
                 search="خياطة")  # fmt: skip
    return Notice.objects.get()


def send(*, hours=6):
    """Mail what is due when the collected mail comes, at seven in the evening."""
    return mailing.send_due(now=timezone.now() + timedelta(hours=hours))


class TestTell:
    def test_is_once_for_one_occasion(self, met, yusuf):
        notices.tell(people=[yusuf.pk], kind="met", key=met.key, url="/", search="x")
        assert Notice.objects.count() == 1

    def test_shows_on_the_page_until_it_is_read(self, met, yusuf, client_of):
        client = client_of(yusuf)
        page = client.get("/notices/").content.decode()
        assert "هنا من يعلّم «خياطة للمبتدئات»" in clean(page)
        assert notices.unread_count(person=yusuf) == 1  # looking by GET writes nothing
        client.post("/notices/read/")
        assert notices.unread_count(person=yusuf) == 0

    def test_says_nothing_of_what_can_no_longer_be_seen(self, met, salma, yusuf, client_of):
        listings.pause(listing=met.listing, by=salma)
        page = client_of(yusuf).get("/notices/").content.decode()
        assert "خياطة للمبتدئات" not in page
        assert "لم يعد هذا موجودًا" in page
        assert send() == 0
        assert mail.outbox == []


class TestMail:
    def test_is_in_the_receivers_language_with_both_parts_and_a_one_click_stop(self, met, yusuf):
        assert send() == 1
        (message,) = mail.outbox
        assert message.to == [yusuf.email]
        assert clean(message.subject) == "جديد في «خياطة»: «خياطة للمبتدئات»"
        assert "مرحبًا يوسف" in clean(message.body)
        assert 'dir="rtl"' in message.alternatives[0][0]
        assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

    def test_goes_out_once_though_two_workers_ask(self, met):
        assert send() + send() == 1
        assert len(mail.outbox) == 1

    def test_waits_while_another_worker_holds_it_and_is_taken_up_when_that_one_died(self, met):
        Notice.objects.update(claimed_at=timezone.now() + timedelta(hours=6))
        assert send() == 0
        assert send(hours=6.2) == 1

    def test_goes_out_once_though_the_round_before_it_took_longer_than_a_claim_lasts(self, met, nadia, monkeypatch):
        notices.tell(people=[nadia.pk], kind="met", key="other", url="/", search="x")
        usual, seconds, other_worker = mailing._message, [0], []
        monkeypatch.setattr(mailing.time, "monotonic", lambda: seconds[0])

        def slow(lines):
            monkeypatch.setattr(mailing, "_message", usual)
            seconds[0] += 360
            if lines[0].notice.person_id == nadia.pk:  # the second of the round: another worker looks meanwhile
                other_worker.append(send(hours=6.1))
            return usual(lines)

        def first(lines):
            message = slow(lines)
            monkeypatch.setattr(mailing, "_message", slow)
            return message

        monkeypatch.setattr(mailing, "_message", first)
        assert send() == 2
        assert other_worker == [0]
        assert len(mail.outbox) == 2

    def test_is_tried_again_after_a_refusal_and_does_not_hold_the_others(self, met, nadia, yusuf, monkeypatch):
        notices.tell(people=[nadia.pk], kind="met", key="other", url="/", search="x")
        usual = mailing._message

        def refusing(lines):
            if lines[0].notice.person_id == yusuf.pk:
                raise OSError("the mail server is gone")
            return usual(lines)

        monkeypatch.setattr(mailing, "_message", refusing)
        assert send() == 1
        met.refresh_from_db()
        assert met.tries == 1
        assert "mail server" in met.reason
        monkeypatch.undo()
        assert send(hours=6.1) == 1

    def test_is_given_up_after_six_tries(self, met, monkeypatch):
        def refuse(lines):
            raise OSError

        monkeypatch.setattr(mailing, "_message", refuse)
        for day in range(8):
            send(hours=6 + day * 24)
        met.refresh_from_db()
        assert (met.tries, met.mail_due_at) == (6, None)

    def test_is_not_sent_to_whoever_chose_the_page_only(self, yusuf):
        choosing.choose(person=yusuf, mail={"met": "never"})
        notices.tell(people=[yusuf.pk], kind="met", key="k", url="/", search="x")
        assert send() == 0
        assert notices.unread_count(person=yusuf) == 1


class TestStop:
    def test_a_get_asks_and_a_post_without_a_session_stops(self, met, yusuf, client):
        url = f"/notices/stop/{choosing.stop_token(person_id=yusuf.pk, kind='met')}/"
        assert client.get(url).status_code == 200
        assert choosing.choices_of(person=yusuf)["met"] == ("digest", True)
        assert client.post(url, {"List-Unsubscribe": "One-Click"}).status_code == 200
        assert choosing.choices_of(person=yusuf)["met"] == ("never", True)
        assert send() == 0

    @pytest.mark.parametrize("token", ["x", "a:b:c", "WzEsIm1ldCJd:1abc:forged"])
    def test_a_forged_word_is_kindly_refused(self, client, db, token):
        answer = client.post(f"/notices/stop/{token}/")
        assert answer.status_code == 404
        assert "الرابط" in answer.content.decode()


class TestStillTrue:
    def test_asks_the_owner_once_in_their_language(self, make_offer, karim, relay):
        make_offer(karim, "Fix your own bike", ["bike repair"])
        later = timezone.now() + timedelta(days=61)
        assert listings.rest_stale(now=later)["asked"] == 1
        assert listings.rest_stale(now=later)["asked"] == 0
        relay()
        (notice,) = Notice.objects.filter(kind="still_true")
        assert notice.person_id == karim.pk
        assert send() == 1
        assert clean(mail.outbox[0].subject) == "Is “Fix your own bike” still true?"

    def test_leads_to_the_page_with_the_button(self, make_offer, karim, relay, client_of):
        make_offer(karim, "Fix your own bike", ["bike repair"])
        listings.rest_stale(now=timezone.now() + timedelta(days=61))
        relay()
        page = client_of(karim).get(Notice.objects.get(kind="still_true").url)
        assert "Yes, still true" in page.content.decode()

    def test_is_not_asked_of_who_said_so_meanwhile(self, make_offer, salma, relay):
        offer = make_offer(salma, "خياطة للمبتدئات", ["rukn:sewing"])
        listings.rest_stale(now=timezone.now() + timedelta(days=61))
        listings.confirm(listing=offer, by=salma)
        relay()
        assert not Notice.objects.filter(kind="still_true").exists()
