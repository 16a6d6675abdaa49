"""The lesson's pages: one next step for each, plain forms kept when refused, the same for both, closed to others."""

import re
import uuid
from datetime import datetime, timedelta

import pytest
from django.template.loader import get_template
from django.utils import timezone

from accounts.services import care
from exchange.lessons import services as lessons
from exchange.lessons import states
from exchange.lessons.models import Lesson, Taken
from exchange.lessons.rules import Span
from exchange.lessons.services import reading

FIRST = {"day_1": "2026-11-27", "time_1": "18:00"}
TERMS = {"minutes": "60", "format": "place", "place": "مكتبة الحي", "in_return": "gift"}
ACTS = ("ask", "answer", "withdraw", "cancel", "confirm", "missed", "dispute", "again")


@pytest.fixture
def page(client_of):
    """Give a page as text: page(yusuf, lesson)."""

    def get(person, lesson, path=""):
        answer = client_of(person).get(f"/lessons/{lesson.pk}/{path}")
        assert answer.status_code == 200
        return answer.content.decode()

    return get


@pytest.fixture
def post(client_of):
    """Send a form of a lesson: post(yusuf, lesson, "cancel", note="…")."""

    def send(person, lesson, act, **fields):
        return client_of(person).post(f"/lessons/{lesson.pk}/{act}/", {"key": str(uuid.uuid4()), **fields})

    return send


def fresh(lesson):
    return Lesson.objects.get(id=lesson.pk)


def went(answer, lesson):
    return (answer.status_code, answer.headers.get("Location")) == (302, f"/lessons/{lesson.pk}/")


def refused(answer, *words):
    text = answer.content.decode()
    return answer.status_code == 422 and 'class="error-summary"' in text and all(word in text for word in words)


def primary(text):
    """Give what the one primary button or link of the page says."""
    found = re.findall(r'class="do"[^>]*>([^<]+)<', text[text.index("<main") :])
    assert len(found) <= 1, found
    return found[0] if found else ""


