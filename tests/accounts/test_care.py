"""The page “Safety”: age, guardian, trusted contact, pause."""

import re
from datetime import UTC, datetime

import pytest
import time_machine
from django.core import mail
from django.test import Client

from accounts import services as accounts
from accounts.models import Guardianship, Person, TrustedContact
from accounts.services import care
from exchange.lessons.models import Lesson
from exchange.moderation import services as moderation
from exchange.notices import services as notices
from exchange.notices.models import Notice
from exchange.notices.services import mailing, telling
from skills.models import Listing

pytestmark = pytest.mark.django_db


@pytest.fixture
def newcomer(districts):
    return accounts.make_person(email="new@example.org", welcomed=False, age="")


def answers(districts, age):
    return {"name": "ليان", "district": districts["waha"].pk, "language": "ar", "age": age}


@pytest.fixture
def layan(districts):
    """15 years old; nobody looks after her yet."""
    person = accounts.make_person(email="layan@example.org", name="ليان", district=districts["waha"], age="")
    care.say_age(person=person, age="13-17")
    return person


class TestAge:
    def test_a_child_is_sent_away_kindly_and_nothing_is_kept(self, newcomer, districts, client_of):
        client = client_of(newcomer)
        answer = client.post("/welcome/", answers(districts, "-13"))
        assert answer.status_code == 200
        assert not Person.objects.filter(id=newcomer.pk).exists()
        assert client.get("/me/").status_code == 302
        assert "storage" in answer["Clear-Site-Data"]

    def test_a_child_with_talks_loses_name_and_address(self, cast, make_offer, salma, yusuf, client_of):
        from exchange.lessons import services as lessons

        lessons.say_hello(listing=make_offer(salma, "خياطة", ["خياطة"]), by=yusuf, body="مرحبًا")
        care.let_child_go(person=yusuf)
        yusuf.refresh_from_db()
        assert (yusuf.name, yusuf.is_active, "yusuf" in yusuf.email) == ("", False, False)

    def test_the_young_are_led_to_their_guardian(self, newcomer, districts, client_of):
        answer = client_of(newcomer).post("/welcome/", answers(districts, "13-17"))
        assert answer.url == "/me/safety/"
        newcomer.profile.refresh_from_db()
        assert newcomer.profile.is_paused

    def test_who_never_said_is_asked_before_the_first_hello_and_keeps_the_words(self, cast, make_offer, client_of):
        offer, yusuf = make_offer(cast["salma"], "خياطة", ["خياطة"]), cast["yusuf"]
        Person.objects.filter(id=yusuf.pk).update(age="")
        client, url = client_of(yusuf), f"/listings/{offer.pk}/hello/"
        page = client.get(url).content.decode()
        assert 'name="age"' in page
        answer = client.post(url, {"body": "كلماتي الأولى"})
        assert answer.status_code == 422
        assert "كلماتي الأولى" in answer.content.decode()
        assert not Lesson.objects.exists()
        assert client.post(url, {"body": "كلماتي الأولى", "age": "18+"}).status_code == 302
        assert Lesson.objects.get().conversation.messages.get().body == "كلماتي الأولى"
        with pytest.raises(care.AgeNotSaid):
            care.require_may_meet(Person(pk=1, age=""))


class TestGuardian:
    def test_from_the_question_to_the_consent(self, newcomer, districts, nadia, client_of, relay):
        client = client_of(newcomer)
        client.post("/welcome/", answers(districts, "13-17"))
        assert client.post("/me/safety/guardian/", {"email": "nope"}).status_code == 422
        assert client.post("/me/safety/guardian/", {"email": nadia.email}).status_code == 302
        relay()
        (letter,) = mail.outbox
        assert letter.to == [nadia.email]
        path = re.search(r"/me/wards/\d+/", letter.body).group()
        hers = client_of(nadia)
        assert "ليان" in hers.get(path).content.decode()
        hers.post(path, {"answer": "yes"})  # without the tick
        assert not Guardianship.objects.current().exists()
        hers.post(path, {"answer": "yes", "agreed": "1"})
        assert Guardianship.objects.current().get().guardian == nadia
        relay()
        assert Notice.objects.get(person=newcomer).kind == "guardian"
        newcomer.profile.refresh_from_db()
        assert not newcomer.profile.is_paused
        hers.post(path, {"answer": "no"})
        assert Guardianship.objects.get().ended == "stopped"
        newcomer.profile.refresh_from_db()
        assert newcomer.profile.is_paused

    def test_is_asked_on_the_page_too_until_they_answer(self, layan, nadia, client_of, relay):
        care.ask_guardian(young=layan, email=nadia.email)
        relay()
        (line,) = telling.latest(person=nadia)
        assert (line.notice.kind, line.notice.mail_due_at) == ("ward_asked", None)  # the letter has come
        assert "ليان" in client_of(nadia).get("/notices/").content.decode()
        client_of(nadia).post(line.notice.url, {"answer": "yes", "agreed": "1"})
        relay()
        assert telling.latest(person=nadia) == []

    def test_who_comes_in_for_the_first_time_finds_the_request(self, layan, districts, client_of, relay):
        care.ask_guardian(young=layan, email="later@example.org")
        relay()
        assert not Notice.objects.exists()
        newcomer = accounts.make_person(email="later@example.org", welcomed=False, age="")
        client_of(newcomer).post("/welcome/", answers(districts, "18+"))
        relay()
        assert [line.notice.kind for line in telling.latest(person=newcomer)] == ["ward_asked"]

    def test_is_asked_no_more_when_somebody_else_is(self, layan, nadia, salma, relay):
        care.ask_guardian(young=layan, email=nadia.email)
        relay()
        care.ask_guardian(young=layan, email=salma.email)
        relay()
        assert telling.latest(person=nadia) == []
        assert [line.notice.kind for line in telling.latest(person=salma)] == ["ward_asked"]

    def test_is_named_before_a_hello_is_written(self, layan, cast, make_offer, client_of):
        offer = make_offer(cast["salma"], "خياطة", ["خياطة"], place="مكتبة النسيم")
        page = client_of(layan).get(f"/listings/{offer.pk}/hello/").content.decode()
        main = page[page.index("<main") :]
        assert 'href="/me/safety/"' in main
        assert "<textarea" not in main


