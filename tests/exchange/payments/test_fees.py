"""The fee of a lesson: due when booked, paid on Stripe's page, held, then handed on or given back by the rule."""

from datetime import timedelta

import pytest
from django.utils import timezone
from stripe_world import FEE

from accounts import services as accounts
from exchange.lessons import fees as asked_of
from exchange.lessons import services as lessons
from exchange.lessons.models import Lesson
from exchange.lessons.rules import Span
from exchange.notices.models import Notice
from exchange.payments import rules
from exchange.payments.models import Account, Errand, Movement, Payment
from exchange.payments.services import fees

ENGLISH = {"accept-language": "en"}


def movements():
    return sorted(Movement.objects.values_list("effect", "amount"))


def end_of(payment):
    """The lesson took place; an hour later."""
    now = payment.lesson.ends_at + timedelta(hours=1)
    lessons.keep_time(now=now)
    return Lesson.objects.get(id=payment.lesson_id), now


class TestPaying:
    def test_leads_to_stripe_and_the_money_is_held(self, book, world, browser, told):
        payment = book()
        answer = browser.post(f"/lessons/{payment.lesson_id}/pay/")
        payment.refresh_from_db()
        assert answer["Location"] == payment.page_url == world.get(payment.page_id)["url"]
        world.pay(payment.page_id)
        told()
        payment.refresh_from_db()
        assert (payment.state, payment.received) == ("held", FEE)
        assert movements() == [("paid", FEE)]

    def test_is_the_next_step_in_the_talk_and_to_programs(self, book, yusuf, browser, client, world, told):
        lesson = book().lesson
        key = {"authorization": f"Token {accounts.make_token(person=yusuf)}"}
        talk = browser.get(f"/talks/{lesson.conversation_id}/", headers=ENGLISH).content.decode()
        assert "Please pay the fee" in talk.split("lesson-card")[1].split("</p>")[0]
        assert client.get(f"/api/lessons/{lesson.pk}/", headers=key).json()["next"] == "pay"
        assert client.get("/api/lessons/", headers=key).json()["results"][0]["next"] == "pay"
        browser.post(f"/lessons/{lesson.pk}/pay/")
        world.pay(Payment.objects.get().page_id)
        told()
        talk = browser.get(f"/talks/{lesson.conversation_id}/", headers=ENGLISH).content.decode()
        assert "Please pay the fee" not in talk
        assert client.get(f"/api/lessons/{lesson.pk}/", headers=key).json()["next"] == "come"

    def test_asks_for_one_page_however_often_it_is_clicked(self, book, world, browser):
        payment = book()
        places = {browser.post(f"/lessons/{payment.lesson_id}/pay/")["Location"] for _ in range(4)}
        assert len(places) == len(world.of("checkout.session")) == 1

    def test_asks_for_one_page_when_the_first_answer_was_lost(self, book, world, browser, settings):
        settings.STRIPE_SECONDS = 0.5
        payment = book()
        world.swallow = 3  # the library's own two retries as well
        assert browser.post(f"/lessons/{payment.lesson_id}/pay/").status_code == 409
        answer = browser.post(f"/lessons/{payment.lesson_id}/pay/")
        assert answer.status_code == 302
        assert [key for _m, path, key in world.asked if path.endswith("sessions")] == [f"pay:{payment.ref}:1"] * 4
        assert len(world.of("checkout.session")) == 1

    def test_asks_for_another_page_once_the_first_is_closed(self, book, world, browser):
        payment = book()
        browser.post(f"/lessons/{payment.lesson_id}/pay/")
        payment.refresh_from_db()
        world.expire(payment.page_id)
        assert browser.post(f"/lessons/{payment.lesson_id}/pay/").status_code == 302
        assert len(world.of("checkout.session")) == 2

    def test_is_noticed_when_the_news_of_it_is_late(self, book, world, browser):
        payment = book()
        browser.post(f"/lessons/{payment.lesson_id}/pay/")
        payment.refresh_from_db()
        world.pay(payment.page_id)
        answer = browser.post(f"/lessons/{payment.lesson_id}/pay/")
        payment.refresh_from_db()
        assert answer["Location"] == payment.get_absolute_url()
        assert payment.state == "held"

    def test_says_kindly_that_stripe_is_away(self, book, world, browser):
        payment = book()
        world.is_down = True
        answer = browser.post(f"/lessons/{payment.lesson_id}/pay/")
        assert answer.status_code == 409
        assert "error-summary" in answer.content.decode()

    def test_is_refused_once_it_is_paid(self, paid, browser):
        payment = paid()
        Payment.objects.filter(id=payment.pk).update(page_id="")
        assert browser.post(f"/lessons/{payment.lesson_id}/pay/").status_code == 409

    def test_another_amount_than_agreed_is_not_believed(self, book, world, browser, told):
        payment = book()
        browser.post(f"/lessons/{payment.lesson_id}/pay/")
        payment.refresh_from_db()
        world.get(payment.page_id)["amount_total"] = 10
        world.pay(payment.page_id)
        told()
        payment.refresh_from_db()
        assert (payment.state, payment.received, movements()) == ("due", 0, [])