class TestAsking:
    def test_begins_in_the_talk_and_means_the_citys_clock(self, enquiry, yusuf, client_of, post):
        talk = client_of(yusuf).get(f"/talks/{enquiry.conversation_id}/").content.decode()
        assert f'href="/lessons/{enquiry.pk}/ask/"' in talk
        assert went(post(yusuf, enquiry, "ask", **FIRST, **TERMS, day_3="2026-11-28", time_3="09:30"), enquiry)
        row = fresh(enquiry)
        assert (row.state, row.place, row.in_return, row.minutes) == ("asked", "مكتبة الحي", "gift", 60)
        starts = [each.starts_at.isoformat() for each in row.proposals.order_by("starts_at")]
        assert starts == ["2026-11-27T15:00:00+00:00", "2026-11-28T06:30:00+00:00"]  # Amman is three hours ahead

    def test_begins_on_the_page_of_the_listing_too(self, enquiry, yusuf, client_of):
        page = client_of(yusuf).get(f"/listings/{enquiry.listing_id}/").content.decode()
        assert f'href="/lessons/{enquiry.pk}/ask/"' in page

    def test_takes_arabic_digits(self, enquiry, yusuf, post):
        assert went(post(yusuf, enquiry, "ask", day_1="٢٠٢٦-١١-٢٧", time_1="١٨:٠٠", **TERMS), enquiry)

    def test_begins_with_what_the_listing_says(self, enquiry, salma, yusuf, page):
        type(enquiry.listing).objects.filter(id=enquiry.listing_id).update(place="بيت سلمى", in_return="swap")
        text = page(yusuf, enquiry, "ask/")
        assert 'value="بيت سلمى"' in page(salma, enquiry, "ask/")
        assert 'value="بيت سلمى"' not in text
        assert re.search(r'value="swap"[^>]*checked', text)

    def test_offers_no_fee_where_nobody_takes_money(self, enquiry, yusuf, page, post):
        assert 'value="fee"' not in page(yusuf, enquiry, "ask/")
        assert refused(post(yusuf, enquiry, "ask", **FIRST, **{**TERMS, "in_return": "fee"}))

    @pytest.mark.parametrize(
        ("fields", "sentence"),
        [
            ({}, "اذكر يومًا وساعة"),
            ({"day_1": "2026-11-27"}, "في أيّ ساعة؟"),
            ({"time_1": "18:00"}, "في أيّ يوم؟"),
            ({"day_1": "2026-11-23", "time_1": "18:00"}, "هذا اليوم مضى"),
            ({"day_1": "2026-11-24", "time_1": "12:59"}, "هذا الوقت مضى"),
            ({"day_1": "2028-11-24", "time_1": "12:59"}, "أكثر من سنة"),
            ({"day_1": "غدًا", "time_1": "18:00"}, "لم نتمكن من قراءة هذا اليوم"),
            ({"day_1": "2026-11-27", "time_1": "مساءً"}, "لم نتمكن من قراءة هذا الوقت"),
            ({**FIRST, "place": " "}, "اكتب أين تلتقيان"),
            ({**FIRST, "place": "م" * 161}, "160"),
            ({**FIRST, "minutes": "7"}, "اختر كم يطول"),
        ],
    )
    def test_says_beside_the_field_what_is_wrong_and_keeps_what_was_typed(self, enquiry, yusuf, post, fields, sentence):
        answer = post(yusuf, enquiry, "ask", **{**TERMS, "place": "مكتبة <الحي>", **fields})
        assert refused(answer, sentence)
        for value in fields.values():
            assert value.strip() in answer.content.decode()
        assert "مكتبة &lt;الحي&gt;" in answer.content.decode() or "place" in fields
        assert fresh(enquiry).state == "enquiry"

    def test_means_the_hour_after_where_the_clock_leaps_over_it(self, enquiry, yusuf, post, settings):
        settings.TIME_ZONE = "Europe/Berlin"
        timezone.get_default_timezone.cache_clear()
        try:
            assert went(post(yusuf, enquiry, "ask", day_1="2027-03-28", time_1="02:30", **TERMS), enquiry)
        finally:
            settings.TIME_ZONE = "Asia/Amman"
            timezone.get_default_timezone.cache_clear()
        (proposal,) = fresh(enquiry).proposals.all()
        assert proposal.ends_at - proposal.starts_at == timedelta(hours=1)

    def test_shows_the_refusal_of_the_service_and_keeps_the_form(self, enquiry, yusuf, salma, post):
        care.say_age(person=yusuf, age="13-17")
        answer = post(yusuf, enquiry, "ask", **FIRST, **TERMS)
        assert refused(answer, "مكتبة الحي", 'value="2026-11-27"')

    def test_twice_with_one_key_is_once(self, enquiry, yusuf, client_of):
        form = {"key": str(uuid.uuid4()), "scope": "ask", **FIRST, **TERMS}
        for _ in range(2):
            assert went(client_of(yusuf).post(f"/lessons/{enquiry.pk}/ask/", form), enquiry)
        assert [step.act for step in enquiry.steps.all()] == ["ask"]


