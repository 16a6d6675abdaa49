"""Who may see and do what with money; and without keys there is nothing of it."""

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import services as accounts
from exchange.payments import tasks
from exchange.payments.models import Account, Dispute, Errand, Gift, Movement, News, Payment

DOOR = "door"
ENGLISH = {"accept-language": "en"}
ROLES = ("anonymous", "salma", "yusuf", "karim", "huda", "amal")
RULES = {  # anonymous, teacher, learner, a stranger, curator, admin
    ("GET", "/fund/"): (200,) * 6,
    ("POST", "/fund/"): (422,) * 6,
    ("GET", "/fund/TOKEN/"): (200,) * 6,  # its address is the key
    ("POST", "/fund/TOKEN/stop/"): (409,) * 6,
    ("GET", "/fund/nonsense/"): (404,) * 6,
    ("GET", "/me/payments/"): (DOOR, *(200,) * 5),
    ("GET", "/me/payments/PK/"): (DOOR, 200, 200, 404, 404, 404),
    ("GET", "/lessons/LESSON/pay/"): (DOOR, 404, 200, 404, 404, 404),
    ("POST", "/lessons/LESSON/pay/"): (DOOR, 404, 302, 404, 404, 404),
    ("POST", "/me/payments/connect/"): (DOOR, *(302,) * 5),
    ("POST", "/me/payments/look/"): (DOOR, *(302,) * 5),
    ("GET", "/desk/payments/"): (DOOR, 404, 404, 404, 200, 200),
    ("POST", "/desk/payments/retry/"): (DOOR, 404, 404, 404, 302, 302),
    ("POST", "/stripe/webhook/"): (400,) * 6,
}


@pytest.fixture
def browsers(cast, districts, client_of):
    amal = accounts.make_person(email="amal@example.org", name="أمل", district=districts["waha"], role="admin")
    return {role: Client() if role == "anonymous" else client_of({**cast, "amal": amal}[role]) for role in ROLES}


@pytest.fixture
def things(book):
    payment, gift = book(), Gift.objects.create(amount=5_000, currency="JOD")
    return {"PK": str(payment.pk), "LESSON": str(payment.lesson_id), "TOKEN": gift.token}


def ask(browser, method, address, things):
    for name, value in things.items():
        address = address.replace(name, value)
    answer = browser.post(address) if method == "POST" else browser.get(address)
    to_the_door = answer.status_code == 302 and answer["Location"].startswith("/enter/")
    return DOOR if to_the_door else answer.status_code


def test_everyone_gets_what_the_rules_say(things, browsers):
    wrong = {}
    for (method, address), rule in RULES.items():
        got = tuple(ask(browsers[role], method, address, things) for role in ROLES)
        if got != rule:
            wrong[method, address] = got
    assert wrong == {}


class TestWithoutKeys:
    def test_no_page_is_there(self, things, browsers, settings):
        settings.STRIPE_SECRET_KEY = settings.STRIPE_WEBHOOK_SECRET = ""
        for method, address in RULES:
            assert {ask(browsers[role], method, address, things) for role in ROLES} <= {404, DOOR}
            assert ask(browsers["yusuf"], method, address, things) == 404

    def test_no_page_speaks_of_it(self, things, browsers, settings):
        settings.STRIPE_SECRET_KEY = settings.STRIPE_WEBHOOK_SECRET = ""
        for role, address in (
            ("anonymous", "/"), ("yusuf", "/"), ("yusuf", "/me/"), ("huda", "/desk/"),
            ("yusuf", "/help/"),
        ):  # fmt: skip
            page = browsers[role].get(address).content.decode()
            assert [word for word in ("/fund/", "payments", "Stripe") if word in page] == [], address

    def test_no_row_is_written_and_nothing_is_asked(self, db, world, settings, make_offer, salma, yusuf):
        settings.STRIPE_SECRET_KEY = settings.STRIPE_WEBHOOK_SECRET = ""
        tasks.work()
        tasks.reconcile()
        Client().post("/stripe/webhook/", b"{}", content_type="application/json")
        Client().post("/fund/", {"amount": "5000", "how": "once"})
        assert [table.objects.count() for table in (Account, Dispute, Errand, Gift, Movement, News, Payment)] == [0] * 7
        assert world.asked == []

    def test_the_command_says_so(self, settings, capsys):
        with pytest.raises(SystemExit) as ended:
            call_command("payments", "work")
        assert ended.value.code == 2
        assert "STRIPE_SECRET_KEY is not set" in capsys.readouterr().err

    def test_the_kinds_of_notices_are_not_offered(self, browsers, settings, world):
        assert "fee_paid" in browsers["yusuf"].get("/me/notices/").content.decode()
        settings.STRIPE_SECRET_KEY = ""
        assert "fee_paid" not in browsers["yusuf"].get("/me/notices/").content.decode()


