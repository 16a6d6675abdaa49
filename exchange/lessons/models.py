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

    objects = LessonQuerySet.as_manager()

    class Meta:
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