class TestAnswering:
    def test_shows_the_asked_the_times_and_the_asker_that_they_wait(self, asked, salma, yusuf, page):
        text = page(salma, asked)
        assert text.count('name="proposal"') == 3
        assert "الخميس 26 تشرين الثاني، من 1:00\xa0م إلى 2:00\xa0م" in text
        assert primary(text) == "احجز هذا الوقت"
        assert "بانتظار ردّ من <bdi>سلمى</bdi>" in page(yusuf, asked)
        assert 'name="proposal"' not in page(yusuf, asked)

    def test_books_the_chosen_time(self, asked, salma, yusuf, post, page):
        chosen = asked.proposals.order_by("id")[1]
        assert went(post(salma, asked, "answer", answer="accept", proposal=chosen.pk), asked)
        assert fresh(asked).starts_at == chosen.starts_at
        for person in (salma, yusuf):
            assert "الجمعة 27 تشرين الثاني" in page(person, asked)

    def test_a_second_click_is_harmless(self, asked, salma, client_of):
        form = {"key": str(uuid.uuid4()), "answer": "accept", "proposal": asked.proposals.first().pk}
        for _ in range(2):
            assert went(client_of(salma).post(f"/lessons/{asked.pk}/answer/", form), asked)
        assert [step.act for step in asked.steps.order_by("id")] == ["ask", "accept"]

    @pytest.mark.parametrize("proposal", ["", "x", "9" * 30, "0"])
    def test_wants_one_of_the_times(self, asked, salma, post, proposal):
        assert refused(post(salma, asked, "answer", answer="accept", proposal=proposal))
        assert fresh(asked).state == "asked"

    def test_by_the_asker_is_refused_kindly(self, asked, yusuf, post):
        assert refused(post(yusuf, asked, "answer", answer="accept", proposal=asked.proposals.first().pk))

    def test_of_a_time_that_is_taken_shows_others_and_leads_to_offering_them(
        self, asked, salma, post, page, monkeypatch, times
    ):
        def taken(**_):
            raise lessons.TakenAlready("مشغول", others=times(2, days=9))

        monkeypatch.setattr(lessons, "accept", taken)
        answer = post(salma, asked, "answer", answer="accept", proposal=asked.proposals.first().pk)
        assert refused(answer, "مشغول", "الخميس 3 كانون الأول")
        (query,) = re.findall(rf'/lessons/{asked.pk}/ask/\?([^"]+)"', answer.content.decode())
        form = page(salma, asked, "ask/?" + query.replace("&amp;", "&"))
        assert 'value="2026-12-03"' in form
        assert 'value="13:00"' in form

    @pytest.mark.parametrize("at", ["", "x", "2026-13-45T99:99+00:00", "2026-12-01T10:00"])
    def test_times_named_in_the_address_break_nothing(self, asked, salma, page, at):
        page(salma, asked, f"ask/?at={at}")

    def test_offers_other_times_and_another_length(self, asked, salma, yusuf, post, page):
        assert "in_return" not in page(salma, asked, "ask/")
        terms = {"minutes": "90", "format": "place", "place": "الحديقة"}
        assert went(post(salma, asked, "ask", **FIRST, **terms), asked)
        row = fresh(asked)
        assert (row.state, row.asked_by_id, row.minutes, row.place) == ("asked", salma.pk, 90, "الحديقة")
        assert primary(page(yusuf, asked)) == "نعم، هذا يناسبني"

    def test_declines_with_a_kind_reason_that_the_other_reads(self, asked, salma, yusuf, post, page):
        note = "أراك في الربيع <إن شاء الله>"
        sent = {"answer": "decline", "decline-why": "later", "decline-note": note}
        assert went(post(salma, asked, "answer", **sent), asked)
        text = page(yusuf, asked)
        assert "لعلّه لاحقًا" in text
        assert "أراك في الربيع &lt;إن شاء الله&gt;" in text

    def test_declining_without_a_reason_keeps_the_word_that_was_typed(self, asked, salma, post):
        answer = post(salma, asked, "answer", answer="decline", **{"decline-note": "كلمة لطيفة"})
        assert refused(answer, "كلمة لطيفة", '<details class="finer" open>')
        assert fresh(asked).state == "asked"

    def test_takes_ones_own_proposal_back(self, asked, yusuf, post, page):
        assert went(post(yusuf, asked, "withdraw"), asked)
        assert primary(page(yusuf, asked)) == "اقترح أوقاتًا جديدة"


class TestABookedLesson:
    def test_can_be_moved_and_stays_until_the_other_agrees(self, booked, salma, yusuf, post, page):
        form = page(yusuf, booked, "ask/")
        assert "minutes" not in form
        assert "يبقى محجوزًا" in form
        assert went(post(yusuf, booked, "ask", **FIRST), booked)
        assert fresh(booked).starts_at == booked.starts_at
        text = page(salma, booked)
        assert "اقتراح وقت آخر من <bdi>يوسف</bdi>" in text
        assert went(post(salma, booked, "answer", answer="decline"), booked)
        row = fresh(booked)
        assert (row.phase, row.starts_at) == ("booked", booked.starts_at)

    def test_says_what_cancelling_costs_before_it_is_done(self, booked, salma, yusuf, page, clock):
        assert "حتى <bdi>الأربعاء 25 تشرين الثاني، 1:00\xa0م</bdi> تعود إليك ساعاتك كلها" in page(yusuf, booked)
        assert "عادت الساعات المحجوزة كلها إلى" in page(salma, booked)
        clock.move_to(booked.starts_at - timedelta(hours=3))
        assert "أقل من 24 ساعة" in page(yusuf, booked)
        Lesson.objects.update(in_return="gift")
        assert "كلما أخبرت أبكر كان ألطف" in page(yusuf, booked)

    def test_speaks_of_no_hours_where_the_city_keeps_none(self, booked, yusuf, page, settings):
        settings.HOURS = "participation"
        assert "رصيدك" not in page(yusuf, booked)

    def test_is_cancelled_with_a_word(self, booked, salma, yusuf, post, page):
        assert went(post(yusuf, booked, "cancel", **{"cancel-note": "مرضت، سامحيني"}), booked)
        assert "مرضت، سامحيني" in page(salma, booked)
        assert "إلغاء من <bdi>يوسف</bdi>" in page(salma, booked)

    def test_that_has_begun_is_not_cancelled_and_the_word_is_kept(self, booked, yusuf, post, clock):
        clock.move_to(booked.starts_at + timedelta(minutes=1))
        answer = post(yusuf, booked, "cancel", **{"cancel-note": "تأخرت"})
        assert answer.status_code == 422
        assert fresh(booked).state == "booked"

    def test_cannot_be_confirmed_before_its_time(self, booked, yusuf, post):
        assert refused(post(yusuf, booked, "confirm"))


