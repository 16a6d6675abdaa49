"""The story of a lesson: one seal, and what each of the two wrote. Nothing here counts or weighs a person."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Block, Person, blocked_ids
from exchange.lessons.models import Lesson
from exchange.lib.text import guess_lang
from exchange.passport.rules import LONGEST


class StoryQuerySet(models.QuerySet["Story"]):
    """Which stories."""

    def to_open(self, now: datetime) -> "StoryQuerySet":
        """Give those that are sealed and whose days have passed."""
        return self.filter(opened_at=None, due_at__lte=now)


class Story(models.Model):
    """The seal on what two people write of one confirmed lesson. Its row is the lock of both."""

    lesson = models.OneToOneField(Lesson, on_delete=models.PROTECT, related_name="story")
    made_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField()  # opened then at the latest
    opened_at = models.DateTimeField(null=True, blank=True)

    objects = StoryQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["due_at"], condition=Q(opened_at=None), name="story_sealed_due")]

    def __str__(self) -> str:
        return f"{self.lesson_id}: {'open' if self.opened_at else 'sealed'}"


class ThanksQuerySet(models.QuerySet["Thanks"]):
    """Which words."""

    def standing(self) -> "ThanksQuerySet":
        """Give those that no curator has taken down."""
        return self.filter(taken_down_at=None)

    def opened(self) -> "ThanksQuerySet":
        """Give those whose seal is broken and whose two people do not keep each other away."""
        apart = Block.objects.filter(
            Q(blocker=OuterRef("writer"), blocked=OuterRef("receiver"))
            | Q(blocker=OuterRef("receiver"), blocked=OuterRef("writer"))
        )
        return self.standing().filter(~Exists(apart), story__opened_at__isnull=False)

    def public_of(self, person: Person, reader: Any) -> "ThanksQuerySet":
        """Give what this person lets everyone read, without words of whom this reader keeps away, or who left."""
        rows = self.opened().filter(receiver=person, shown=Thanks.Shown.PUBLIC, writer__is_active=True)
        return rows.exclude(writer__in=blocked_ids(reader)) if isinstance(reader, Person) else rows


class Thanks(models.Model):
    """What one of the two wrote: what was learned, and a thank-you."""

    class Shown(models.TextChoices):
        PRIVATE = "private", _("only in my passport")
        PUBLIC = "public", _("also on my page")
        HIDDEN = "hidden", _("nowhere")

    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="words")
    writer = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="thanks_written")
    receiver = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="thanks_received")
    learned = models.CharField(max_length=LONGEST, blank=True)
    thanks = models.CharField(max_length=LONGEST, blank=True)
    at = models.DateTimeField(default=timezone.now)
    shown = models.CharField(max_length=7, choices=Shown, default=Shown.PRIVATE)  # chosen by the receiver
    taken_down_at = models.DateTimeField(null=True, blank=True)

    objects = ThanksQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["story", "writer"], name="one_thanks_per_writer_and_story"),
            models.CheckConstraint(condition=~Q(writer=F("receiver")), name="nobody_thanks_themselves"),
            models.CheckConstraint(condition=~Q(learned="", thanks=""), name="thanks_say_something"),
        ]
        indexes = [models.Index(fields=["receiver"], condition=Q(shown="public"), name="thanks_shown_to_all")]

    def __str__(self) -> str:
        return f"{self.writer_id} → {self.receiver_id}"

    @property
    def learned_lang(self) -> str:
        """Language of what was learned, by its letters."""
        return guess_lang(self.learned)

    @property
    def thanks_lang(self) -> str:
        """Language of the thank-you, by its letters."""
        return guess_lang(self.thanks)
