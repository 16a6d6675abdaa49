"""The gateway against a Stripe: everything it asks, with the keys, the amounts and the shapes that Stripe describes.

With STRIPE_MOCK each request is checked by Stripe's own description first (tests/stripe_world.py).
"""

import time

import pytest

from exchange.payments import gateway

LATER = int(time.time()) + 7_200
PAGE = {"currency": "JOD", "name": "خياطة", "language": "ar", "back": "http://x/b", "leave": "http://x/l",
        "expires_at": LATER}  # fmt: skip


def pay(world, ref="r1", amount=7_500, **how):
    page = gateway.open_page(key=f"k:{ref}", ref=ref, group=f"g-{ref}", amount=amount, **PAGE, **how)
    world.pay(page.id)
    return gateway.standing(page.id)


def test_a_payment_from_its_page_to_the_teacher_and_back(world):
    paid = pay(world, email="yusuf@example.org")
    assert (paid.ref, paid.received, paid.currency) == ("r1", 7_500, "JOD")
    account = gateway.open_account(key="a", email="salma@example.org", ref="s").id
    assert gateway.account_page(account, key="l", back="http://x/").startswith("http")
    assert not gateway.account(account).is_ready
    world.make_ready(account)
    assert gateway.account(account).is_ready
    how = {"currency": "JOD", "account": account, "charge": paid.charge, "group": "g-r1", "ref": "r1"}
    sent = gateway.transfer(key="t", amount=5_000, **how)
    back = gateway.refund(key="b", intent=paid.intent, amount=2_500, ref="r1")
    for thing in (paid.page.id, paid.intent, paid.charge, sent.id, back.id):
        found = gateway.standing(thing)
        assert (found.ref, found.received) == ("r1", 7_500)
        assert [each.amount for each in (*found.transfers, *found.refunds)] == [5_000, 2_500]
    world.reverse(sent.id, 1_000)
    assert [each.amount for each in gateway.standing(sent.id).reversals] == [1_000]
    dispute = world.dispute(paid.intent)
    assert [each.status for each in gateway.standing(dispute["id"]).disputes] == ["needs_response"]
    assert world.strange == set()


def test_a_monthly_gift_from_its_page_to_its_end(world):
    page = gateway.open_page(key="m", ref="r2", group="", amount=5_000, is_gift=True, is_monthly=True, **PAGE)
    world.pay(page.id)
    monthly = gateway.standing(page.id)
    assert (monthly.ref, monthly.is_monthly, monthly.subscription_status) == ("r2", True, "active")
    (invoice,) = world.of("invoice")
    for thing in (invoice["id"], world.of("payment_intent")[0]["id"]):
        assert (gateway.standing(thing).ref, gateway.standing(thing).received) == ("r2", 5_000)
    gateway.stop_monthly(monthly.subscription, key="s")
    gateway.stop_monthly(monthly.subscription, key="s")
    assert gateway.standing(monthly.subscription).subscription_status == "canceled"
    assert world.strange <= {("invoice", "payments")}  # there when it is asked to be


def test_a_page_that_is_closed_stays_closed(world):
    page = gateway.open_page(key="c", ref="r3", group="g", amount=500, **PAGE)
    assert gateway.close_page(page.id, key="x").status == "expired"
    assert gateway.close_page(page.id, key="x").status == "expired"
    assert world.strange == set()


def test_what_a_key_has_done_is_found_after_stripe_forgot_the_key(world):
    paid = pay(world)
    first = gateway.refund(key="b", intent=paid.intent, amount=2_500, ref="r1")
    world.kept.clear()
    assert gateway.refund(key="b", intent=paid.intent, amount=2_500, ref="r1").id == first.id
    assert len(world.of("refund")) == 1


@pytest.mark.parametrize(
    ("do", "kind", "reason"),
    [
        (lambda: gateway.page("cs_gone"), gateway.NotThere, "resource_missing"),
        (lambda: gateway.refund(key="k", intent="pi_gone", amount=1, ref="r"), gateway.NotThere, "resource_missing"),
    ],
)
def test_errors_become_refusals_with_stripes_word(world, do, kind, reason):
    with pytest.raises(kind) as refusal:
        do()
    assert refusal.value.reason == reason


def test_a_key_used_for_another_amount_is_refused(world):
    pay(world)
    with pytest.raises(gateway.StripeSaysNo):
        gateway.open_page(key="k:r1", ref="r1", group="g-r1", amount=9_000, **PAGE)
    assert len(world.of("checkout.session")) == 1


def test_what_fails_three_times_is_left_alone_for_a_while(world):
    world.is_down = True
    for _ in range(3):
        with pytest.raises(gateway.StripeAway):
            gateway.page("cs_1")
    asked = len(world.asked)
    with pytest.raises(gateway.StripeAway):
        gateway.page("cs_1")
    assert len(world.asked) == asked
    gateway._breaker.worked()


def test_objects_of_other_kinds_and_of_others_are_none_of_ours(world):
    assert gateway.standing("cus_1") is None
    stray = world._paid(500, "jod", {}, None)
    assert gateway.standing(stray["id"]) is None


def test_the_account_of_the_city_answers(world):
    assert gateway.own_account() == "acct_city"
    assert not gateway.is_live()