class TestAfterwards:
    def test_both_say_that_it_took_place(self, held, salma, yusuf, post, page):
        assert primary(page(salma, held)) == "نعم، تمّ"
        assert went(post(salma, held, "confirm"), held)
        assert "قلت إنه تمّ" in page(salma, held)
        assert went(post(yusuf, held, "confirm"), held)
        assert fresh(held).state == "confirmed"
        for person in (salma, yusuf):
            assert primary(page(person, held)) == "قل شكرًا"
            assert "درس آخر" in page(person, held)

    def test_that_nobody_came_can_be_answered_and_then_reaches_a_curator(self, held, salma, yusuf, post, page):
        assert went(post(salma, held, "missed"), held)
        assert "لم تلتقيا" in page(yusuf, held)
        assert went(post(yusuf, held, "confirm"), held)
        for person in (salma, yusuf):
            assert "ينظر فيه منسّق" in page(person, held)

    def test_something_wrong_wants_words_and_keeps_them_from_the_other(self, held, salma, yusuf, huda, post, page):
        assert refused(post(yusuf, held, "dispute", **{"dispute-note": " "}))
        assert went(post(yusuf, held, "dispute", **{"dispute-note": "كان الباب مغلقًا"}), held)
        lessons.resolve(lesson=fresh(held), by=huda, outcome="return")
        for person in (salma, yusuf):
            text = page(person, held)
            assert "قرار منسّق: يعود كل شيء" in text
            assert "كان الباب مغلقًا" not in text

    def test_again_leads_to_the_times_of_a_next_lesson(self, held, yusuf, post):
        lessons.confirm(lesson=held, by=yusuf)
        answer = post(yusuf, held, "again")
        following = Lesson.objects.order_by("-id")[0]
        assert answer["Location"] == f"/lessons/{following.pk}/ask/"
        assert (following.state, following.conversation_id) == ("enquiry", held.conversation_id)


class TestDoors:
    @pytest.mark.parametrize("act", ACTS)
    def test_are_closed_to_everybody_else(self, asked, karim, huda, client, post, act):
        for person in (karim, huda):
            assert post(person, asked, act, answer="accept").status_code == 404
        assert client.post(f"/lessons/{asked.pk}/{act}/")["Location"].startswith("/enter/")

    def test_a_lesson_is_shown_to_nobody_else(self, asked, karim, huda, client_of):
        for person in (karim, huda):
            assert client_of(person).get(f"/lessons/{asked.pk}/").status_code == 404

    def test_a_guardian_in_the_talk_sees_it_and_acts_on_nothing(self, booked, nadia, page, post, client_of):
        booked.conversation.members.create(person=nadia, is_guardian=True)
        text = page(nadia, booked)
        assert "الخميس 26 تشرين الثاني" in text
        assert "<form" not in text[text.index("<main") : text.index("</main")]
        assert post(nadia, booked, "cancel").status_code == 404
        assert "محجوز" in client_of(nadia).get(f"/talks/{booked.conversation_id}/").content.decode()


