"""A ring is agreed only when all say yes in time, opens every talk or none; the willing are planned for anew."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts import services as accounts
from exchange.chat.services import groups
from exchange.lessons.models import Lesson
from exchange.notices.models import Notice
from matching.models import Ring
from matching.services import rings
from skills.services import listings


@pytest.fixture
def three(salma, yusuf, karim, make_offer, make_wish, relay):
    """Salma teaches Yusuf sewing, Yusuf Karim Excel, Karim Salma English; no two could help each other."""
    make_offer(salma, "خياطة", ["rukn:sewing"])
    make_wish(yusuf, "أتعلم خياطة", ["rukn:sewing"])
    make_offer(yusuf, "إكسل", ["rukn:excel"])
    make_wish(karim, "Learn Excel", ["rukn:excel"])
    make_offer(karim, "English talk", ["rukn:english-conversation"], speaks=["en", "ar"])
    make_wish(salma, "محادثة إنجليزية", ["rukn:english-conversation"])
    relay()
    return [salma, yusuf, karim]


def look():
    return rings.look(now=timezone.now())


def say(ring, *people, is_yes=True):
    for person in people:
        rings.answer(ring=ring, person=person, is_yes=is_yes)
    ring.refresh_from_db()
    return ring


def _apart(**_given):
    raise groups.Apart("")


class TestLook:
    def test_finds_the_ring_of_three_and_asks_each_once(self, three, relay):
        (ring,) = look()
        assert look() == []  # whoever is asked already is not asked again
        relay()
        arrows = {(place.teacher_id, place.learner_id) for place in ring.places.all()}
        salma, yusuf, karim = (person.pk for person in three)
        assert arrows == {(salma, yusuf), (yusuf, karim), (karim, salma)}
        assert Notice.objects.filter(kind="ring_proposed").count() == 3

    def test_leaves_out_the_blocked_the_resting_and_those_who_talk(self, three):
        accounts.block(blocker=three[1], blocked=three[0])
        assert look() == []
        accounts.unblock(blocker=three[1], blocked=three[0])
        accounts.pause(person=three[2])
        assert look() == []

    def test_waits_for_a_curator_where_the_city_wants_that(self, three, huda, settings, client_of, relay):
        settings.RINGS_NEED_CURATOR = True
        (ring,) = look()
        relay()
        assert not Notice.objects.exists()
        assert client_of(three[0]).get(ring.get_absolute_url()).status_code == 404
        desk = client_of(huda)
        assert "أرسلها" in desk.get("/desk/waiting/").content.decode()
        desk.post(f"/desk/rings/{ring.pk}/", {"good": "yes"})
        relay()
        assert Notice.objects.filter(kind="ring_proposed").count() == 3

    def test_that_a_curator_does_not_send_nobody_hears_of(self, three, huda, settings, client_of, relay):
        settings.RINGS_NEED_CURATOR = True
        (ring,) = look()
        client_of(huda).post(f"/desk/rings/{ring.pk}/", {"good": "no"})
        settings.RING_LENGTH = 2  # no new one is found
        relay()
        assert not Notice.objects.exists()


class TestAnswer:
    def test_looks_for_times_when_all_agree_and_opens_every_talk(self, three, client_of, relay):
        (ring,) = look()
        say(ring, *three[:2])
        assert ring.state == Ring.State.PROPOSED
        assert not Lesson.objects.exists()
        client_of(three[2]).post(f"/rings/{ring.pk}/answer/", {"answer": "yes"})
        ring.refresh_from_db()
        assert ring.state == Ring.State.BOOKING
        assert Lesson.objects.count() == 3
        relay()
        assert Notice.objects.filter(kind="ring_agreed").count() == 3

    def test_says_who_is_waited_for_and_what_is_not_booked_when_time_runs_out(self, three, client_of):
        (ring,) = look()
        read = lambda: client_of(three[0]).get(ring.get_absolute_url(), headers={"accept-language": "en"}).content  # noqa: E731
        assert b"Please answer by" in read()
        say(ring, three[0])
        assert b"We wait for the others until" in read()
        assert b"Please answer by" not in read()
        say(ring, *three[1:])
        assert b"none is booked" in read()

    def test_that_is_agreed_gets_a_talk_of_all_its_people(self, three, client_of, relay):
        (ring,) = look()
        say(ring, *three)
        group = groups.about(person=three[1], url=ring.get_absolute_url())
        assert {member.person_id for member in group.members.all()} == {person.pk for person in three}
        assert group.subject.startswith("حلقتنا: ")
        assert f'href="{group.get_absolute_url()}"' in client_of(three[1]).get(ring.get_absolute_url()).content.decode()

    def test_is_agreed_without_a_common_talk_where_two_in_it_keep_apart(self, three, relay):
        (ring,) = look()
        say(ring, *three[:2])
        # Of four people two may stand apart; of three all are neighbours, so the group is refused here by hand.
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(groups, "open_group", _apart)
            say(ring, three[2])
        assert ring.state == Ring.State.BOOKING
        assert Lesson.objects.count() == 3
        assert groups.about(person=three[0], url=ring.get_absolute_url()) is None

    def test_breaks_with_one_no_and_plans_for_the_others_anew(self, three, nadia, make_offer, make_wish, relay):
        make_offer(nadia, "إنجليزية للجميع", ["rukn:english-conversation"])
        make_wish(nadia, "أتعلم إكسل", ["rukn:excel"])
        relay()
        (ring,) = look()
        people = {place.teacher_id for place in ring.places.all()}
        karim_or_nadia = next(person for person in (three[2], nadia) if person.pk in people)
        say(ring, three[0])
        say(ring, karim_or_nadia, is_yes=False)
        assert ring.state == Ring.State.BROKEN
        relay()
        (again,) = Ring.objects.open_now()
        assert karim_or_nadia.pk not in {place.teacher_id for place in again.places.all()}
        assert not Notice.objects.filter(kind="ring_broken", person=karim_or_nadia).exists()

    def test_twice_is_one_answer_and_too_late_is_said_kindly(self, three, client_of):
        (ring,) = look()
        say(ring, three[0])
        say(ring, three[0])
        with time_machine.travel(timezone.now() + timedelta(days=6), tick=False):
            answer = client_of(three[1]).post(f"/rings/{ring.pk}/answer/", {"answer": "yes"})
            assert answer.status_code == 409
            assert "متأخرًا" in answer.content.decode()
            assert rings.expire_due(now=timezone.now()) == 1
        ring.refresh_from_db()
        assert ring.state == Ring.State.BROKEN

    def test_is_not_for_strangers(self, three, stranger, client_of):
        (ring,) = look()
        assert client_of(stranger).get(ring.get_absolute_url()).status_code == 404
        assert client_of(stranger).post(f"/rings/{ring.pk}/answer/", {"answer": "yes"}).status_code == 404

    def test_breaks_when_somebody_rests_or_keeps_another_away(self, three, relay, settings):
        (ring,) = look()
        accounts.pause(person=three[1])
        relay()
        ring.refresh_from_db()
        assert ring.state == Ring.State.BROKEN

    def test_opens_all_talks_or_none(self, three, relay):
        (ring,) = look()
        say(ring, *three[:2])
        accounts.pause(person=three[0])  # before the outbox could break the ring
        say(ring, three[2])
        assert ring.state == Ring.State.BROKEN
        assert not Lesson.objects.exists()


class TestPage:
    @pytest.mark.parametrize(
        ("language", "mine", "theirs"), [("ar", "منك إلى", "إليك من"), ("en", "You teach", "teaches you")]
    )
    def test_shows_a_simple_picture_with_the_readers_arrow_first(self, three, client_of, language, mine, theirs):
        (ring,) = look()
        accounts.set_language(person=three[1], language=language)
        three[1].refresh_from_db()
        page = client_of(three[1]).get(ring.get_absolute_url()).content.decode()
        assert page.count('class="arc"') == 3
        assert page.index(mine) < page.index(theirs)

    def test_home_calls_to_it_until_it_is_answered(self, three, client_of):
        (ring,) = look()
        client = client_of(three[0])
        assert ring.get_absolute_url() in client.get("/").content.decode()
        say(ring, three[0])
        assert ring.get_absolute_url() not in client.get("/").content.decode()

    def test_who_never_said_their_age_says_it_with_the_yes(self, three, client_of):
        (ring,) = look()
        salma = three[0]
        salma.age = ""
        salma.save()
        client = client_of(salma)
        assert 'name="age"' in client.get(ring.get_absolute_url()).content.decode()
        answer = client.post(f"{ring.get_absolute_url()}answer/", {"answer": "yes"})
        assert answer.status_code == 422
        client.post(f"{ring.get_absolute_url()}answer/", {"answer": "yes", "age": "18+"})
        assert ring.answers.get(person=salma).is_yes
        salma.refresh_from_db()
        assert salma.age == "18+"

    def test_tells_who_declined_what_follows_from_their_no(self, three, client_of):
        (ring,) = look()
        client = client_of(three[0])
        client.post(f"{ring.get_absolute_url()}answer/", {"answer": "no"})
        page = client.get(ring.get_absolute_url(), headers={"accept-language": "en"}).content.decode()
        assert "Somebody could not" not in page


class TestChain:
    @pytest.fixture
    def chain(self, nadia, yusuf, karim, make_offer, make_wish, relay):
        """Nadia gives Yusuf sewing, Yusuf teaches Karim Excel; nobody teaches Nadia, and Karim nobody."""
        make_offer(nadia, "خياطة", ["rukn:sewing"], in_return="gift")
        make_wish(yusuf, "أتعلم خياطة", ["rukn:sewing"])
        make_offer(yusuf, "إكسل", ["rukn:excel"])
        make_wish(karim, "Learn Excel", ["rukn:excel"])
        relay()
        (ring,) = look()
        relay()
        assert ring.is_chain
        return ring, {"gift": nadia, "both": yusuf, "helped": karim}

    def test_says_to_each_what_is_true_of_them(self, chain, client_of):
        ring, parts = chain
        words = {
            "gift": "You begin it",
            "both": "You help one neighbour, another helps you",
            "helped": "nothing in return",
        }
        for part, person in parts.items():
            accounts.set_language(person=person, language="en")
            person.refresh_from_db()
            client = client_of(person)
            for page in (ring.get_absolute_url(), "/", "/notices/"):
                seen = client.get(page).content.decode().lower()
                assert [key for key, text in words.items() if text.lower() in seen] == [part], page


class TestBreaks:
    def test_when_a_child_goes_out_of_it(self, three, client_of, relay, settings):
        (ring,) = look()
        settings.RING_LENGTH = 2  # no other is planned
        three[1].age = ""
        three[1].save()
        client_of(three[1]).post(f"{ring.get_absolute_url()}answer/", {"answer": "yes", "age": "-13"})
        relay()
        ring.refresh_from_db()
        assert ring.state == Ring.State.BROKEN
        assert Notice.objects.filter(kind="ring_broken", person=three[0]).exists()

    @pytest.mark.parametrize("kind", ["offer", "wish"])
    def test_when_a_listing_that_it_needs_is_no_longer_public(self, three, kind, relay, settings):
        (ring,) = look()
        settings.RING_LENGTH = 2
        listing = getattr(ring.places.get(teacher=three[0]), kind)
        listings.pause(listing=listing, by=listing.owner)
        relay()
        ring.refresh_from_db()
        assert ring.state == Ring.State.BROKEN

    def test_with_the_last_yes_where_the_news_was_slower(self, three, relay):
        (ring,) = look()
        relay()
        listings.pause(listing=ring.places.get(teacher=three[0]).offer, by=three[0])
        assert say(ring, *three[:1]).state == Ring.State.BROKEN
        assert not Lesson.objects.exists()


class TestIsNotAskedForAgain:
    def test_what_a_curator_refused(self, three, huda, settings):
        settings.RINGS_NEED_CURATOR = True
        (ring,) = look()
        rings.send(ring=ring, by=huda, is_good=False)
        assert look() == []

    def test_of_whoever_let_the_deadline_pass_for_a_month(self, three, relay):
        (ring,) = look()
        say(ring, *three[:2])
        with time_machine.travel(ring.deadline + timedelta(minutes=1), tick=False):
            assert rings.expire_due(now=timezone.now()) == 1
            assert look() == []
        with time_machine.travel(ring.deadline + timedelta(days=31), tick=False):
            assert len(look()) == 1

    def test_what_nobody_could_be_asked_for(self, three, monkeypatch):
        (ring,) = look()

        def refuse(place, **_times):
            raise groups.Apart("")

        monkeypatch.setattr("matching.services.ring_times.ask", refuse)
        assert say(ring, *three).state == Ring.State.BROKEN
        assert ring.places.filter(is_barred=True).count() == 1
        assert look() == []