class TestTheEnd:
    def test_confirmed_hands_all_on_to_the_teacher(self, paid, yusuf, told, world):
        payment = paid()
        lesson, now = end_of(payment)
        lessons.confirm(lesson=lesson, by=yusuf, now=now)
        told()
        payment.refresh_from_db()
        assert (payment.state, payment.transferred, payment.refunded) == ("released", FEE, 0)
        assert movements() == [("paid", FEE), ("transferred", -FEE)]
        (transfer,) = world.of("transfer")
        assert (transfer["destination"], transfer["amount"]) == (Account.objects.get().account_id, FEE)

    def test_silence_hands_it_on_after_a_week(self, paid, told):
        payment = paid()
        end_of(payment)
        lessons.keep_time(now=payment.lesson.ends_at + timedelta(days=7, hours=1))
        told()
        payment.refresh_from_db()
        assert payment.state == "released"

    @pytest.mark.parametrize(
        ("who", "hours", "teachers", "state"),
        [
            ("yusuf", 72, 0, "returned"),
            ("yusuf", 20, FEE // 2 // 10 * 10, "shared"),
            ("salma", 72, 0, "returned"),
            ("salma", 20, 0, "returned"),
        ],
    )
    def test_called_off_goes_back_or_half_when_the_learner_is_late(self, paid, cast, told, who, hours, teachers, state):
        payment = paid(hours=hours)
        lessons.cancel(lesson=payment.lesson, by=cast[who])
        told()
        payment.refresh_from_db()
        assert (payment.state, payment.transferred, payment.refunded) == (state, teachers, FEE - teachers)

    @pytest.mark.parametrize(("who", "state"), [("salma", "released"), ("yusuf", "returned")])
    def test_who_did_not_come_pays(self, paid, cast, told, who, state):
        payment = paid()
        lesson, now = end_of(payment)
        lessons.miss(lesson=lesson, by=cast[who], now=now)
        lessons.keep_time(now=now + timedelta(days=30))
        told()
        payment.refresh_from_db()
        assert payment.state == state

    @pytest.mark.parametrize(("outcome", "state"), [("pay", "released"), ("return", "returned"), ("half", "shared")])
    def test_a_curator_decides_a_dispute_between_the_two(self, paid, yusuf, huda, told, outcome, state):
        payment = paid()
        lesson, now = end_of(payment)
        lesson = lessons.dispute(lesson=lesson, by=yusuf, note="كان الباب مغلقًا", now=now)
        told()
        payment.refresh_from_db()
        assert payment.state == "held"
        lessons.resolve(lesson=lesson, by=huda, outcome=outcome, now=now)
        told()
        payment.refresh_from_db()
        assert payment.state == state

    def test_paid_after_it_was_called_off_goes_back(self, book, world, browser, salma, told):
        payment = book()
        browser.post(f"/lessons/{payment.lesson_id}/pay/")
        payment.refresh_from_db()
        lessons.cancel(lesson=payment.lesson, by=salma)
        world.pay(payment.page_id)  # in the same moment
        told()
        payment.refresh_from_db()
        assert (payment.state, payment.refunded) == ("returned", FEE)

    def test_called_off_unpaid_closes_the_page(self, book, world, browser, salma, told):
        payment = book()
        browser.post(f"/lessons/{payment.lesson_id}/pay/")
        lessons.cancel(lesson=payment.lesson, by=salma)
        told()
        payment.refresh_from_db()
        assert (payment.state, world.get(payment.page_id)["status"]) == ("void", "expired")

    def test_a_refund_that_fails_is_seen_and_not_tried_blindly(self, paid, salma, world, told):
        payment = paid()
        lessons.cancel(lesson=payment.lesson, by=salma)
        told()
        (refund,) = world.of("refund")
        world.fail_refund(refund["id"])
        told()
        payment.refresh_from_db()
        assert (payment.state, payment.refunded) == ("held", 0)
        assert Errand.objects.flagged().get().reason == "refund_failed"
        assert len(world.of("refund")) == 1

    def test_nothing_moves_while_the_bank_looks_at_it(self, paid, yusuf, world, told):
        payment = paid()
        dispute = world.dispute(payment.intent_id)
        told()
        lesson, now = end_of(payment)
        lessons.confirm(lesson=lesson, by=yusuf, now=now)
        told()
        payment.refresh_from_db()
        assert payment.is_disputed
        assert world.of("transfer") == []
        world.end_dispute(dispute["id"], "won")
        told()
        payment.refresh_from_db()
        assert (payment.state, payment.transferred) == ("released", FEE)

    def test_what_the_bank_took_is_not_handed_on(self, paid, yusuf, world, told):
        payment = paid()
        dispute = world.dispute(payment.intent_id)
        world.end_dispute(dispute["id"], "lost")
        told()
        lesson, now = end_of(payment)
        lessons.confirm(lesson=lesson, by=yusuf, now=now)
        told()
        payment.refresh_from_db()
        assert (payment.state, payment.received, world.of("transfer")) == ("taken", 0, [])

    @pytest.mark.parametrize(("end", "state"), [("won", "held"), ("lost", "taken")])
    def test_what_the_bank_holds_and_takes_is_said_to_both(
        self, paid, world, told, client_of, cast, browser, end, state
    ):
        payment = paid()
        dispute = world.dispute(payment.intent_id)
        told()
        payment.refresh_from_db()
        assert payment.state == "bank"
        page = browser.get(f"/lessons/{payment.lesson_id}/pay/", headers=ENGLISH).content.decode()
        assert "holds it until it has decided" in page
        assert "There is nothing to pay here any more" not in page
        for who in ("yusuf", "salma"):
            lines = client_of(cast[who]).get("/me/payments/", headers=ENGLISH).content.decode()
            assert "the bank holds it back" in lines
            assert "not to be paid any more" not in lines
        world.end_dispute(dispute["id"], end)
        told()
        payment.refresh_from_db()
        assert payment.state == state
        told_to = Notice.objects.filter(kind="fee_settled").order_by("id")
        assert [(row.person.first_name, row.facts["state"]) for row in told_to] == [
            ("يوسف", "bank"), ("سلمى", "bank"), ("يوسف", state), ("سلمى", state),
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("outcome", "teachers", "learners"),
        [
            ("pay", "7.500 Jordanian dinars, goes to you", "went to the teacher"),
            ("half", "goes to you, and 3.750 Jordanian dinars back to the learner", "goes back to you"),
            ("return", "goes back to the learner", "goes back to you"),
        ],
    )
    def test_each_of_the_two_reads_what_it_means_for_them(
        self, paid, cast, huda, told, client_of, outcome, teachers, learners
    ):
        payment = paid()
        lesson, now = end_of(payment)
        lesson = lessons.dispute(lesson=lesson, by=cast["yusuf"], note="كان الباب مغلقًا", now=now)
        lessons.resolve(lesson=lesson, by=huda, outcome=outcome, now=now)
        told()
        for who, words in (("salma", teachers), ("yusuf", learners)):
            assert words in client_of(cast[who]).get("/notices/", headers=ENGLISH).content.decode()

    def test_a_mentor_who_cannot_be_paid_waits_and_is_flagged(self, paid, yusuf, world, told):
        payment = paid()
        Account.objects.update(is_ready=False)
        lesson, now = end_of(payment)
        lessons.confirm(lesson=lesson, by=yusuf, now=now)
        told()
        assert Errand.objects.get().reason == "account_not_ready"
        assert world.of("transfer") == []


class TestUnpaid:
    def test_in_time_calls_the_lesson_off_and_costs_nobody(self, book, told):
        payment = book(hours=72)
        assert fees.call_off_unpaid(now=payment.due_at - timedelta(minutes=1)) == 0
        assert fees.call_off_unpaid(now=payment.due_at) == 1
        lesson = Lesson.objects.get(id=payment.lesson_id)
        payment.refresh_from_db()
        assert (lesson.state, lesson.why, payment.state) == ("cancelled", "unpaid", "void")

    def test_but_stripe_is_asked_first(self, book, world, browser):
        payment = book()
        browser.post(f"/lessons/{payment.lesson_id}/pay/")
        payment.refresh_from_db()
        world.pay(payment.page_id)  # nobody told us
        fees.call_off_unpaid(now=payment.due_at)
        payment.refresh_from_db()
        assert (payment.state, Lesson.objects.get(id=payment.lesson_id).state) == ("held", "booked")

    def test_waits_an_hour_for_a_stripe_that_does_not_answer(self, book, world, browser):
        payment = book()
        browser.post(f"/lessons/{payment.lesson_id}/pay/")
        world.is_down = True
        assert fees.call_off_unpaid(now=payment.due_at) == 0
        assert fees.call_off_unpaid(now=payment.due_at + timedelta(hours=1)) == 1

    @pytest.mark.parametrize(("ahead", "until"), [(72, 48), (25, 2), (3, 2), (1, 1)])
    def test_the_time_to_pay_is_a_day_before_or_two_hours(self, ahead, until):
        now = timezone.now()
        due = rules.pay_by(booked_at=now, starts_at=now + timedelta(hours=ahead), hours=24)
        assert due - now == timedelta(hours=until)


class TestAskingAFee:
    def test_needs_an_account_that_can_be_paid(self, world, make_offer, salma, yusuf):
        lesson = lessons.say_hello(listing=make_offer(salma, "خياطة", ["rukn:sewing"]), by=yusuf, body="مرحبًا")
        with pytest.raises(asked_of.NoFee):
            self.ask(lesson, yusuf, FEE)

    def test_is_not_there_without_keys(self, connected, make_offer, salma, yusuf, settings):
        settings.STRIPE_SECRET_KEY = ""
        lesson = lessons.say_hello(listing=make_offer(salma, "خياطة", ["rukn:sewing"]), by=yusuf, body="مرحبًا")
        with pytest.raises(asked_of.NoFee):
            self.ask(lesson, yusuf, FEE)

    @pytest.mark.parametrize(("fee", "currency"), [(FEE, "USD"), (10, "JOD"), (7_505, "JOD"), (100_010, "JOD")])
    def test_refuses_another_currency_and_amounts_that_cannot_be_paid(
        self, connected, make_offer, salma, yusuf, fee, currency
    ):
        lesson = lessons.say_hello(listing=make_offer(salma, "خياطة", ["rukn:sewing"]), by=yusuf, body="مرحبًا")
        with pytest.raises(fees.NotThisFee):
            self.ask(lesson, yusuf, fee, currency)
        assert Payment.objects.count() == 0

    def ask(self, lesson, by, fee, currency="JOD"):
        start = timezone.now() + timedelta(days=3)
        lessons.ask(
            lesson=lesson, by=by, times=[Span(start, start + timedelta(hours=1))], minutes=60, format="online",
            in_return="fee", fee=fee, currency=currency,
        )  # fmt: skip


class TestOnTheLesson:
    def test_paying_is_the_next_step_and_then_it_is_kept(self, book, world, browser, salma, client_of, told):
        payment = book()
        address = f"/lessons/{payment.lesson_id}/"
        text = browser.get(address).content.decode()
        assert f'<a class="do" href="{address}pay/">ادفع الأجرة</a>' in text
        assert "لم تُدفع الأجرة بعد: إذا ألغيت الآن فلا شيء عليك." in text
        assert "بقي دفع الأجرة" in browser.get("/lessons/").content.decode()
        assert "ننتظر الأجرة من <bdi>يوسف</bdi>" in client_of(salma).get(address).content.decode()
        browser.post(f"{address}pay/")
        payment.refresh_from_db()
        world.pay(payment.page_id)
        told()
        for client in (browser, client_of(salma)):
            text = client.get(address).content.decode()
            assert "الأجرة مدفوعة، ومحفوظة إلى أن ينعقد الدرس." in text
            assert "ادفع الأجرة" not in text

    def test_calling_off_says_what_it_costs_first(self, paid, browser, salma, client_of):
        payment = paid(hours=72)
        address = f"/lessons/{payment.lesson_id}/"
        assert "تعود إليك الأجرة كلّها، وبعد ذلك يذهب نصفها إلى" in browser.get(address).content.decode()
        assert "عادت الأجرة كلّها إلى <bdi>يوسف</bdi>" in client_of(salma).get(address).content.decode()
        payment.lesson.starts_at -= timedelta(hours=66)
        payment.lesson.save(update_fields=["starts_at"])
        assert "إذا ألغيت الآن ذهب نصف الأجرة إلى" in browser.get(address).content.decode()

    def test_over_says_where_the_fee_is(self, paid, browser, salma, told):
        payment = paid()
        lessons.cancel(lesson=payment.lesson, by=salma)
        told()
        payment.refresh_from_db()
        assert payment.get_state_display() in browser.get(f"/lessons/{payment.lesson_id}/").content.decode()


class TestAReminder:
    def test_comes_once_before_the_time_to_pay_is_over(self, book, yusuf, relay):
        payment = book(hours=72)
        assert fees.remind(now=payment.due_at - timedelta(hours=13)) == 0
        near = payment.due_at - timedelta(hours=11)
        assert [fees.remind(now=near), fees.remind(now=near)] == [1, 0]
        relay()
        asked = Notice.objects.filter(person=yusuf, kind="pay_due").order_by("id").values_list("key", flat=True)
        assert list(asked) == [str(payment.pk), f"{payment.pk}:soon"]

    def test_is_for_nobody_who_was_asked_a_moment_ago_or_has_paid(self, book, paid):
        late, done = book(hours=30, title="خياطة"), paid(hours=96)
        assert fees.remind(now=late.due_at - timedelta(minutes=5)) == 0
        assert fees.remind(now=done.due_at - timedelta(hours=11)) == 0
