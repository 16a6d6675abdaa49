"""Notices as rows with a due date: a worker claims one, sends it, and notes it; nothing is told twice."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from exchange.chat.models import Conversation
from exchange.notices.rules import ALWAYS, CLAIM_MINUTES, DAY, DIGEST, NEVER, NOW, WEEK, Habits
from skills.models import Listing


class NoticeQuerySet(models.QuerySet["Notice"]):
    """Which notices."""

    def to_mail(self, now: datetime) -> "NoticeQuerySet":
        """Give those whose mail is due and that no living worker holds, oldest first."""
        free = Q(claimed_at=None) | Q(claimed_at__lt=now - timedelta(minutes=CLAIM_MINUTES))
        return self.filter(free, mailed_at=None, mail_due_at__lte=now).order_by("mail_due_at", "id")

    def of_those_awake(self) -> "NoticeQuerySet":
        """Leave out those of people who rest; what they asked themselves comes all the same. Not for an UPDATE, which
        would look at the other table once and so let two workers claim one row."""
        return self.filter(Q(person__profile__paused_at=None) | Q(kind__in=ALWAYS))


class Notice(models.Model):
    """One thing told to one person. Its words are made when read, from rows as they are then."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=20)
    key = models.CharField(max_length=100)  # names the occasion: the same occasion is told once
    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    talk = models.ForeignKey(Conversation, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    facts = models.JSONField(default=dict)
    url = models.CharField(max_length=200)  # where it leads
    made_at = models.DateTimeField(default=timezone.now)
    on_page = models.BooleanField(default=True, db_default=True)  # listed under "what is new"
    read_at = models.DateTimeField(null=True, blank=True)
    mail_due_at = models.DateTimeField(null=True, blank=True)  # None: not by mail, or no longer
    is_digest = models.BooleanField(default=False, db_default=False)  # mailed with the others of its person that are
    claimed_at = models.DateTimeField(null=True, blank=True)
    claim = models.UUIDField(null=True, blank=True)  # names the try that holds it
    mailed_at = models.DateTimeField(null=True, blank=True)
    push_due_at = models.DateTimeField(null=True, blank=True)  # None: not pushed, or done with
    tries = models.PositiveSmallIntegerField(default=0)
    reason = models.CharField(max_length=300, default="", blank=True)  # why the last try failed

    objects = NoticeQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "kind", "key"], name="one_notice_per_occasion")]
        indexes = [
            models.Index(fields=["person", "-id"], name="notice_of_person"),
            models.Index(fields=["person"], condition=Q(read_at=None), name="notice_unread"),
            models.Index(
                fields=["mail_due_at", "id"], condition=Q(mailed_at=None, mail_due_at__isnull=False), name="notice_due"
            ),
            models.Index(fields=["push_due_at"], condition=Q(push_due_at__isnull=False), name="notice_push_due"),
            models.Index(fields=["claim"], condition=Q(claim__isnull=False), name="notice_claimed"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class Choice(models.Model):
    """How a person wants one kind of notice; without a row the kind's own rule holds."""

    class How(models.TextChoices):
        NOW = NOW, _("at once")
        DIGEST = DIGEST, _("collected")
        NEVER = NEVER, _("not by mail")

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="notice_choices")
    kind = models.CharField(max_length=20)
    is_on = models.BooleanField()  # by mail
    is_collected = models.BooleanField(default=False, db_default=False)  # in the digest rather than at once
    on_page = models.BooleanField(default=True, db_default=True)
    on_devices = models.BooleanField(default=True, db_default=True)  # pushed to whatever devices asked for it

    class Meta:
        db_table = "notices_mailchoice"
        constraints = [models.UniqueConstraint(fields=["person", "kind"], name="one_mail_choice_per_kind")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.how}"

    @property
    def how(self) -> str:
        """By mail at once, in the digest, or never."""
        return NEVER if not self.is_on else DIGEST if self.is_collected else NOW


class Habit(models.Model):
    """When a person likes mail, by the clock of their time zone; without a row `rules.Habits` holds."""

    class Every(models.TextChoices):
        DAY = DAY, _("every day")
        WEEK = WEEK, _("once a week")

    person = models.OneToOneField(Person, on_delete=models.CASCADE, primary_key=True, related_name="notice_habit")
    every = models.CharField(max_length=4, choices=Every, default=Habits.every)
    hour = models.PositiveSmallIntegerField(default=Habits.hour)
    day = models.PositiveSmallIntegerField(default=Habits.day)  # 0 = Monday
    quiet_from = models.PositiveSmallIntegerField(default=Habits.quiet_from)
    quiet_until = models.PositiveSmallIntegerField(default=Habits.quiet_until)
    zone = models.CharField(max_length=64, blank=True, default="")  # "" = the city's, also when that is changed

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(hour__lte=23, day__lte=6, quiet_from__lte=23, quiet_until__lte=23),
                name="habits_are_hours_and_days",
            )
        ]

    def __str__(self) -> str:
        return f"{self.every} {self.hour}"


class Device(models.Model):
    """A browser that asked to be told; the three values are the browser's own (Push API)."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="devices")
    endpoint = models.CharField(max_length=500, unique=True)
    p256dh = models.CharField(max_length=100)
    auth = models.CharField(max_length=40)
    session_key = models.CharField(max_length=40)  # of the browser: who signed out there is not told there any more
    made_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.person_id}: {self.pk}"


def habits_of(person: Person) -> Habits:
    """Give when a person likes mail; no query where their `notice_habit` was fetched with them."""
    row = getattr(person, "notice_habit", None)  # a one-to-one without a row raises AttributeError's kin
    return Habits(**{name: getattr(row, name) for name in vars(Habits())}) if row else Habits()


def zone_of(habits: Habits) -> ZoneInfo:
    """Give the time zone whose clock these habits mean."""
    return ZoneInfo(habits.zone or timezone.get_default_timezone_name())
