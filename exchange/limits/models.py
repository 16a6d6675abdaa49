"""The bucket as a row, for installations without Redis and for the time that Redis is away."""

from django.db import models


class Bucket(models.Model):
    """One person's or address's account with one limit. `key` is a digest: no address is kept."""

    key = models.CharField(max_length=40, primary_key=True)
    full_at = models.FloatField()  # seconds since 1970 at which nothing is owed any more

    class Meta:
        indexes = [models.Index(fields=["full_at"], name="bucket_full")]

    def __str__(self) -> str:
        return self.key
