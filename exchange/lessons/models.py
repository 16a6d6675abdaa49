"""A lesson and its states; today only the first one, the enquiry ("say hello")."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from exchange.chat.models import Conversation
from skills.models import Listing


class LessonQuerySet(models.QuerySet["Lesson"]):
    """Which lessons."""

    def for_member(self, person: Person) -> "LessonQuerySet":
        """Give those that this person teaches or learns in."""
        return self.filter(Q(teacher=person) | Q(learner=person))


class Lesson(models.Model):
    """What a teacher and a learner have between them about one skill."""

    class State(models.TextChoices):
        ENQUIRY = "enquiry", _("enquiry")

    state = models.CharField(max_length=10, choices=State, default=State.ENQUIRY)
    teacher = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="lessons_taught")
    learner = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="lessons_learned")
    opened_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    listing = models.ForeignKey(Listing, on_delete=models.SET_NULL, null=True, related_name="lessons")
    conversation = models.OneToOneField(Conversation, on_delete=models.PROTECT, related_name="lesson")
    made_at = models.DateTimeField(default=timezone.now)
    # While the hello is unanswered (lessons.rules.RUNGS):
    rungs = models.PositiveSmallIntegerField(default=0, db_default=0)  # taken
    rung_due_at = models.DateTimeField(null=True, blank=True)  # None: none is due any more
    full_at = models.DateTimeField(null=True, blank=True)  # when the teacher said "full now"
    full_until = models.DateTimeField(null=True, blank=True)  # "… ask me after"

    objects = LessonQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["rung_due_at"], condition=Q(rung_due_at__isnull=False), name="lesson_rung_due"),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(teacher=F("learner")), name="nobody_teaches_themselves"),
            models.UniqueConstraint(
                fields=["listing", "teacher", "learner"],
                condition=Q(state="enquiry"),
                name="one_enquiry_per_pair_and_listing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.teacher_id} → {self.learner_id}"

    @property
    def asked_id(self) -> int:
        """Number of the person who was said hello to."""
        return self.teacher_id if self.opened_by_id == self.learner_id else self.learner_id


class Rest(models.Model):
    """That an offer rests because its teacher is full, and comes back by itself."""

    listing = models.OneToOneField(Listing, on_delete=models.CASCADE, primary_key=True, related_name="rest")
    until = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.listing_id} until {self.until:%Y-%m-%d}"
