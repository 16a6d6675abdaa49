"""Notices as rows with a due date: a worker claims one, sends it, and notes it; nothing is told twice."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Person
from exchange.notices.rules import ALWAYS, CLAIM_MINUTES
from skills.models import Listing


class NoticeQuerySet(models.QuerySet["Notice"]):
    """Which notices."""

    def to_mail(self, now: datetime) -> "NoticeQuerySet":
        """Give those whose mail is due, that no living worker holds, and not of people who rest; oldest first."""
        free = Q(claimed_at=None) | Q(claimed_at__lt=now - timedelta(minutes=CLAIM_MINUTES))
        awake = Q(person__profile__paused_at=None) | Q(kind__in=ALWAYS)
        return self.filter(free, awake, mailed_at=None, mail_due_at__lte=now).order_by("mail_due_at", "id")


class Notice(models.Model):
    """One thing told to one person. Its words are made when read, from rows as they are then."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=20)
    key = models.CharField(max_length=100)  # names the occasion: the same occasion is told once
    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    facts = models.JSONField(default=dict)
    url = models.CharField(max_length=200)  # where it leads
    made_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True, blank=True)
    mail_due_at = models.DateTimeField(null=True, blank=True)  # None: not by mail
    claimed_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True)
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
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class MailChoice(models.Model):
    """That a person wants, or does not want, one kind of notice by mail; without a row the kind's own rule holds."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="mail_choices")
    kind = models.CharField(max_length=20)
    is_on = models.BooleanField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "kind"], name="one_mail_choice_per_kind")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.is_on}"
