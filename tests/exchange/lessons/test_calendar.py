"""Lessons in one's own calendar: a file each, and a feed at a secret address."""

import re
from datetime import timedelta

import pytest
from icalendar import Calendar

from accounts import services as accounts
from exchange.lessons import services as lessons
from exchange.lessons.models import Feed, Lesson
from exchange.lib.bucket import Limit


@pytest.fixture
def address(client_of, yusuf):
    """Yusuf's feed, as a path."""
    page = client_of(yusuf).post("/calendar/new/").content.decode()
    return re.search(r"https?://[^/<]+(/calendar/[^<]+\.ics)", page)[1]


def events(answer):
    """Give the events of an answer."""
    return Calendar.from_ical(answer.content).walk("VEVENT")


def retitled(lesson, title):
    type(lesson.conversation).objects.filter(id=lesson.conversation_id).update(subject=title)


class TestALessonsFile:
    def test_keeps_its_number_and_counts_each_change_up_to_the_calling_off(
        self, booked, salma, yusuf, client_of, times
    ):
        browser, seen = client_of(yusuf), []
        url = f"/lessons/{booked.pk}/lesson.ics"
        seen.append(browser.get(url))
        lessons.move(lesson=booked, by=yusuf, times=times(1, days=9))
        seen.append(browser.get(url))
        lessons.accept(lesson=booked, by=salma, proposal=booked.proposals.get())
        seen.append(browser.get(url))
        lessons.cancel(lesson=booked, by=salma)
        seen.append(browser.get(url))
        found = [events(answer)[0] for answer in seen]
        assert {str(each["UID"]) for each in found} == {f"{booked.uid}@127.0.0.1"}
        assert [int(each["SEQUENCE"]) for each in found] == [1, 1, 2, 3]
        assert [str(each["STATUS"]) for each in found] == ["CONFIRMED"] * 3 + ["CANCELLED"]
        methods = [str(Calendar.from_ical(answer.content)["METHOD"]) for answer in seen]
        assert methods == ["PUBLISH"] * 3 + ["CANCEL"]
        assert found[2].start == times(1, days=9)[0].starts_at
        assert found[2].duration == timedelta(minutes=60)

    def test_names_nobody_by_more_than_the_first_name(self, booked, yusuf, client_of):
        body = client_of(yusuf).get(f"/lessons/{booked.pk}/lesson.ics").content.decode().replace("\r\n ", "")
        assert "سلمى" in body
        for hidden in ("الخياطة", "@example.org", "يوسف"):
            assert hidden not in body

    def test_is_for_the_two_only_and_for_lessons_with_a_time(self, booked, asked_again, karim, yusuf, client_of):
        assert client_of(karim).get(f"/lessons/{booked.pk}/lesson.ics").status_code == 404
        assert client_of(yusuf).get(f"/lessons/{asked_again.pk}/lesson.ics").status_code == 404

    @pytest.fixture
    def asked_again(self, booked, yusuf, times):
        following = lessons.again(lesson=booked, by=yusuf)
        return lessons.ask(lesson=following, by=yusuf, times=times(1, days=20), minutes=60, format="online")

    @pytest.mark.parametrize(
        "title",
        [
            "درس\r\nBEGIN:VEVENT\r\nSUMMARY:زائف",
            "a\rATTENDEE:mailto:x@example.org",
            "<script>alert(1)</script>;,\\n\\",
            "\u2028\u2029\x00\x0bEND:VCALENDAR",
            "خياطة " * 40,
            "👩‍👩‍👧‍👦" * 30,
        ],
        ids=repr,
    )
    def test_holds_any_title_in_one_place_and_folds_it_between_letters(self, booked, yusuf, client_of, title):
        retitled(booked, title[:90].replace("\x00", ""))
        answer = client_of(yusuf).get(f"/lessons/{booked.pk}/lesson.ics")
        lines = answer.content.split(b"\r\n")
        assert all(len(line) <= 75 and line.decode("utf-8") is not None for line in lines)
        assert sum(line.startswith((b"BEGIN:VEVENT", b"END:VCALENDAR")) for line in lines) == 2
        assert not any(re.match(rb"(ATTENDEE|SUMMARY:\xd8\xb2)", line) for line in lines)
        assert b"\r" not in answer.content.replace(b"\r\n", b"")
        (event,) = events(answer)
        assert "\n" not in str(event["SUMMARY"])
        assert answer["Content-Type"].startswith("text/calendar")


class TestTheFeed:
    def test_shows_what_is_booked_and_says_what_was_called_off(self, address, booked, client, salma):
        (event,) = events(client.get(address))
        assert (str(event["STATUS"]), event.start) == ("CONFIRMED", booked.starts_at)
        lessons.cancel(lesson=booked, by=salma)
        (event,) = events(client.get(address))
        assert (str(event["STATUS"]), str(event["TRANSP"]), int(event["SEQUENCE"])) == ("CANCELLED", "TRANSPARENT", 2)

    def test_is_not_sent_again_while_nothing_changed(self, address, booked, client, salma):
        first = client.get(address)
        assert client.get(address, headers={"if-none-match": first["ETag"]}).status_code == 304
        lessons.cancel(lesson=booked, by=salma)
        assert client.get(address, headers={"if-none-match": first["ETag"]}).status_code == 200

    def test_has_a_secret_address_of_which_only_a_digest_is_kept(self, address):
        word = address.removeprefix("/calendar/").removesuffix(".ics")
        assert len(word) >= 43  # 256 bits
        assert word not in str(Feed.objects.values_list())

    def test_ends_when_it_is_stopped_made_anew_or_its_owner_leaves(self, address, client, client_of, yusuf):
        accounts_people = type(yusuf).objects.filter(id=yusuf.pk)
        accounts_people.update(is_active=False)
        assert client.get(address).status_code == 404
        accounts_people.update(is_active=True)
        client_of(yusuf).post("/calendar/new/")
        assert client.get(address).status_code == 404
        client_of(yusuf).post("/calendar/stop/")
        assert not Feed.objects.exists()

    def test_is_not_shown_twice(self, address, client_of, yusuf):
        assert ".ics" not in client_of(yusuf).get("/calendar/").content.decode()

    def test_can_be_fetched_so_often_and_then_says_when_again(self, address, client, settings):
        settings.RATE_LIMITS = {"calendar": Limit(2, 3600.0), "api-address": Limit(2, 3600.0)}
        assert [client.get(address).status_code for _ in range(3)][-1] == 429
        assert client.get("/calendar/guessed.ics").status_code in (404, 429)
        answers = [client.get(f"/calendar/guess-{number}.ics") for number in range(3)]
        assert answers[-1].status_code == 429
        assert int(answers[-1]["Retry-After"]) > 0

    def test_costs_two_queries_besides_the_look_for_its_owner(self, address, booked, client, django_assert_num_queries):
        with django_assert_num_queries(3):
            client.get(address)

    def test_goes_without_lessons_long_past_and_those_only_asked_for(self, address, asked, client):
        assert events(client.get(address)) == []
        Lesson.objects.filter(id=asked.pk).update(
            state="confirmed", starts_at=asked.made_at - timedelta(days=90), ends_at=asked.made_at - timedelta(days=89)
        )
        assert events(client.get(address)) == []

    def test_speaks_its_owners_language(self, address, booked, client, yusuf):
        assert str(events(client.get(address))[0]["SUMMARY"]) == f"درس: {booked.conversation.subject}، مع سلمى"
        accounts.set_language(person=yusuf, language="en")
        assert str(events(client.get(address))[0]["SUMMARY"]).startswith("Lesson: ")
