"""Proposed pairs of an offer and a wish, with the numbers that ranked them."""

from typing import Any

from django.db import models
from django.utils import timezone

from accounts.models import Person, blocked_ids
from skills.models import Listing


class MatchQuerySet(models.QuerySet["Match"]):
    """Which matches."""

    def of_owner(self, person: Person) -> "MatchQuerySet":
        """Give pairs in which one side is this person's."""
        return self.filter(models.Q(offer__owner=person) | models.Q(wish__owner=person))

    def for_owner(self, person: Person) -> "MatchQuerySet":
        """Give pairs in which one side is this person's and neither side was refused, hidden, paused or blocked."""
        open_now: dict[str, Any] = {
            f"{side}__{field}": value
            for side in ("offer", "wish")
            for field, value in (
                ("state", Listing.State.PUBLISHED),
                ("owner__profile__paused_at", None),
                ("owner__is_active", True),
            )
        }
        blocked = blocked_ids(person)
        return (
            self.of_owner(person)
            .filter(**open_now)
            .exclude(offer__owner__in=blocked)
            .exclude(wish__owner__in=blocked)
            .exclude(dismissals__person=person)
        )


class Match(models.Model):
    """A proposed pair. `contributions` sum to `score`; the reasons are told from them when read."""

    offer = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="matches_as_offer")
    wish = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="matches_as_wish")
    score = models.FloatField()
    contributions = models.JSONField(default=dict)  # name → number
    facts = models.JSONField(default=dict)  # what the reasons name: concepts, hours, district
    found_at = models.DateTimeField(default=timezone.now)

    objects = MatchQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["offer", "wish"], name="one_match_per_pair")]
        indexes = [
            models.Index(fields=["wish", "-score"], name="match_of_wish"),
            models.Index(fields=["offer", "-score"], name="match_of_offer"),
        ]

    def __str__(self) -> str:
        return f"{self.offer_id} ~ {self.wish_id}"


class Dismissal(models.Model):
    """That a person said "not for me" to a pair; remembered beyond the match row."""

    match = models.ForeignKey(Match, on_delete=models.SET_NULL, null=True, related_name="dismissals")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="dismissals")
    offer = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="+")
    wish = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "offer", "wish"], name="one_dismissal_per_pair")]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.offer_id} ~ {self.wish_id}"
