"""Decisions of curators; append-only, an undo is recorded beside what it undoes."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from skills.models import Revision


class Decision(models.Model):
    """What a curator decided about one revision, with the reason its author reads."""

    class Verdict(models.TextChoices):
        ACCEPTED = "accepted", _("let through")
        RETURNED = "returned", _("returned")

    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="decisions")
    curator = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="decisions")
    verdict = models.CharField(max_length=8, choices=Verdict)
    reason = models.CharField(max_length=30, blank=True)  # a code of exchange.moderation.rules.REASONS
    note = models.CharField(max_length=500, blank=True)
    before = models.JSONField(default=dict)  # public text before, so that an undo can bring it back
    at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["curator", "-at"], name="decision_of_curator")]

    def __str__(self) -> str:
        return f"{self.verdict} {self.revision_id}"
