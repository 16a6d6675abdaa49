"""What Stripe tells: only the true, fresh and ours is kept, once; unclear news wait an hour, then somebody looks."""

import json
import time
from datetime import timedelta

import pytest
import stripe
from django.conf import settings as given
from django.utils import timezone
from stripe_world import FEE, SECRET

from exchange.outbox.models import Event
from exchange.payments import gateway, rules
from exchange.payments.models import Account, Dispute, Errand, Gift, Movement, News, Payment
from exchange.payments.services import errands, inbox, nightly

pytestmark = pytest.mark.django_db
TABLES = (Account, Dispute, Errand, Event, Gift, Movement, News, Payment)


def rows():
    return {table: table.objects.count() for table in TABLES}


@pytest.fixture
def event(world):
    world.happen("payment_intent.succeeded", world.add("pi", {"object": "payment_intent"}))
    return world.events[-1]


class TestForgeries:
    @pytest.mark.parametrize(
        ("how", "status"),
        [
            ({"signature": ""}, 400),
            ({"signature": "t=1,v1="}, 400),
            ({"signature": "t=x,v1=abc"}, 400),
            ({"signature": "v1=abc"}, 400),
            ({"signature": "t=1,t=2,v1=ab"}, 400),
            ({"signature": "t=٣,v1=ab"}, 400),
            ({"signature": "t=99999999999999,v1=é"}, 400),
            ({"secret": "whsec_other"}, 400),
            ({"at": -301}, 400),
            ({"at": +301}, 400),
            ({"change": {"livemode": True}}, 400),
            ({"change": {"account": "acct_of_somebody_else"}}, 400),
            ({"change": {"id": "not an event"}}, 400),
            ({"change": {"id": "evt_" + "9" * 200}}, 400),
            ({"change": {"data": {}}}, 400),
            ({"change": {"data": {"object": {"id": None}}}}, 400),
            ({"change": {"created": "yesterday"}}, 400),
            ({"change": {"created": 10**18}}, 400),
            ({"body": b"[]"}, 400),
            ({"body": b"\xff\xfe"}, 400),
            ({"body": b"{" * 100_000}, 400),
            ({"body": b""}, 400),
            ({"change": {"padding": "x" * 1_000_000}}, 413),
        ],
    )
    def test_leave_no_row_but_a_counted_refusal(self, world, deliver, event, how, status):
        before, refused = rows(), _refused()
        how = dict(how)
        if "at" in how:
            how["at"] += time.time()
        if "change" in how:
            event = {**event, **how.pop("change")}
        assert deliver(event, **how).status_code == status
        assert rows() == before
        assert _refused() == refused + 1

    def test_that_were_changed_on_the_way_are_refused(self, world, deliver, event):
        body = world.body(event)
        signature = world.signature(body)
        assert deliver(event, body=body.replace(b"pi_", b"px_"), signature=signature).status_code == 400
        assert not News.objects.exists()

    def test_say_their_length_or_are_cut_off(self, client, world):
        answer = client.post("/stripe/webhook/", b"x" * 300_000, content_type="application/json")
        assert answer.status_code == 413

    @pytest.mark.parametrize("seconds", [-270, 290])  # a busy machine needs seconds for it
    def test_is_none_whose_clock_is_nearly_ours(self, deliver, event, seconds):
        assert deliver(event, at=time.time() + seconds).status_code == 200
        assert News.objects.count() == 1

    def test_any_of_several_secrets_will_do(self, deliver, event, settings):
        settings.STRIPE_WEBHOOK_SECRET = f"whsec_new, {SECRET}"
        assert deliver(event).status_code == 200

    def test_the_signature_is_the_one_the_library_makes(self, deliver, event, world):
        body = world.body(event)
        signature = stripe.WebhookSignature.generate_signature_header(body.decode(), SECRET)
        assert deliver(event, body=body, signature=signature).status_code == 200

    def test_news_of_a_mentors_own_account_are_ours(self, connected, deliver, world):
        world.make_ready(connected.account_id, is_ready=False)
        event = {**world.events[-1], "account": connected.account_id}
        assert deliver(event).status_code == 200
        inbox.work()
        connected.refresh_from_db()
        assert not connected.is_ready

    def test_only_post_and_only_with_keys(self, client, world, deliver, event, settings):
        assert client.get("/stripe/webhook/").status_code == 405
        settings.STRIPE_SECRET_KEY = ""
        assert deliver(event).status_code == 404
        assert not News.objects.exists()