class TestConnecting:
    def test_leads_to_stripe_and_is_ready_when_stripe_says_so(self, world, client_of, salma, told):
        browser = client_of(salma)
        answer = browser.post("/me/payments/connect/")
        account = Account.objects.get(person=salma)
        assert answer["Location"] == f"{world.base}/onboard/{account.account_id}"
        assert not account.is_ready
        world.make_ready(account.account_id)
        told()
        account.refresh_from_db()
        assert account.is_ready
        page = browser.get("/me/payments/").content.decode()
        assert "/me/payments/look/" in page

    def test_twice_opens_one_account(self, world, client_of, salma):
        for _ in range(3):
            client_of(salma).post("/me/payments/connect/")
        assert len(world.of("account")) == 1

    def test_stripe_is_asked_anew_by_a_button(self, world, client_of, salma):
        client_of(salma).post("/me/payments/connect/")
        world.make_ready(Account.objects.get().account_id)
        client_of(salma).post("/me/payments/look/")
        assert Account.objects.get().is_ready

    def test_stripe_is_asked_once_on_the_way_back(self, world, client_of, salma):
        browser = client_of(salma)
        browser.post("/me/payments/connect/")
        assert "Stripe still wants to know" in browser.get("/me/payments/?back=1", headers=ENGLISH).content.decode()
        world.make_ready(Account.objects.get().account_id)
        assert "Your account is connected" in browser.get("/me/payments/?back=1", headers=ENGLISH).content.decode()
        asked = len(world.asked)
        browser.get("/me/payments/?back=1")  # it is known by now
        assert len(world.asked) == asked

    def test_a_stripe_that_is_away_on_the_way_back_is_said_so(self, world, client_of, salma):
        client_of(salma).post("/me/payments/connect/")
        world.is_down = True
        page = client_of(salma).get("/me/payments/?back=1", headers=ENGLISH).content.decode()
        assert "Stripe does not answer just now" in page
        assert "Stripe still wants to know" not in page

    def test_is_for_adults(self, world, client_of, districts):
        layan = accounts.make_person(email="layan@example.org", name="ليان", age="13-17", district=districts["waha"])
        client_of(layan).post("/me/payments/connect/")
        assert not Account.objects.exists()


class TestTheDesk:
    def test_shows_disputes_and_what_failed_and_tries_again(self, paid, world, told, client_of, huda, salma):
        from exchange.lessons import services as lessons

        payment = paid()
        world.dispute(payment.intent_id)
        told()
        Account.objects.update(is_ready=False)
        page = client_of(huda).get("/desk/payments/").content.decode()
        assert payment.number in page
        assert huda.notices.filter(kind="money_disputed").count() == 1
        world.end_dispute(Dispute.objects.get().dispute_id, "won")
        lessons.cancel(lesson=payment.lesson, by=salma)
        told()
        Errand.objects.update(flagged_at="2026-11-01T00:00Z", done_at=None, reason="charge_already_refunded")
        assert "charge_already_refunded" in client_of(huda).get("/desk/payments/").content.decode()
        assert client_of(huda).post("/desk/payments/retry/", {"what": "all"}).status_code == 302
        assert not Errand.objects.flagged().exists()

    def test_is_counted_on_the_desk(self, paid, world, told, client_of, huda):
        world.dispute(paid().intent_id)
        told()
        assert 'href="/desk/payments/"' in client_of(huda).get("/desk/").content.decode()


def test_pages_cost_the_same_however_many_rows(book, world, client_of, yusuf, huda, cast):
    payment = book()
    pages = ("/me/payments/", f"/me/payments/{payment.pk}/", f"/lessons/{payment.lesson_id}/pay/", "/fund/")

    def costs():
        found = {}
        for who, address in [*((yusuf, page) for page in pages), (huda, "/desk/payments/"), (huda, "/desk/")]:
            browser = client_of(who)
            browser.get(address)
            with CaptureQueriesContext(connection) as queries:
                assert browser.get(address).status_code == 200
            found[address] = len(queries)
        return found

    few = costs()
    for number in range(4):
        book(title=f"تطريز {number}", hours=96 + 3 * number)
    Gift.objects.bulk_create(Gift(person=yusuf, amount=500, currency="JOD", received=500) for _ in range(40))
    Dispute.objects.bulk_create(
        Dispute(dispute_id=f"dp_{each}", payment=payment, amount=5, status="needs_response") for each in range(20)
    )
    Errand.objects.bulk_create(
        Errand(key=f"k{each}", act="refund", payment=payment, flagged_at="2026-11-01T00:00Z") for each in range(20)
    )
    assert costs() == few
    assert max(few.values()) <= 12
