"""The rows behind every bell: events, which handler has done with which, and when each standing job last ran."""

from django.db import models
from django.utils import timezone


class EventQuerySet(models.QuerySet["Event"]):
    """Which events."""

    def waiting(self) -> "EventQuerySet":
        """Give events that are due, neither finished nor parked, oldest first."""
        return self.unfinished().filter(due_at__lte=timezone.now()).order_by("id")

    def unfinished(self) -> "EventQuerySet":
        """Give events still to be handled, due or not."""
        return self.filter(finished_at=None, parked_at=None)

    def parked(self) -> "EventQuerySet":
        """Give events that failed too often."""
        return self.exclude(parked_at=None)


class Event(models.Model):
    """Something that happened, for the handlers of one queue, written in the transaction in which it happened."""

    name = models.CharField(max_length=60)
    queue = models.CharField(max_length=10, default="bells")
    subject_id = models.CharField(max_length=40)
    payload = models.JSONField(default=dict)
    made_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now)  # also the end of a relay's lease while it works on the event
    finished_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    deaths = models.PositiveSmallIntegerField(default=0, db_default=0)  # leases that ended without a word
    parked_at = models.DateTimeField(null=True)
    reason = models.TextField(default="")

    objects = EventQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["queue", "due_at", "id"],
                condition=models.Q(finished_at=None, parked_at=None),
                name="outbox_event_waiting",
            ),
            models.Index(
                fields=["finished_at"], condition=models.Q(finished_at__isnull=False), name="outbox_event_finished"
            ),
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


class Job(models.Model):
    """A standing job, the last period it was done for, and since when it is being done: two schedulers do it once."""

    name = models.CharField(max_length=60, primary_key=True)
    period = models.BigIntegerField(default=0)  # number of the period since 1970
    ran_at = models.DateTimeField(null=True)
    begun_at = models.DateTimeField(null=True)  # while somebody is doing it

    def __str__(self) -> str:
        return self.name