class TestKeeping:
    def test_the_same_event_is_kept_once(self, deliver, event):
        assert [deliver(event).status_code for _ in range(5)] == [200] * 5
        assert News.objects.count() == 1

    def test_kinds_we_do_not_listen_to_leave_nothing(self, deliver, event):
        assert deliver({**event, "type": "customer.created"}).status_code == 200
        assert not News.objects.exists()

    def test_no_words_of_the_event_are_kept(self, deliver, event):
        deliver({**event, "data": {"object": {"id": "pi_1", "receipt_email": "salma@example.org"}}})
        assert "salma" not in json.dumps(list(News.objects.values()), default=str)

    def test_is_answered_without_asking_stripe(self, deliver, event, world):
        asked = len(world.asked)
        deliver(event)
        assert len(world.asked) == asked

    def test_news_are_forgotten_after_ninety_days_unless_somebody_is_to_look(self, deliver, event, world):
        deliver(event)
        world.happen("payment_intent.succeeded", world.add("pi", {"object": "payment_intent"}))
        deliver(world.events[-1])
        inbox.work()
        first, last = News.objects.order_by("id")
        News.objects.filter(id=last.pk).update(done_at=None, flagged_at=timezone.now())
        assert inbox.forget(now=timezone.now() + timedelta(days=89)) == 0
        assert inbox.forget(now=timezone.now() + timedelta(days=91)) == 1
        assert News.objects.get() == last
        assert first != last


class TestOrder:
    """S4: before our commit, of something unknown, refund before payment, everything backwards."""

    def later(self, seconds):
        now = timezone.now() + timedelta(seconds=seconds)
        inbox.work(now=now)
        return now

    def test_an_event_before_our_own_commit_is_parked_and_solved(self, book, world, browser, deliver):
        payment = book()
        browser.post(f"/lessons/{payment.lesson_id}/pay/")
        payment.refresh_from_db()
        ref = payment.ref
        Payment.objects.filter(id=payment.pk).update(ref="00000000-0000-4000-8000-000000000000", page_id="")
        world.pay(payment.page_id)
        for event in world.events:
            deliver(event)
        inbox.work()
        assert set(News.objects.filter(done_at=None).values_list("reason", flat=True)) == {"unknown"}
        Payment.objects.filter(id=payment.pk).update(ref=ref)  # our commit comes
        self.later(600)
        payment.refresh_from_db()
        assert (payment.state, payment.received) == ("held", FEE)
        assert not News.objects.filter(object_id__startswith="pi", done_at=None).exists()

    def test_an_event_whose_page_we_have_not_written_down_yet_finds_its_payment(self, book, world, browser, deliver):
        payment = book()
        browser.post(f"/lessons/{payment.lesson_id}/pay/")
        payment.refresh_from_db()
        page = payment.page_id
        Payment.objects.filter(id=payment.pk).update(page_id="", page_url="")
        world.pay(page)
        deliver(world.events[-1])
        inbox.work()
        payment.refresh_from_db()
        assert (payment.state, payment.page_id) == ("held", page)

    def test_an_event_of_something_unknown_is_flagged_after_an_hour(self, world, deliver):
        page = world.make_checkout_sessions({
            "mode": "payment", "metadata": {"ref": "3f1c7a52-0000-4000-8000-000000000000"}, "success_url": "x",
            "line_items": [{"quantity": "1", "price_data": {
                "currency": "jod", "unit_amount": "10", "product_data": {"name": "x"}}}],
            "expires_at": "1",
        })  # fmt: skip
        world.happen("checkout.session.completed", page)
        deliver(world.events[-1])
        for minutes in (0, 1, 5, 15, 30, 45, 59):
            self.later(minutes * 60)
            assert News.objects.get().flagged_at is None
        for minutes in (61, 70):
            self.later(minutes * 60)
        news = News.objects.get()
        assert (news.flagged_at is not None, news.reason, Movement.objects.count()) == (True, "unknown", 0)

    def test_an_event_of_an_object_that_is_gone_is_flagged(self, world, deliver):
        world.happen("charge.refunded", {"object": "charge", "id": "ch_gone"})
        deliver(world.events[-1])
        for minutes in (0, 30, 61, 80):
            self.later(minutes * 60)
        assert News.objects.get().reason == "not_there"
        assert nightly.flagged_count() == 1

    def test_what_is_not_ours_is_let_go(self, world, deliver):
        world.happen("payment_intent.succeeded", world._paid(500, "jod", {}, None))
        deliver(world.events[-1])
        inbox.work()
        assert (News.objects.get().reason, Movement.objects.count()) == ("not_ours", 0)

    def test_a_refund_before_its_payment(self, paid, world, deliver, book, browser):
        payment = book()
        browser.post(f"/lessons/{payment.lesson_id}/pay/")
        payment.refresh_from_db()
        world.pay(payment.page_id)
        intent = world.get(payment.page_id)["payment_intent"]
        world.make_refunds({"payment_intent": intent, "amount": "2500"})
        for event in reversed(world.events):
            deliver(event)
            inbox.work()
        payment.refresh_from_db()
        assert (payment.received, payment.refunded, payment.state) == (FEE, 2_500, "held")

    def test_stripe_that_is_away_is_asked_again(self, book, world, browser, deliver):
        payment = book()
        browser.post(f"/lessons/{payment.lesson_id}/pay/")
        payment.refresh_from_db()
        world.pay(payment.page_id)
        deliver(world.events[-1])
        world.is_down = True
        inbox.work()
        assert News.objects.get().reason == "away"
        world.is_down = False
        gateway._breaker.worked()
        self.later(30)
        payment.refresh_from_db()
        assert payment.state == "held"

    def test_flagged_news_are_tried_again_by_the_command(self, world, deliver, book, browser, capsys):
        from django.core.management import call_command

        payment = book()
        browser.post(f"/lessons/{payment.lesson_id}/pay/")
        payment.refresh_from_db()
        world.pay(payment.page_id)
        deliver(world.events[-1])
        News.objects.update(flagged_at=timezone.now(), reason="unknown")
        call_command("payments", "retry")
        assert json.loads(capsys.readouterr().out) == {"news": 1, "errands": 0, "flagged": 0}
        payment.refresh_from_db()
        assert payment.state == "held"


