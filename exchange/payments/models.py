"""Rows of money: what is to be paid, what is given, what Stripe told us, what it did, what we ask of it.

A `Movement` is written once for one thing at Stripe and one effect, and never changed: sums of movements are the truth,
and what a `Payment` or `Gift` shows follows from them.
"""

import secrets
import uuid
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from exchange.lessons.models import Lesson
from exchange.payments import rules


def new_token() -> str:
    """Give a word that nobody guesses: 192 bits."""
    return secrets.token_urlsafe(24)


class Account(models.Model):
    """A mentor's own account at Stripe, to which fees are handed on."""

    person = models.OneToOneField(Person, on_delete=models.PROTECT, related_name="stripe_account")
    ref = models.UUIDField(default=uuid.uuid4, unique=True)
    account_id = models.CharField(max_length=100, unique=True, null=True, blank=True)  # None: being opened
    is_ready = models.BooleanField(default=False)  # money can reach it
    is_waiting = models.BooleanField(default=False)  # everything is said, Stripe still looks
    links = models.PositiveIntegerField(default=0)  # pages asked for, so that each has a key of its own
    made_at = models.DateTimeField(default=timezone.now)
    looked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.person_id}: {self.account_id}"


class PaymentQuerySet(models.QuerySet["Payment"]):
    """Which payments."""

    def of(self, person: Person) -> "PaymentQuerySet":
        """Give those a person pays or is paid."""
        return self.filter(Q(payer=person) | Q(payee=person))

    def unpaid_since(self, now: datetime) -> "PaymentQuerySet":
        """Give those whose time to pay is over."""
        return self.filter(state=rules.DUE, due_at__lte=now)

    def to_remind_of(self, now: datetime) -> "PaymentQuerySet":
        """Give those whose time to pay is nearly over and whose payer has not been reminded of it."""
        is_near = Q(due_at__gt=now, due_at__lte=now + rules.REMIND_BEFORE)
        was_early = Q(made_at__lte=F("due_at") - 2 * rules.REMIND_BEFORE)
        return self.filter(is_near, was_early, state=rules.DUE, reminded_at=None)


class Payment(models.Model):
    """The fee of one lesson: paid by the learner, held by the city, handed on or given back."""

    class State(models.TextChoices):
        DUE = rules.DUE, _("to be paid")
        HELD = rules.HELD, _("paid, held until the lesson")
        RELEASED = rules.RELEASED, _("handed on to the teacher")
        RETURNED = rules.RETURNED, _("given back to the learner")
        SHARED = rules.SHARED, _("half handed on, half given back")
        VOID = rules.VOID, _("not to be paid any more")
        AT_BANK = rules.AT_BANK, _("the bank holds it back")
        TAKEN = rules.TAKEN, _("taken back by the bank")

    ref = models.UUIDField(default=uuid.uuid4, unique=True)
    lesson = models.OneToOneField(Lesson, on_delete=models.PROTECT, related_name="payment")
    payer = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="payments_made")
    payee = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="payments_received")
    amount = models.PositiveIntegerField()  # in the smallest unit
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=8, choices=State, default=State.DUE)
    due_at = models.DateTimeField()
    made_at = models.DateTimeField(default=timezone.now)
    reminded_at = models.DateTimeField(null=True, blank=True)
    paid_at = models.DateTimeField(null=True, blank=True)
    void_at = models.DateTimeField(null=True, blank=True)  # since when it is not to be paid any more
    attempt = models.PositiveSmallIntegerField(default=1)  # pages opened one after the other, each with its own key
    page_id = models.CharField(max_length=100, blank=True, default="")
    page_url = models.TextField(blank=True, default="")
    page_asked = models.JSONField(default=dict, blank=True)  # what it was asked with: a retry must say the same
    intent_id = models.CharField(max_length=100, blank=True, default="")
    charge_id = models.CharField(max_length=100, blank=True, default="")
    received = models.PositiveIntegerField(default=0)
    refunded = models.PositiveIntegerField(default=0)
    transferred = models.PositiveIntegerField(default=0)
    is_disputed = models.BooleanField(default=False)  # with the bank: nothing moves until that is over

    objects = PaymentQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["payer", "-id"], name="payment_payer"),
            models.Index(fields=["payee", "-id"], name="payment_payee"),
            models.Index(fields=["due_at"], condition=Q(state="due"), name="payment_due"),
            models.Index(fields=["-id"], condition=Q(is_disputed=True), name="payment_disputed"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_is_of_something"),
            models.CheckConstraint(condition=~Q(payer=F("payee")), name="nobody_pays_themselves"),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.amount} {self.currency}"

    def get_absolute_url(self) -> str:
        """Its receipt."""
        return reverse("payment", args=[self.pk])

    @property
    def number(self) -> str:
        """What stands on the receipt."""
        return f"R-{self.made_at.year}-{self.pk:06d}"

    @property
    def group(self) -> str:
        """What holds its charge and its transfers together at Stripe."""
        return f"rukn-{self.ref}"

    @property
    def is_with_bank(self) -> bool:
        """Whether the bank has what was paid: until it has decided, or for good."""
        return self.state in (rules.AT_BANK, rules.TAKEN)

    @property
    def is_due(self) -> bool:
        """Whether the learner is asked to pay now."""
        return self.state == rules.DUE


