"""The rows behind every bell: events, and which handler has done with which."""

from django.db import models
from django.utils import timezone


class EventQuerySet(models.QuerySet["Event"]):
    """Which events."""

    def waiting(self) -> "EventQuerySet":
        """Give events that are due, neither finished nor parked, oldest first."""
        return self.filter(finished_at=None, parked_at=None, due_at__lte=timezone.now()).order_by("id")


class Event(models.Model):
    """Something that happened, written in the transaction in which it happened."""

    name = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=40)
    payload = models.JSONField(default=dict)
    made_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    parked_at = models.DateTimeField(null=True)
    reason = models.TextField(default="")

    objects = EventQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                condition=models.Q(finished_at=None, parked_at=None),
                name="outbox_event_waiting",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.subject_id}"


class Handled(models.Model):
    """That one handler has done its work for one event; written with that work, so it happens once."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="handled")
    handler = models.CharField(max_length=120)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "handler"], name="one_effect_per_handler")]

    def __str__(self) -> str:
        return f"{self.handler} ({self.event_id})"
