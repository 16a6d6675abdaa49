"""A city with keys, a small Stripe beside it; Salma has connected her account, Yusuf learns for a fee."""

from datetime import timedelta

import pytest
from django.utils import timezone
from stripe_world import FEE, KEY, SECRET, World

from exchange.lessons import services as lessons
from exchange.lessons.rules import Span
from exchange.payments import gateway
from exchange.payments.models import Account, Payment
from exchange.payments.services import errands, inbox


@pytest.fixture
def world(settings):
    """A small Stripe, and a city that has its keys."""
    with World() as world:
        settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = KEY, SECRET
        settings.STRIPE_API_BASE, settings.STRIPE_SECONDS = world.base, 5.0
        gateway._breaker.worked()
        yield world
        gateway._make_client.cache_clear()


@pytest.fixture
def deliver(world, client):
    """Send an event as Stripe does; gives the answer."""

    def send(event, *, at=None, secret=None, body=None, signature=None):
        body = world.body(event) if body is None else body
        signature = world.signature(body, at=at, secret=secret) if signature is None else signature
        return client.post(
            "/stripe/webhook/", body, content_type="application/json", headers={"stripe-signature": signature}
        )

    return send


@pytest.fixture
def told(world, deliver, relay):
    """Let everything that happened at Stripe arrive, and all that follows from it, until nothing is left."""
    sent = set()

    def bring():
        for _round in range(6):
            news = [event for event in world.events if event["id"] not in sent]
            for event in news:
                sent.add(event["id"])
                assert deliver(event).status_code == 200, event["type"]
            relay()
            inbox.work()
            errands.run()
            relay()
            if not news:
                return

    return bring


@pytest.fixture
def connected(world, salma):
    """Salma's account at Stripe can be paid."""
    account = world.make_accounts({"email": salma.email})
    world.make_ready(account["id"])
    return Account.objects.create(person=salma, account_id=account["id"], is_ready=True)


@pytest.fixture
def book(connected, make_offer, salma, yusuf, relay):
    """Book a lesson for a fee, so many hours from now; gives it with its payment."""

    def make(*, hours=72.0, fee=FEE, title="خياطة للمبتدئات", learner=None):
        learner = learner or yusuf
        offer = make_offer(salma, title, ["rukn:sewing"])
        start = timezone.now() + timedelta(hours=hours)
        lesson = lessons.say_hello(listing=offer, by=learner, body="مرحبًا")
        lesson = lessons.ask(
            lesson=lesson, by=learner, times=[Span(start, start + timedelta(hours=1))], minutes=60, format="online",
            in_return="fee", fee=fee, currency="JOD",
        )  # fmt: skip
        lesson = lessons.accept(lesson=lesson, by=salma, proposal=lesson.proposals.get())
        relay()
        return Payment.objects.get(lesson=lesson)

    return make


@pytest.fixture
def browser(client_of, yusuf):
    return client_of(yusuf)


@pytest.fixture
def paid(book, world, browser, told):
    """Book a lesson and pay its fee."""

    def make(**how):
        payment = book(**how)
        assert browser.post(f"/lessons/{payment.lesson_id}/pay/").status_code == 302
        payment.refresh_from_db()
        world.pay(payment.page_id)
        told()
        payment.refresh_from_db()
        assert payment.state == "held"
        return payment

    return make
