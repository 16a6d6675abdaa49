"""Hours in double entry: every `Transfer` has `Posting`s on two or more `Account`s that sum to zero.

An account's balance is the sum of its postings, kept beside them under the row's lock, and never under its floor.
What is held for a lesson stands on an account of its own, so no common row is waited for; the community pot and the
account that hours are issued from are split into sixteen. Nothing is changed or deleted: a mistake is reversed.
Each transfer carries a digest over itself and over the last digests of its accounts, so that an edit by any other way
is found (`manage.py ledger verify`).
"""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Person


class AccountQuerySet(models.QuerySet["Account"]):
    """Which accounts."""

    def of(self, person: Person | int) -> "AccountQuerySet":
        """Give the account of a person, once it is open."""
        return self.filter(kind=Account.Kind.PERSON, person=person)

    def held_for(self, subject: str) -> "AccountQuerySet":
        """Give what is held for a lesson, an account for each who pays."""
        return self.filter(kind=Account.Kind.ESCROW, subject=subject)

    def pot(self) -> "AccountQuerySet":
        """Give the rows of the community pot."""
        return self.filter(kind=Account.Kind.POT)

    def in_lock_order(self) -> "AccountQuerySet":
        """Order as every act locks them: people and what they hold, then the common accounts, by number."""
        is_common = models.Case(
            models.When(kind__in=(Account.Kind.POT, Account.Kind.ISSUE), then=1),
            default=0,
            output_field=models.SmallIntegerField(),
        )
        return self.order_by(is_common, "id")


class Account(models.Model):
    """Where minutes stand: with a person, held for a lesson, in the community pot, or not yet issued."""

    class Kind(models.TextChoices):
        PERSON = "person", _("person")
        ESCROW = "escrow", _("held")
        POT = "pot", _("community pot")
        ISSUE = "issue", _("issued")

    kind = models.CharField(max_length=6, choices=Kind)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, db_index=False, related_name="+")
    subject = models.CharField(max_length=60, blank=True, default="")  # what it is held for, e.g. "lesson:5"
    title = models.CharField(max_length=120, blank=True, default="")  # of the subject, as lines of statements show it
    url = models.CharField(max_length=200, blank=True, default="")  # where the subject is
    shard = models.PositiveSmallIntegerField(default=0)  # which row of a common account
    balance = models.IntegerField(default=0)  # minutes
    floor = models.IntegerField(null=True)  # minutes; null: none (hours are issued from below zero)
    ceiling = models.IntegerField(null=True)  # minutes; null: none
    tip = models.BinaryField(max_length=32)  # digest of the last transfer, before the first one `rules.opening`
    opened_at = models.DateTimeField(default=timezone.now)

    objects = AccountQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(floor__isnull=True) | Q(balance__gte=F("floor")), name="balance_not_under_floor"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=("pot", "issue"), person__isnull=True)
                | Q(kind__in=("person", "escrow"), person__isnull=False),
                name="an_account_is_somebodys_or_common",
            ),
            models.UniqueConstraint(fields=["person"], condition=Q(kind="person"), name="one_account_per_person"),
            models.UniqueConstraint(
                fields=["subject", "person"], condition=Q(kind="escrow"), name="one_hold_per_subject_and_person"
            ),
            models.UniqueConstraint(
                fields=["kind", "shard"], condition=Q(kind__in=("pot", "issue")), name="one_row_per_shard"
            ),
        ]
        indexes = [
            models.Index(fields=["person"], condition=Q(kind="escrow", balance__gt=0), name="ledger_held_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.person_id or self.shard}"


class Transfer(models.Model):
    """One act: hours held, settled, given, returned, issued or reversed. `asked`: the minutes it was asked for."""

    class Kind(models.TextChoices):
        START = "start", _("to begin with")
        HOLD = "hold", _("held")
        SETTLE = "settle", _("settled")
        RETURN = "return", _("given back")
        GIVE = "give", _("given")
        SHARE = "share", _("from the community pot")
        REVERSE = "reverse", _("reversed")

    kind = models.CharField(max_length=7, choices=Kind)
    key = models.CharField(max_length=120, unique=True)
    subject = models.CharField(max_length=60, blank=True, default="")
    payer = models.ForeignKey(Account, on_delete=models.PROTECT, db_index=False, related_name="+")
    payee = models.ForeignKey(Account, on_delete=models.PROTECT, db_index=False, related_name="+")
    asked = models.IntegerField(default=0)  # minutes; 0: all that is held
    minutes = models.IntegerField()  # what left the payer
    by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, db_index=False, related_name="+")
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="reversed_by")
    at = models.DateTimeField(default=timezone.now)
    title = models.CharField(max_length=120, blank=True, default="")
    url = models.CharField(max_length=200, blank=True, default="")
    note = models.CharField(max_length=200, blank=True, default="")
    digest = models.BinaryField(max_length=32)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(minutes__gt=0), name="a_transfer_moves_something")]

    def __str__(self) -> str:
        return f"{self.kind} {self.minutes}"

    @property
    def particulars(self) -> tuple[object, ...]:
        """What the digest covers, in its order (`rules.digest`)."""
        return (
            self.key, self.kind, self.subject, self.payer_id, self.payee_id, self.asked, self.minutes, self.by_id,
            self.reverses_id, self.at, self.title, self.url, self.note,
        )  # fmt: skip


class Audit(models.Model):
    """What a nightly look at the whole ledger found (`services.audit`)."""

    at = models.DateTimeField(default=timezone.now, db_index=True)
    faults = models.PositiveIntegerField(default=0)
    found = models.JSONField(default=dict)  # fault → ids
    transfers = models.PositiveBigIntegerField(default=0)
    seconds = models.FloatField(default=0)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d}: {self.faults}"


class PostingQuerySet(models.QuerySet["Posting"]):
    """Which lines."""

    def of(self, person: Person) -> "PostingQuerySet":
        """Give the lines of a person's own account, with what a statement shows, newest first."""
        return self.filter(account__kind=Account.Kind.PERSON, account__person=person).as_lines()

    def as_lines(self) -> "PostingQuerySet":
        """Bring along what a statement shows, newest first."""
        return self.select_related("transfer__payer__person", "transfer__payee__person").order_by("-id")


class Posting(models.Model):
    """One line of one account: minutes that came (+) or went (−), the balance after, the digest before."""

    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="postings")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, db_index=False, related_name="postings")
    minutes = models.IntegerField()
    balance = models.IntegerField()
    before = models.BinaryField(max_length=32)

    objects = PostingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(minutes=0), name="a_posting_moves_something"),
            models.UniqueConstraint(fields=["transfer", "account"], name="one_line_per_account_and_transfer"),
        ]
        indexes = [models.Index(fields=["account", "-id"], name="ledger_statement")]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.minutes:+}"

    @property
    def tie(self) -> tuple[int, int, int, bytes]:
        """What the digest of its transfer covers of it (`rules.digest`)."""
        return (self.account_id, self.minutes, self.balance, bytes(self.before))
