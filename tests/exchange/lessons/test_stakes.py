"""What a lesson costs stands on its pages: what is kept aside, what calling off does, what its end did."""

from datetime import timedelta

import pytest
from django.utils import timezone

from exchange.lessons import services as lessons
from exchange.lessons.models import Lesson
from exchange.lessons.rules import Span
from exchange.lessons.services import Half, sittings
from exchange.passport import services as passports


@pytest.fixture
def page(client_of):
    """Give a page as text, its main part: page(yusuf, "/lessons/5/")."""

    def get(person, address):
        answer = client_of(person).get(address)
        assert answer.status_code == 200
        text = answer.content.decode()
        return text[text.index("<main") :]

    return get


def of(lesson):
    return f"/lessons/{lesson.pk}/"


@pytest.fixture
def swap(enquiry, make_offer, salma, yusuf, times):
    """Yusuf asks Salma for sewing, 60 minutes, and offers Excel, 90 minutes."""
    excel = make_offer(yusuf, "إكسل من الصفر", ["rukn:excel"])
    this, other = Half(times(1), 60, "online"), Half(times(1, days=9, minutes=90), 90, "place", "مكتبة الحي")
    lesson = lessons.ask_swap(lesson=enquiry, by=yusuf, listing=excel, this=this, other=other)
    return lesson, lesson.partner


def book(rows, by):
    lessons.accept_all(chosen={row.pk: row.proposals.get().pk for row in rows}, by=by)
    for row in rows:
        row.refresh_from_db()


class TestASwap:
    def test_names_each_half_by_its_own_listing_and_says_who_teaches(self, swap, salma, yusuf, page, client_of):
        book(swap, salma)
        one, other = swap
        assert "خياطة للمبتدئات" in page(yusuf, of(one))
        text = page(yusuf, of(other))
        assert "إكسل من الصفر" in text
        assert "خياطة" not in text
        mine = page(yusuf, "/lessons/")
        assert "إليك من <bdi>سلمى</bdi>" in mine
        assert "منك إلى <bdi>سلمى</bdi>" in mine
        assert "إكسل من الصفر" in mine
        file = client_of(yusuf).get(f"/lessons/{other.pk}/lesson.ics").content.decode().replace("\r\n ", "")
        assert "إكسل من الصفر" in file
        assert "يعلّمك" not in file

    def test_says_where_and_what_is_owed_before_it_is_booked(self, swap, salma, yusuf, page):
        text = page(salma, _swap_url(swap[0]))
        assert "مكتبة الحي" in text
        assert "الفرق بين الدرسين نصف ساعة، والأطول هو الذي تتلقّاه" in text
        assert "والأطول هو الذي تقدّمه" in page(yusuf, _swap_url(swap[0]))

    def test_says_what_is_held_and_that_both_halves_go(self, swap, salma, yusuf, page):
        book(swap, salma)
        for lesson in swap:
            text = page(salma, of(lesson))
            assert "هذا الوقت محفوظ جانبًا من رصيدك" in text
            assert "أُلغي معه النصف الآخر" in text
            assert "تعود إليك ساعاتك كلها" in text
        assert "عادت الساعات المحجوزة كلها إلى <bdi>سلمى</bdi>" in page(yusuf, of(swap[0]))

    def test_whose_other_half_has_begun_says_nothing_of_it(self, swap, salma, yusuf, page, clock):
        book(swap, salma)
        clock.move_to(swap[0].starts_at + timedelta(minutes=5))
        assert "أُلغي معه" not in page(yusuf, of(swap[1]))

    def test_says_all_that_is_wrong_in_one_summary(self, enquiry, make_offer, yusuf, client_of):
        make_offer(yusuf, "إكسل من الصفر", ["rukn:excel"])
        answer = client_of(yusuf).post(_swap_url(enquiry), {"this-minutes": "60", "other-minutes": "60"})
        text = answer.content.decode()
        assert answer.status_code == 422
        assert text.count('class="error-summary"') == 1
        assert "الدرس الذي تعلّمه:" in text


