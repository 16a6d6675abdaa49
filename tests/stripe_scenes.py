"""What may happen to one payment or gift at Stripe, and what must be written here in the end: S1's scenes."""

import random
from datetime import timedelta

from django.utils import timezone

from exchange.chat.models import Conversation
from exchange.lessons.models import Lesson, Step
from exchange.payments import money
from exchange.payments.models import Gift, Movement, Payment

FEE_SCENES = ("booked", "confirmed", "cancelled", "late", "no_show", "half")
GIFT_SCENES = ("once", "monthly")


def page_for(world, ref, amount, *, group=None, monthly=False):
    """Open a page at Stripe as the gateway does."""
    price = {"currency": "jod", "unit_amount": str(amount), "product_data": {"name": "x"}}
    return world.make_checkout_sessions({
        "mode": "subscription" if monthly else "payment", "metadata": {"ref": str(ref)}, "expires_at": "1",
        "line_items": [{"quantity": "1", "price_data": price}], "success_url": "http://x/",
        "payment_intent_data": {"metadata": {"ref": str(ref)}, "transfer_group": group},
    })  # fmt: skip


def fee_scene(world, rng, *, teacher, learner):
    """A lesson that is paid, ends in one of the ways, and may be disputed or partly given back by hand."""
    state, now = rng.choice(FEE_SCENES), timezone.now()
    ended = {"late": "cancelled", "half": "confirmed"}.get(state, state)
    lesson = Lesson.objects.create(
        teacher=teacher, learner=learner, opened_by=learner, conversation=Conversation.objects.create(subject="x"),
        state=ended, starts_at=now + timedelta(days=3), ends_at=now + timedelta(days=3, hours=1), minutes=60,
        in_return="fee", fee=10, currency="JOD", why="half" if state == "half" else "",
        teacher_said="missed" if rng.random() < 0.5 else "",
    )  # fmt: skip
    if ended == "cancelled":
        Step.objects.create(lesson=lesson, act="cancel", from_state="booked", to_state=ended, at=now,
                            facts={"costs": state == "late"})  # fmt: skip
    payment = Payment.objects.create(
        lesson=lesson, payer=learner, payee=teacher, amount=rng.randrange(50, 5_000) * 10, currency="JOD",
        due_at=now + timedelta(days=2),
    )  # fmt: skip
    page = page_for(world, payment.ref, payment.amount, group=payment.group)
    if rng.random() < 0.7:  # else the news comes before we wrote the page down
        Payment.objects.filter(id=payment.pk).update(page_id=page["id"])
    intent = world.pay(page["id"])["payment_intent"]
    if state == "booked" and rng.random() < 0.4:
        world.make_refunds({"payment_intent": intent, "amount": str(payment.amount // 20 * 10)})
    if rng.random() < 0.2:
        dispute = world.dispute(intent)
        if rng.random() < 0.7:
            world.end_dispute(dispute["id"], rng.choice(["won", "lost"]))
    return payment


def gift_scene(world, rng):
    """A gift, once or for some months, which may be given back or stopped."""
    monthly = rng.choice(GIFT_SCENES) == "monthly"
    gift = Gift.objects.create(amount=rng.randrange(50, 500) * 10, currency="JOD", is_monthly=monthly)
    page = world.pay(page_for(world, gift.ref, gift.amount, monthly=monthly)["id"])
    if monthly:
        for _ in range(rng.randrange(3)):
            world.next_month(page["subscription"])
        if rng.random() < 0.5:
            world.end_subscription(page["subscription"])
    elif rng.random() < 0.4:
        refund = world.make_refunds({"payment_intent": page["payment_intent"], "amount": str(gift.amount // 20 * 10)})
        if rng.random() < 0.3:
            world.fail_refund(refund["id"])
    return gift


def scene(world, seed, *, teacher, learner):
    """Give what one seed makes happen."""
    rng = random.Random(seed)
    return gift_scene(world, rng) if rng.random() < 0.3 else fee_scene(world, rng, teacher=teacher, learner=learner)


def reference(world, ref):
    """Give every movement that must be written for what carries this reference, read off Stripe's own state."""
    ref, found = str(ref), set()
    invoices = {
        paid["payment"]["payment_intent"]
        for paid in world.of("invoice_payment")
        if world.get(paid["invoice"])["parent"]["subscription_details"]["metadata"].get("ref") == ref
    }
    for intent in world.of("payment_intent"):
        if intent["metadata"].get("ref") == ref or intent["id"] in invoices:
            found |= _movements(world, intent)
    return found


def _movements(world, intent):
    found = {(intent["id"], "paid", intent["amount_received"])}
    for refund in [each for each in world.of("refund") if each["payment_intent"] == intent["id"]]:
        found.add((refund["id"], "refunded", -refund["amount"]))
        if refund["status"] == "failed":
            found.add((refund["id"], "refund_failed", refund["amount"]))
    for dispute in [each for each in world.of("dispute") if each["payment_intent"] == intent["id"]]:
        found.add((dispute["id"], "disputed", -dispute["amount"]))
        if dispute["status"] == "won":
            found.add((dispute["id"], "dispute_won", dispute["amount"]))
    for transfer in [each for each in world.of("transfer") if each["source_transaction"] == intent["latest_charge"]]:
        found.add((transfer["id"], "transferred", -transfer["amount"]))
    return found


def written(thing):
    """Give the movements that are written for a payment or a gift."""
    rows = Movement.objects.filter(**{"payment" if isinstance(thing, Payment) else "gift": thing})
    return list(rows.values_list("object_id", "effect", "amount"))


def owed(payment, world):
    """Give (to the teacher, back to the learner) that must have moved in the end, by the rule, worked out anew."""
    lesson, amount = payment.lesson, payment.amount
    intents = [each for each in world.of("payment_intent") if each["metadata"].get("ref") == str(payment.ref)]
    disputes = [each for each in world.of("dispute") if each["payment_intent"] == intents[0]["id"]]
    by_hand = sum(
        each["amount"]
        for each in world.of("refund")
        if each["payment_intent"] == intents[0]["id"] and "key" not in each["metadata"]
    )
    if any(each["status"] != "won" for each in disputes):
        return None  # open: nothing moves; lost: there is nothing to move
    half = amount // 2 // money.step("JOD") * money.step("JOD")
    steps = lesson.steps.filter(act="cancel")
    costs = any(step.facts.get("costs") for step in steps)
    teachers = {
        "booked": 0, "confirmed": half if lesson.why == "half" else amount, "cancelled": half if costs else 0,
        "no_show": amount if lesson.teacher_said == "missed" else 0,
    }[lesson.state]  # fmt: skip
    return teachers, by_hand if lesson.state == "booked" else amount - teachers


def differences(world, things):
    """Give what is not as it must be: missing, written twice, or moved too much or too little."""
    wrong = []
    for thing in things:
        rows = written(thing)
        if sorted(rows) != sorted(reference(world, thing.ref)):
            wrong.append(("movements", str(thing.ref), sorted(set(rows) ^ reference(world, thing.ref)), len(rows)))
        if isinstance(thing, Payment):
            thing.refresh_from_db()
            must = owed(thing, world)
            if must is not None and (thing.transferred, thing.refunded) != must:
                wrong.append(("owed", str(thing.ref), thing.lesson.state, (thing.transferred, thing.refunded), must))
    return wrong
