"""Decisions of curators; append-only, an undo is recorded beside what it undoes."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from exchange.chat.models import Conversation, Held
from exchange.lessons.models import Lesson
from exchange.passport.models import Thanks
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


class Look(models.Model):
    """That a curator has a waiting text open, so the desk gives others another one. A hint with an end, no lock."""

    revision = models.OneToOneField(Revision, on_delete=models.CASCADE, primary_key=True, related_name="look")
    curator = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.revision_id} until {self.until}"


class HeldDecision(models.Model):
    """What a curator decided about a message that waited."""

    class Verdict(models.TextChoices):
        THROUGH = "through", _("let through")
        KEPT = "kept", _("kept back")

    held = models.OneToOneField(Held, on_delete=models.CASCADE, related_name="decision")
    curator = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    verdict = models.CharField(max_length=8, choices=Verdict)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.verdict} {self.held_id}"


class ReportQuerySet(models.QuerySet["Report"]):
    """Which reports."""

    def waiting(self) -> "ReportQuerySet":
        """Give those no curator has decided about."""
        return self.filter(decided_at=None)


class Report(models.Model):
    """That a participant asks the curators to look at a talk. `words`: its last messages as they were then."""

    class Verdict(models.TextChoices):
        CALM = "calm", _("nothing against the rules")
        WARNED = "warned", _("the talk stays closed")

    conversation = models.ForeignKey(Conversation, on_delete=models.PROTECT, related_name="reports")
    reporter = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="reports_made")
    seq = models.PositiveIntegerField(default=0)  # the message it was made from; 0 = the whole talk
    reason = models.CharField(max_length=12)  # a code of exchange.moderation.rules.REPORTS
    is_severe = models.BooleanField(default=False)
    words = models.JSONField(default=list)  # [{"sender", "name", "body", "at", "seq"}]
    at = models.DateTimeField(default=timezone.now)
    verdict = models.CharField(max_length=8, choices=Verdict, blank=True)
    curator = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)

    objects = ReportQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "reporter"],
                condition=models.Q(decided_at=None),
                name="one_open_report_per_talk",
            )
        ]

    def __str__(self) -> str:
        return f"{self.reason}: {self.conversation_id}"


class ThanksReport(models.Model):
    """That somebody asks the curators to look at a thank-you. Its words as they were then."""

    class Verdict(models.TextChoices):
        CALM = "calm", _("nothing against the rules")
        DOWN = "down", _("taken down")

    thanks = models.ForeignKey(Thanks, on_delete=models.SET_NULL, null=True, related_name="reports")
    writer = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    receiver = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    reporter = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=12)  # a code of exchange.moderation.rules.THANKS_REASONS
    learned = models.CharField(max_length=300, blank=True)
    words = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(default=timezone.now)
    verdict = models.CharField(max_length=8, choices=Verdict, blank=True)
    why = models.CharField(max_length=12, blank=True)  # a code of the same list, which the writer reads
    curator = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["thanks", "reporter"],
                condition=models.Q(decided_at=None),
                name="one_open_report_per_thanks",
            )
        ]
        indexes = [models.Index(fields=["at"], condition=models.Q(decided_at=None), name="thanks_reports_waiting")]

    def __str__(self) -> str:
        return f"{self.reason}: {self.thanks_id}"


class PrivateNote(models.Model):
    """What one of two people tells the curators about a lesson; the other never sees that it exists."""

    lesson = models.ForeignKey(Lesson, on_delete=models.PROTECT, related_name="private_notes")
    writer = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    body = models.CharField(max_length=1000)
    at = models.DateTimeField(default=timezone.now)
    curator = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lesson", "writer"],
                condition=models.Q(decided_at=None),
                name="one_waiting_note_per_lesson",
            )
        ]
        indexes = [models.Index(fields=["at"], condition=models.Q(decided_at=None), name="private_notes_waiting")]

    def __str__(self) -> str:
        return f"{self.lesson_id}: {self.writer_id}"