class TestASeries:
    @pytest.fixture
    def series(self, enquiry, salma, times):
        return lessons.ask(
            lesson=enquiry, by=salma, times=times(1), minutes=60, format="online", in_return="hours", repeat=3
        )

    def test_says_to_the_learner_how_much_all_of_it_keeps_aside(self, series, salma, yusuf, page):
        assert "وقتها كلّها معًا (3 ساعات)" in page(yusuf, of(series))
        assert "رصيدك" not in page(salma, of(series))

    def test_says_it_to_the_learner_who_asks_too(self, enquiry, yusuf, times, page):
        lesson = lessons.ask(
            lesson=enquiry, by=yusuf, times=times(1), minutes=60, format="online", in_return="hours", repeat=2
        )
        assert "وقتها كلّها معًا (ساعتان)" in page(yusuf, of(lesson))

    def test_that_is_booked_speaks_of_each_by_itself(self, series, yusuf, page):
        lesson = lessons.accept(lesson=series, by=yusuf, proposal=series.proposals.get())
        assert "وقته (ساعة)" in page(yusuf, of(lesson))


class TestTheEnd:
    def test_called_off_late_says_how_it_was_shared(self, booked, salma, yusuf, page, clock):
        clock.move_to(booked.starts_at - timedelta(hours=3))
        lessons.cancel(lesson=booked, by=yusuf)
        assert "إلى <bdi>سلمى</bdi> نصف ساعة، وعاد الباقي (نصف ساعة) إليك" in page(yusuf, of(booked))
        assert "لك نصف ساعة، وعاد الباقي (نصف ساعة) إلى <bdi>يوسف</bdi>" in page(salma, of(booked))

    def test_called_off_in_time_says_that_all_came_back(self, booked, salma, yusuf, page):
        lessons.cancel(lesson=booked, by=yusuf)
        assert "عاد إليك كلّ الوقت المحفوظ له (ساعة)" in page(yusuf, of(booked))
        assert "عاد كلّ الوقت المحفوظ له (ساعة) إلى" in page(salma, of(booked))

    def test_that_the_learner_missed_says_who_has_the_hours(self, held, salma, yusuf, page, clock):
        lessons.miss(lesson=held, by=salma)
        later = timezone.now() + timedelta(days=12)
        clock.move_to(later)
        lessons.keep_time(now=later)
        assert "ذهب الوقت المحفوظ له (ساعة) إلى <bdi>سلمى</bdi>" in page(yusuf, of(held))
        assert "الوقت المحفوظ له (ساعة) صار من رصيدك" in page(salma, of(held))

    def test_of_a_gift_says_nothing_of_hours(self, booked, yusuf, page):
        Lesson.objects.filter(id=booked.pk).update(in_return="gift")
        lessons.cancel(lesson=booked, by=yusuf)
        assert "المحفوظ" not in page(yusuf, of(booked))

    def test_says_its_state_once(self, booked, held, yusuf, page):
        lessons.confirm(lesson=held, by=yusuf)
        text = page(yusuf, of(held))
        assert text.count("تمّ الدرس") <= 1

    def test_in_a_dispute_says_once_who_looks(self, disputed, yusuf, page):
        text = page(yusuf, of(disputed))
        assert text[: text.index("<ol")].count("ينظر فيه منسّق") == 1

    def test_full_now_does_not_press_for_new_times(self, asked, salma, yusuf, page):
        lessons.decline(lesson=asked, by=salma, why="full")
        text = page(yusuf, of(asked))
        assert 'class="do" href="/find/">ابحث عن جيران آخرين' in text
        assert '<button class="do second">' in text


class TestThanks:
    def test_the_next_step_follows_the_story(self, held, salma, yusuf, page):
        lesson = lessons.confirm(lesson=held, by=yusuf)
        assert "قل شكرًا" in page(yusuf, of(lesson))
        passports.write(lesson=lesson, by=yusuf, learned="الغرزة الأولى")
        text = page(yusuf, of(lesson))
        assert "غيّر كلماتي" in text
        assert "قل شكرًا" not in text
        assert "قل شكرًا" in page(salma, of(lesson))
        passports.write(lesson=lesson, by=salma, thanks="شكرًا")
        for person in (salma, yusuf):
            text = page(person, of(lesson))
            assert "اقرأها" in text
            assert "مختوم" not in text


