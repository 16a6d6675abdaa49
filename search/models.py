"""What is remembered about building an index, so that a killed rebuild goes on where it stopped."""

from django.db import models
from django.utils import timezone


class IndexBuild(models.Model):
    """One index of the search engine: while it is filled, and that it was."""

    name = models.CharField(max_length=120, unique=True)
    shape = models.CharField(max_length=8)  # mark of the shape it was made with
    last_id = models.BigIntegerField(default=0)  # every listing up to here was written
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name