class TestTheNight:
    def test_finds_what_was_never_told(self, book, world, browser, relay):
        payment = book()
        browser.post(f"/lessons/{payment.lesson_id}/pay/")
        payment.refresh_from_db()
        world.pay(payment.page_id)
        told = nightly.reconcile(now=timezone.now())
        payment.refresh_from_db()
        assert payment.state == "held"
        assert (told["missed"], told["flagged"]) == (len(world.events), 0)
        again = nightly.reconcile(now=timezone.now())
        assert (again["missed"], again["mended"], again["flagged"]) == (0, [], 0)

    def test_finds_what_no_event_tells(self, book, world, browser):
        payment = book()
        browser.post(f"/lessons/{payment.lesson_id}/pay/")
        payment.refresh_from_db()
        world.pay(payment.page_id)
        world.events.clear()
        assert nightly.reconcile(now=timezone.now())["mended"] == [str(payment.ref)]

    def test_reads_many_pages_of_events(self, world):
        for _ in range(250):
            world.happen("payment_intent.succeeded", world.add("pi", {"object": "payment_intent"}))
        assert nightly.reconcile(now=timezone.now())["missed"] == 250

    def test_looks_no_further_back_than_it_is_told(self, world):
        world.now = time.time() - (rules.LOOK_BACK_DAYS + 1) * 86_400
        world.happen("payment_intent.succeeded", world.add("pi", {"object": "payment_intent"}))
        assert nightly.reconcile(now=timezone.now())["missed"] == 0


class TestErrands:
    def test_one_that_was_done_before_its_worker_died_is_found_not_done_again(self, paid, salma, world, relay):
        from exchange.lessons import services as lessons

        payment = paid()
        lessons.cancel(lesson=payment.lesson, by=salma)
        relay()
        errand = Errand.objects.get()
        Errand.objects.update(done_at=None, due_at=timezone.now())  # the answer came, our note did not
        world.kept.clear()  # and so late that Stripe has forgotten the key
        errands.run()
        assert len(world.of("refund")) == 1
        payment.refresh_from_db()
        assert (payment.refunded, payment.state) == (FEE, "returned")
        assert Errand.objects.get().object_id == errand.object_id

    def test_every_try_goes_under_the_key_of_the_errand(self, paid, monkeypatch):
        payment, keys = paid(), []

        def away(*, key, **_rest):
            keys.append(key)
            raise gateway.StripeAway

        for act in (rules.REFUND, rules.TRANSFER):
            monkeypatch.setattr(gateway, act, away)
            assert errands.give(act=act, key=f"one {act}", payment=payment, amount=1)
        for minutes in (1, 5):
            errands.run(now=timezone.now() + timedelta(minutes=minutes))
        assert keys == ["one refund", "one transfer"] * 2

    def test_one_that_stripe_refuses_is_flagged_after_its_tries(self, paid, salma, world, relay):
        from exchange.lessons import services as lessons

        payment = paid()
        world.get(world.get(payment.intent_id)["latest_charge"])["amount_refunded"] = FEE  # by hand, elsewhere
        lessons.cancel(lesson=payment.lesson, by=salma)
        relay()
        now = timezone.now()
        for _ in range(rules.MOST_TRIES + 2):
            now += timedelta(hours=5)
            errands.run(now=now)
        errand = Errand.objects.flagged().get()
        assert (errand.reason, errand.tries) == ("charge_already_refunded", rules.MOST_TRIES)
        assert errands.retry(errand_id=errand.pk) == 1


class TestTheGateway:
    def test_every_post_has_a_key_and_the_version_is_pinned(self, paid, world):
        paid()
        assert world.base == given.STRIPE_API_BASE
        assert all(key for method, _path, key in world.asked if method != "GET")
        assert gateway._client()._requestor._options.stripe_version == gateway.API_VERSION

    def test_a_stripe_that_hangs_is_left_in_time(self, world, settings):
        settings.STRIPE_SECONDS = 0.2
        world.slow_seconds = 1.0
        started = time.monotonic()
        with pytest.raises(gateway.StripeAway):
            gateway.own_account()
        assert time.monotonic() - started < 5


def _refused():
    from exchange.lib.counters import WEBHOOKS

    good = ("new", "again", "ignored")
    samples = [sample for metric in WEBHOOKS.collect() for sample in metric.samples]
    return sum(each.value for each in samples if each.name.endswith("_total") and each.labels["result"] not in good)