class TestAGroup:
    @pytest.fixture
    def sitting(self, clock, make_offer, salma):
        offer = make_offer(salma, "خياطة للمبتدئات", ["rukn:sewing"])
        starts_at = timezone.now() + timedelta(days=3)
        return sittings.announce(
            listing=offer, by=salma, starts_at=starts_at, minutes=60, seats=2, format="place", place="مكتبة",
            in_return="hours",
        )  # fmt: skip

    def test_says_that_an_hour_is_kept_aside(self, sitting, yusuf, page, settings):
        assert "يُحجز وقته (ساعة) من رصيدك" in page(yusuf, f"/lessons/sittings/{sitting.pk}/")
        settings.HOURS = "participation"
        assert "رصيدك" not in page(yusuf, f"/lessons/sittings/{sitting.pk}/")

    def test_tells_its_teacher_how_many_wait(self, sitting, salma, yusuf, nadia, stranger, page):
        for person in (yusuf, nadia):
            sittings.take_seat(sitting=sitting, by=person)
        assert "في الانتظار" not in page(salma, f"/lessons/sittings/{sitting.pk}/")
        sittings.join_queue(sitting=sitting, by=stranger)
        assert "في الانتظار جار واحد" in page(salma, f"/lessons/sittings/{sitting.pk}/")

    def test_a_seat_asks_for_no_other_time(self, sitting, yusuf, page):
        lesson = sittings.take_seat(sitting=sitting, by=yusuf)
        text = page(yusuf, of(lesson))
        assert f'href="/lessons/{lesson.pk}/ask/"' not in text
        assert f'href="/lessons/sittings/{sitting.pk}/"' in text


class TestTheForm:
    def test_without_a_time_marks_the_ready_ones(self, enquiry, yusuf, salma, client_of, monkeypatch):
        start = timezone.now() + timedelta(days=2)
        ready = [Span(start, start + timedelta(hours=1))]
        monkeypatch.setattr(lessons, "propose", lambda **_: ready)
        answer = client_of(yusuf).post(f"/lessons/{enquiry.pk}/ask/", {"minutes": "60"})
        form = answer.context["form"]
        assert "suggested" in form.errors
        assert not form.shows_own

    def test_gives_the_place_of_an_offer_as_its_owners_words(self, enquiry, salma, yusuf, page):
        type(enquiry.listing).objects.filter(id=enquiry.listing_id).update(place="بيتي <بجانب> المسجد")
        text = page(yusuf, f"/lessons/{enquiry.pk}/ask/")
        assert 'value="بيتي' not in text
        assert 'في العرض: «<bdi dir="auto">بيتي &lt;بجانب&gt; المسجد</bdi>»' in text
        assert 'value="بيتي' in page(salma, f"/lessons/{enquiry.pk}/ask/")


class TestAnAddressThatTakesAnswersOnly:
    @pytest.mark.parametrize("act", ["answer", "withdraw", "cancel", "confirm", "missed", "dispute", "again"])
    def test_leads_to_its_lesson(self, asked, salma, client_of, act):
        answer = client_of(salma).get(f"/lessons/{asked.pk}/{act}/")
        assert (answer.status_code, answer["Location"]) == (303, of(asked))
        assert client_of(salma).put(f"/lessons/{asked.pk}/{act}/").status_code == 405

    @pytest.mark.parametrize(
        ("address", "there"),
        [
            ("/me/safety/age/", "/me/safety/"),
            ("/desk/hours/reverse/", "/desk/hours/"),
            ("/calendar/new/", "/calendar/"),
        ],
    )
    def test_leads_to_its_page(self, salma, huda, client_of, address, there):
        assert client_of(huda).get(address).headers.get("Location") == there

    def test_keeps_the_language_switch_on_a_page_that_can_be_opened(self, asked, salma, client_of):
        text = client_of(salma).post(f"/lessons/{asked.pk}/answer/", {"answer": "accept"}).content.decode()
        assert text.count(f'name="next" value="{of(asked)}"') == 2
        assert f'value="/lessons/{asked.pk}/answer/"' not in text


def _swap_url(lesson):
    return f"/lessons/{lesson.pk}/swap/"