class TestTrustedContact:
    @pytest.fixture
    def agreed(self, salma):
        contact = care.name_contact(person=salma, name="أمينة", email="amina@example.org")
        care.answer_as_contact(token=care.contact_token(contact), is_yes=True)
        return contact

    def test_counts_once_they_agreed_by_the_letter(self, salma, client_of, relay):
        client = client_of(salma)
        client.post("/me/safety/contact/", {"contact-name": "أمينة", "contact-email": "amina@example.org"})
        with pytest.raises(care.NoContact):
            care.tell_contact(person=salma)
        relay()
        path = re.search(r"/trusted/[^\s]+", mail.outbox[0].body).group()
        stranger = Client(headers={"accept-language": "ar"})
        assert stranger.get(path).status_code == 200
        assert TrustedContact.objects.get().confirmed_at is None  # looking is not agreeing
        stranger.post(path, {"answer": "yes"})
        assert TrustedContact.objects.get().confirmed_at is not None
        stranger.post(path, {"answer": "no"})
        assert not TrustedContact.objects.exists()

    def test_is_told_at_a_tap_once_and_not_what_was_written(self, agreed, salma, client_of, relay):
        client_of(salma).post("/me/safety/contact/tell/")
        with pytest.raises(care.TooOften):
            care.tell_contact(person=salma)
        relay()
        (told,) = [letter for letter in mail.outbox if letter.to == ["amina@example.org"]]
        assert "سلمى" in told.subject

    def test_is_told_when_their_person_reports_somebody(self, agreed, salma, yusuf, make_offer, relay):
        from exchange.lessons import services as lessons

        offer = make_offer(salma, "خياطة", ["خياطة"])
        talk = lessons.say_hello(listing=offer, by=yusuf, body="كلام لا يقال لأحد").conversation_id
        relay()
        mail.outbox.clear()
        moderation.report(conversation_id=talk, reporter=salma, reason="unwanted")
        relay()
        (letter,) = [each for each in mail.outbox if each.to == ["amina@example.org"]]
        assert "كلام لا يقال" not in letter.body

    def test_of_another_address_is_not_opened_by_an_old_letter(self, agreed, salma):
        old = care.contact_token(agreed)
        TrustedContact.objects.update(email="other@example.org")
        assert care.contact_by_token(old) is None
        assert care.contact_by_token("x") is None


class TestPauseEverything:
    def test_two_taps_away_and_one_back(self, salma, make_offer, client_of, yusuf):
        offer = make_offer(salma, "خياطة", ["خياطة"])
        client = client_of(salma)
        assert 'action="/me/pause/"' in client.get("/me/").content.decode()
        client.post("/me/pause/")
        assert not Listing.objects.open_for(yusuf).filter(id=offer.pk).exists()
        notices.tell(people=[salma.pk], kind="ring_proposed", key="1", url="/")
        notices.tell(people=[salma.pk], kind="report", key="1", url="/", verdict="calm")
        assert [row.kind for row in Notice.objects.exclude(mail_due_at=None)] == ["report"]
        assert 'action="/me/unpause/"' in client.get("/me/").content.decode()
        client.post("/me/unpause/")
        assert Listing.objects.open_for(yusuf).filter(id=offer.pk).exists()

    def test_rests_every_listing_of_theirs_on_their_own_page(self, yusuf, make_wish, client_of):
        make_wish(yusuf, "أتعلم خياطة", ["خياطة"])
        client = client_of(yusuf)
        assert "من يناسب؟" in client.get("/me/").content.decode()
        client.post("/me/pause/")
        page = client.get("/me/").content.decode()
        assert "يستريح إلى أن تعود" in page
        assert "من يناسب؟" not in page
        assert ">منشور<" not in page

    def test_mails_that_were_due_wait_until_one_is_back(self, salma):
        noon = datetime(2026, 11, 24, 12, tzinfo=UTC)  # no quiet hour
        with time_machine.travel(noon, tick=False):
            notices.tell(people=[salma.pk], kind="ring_proposed", key="1", url="/")
            accounts.pause(person=salma)
            assert mailing.send_due(now=noon) == 0
            accounts.resume(person=salma)
            assert mailing.send_due(now=noon) == 1