class GiftQuerySet(models.QuerySet["Gift"]):
    """Which gifts."""

    def given(self) -> "GiftQuerySet":
        """Give those that arrived."""
        return self.filter(received__gt=0)


class Gift(models.Model):
    """Money somebody gives to the community fund, once or every month. Who gave what is shown to the giver alone."""

    ref = models.UUIDField(default=uuid.uuid4, unique=True)
    token = models.CharField(max_length=40, default=new_token, unique=True)  # opens its page, also without an account
    person = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="gifts")
    amount = models.PositiveIntegerField()  # in the smallest unit, of each month where it is monthly
    currency = models.CharField(max_length=3)
    is_monthly = models.BooleanField(default=False)
    made_at = models.DateTimeField(default=timezone.now)
    page_id = models.CharField(max_length=100, blank=True, default="")
    page_url = models.TextField(blank=True, default="")
    page_asked = models.JSONField(default=dict, blank=True)
    intent_id = models.CharField(max_length=100, blank=True, default="")
    subscription_id = models.CharField(max_length=100, blank=True, default="")
    stopped_at = models.DateTimeField(null=True, blank=True)  # a monthly gift: no more of it
    received = models.PositiveBigIntegerField(default=0)
    refunded = models.PositiveBigIntegerField(default=0)

    objects = GiftQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["person", "-id"], name="gift_person")]
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="gift_is_of_something")]

    def __str__(self) -> str:
        return f"{self.pk}: {self.amount} {self.currency}"

    def get_absolute_url(self) -> str:
        """Its page, for whoever has the address."""
        return reverse("gift", args=[self.token])

    @property
    def may_be_stopped(self) -> bool:
        """Whether it comes every month and is not stopped."""
        return self.is_monthly and bool(self.subscription_id) and self.stopped_at is None