class TestMine:
    def test_shows_first_what_waits_for_me_then_what_comes_then_what_is_over(
        self, asked, salma, yusuf, make_offer, client_of
    ):
        text = client_of(salma).get("/lessons/").content.decode()
        assert "ينتظرك" in text
        assert "ينتظرك" not in client_of(yusuf).get("/lessons/").content.decode()
        lessons.decline(lesson=asked, by=salma, why="times")
        text = client_of(salma).get("/lessons/").content.decode()
        assert "انتهت" in text
        assert "ينتظرك" not in text

    def test_is_reached_from_me_and_says_what_to_do_when_empty(self, nadia, client_of):
        assert 'href="/lessons/"' in client_of(nadia).get("/me/").content.decode()
        assert "لا دروس بعد" in client_of(nadia).get("/lessons/").content.decode()

    @pytest.mark.parametrize("before", ["", "x", "-1", "9" * 60, "٣"])
    def test_earlier_ones_break_on_no_number(self, nadia, client_of, before):
        assert client_of(nadia).get(f"/lessons/?before={before}").status_code == 200

    def test_home_calls_for_an_answer_and_reminds_of_what_is_near(self, asked, salma, yusuf, client_of, clock):
        call = f'href="/lessons/{asked.pk}/"'
        assert call in client_of(salma).get("/").content.decode()
        assert call not in client_of(yusuf).get("/").content.decode()
        booked = lessons.accept(lesson=asked, by=salma, proposal=asked.proposals.order_by("id")[0])
        assert call not in client_of(yusuf).get("/").content.decode()
        clock.move_to(booked.starts_at - timedelta(hours=5))
        assert call in client_of(yusuf).get("/").content.decode()


def test_the_talk_says_how_it_stands_with_its_lesson(asked, salma, yusuf, client_of):
    talk = f"/talks/{asked.conversation_id}/"
    assert "بانتظار ردّ" in client_of(yusuf).get(talk).content.decode()
    assert "أيّ وقت يناسبك؟" in client_of(salma).get(talk).content.decode()
    lessons.accept(lesson=asked, by=salma, proposal=asked.proposals.order_by("id")[0])
    assert "<b><bdi>الخميس 26 تشرين الثاني" in client_of(yusuf).get(talk).content.decode()


def test_a_reader_who_lives_by_another_clock_is_told_whose_it_is(booked):
    from exchange.templatetags.lessons import span

    with timezone.override("Europe/Berlin"):
        assert "بتوقيت مدينة الواحة" in span(booked)
    assert "بتوقيت" not in span(booked)


@pytest.mark.parametrize(("minutes", "words"), [(30, "نصف ساعة"), (60, "ساعة"), (90, "ساعة ونصف"), (120, "ساعتان"),
                                                (3, "3 دقائق"), (11, "11 دقيقة"), (100, "100 دقيقة")])  # fmt: skip
def test_lengths_are_said_as_people_say_them(minutes, words):
    from django.utils import translation

    from exchange.templatetags.lessons import how_long

    with translation.override("ar"):
        assert how_long(minutes) == words


def test_spans_of_another_year_name_it(times):
    from django.utils import translation

    from exchange.templatetags.lessons import span

    far = times(1, days=60)[0]
    with translation.override("en"):
        assert "2027" in span(Span(far.starts_at, far.ends_at))


@pytest.mark.parametrize("act", [act for act in states.ACTS if act not in reading.UNSPOKEN])
def test_every_step_has_its_sentence(act):
    assert get_template(f"lessons/steps/{act}.html")


def test_a_time_that_was_free_when_the_page_was_drawn_may_still_be_asked_for(enquiry, yusuf, salma, page, post):
    text = page(yusuf, enquiry, "ask/")
    offered = re.findall(r'name="suggested" value="([^"]+)"', text)
    assert 1 <= len(offered) <= 3
    assert "&lt;bdi" not in text
    at = datetime.fromisoformat(offered[0])
    Taken.objects.create(person=salma, lesson=enquiry, starts_at=at, ends_at=at + timedelta(minutes=30))
    assert offered[0] not in page(yusuf, enquiry, "ask/")
    answer = post(yusuf, enquiry, "ask", suggested=offered[0], **{**TERMS, "minutes": "90"})
    assert went(answer, enquiry)
    (proposal,) = enquiry.proposals.all()
    assert proposal.ends_at - proposal.starts_at == timedelta(minutes=90)
