"""Thanks: sealed until both wrote or two weeks passed, shown where the receiver wants, reported, taken down."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from accounts import services as accounts
from accounts.models import Person
from accounts.services import care
from exchange.lessons import services as lessons
from exchange.moderation import thanks_services as moderation
from exchange.moderation.models import PrivateNote, ThanksReport
from exchange.notices.models import Notice
from exchange.notices.services import mailing
from exchange.passport import services as passports
from exchange.passport.models import Story, Thanks

SALMAS, YUSUFS = "يدٌ تتعلّم بسرعة", "علّمتني الغرزة المستقيمة"


def write(lesson, who, words, learned=""):
    return passports.write(lesson=lesson, by=who, learned=learned, thanks=words)


def told(client, lesson):
    return client.get(f"/lessons/{lesson.pk}/thanks/").content.decode()


@pytest.fixture
def both(lesson, salma, yusuf, relay):
    """Both wrote: the story is open."""
    write(lesson, salma, SALMAS)
    row = write(lesson, yusuf, YUSUFS, learned="خياطة طرف الثوب")
    relay()
    return {"salmas": Thanks.objects.get(writer=salma), "yusufs": row}


@pytest.fixture
def after(lesson, relay):
    def run(days):
        with time_machine.travel(timezone.now() + timedelta(days=days), tick=False):
            passports.open_due(now=timezone.now())
            relay()

    return run


class TestWriting:
    def test_both_are_invited_once_the_lesson_is_confirmed(self, lesson, salma, yusuf):
        invited = Notice.objects.filter(kind="thanks_may").values_list("person", "url")
        assert set(invited) == {(who.pk, f"/lessons/{lesson.pk}/thanks/") for who in (salma, yusuf)}

    def test_is_kept_in_any_language_by_the_page(self, lesson, client_of, yusuf):
        answer = client_of(yusuf).post(
            f"/lessons/{lesson.pk}/thanks/", {"learned": "a straight seam", "thanks": YUSUFS}, follow=True
        )
        assert answer.status_code == 200
        row = Thanks.objects.get()
        assert (row.learned, row.thanks, row.writer, row.learned_lang) == ("a straight seam", YUSUFS, yusuf, "en")

    def test_can_be_changed_until_it_is_opened(self, lesson, client_of, yusuf, salma):
        write(lesson, yusuf, "شكرا")
        client_of(yusuf).post(f"/lessons/{lesson.pk}/thanks/", {"thanks": YUSUFS})
        assert Thanks.objects.get().thanks == YUSUFS
        write(lesson, salma, SALMAS)
        answer = client_of(yusuf).post(f"/lessons/{lesson.pk}/thanks/", {"thanks": "غير ذلك"})
        assert answer.status_code == 422
        assert Thanks.objects.get(writer=yusuf).thanks == YUSUFS

    def test_twice_is_written_once(self, lesson, client_of, yusuf, salma):
        write(lesson, salma, SALMAS)
        for _click in range(2):  # the second comes when the first has opened the story
            answer = client_of(yusuf).post(f"/lessons/{lesson.pk}/thanks/", {"thanks": YUSUFS})
            assert answer.status_code == 302
        assert Thanks.objects.filter(writer=yusuf).count() == 1

    def test_is_refused_before_the_lesson_is_confirmed(self, held, client_of, yusuf):
        with pytest.raises(passports.NotConfirmed):
            write(held, yusuf, YUSUFS)
        answer = client_of(yusuf).post(f"/lessons/{held.pk}/thanks/", {"thanks": YUSUFS})
        assert answer.status_code == 422
        assert "textarea" not in told(client_of(yusuf), held)
        assert not Story.objects.exists()

    def test_needs_a_word_and_few_of_them_and_keeps_what_was_typed(self, lesson, client_of, yusuf):
        browser = client_of(yusuf)
        assert browser.post(f"/lessons/{lesson.pk}/thanks/", {"thanks": " \u200b "}).status_code == 422
        long = browser.post(f"/lessons/{lesson.pk}/thanks/", {"thanks": "س" * 301, "learned": "الغرزة"})
        assert long.status_code == 422
        assert "الغرزة" in long.content.decode()
        assert not Thanks.objects.exists()

    def test_is_not_for_a_third_person(self, lesson, client_of, karim, huda):
        for stranger in (karim, huda):
            browser = client_of(stranger)
            assert browser.get(f"/lessons/{lesson.pk}/thanks/").status_code == 404
            assert browser.post(f"/lessons/{lesson.pk}/thanks/", {"thanks": "x"}).status_code == 404
        assert not Thanks.objects.exists()

    def test_ends_where_two_keep_each_other_away(self, lesson, client_of, salma, yusuf):
        accounts.block(blocker=salma, blocked=yusuf)
        for one in (salma, yusuf):
            assert client_of(one).post(f"/lessons/{lesson.pk}/thanks/", {"thanks": "x"}).status_code == 422
        assert not Thanks.objects.exists()

    def test_to_a_young_learner_needs_their_guardian(self, lesson, salma, yusuf):
        Person.objects.filter(id=yusuf.pk).update(age=Person.Age.YOUNG)
        lesson.refresh_from_db()
        with pytest.raises(lessons.NotReachable):
            write(lesson, salma, SALMAS)


class TestTheSeal:
    def leaks(self, client_of, program, lesson, reader):
        """Everything the other could read."""
        relay_mail = "".join(str(each.message()) + each.body for each in mail.outbox)
        browser = client_of(reader)
        return [
            told(browser, lesson),
            browser.get("/me/passport/").content.decode(),
            browser.get(f"/people/{reader.pk}/").content.decode(),
            browser.get("/notices/").content.decode(),
            program(reader)("get", "me/passport/").content.decode(),
            relay_mail,
            repr(list(Notice.objects.filter(person=reader).values())),
        ]

    def test_shows_the_other_nothing_nor_that_something_was_written(
        self, lesson, client_of, program, salma, yusuf, relay
    ):
        before = [len(page) for page in self.leaks(client_of, program, lesson, yusuf)[:1]]
        row = write(lesson, salma, SALMAS, learned="سرّ")
        relay()
        mailing.send_due(now=timezone.now().replace(hour=10) + timedelta(days=2))
        pages = self.leaks(client_of, program, lesson, yusuf)
        assert [page for page in pages if SALMAS in page or "سرّ" in page or "/thanks/report" in page] == []
        assert program(yusuf)("get", "me/passport/").json()["results"][0]["theirs"] is None
        assert len(pages[0]) == before[0]
        browser = client_of(yusuf)
        for address in (f"/thanks/{row.pk}/show/", f"/thanks/{row.pk}/delete/", f"/thanks/{row.pk}/report/"):
            assert browser.post(address, {"shown": "public", "reason": "unkind"}).status_code == 404
        with pytest.raises(passports.StillSealed):
            passports.show(thanks=row, by=yusuf, shown="public")

    def test_breaks_when_both_have_written(self, both, lesson, client_of, salma, yusuf):
        assert SALMAS in told(client_of(yusuf), lesson)
        assert YUSUFS in told(client_of(salma), lesson)
        opened = Notice.objects.filter(kind="thanks_opened").values_list("person", flat=True)
        assert set(opened) == {salma.pk, yusuf.pk}

    def test_breaks_after_two_weeks_for_what_one_wrote(self, lesson, after, client_of, salma, yusuf):
        write(lesson, salma, SALMAS)
        after(13.9)
        assert SALMAS not in told(client_of(yusuf), lesson)
        after(14.1)
        assert SALMAS in told(client_of(yusuf), lesson)
        assert list(Notice.objects.filter(kind="thanks_opened").values_list("person", flat=True)) == [yusuf.pk]
        with pytest.raises(passports.AlreadyOpen):
            write(lesson, yusuf, YUSUFS)

    def test_breaks_once_however_many_clocks(self, lesson, salma):
        write(lesson, salma, SALMAS)
        late = timezone.now() + timedelta(days=15)
        assert [passports.open_due(now=late), passports.open_due(now=late)] == [1, 0]

    def test_stays_between_two_who_keep_each_other_away(self, lesson, after, client_of, salma, yusuf):
        write(lesson, salma, SALMAS)
        accounts.block(blocker=yusuf, blocked=salma)
        after(15)
        assert SALMAS not in told(client_of(yusuf), lesson)
        assert SALMAS not in client_of(yusuf).get("/me/passport/").content.decode()
        assert not Notice.objects.filter(kind="thanks_opened").exists()

    def test_of_nothing_tells_nobody(self, lesson, after):
        after(15)
        assert not Notice.objects.filter(kind="thanks_opened").exists()

    def test_notice_says_that_there_is_something_and_not_what(self, both, yusuf):
        mailing.send_due(now=timezone.now().replace(hour=10) + timedelta(days=1))  # by day: at night mails wait
        text = "".join(each.body for each in mail.outbox)
        assert "سلمى" in text
        assert SALMAS not in text


class TestWhoReadsIt:
    def test_is_only_in_ones_passport_until_one_chooses(self, both, client_of, salma, yusuf, stranger):
        page = f"/people/{salma.pk}/"
        assert YUSUFS not in client_of(stranger).get(page).content.decode()
        client_of(salma).post(f"/thanks/{both['yusufs'].pk}/show/", {"shown": "public"})
        assert YUSUFS in client_of(stranger).get(page).content.decode()
        client_of(salma).post(f"/thanks/{both['yusufs'].pk}/show/", {"shown": "hidden"})
        assert YUSUFS not in client_of(stranger).get(page).content.decode()
        assert YUSUFS not in client_of(salma).get("/me/passport/").content.decode()

    def test_is_chosen_by_the_receiver_alone(self, both, client_of, yusuf, karim):
        for other in (yusuf, karim):
            answer = client_of(other).post(f"/thanks/{both['yusufs'].pk}/show/", {"shown": "public"})
            assert answer.status_code == 404
        with pytest.raises(passports.NotToYou):
            passports.show(thanks=both["yusufs"], by=yusuf, shown="public")
        assert Thanks.objects.get(id=both["yusufs"].pk).shown == "private"

    def test_is_none_of_three_words_stays_as_it_was(self, both, client_of, salma):
        client_of(salma).post(f"/thanks/{both['yusufs'].pk}/show/", {"shown": "everywhere"})
        assert Thanks.objects.get(id=both["yusufs"].pk).shown == "private"

    def test_with_a_phone_number_stays_private(self, lesson, salma, yusuf):
        write(lesson, salma, SALMAS)
        row = write(lesson, yusuf, "اتصلي بي 0791234567")
        with pytest.raises(passports.HoldsContact):
            passports.show(thanks=row, by=salma, shown="public")

    def test_leaves_every_page_when_its_writer_takes_it_back(self, both, lesson, client_of, salma, yusuf, stranger):
        row = both["yusufs"]
        passports.show(thanks=row, by=salma, shown="public")
        assert client_of(salma).post(f"/thanks/{row.pk}/delete/").status_code == 404
        client_of(yusuf).post(f"/thanks/{row.pk}/delete/")
        for address in (f"/people/{salma.pk}/", "/me/passport/", f"/lessons/{lesson.pk}/thanks/"):
            assert YUSUFS not in client_of(salma).get(address).content.decode()
        assert YUSUFS not in client_of(stranger).get(f"/people/{salma.pk}/").content.decode()
        assert not Thanks.objects.filter(thanks=YUSUFS).exists()

    def test_is_not_told_to_whom_its_writer_keeps_away_nor_after_they_left(self, both, client_of, salma, yusuf, karim):
        passports.show(thanks=both["yusufs"], by=salma, shown="public")
        accounts.block(blocker=yusuf, blocked=karim)
        assert YUSUFS not in client_of(karim).get(f"/people/{salma.pk}/").content.decode()
        Person.objects.filter(id=yusuf.pk).update(is_active=False)
        assert YUSUFS not in client_of(salma).get(f"/people/{salma.pk}/").content.decode()

    def test_names_no_young_writer_to_everyone(self, both, client, salma, yusuf):
        passports.show(thanks=both["yusufs"], by=salma, shown="public")
        Person.objects.filter(id=yusuf.pk).update(age=Person.Age.YOUNG)
        page = client.get(f"/people/{salma.pk}/").content.decode()
        assert YUSUFS in page
        assert "يوسف" not in page

    def test_is_read_by_the_guardian_of_a_young_learner_once_it_is_open_and_by_no_other(
        self, lesson, client_of, salma, yusuf, nadia, karim, relay
    ):
        Person.objects.filter(id=yusuf.pk).update(age=Person.Age.YOUNG)
        Person.objects.filter(id=nadia.pk).update(age=Person.Age.ADULT)
        yusuf.refresh_from_db()
        nadia.refresh_from_db()
        asked = care.ask_guardian(young=yusuf, email=nadia.email)
        care.accept_ward(guardianship_id=asked.pk, by=nadia)
        relay()
        lesson.refresh_from_db()
        write(lesson, salma, SALMAS)
        assert SALMAS not in told(client_of(nadia), lesson)
        write(lesson, yusuf, YUSUFS)
        assert SALMAS in told(client_of(nadia), lesson)
        assert client_of(nadia).post(f"/lessons/{lesson.pk}/thanks/", {"thanks": "x"}).status_code == 404
        assert client_of(karim).get(f"/lessons/{lesson.pk}/thanks/").status_code == 404


class TestThePassport:
    def test_tells_both_sides_by_month_in_words_and_without_a_number_of_the_person(self, both, client_of, salma, yusuf):
        page = client_of(yusuf).get("/me/passport/").content.decode()
        assert all(words in page for words in (SALMAS, "خياطة طرف الثوب", "ما تعلّمت", "سلمى"))
        page = client_of(salma).get("/me/passport/").content.decode()
        assert all(words in page for words in (YUSUFS, "ما علّمت", "يوسف"))

    def test_is_ones_own_by_the_api_page_by_page(self, both, lesson, program, yusuf):
        answer = program(yusuf, "read")("get", "me/passport/?limit=1").json()
        (story,) = answer["results"]
        assert (story["taught"], story["is_open"], story["theirs"]["thanks"]) == (False, True, SALMAS)
        assert story["mine"]["learned"] == "خياطة طرف الثوب"
        assert answer["next"] is None
        assert program(yusuf, "talk")("get", "me/passport/").status_code == 403

    def test_holds_no_lesson_that_was_not_confirmed(self, held, program, yusuf):
        assert program(yusuf)("get", "me/passport/").json()["results"] == []


class TestReports:
    def test_reach_the_desk_and_take_the_words_down_with_a_reason(
        self, both, lesson, client_of, salma, yusuf, stranger, huda, relay
    ):
        passports.show(thanks=both["yusufs"], by=salma, shown="public")
        for _click in range(2):
            client_of(stranger).post(f"/thanks/{both['yusufs'].pk}/report/", {"reason": "unkind"})
        report = ThanksReport.objects.get()
        desk = client_of(huda)
        assert YUSUFS in desk.get("/desk/thanks/").content.decode()
        desk.post(f"/desk/thanks/report/{report.pk}/", {"why": "private"})
        relay()
        assert YUSUFS not in client_of(stranger).get(f"/people/{salma.pk}/").content.decode()
        assert YUSUFS not in told(client_of(salma), lesson)
        assert YUSUFS in told(client_of(yusuf), lesson)  # its writer sees what was taken down, and why by notice
        assert "فيها ما يخص أحدًا وحده" in client_of(yusuf).get("/notices/").content.decode()
        assert Notice.objects.filter(person=stranger, kind="report").exists()
        desk.post(f"/desk/thanks/report/{report.pk}/", {"why": "calm"})
        assert ThanksReport.objects.get().verdict == "down"

    def test_that_are_nothing_leave_the_words(self, both, lesson, client_of, salma, huda, relay):
        client_of(salma).post(f"/thanks/{both['yusufs'].pk}/report/", {"reason": "other"})
        client_of(huda).post(f"/desk/thanks/report/{ThanksReport.objects.get().pk}/", {"why": "calm"})
        relay()
        assert YUSUFS in told(client_of(salma), lesson)
        assert "بقيت الكلمات" in client_of(salma).get("/notices/").content.decode()

    def test_need_a_reason_of_the_list_and_words_that_one_may_read(self, both, client_of, salma, stranger, yusuf):
        row = both["yusufs"]
        assert client_of(salma).post(f"/thanks/{row.pk}/report/", {"reason": "x"}).status_code == 422
        assert client_of(stranger).post(f"/thanks/{row.pk}/report/", {"reason": "unkind"}).status_code == 404
        passports.show(thanks=row, by=salma, shown="public")
        assert client_of(yusuf).post(f"/thanks/{row.pk}/report/", {"reason": "unkind"}).status_code == 422
        assert not ThanksReport.objects.exists()

    def test_are_decided_by_a_curator_who_is_in_neither_side(self, both, salma, yusuf, huda):
        report = moderation.report(thanks=both["yusufs"], reporter=salma, reason="unkind")
        with pytest.raises(moderation.NotACurator):
            moderation.decide(report_id=report.pk, curator=yusuf, why="unkind")
        Person.objects.filter(id=salma.pk).update(role="curator")
        curator = Person.objects.get(id=salma.pk)
        assert not moderation.reports(curator=curator).exists()
        with pytest.raises(moderation.OwnText):
            moderation.decide(report_id=report.pk, curator=curator, why="unkind")

    def test_of_words_taken_back_meanwhile_end_well(self, both, salma, yusuf, huda, relay):
        report = moderation.report(thanks=both["yusufs"], reporter=salma, reason="unkind")
        passports.take_back(thanks_id=both["yusufs"].pk, by=yusuf)
        moderation.decide(report_id=report.pk, curator=huda, why="unkind")
        relay()
        assert Notice.objects.filter(person=salma, kind="report").exists()
        assert not Notice.objects.filter(kind="thanks_taken").exists()


class TestAPrivateNote:
    def test_goes_to_the_curators_and_never_to_the_other(self, lesson, client_of, salma, yusuf, huda, relay):
        secret = "رفع صوته عليّ"
        client_of(salma).post(f"/lessons/{lesson.pk}/curators/", {"body": "x"})
        client_of(salma).post(f"/lessons/{lesson.pk}/curators/", {"body": secret})  # nobody has read the first one
        assert PrivateNote.objects.get().body == secret
        relay()
        other = client_of(yusuf)
        for address in (
            f"/lessons/{lesson.pk}/thanks/",
            f"/lessons/{lesson.pk}/curators/",
            "/notices/",
            "/me/passport/",
        ):
            assert secret not in other.get(address).content.decode()
        desk = client_of(huda)
        assert secret in desk.get("/desk/thanks/").content.decode()
        desk.post(f"/desk/thanks/note/{PrivateNote.objects.get().pk}/")
        relay()
        assert secret not in desk.get("/desk/thanks/").content.decode()
        assert list(Notice.objects.filter(kind="report").values_list("person", flat=True)) == [salma.pk]

    def test_can_be_written_of_a_lesson_that_was_not_confirmed(self, held, salma):
        assert moderation.write_note(lesson=held, by=salma, body="لم يأت").lesson == held

    def test_is_refused_before_the_lesson_and_without_words(self, offer, lesson, client_of, yusuf, karim, huda):
        early = lessons.say_hello(listing=offer, by=karim, body="Hello")
        assert client_of(karim).post(f"/lessons/{early.pk}/curators/", {"body": "x"}).status_code == 422
        assert client_of(yusuf).post(f"/lessons/{lesson.pk}/curators/", {"body": " "}).status_code == 422
        assert client_of(yusuf).post(f"/lessons/{lesson.pk}/curators/", {"body": "x" * 1001}).status_code == 422
        assert client_of(huda).post(f"/lessons/{lesson.pk}/curators/", {"body": "x"}).status_code == 404
        assert not PrivateNote.objects.exists()