class Movement(models.Model):
    """One effect of one thing at Stripe, once: money that came, went on, went back. Never changed, never deleted."""

    class Effect(models.TextChoices):
        PAID = "paid", _("paid")
        REFUNDED = "refunded", _("given back")
        REFUND_FAILED = "refund_failed", _("could not be given back")
        TRANSFERRED = "transferred", _("handed on")
        REVERSED = "reversed", _("came back from the teacher")
        DISPUTED = "disputed", _("taken back by the bank")
        DISPUTE_WON = "dispute_won", _("given by the bank again")

    object_id = models.CharField(max_length=100)
    effect = models.CharField(max_length=14, choices=Effect)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, null=True, related_name="movements")
    gift = models.ForeignKey(Gift, on_delete=models.PROTECT, null=True, related_name="movements")
    amount = models.BigIntegerField()  # in the smallest unit, what the city's account has more of
    currency = models.CharField(max_length=3)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["object_id", "effect"], name="one_movement_per_effect"),
            models.CheckConstraint(
                condition=Q(payment=None, gift__isnull=False) | Q(payment__isnull=False, gift=None),
                name="movement_of_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.object_id} {self.effect} {self.amount}"


class ErrandQuerySet(models.QuerySet["Errand"]):
    """Which errands."""

    def due(self, now: datetime) -> "ErrandQuerySet":
        """Give those to be done now, oldest first."""
        return self.filter(done_at=None, flagged_at=None, due_at__lte=now).order_by("due_at", "id")

    def flagged(self) -> "ErrandQuerySet":
        """Give those that somebody is to look at."""
        return self.filter(done_at=None, flagged_at__isnull=False).order_by("id")


class Errand(models.Model):
    """What we ask of Stripe when nobody waits for it: its key makes it happen once, however often it is tried."""

    class Act(models.TextChoices):
        TRANSFER = rules.TRANSFER, _("hand on")
        REFUND = rules.REFUND, _("give back")
        CLOSE = rules.CLOSE, _("close the page to pay on")
        STOP = rules.STOP, _("end a monthly gift")

    key = models.CharField(max_length=80, unique=True)
    act = models.CharField(max_length=8, choices=Act)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, null=True, related_name="errands")
    gift = models.ForeignKey(Gift, on_delete=models.PROTECT, null=True, related_name="errands")
    amount = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now)
    tries = models.PositiveSmallIntegerField(default=0)
    done_at = models.DateTimeField(null=True, blank=True)
    flagged_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=100, blank=True, default="")  # Stripe's word, never a person's
    object_id = models.CharField(max_length=100, blank=True, default="")

    objects = ErrandQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["due_at", "id"], condition=Q(done_at=None, flagged_at=None), name="errand_due"),
            models.Index(fields=["id"], condition=Q(done_at=None, flagged_at__isnull=False), name="errand_flagged"),
        ]

    def __str__(self) -> str:
        return self.key


class NewsQuerySet(models.QuerySet["News"]):
    """Which news."""

    def due(self, now: datetime) -> "NewsQuerySet":
        """Give what is to be looked at now, oldest first."""
        return self.filter(done_at=None, flagged_at=None, due_at__lte=now).order_by("due_at", "id")

    def flagged(self) -> "NewsQuerySet":
        """Give what could not be understood and somebody is to look at."""
        return self.filter(done_at=None, flagged_at__isnull=False).order_by("id")


class News(models.Model):
    """An event of Stripe, believed and kept before it is answered; only a hint which object to look at again."""

    event_id = models.CharField(max_length=100, unique=True)
    type = models.CharField(max_length=100)
    object_id = models.CharField(max_length=100)
    account = models.CharField(max_length=100, blank=True, default="")
    happened_at = models.DateTimeField()  # by Stripe's clock
    received_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True, blank=True)
    flagged_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    reason = models.CharField(max_length=100, blank=True, default="")

    objects = NewsQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "news"
        indexes = [
            models.Index(fields=["due_at", "id"], condition=Q(done_at=None, flagged_at=None), name="news_due"),
            models.Index(fields=["id"], condition=Q(done_at=None, flagged_at__isnull=False), name="news_flagged"),
            models.Index(fields=["received_at"], name="news_received"),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} {self.type}"


# https://docs.stripe.com/api/disputes/object, `status`; "warning" is a question before a bank takes anything back.
DISPUTE_WORDS = {
    "needs_response": _("waits for an answer in Stripe"),
    "warning_needs_response": _("the bank asks; waits for an answer in Stripe"),
    "under_review": _("answered; the bank looks at it"),
    "warning_under_review": _("answered; the bank looks at it"),
    "warning_closed": _("closed, nothing was taken back"),
    "won": _("decided for us"),
    "lost": _("decided against us"),
}


class Dispute(models.Model):
    """A payment that somebody asked their bank to take back; a curator looks at it."""

    dispute_id = models.CharField(max_length=100, unique=True)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, null=True, related_name="disputes")
    gift = models.ForeignKey(Gift, on_delete=models.PROTECT, null=True, related_name="disputes")
    amount = models.PositiveIntegerField()
    status = models.CharField(max_length=40)
    opened_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.dispute_id} {self.status}"

    @property
    def status_words(self) -> str:
        """How it stands with the bank; a word of Stripe's that we do not know is said as it is."""
        return str(DISPUTE_WORDS.get(self.status, self.status))


def sums(rows: models.QuerySet[Movement]) -> dict[str, int]:
    """Give effect → sum of the amounts of some movements."""
    found: Any = rows.order_by().values_list("effect").annotate(sum=models.Sum("amount"))
    return dict(found)
