"""Proposed pairs of an offer and a wish, with the numbers that ranked them."""

from typing import Any

from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Person, blocked_ids
from skills.models import Listing


class MatchQuerySet(models.QuerySet["Match"]):
    """Which matches."""

    def for_owner(self, person: Person) -> "MatchQuerySet":
        """Give pairs in which one side is this person's and neither side was refused, hidden, paused or blocked."""
        mine = models.Q(offer__owner=person) | models.Q(wish__owner=person)
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
            self.filter(mine, **open_now)
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


class Climb(models.Model):
    """How far one wish has climbed while nobody answered it, and when it takes the next rung (matching/ladder.py)."""

    class Ended(models.TextChoices):
        ANSWERED = "answered", _("answered")
        GONE = "gone", _("no longer public")

    wish = models.OneToOneField(Listing, on_delete=models.CASCADE, related_name="climb")
    rung = models.CharField(max_length=10)
    since = models.DateTimeField()  # when the wish became public: waiting counts from here
    due_at = models.DateTimeField(null=True, blank=True)  # when the next rung is taken; None: none is, or it ended
    steward = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="wishes_kept")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended = models.CharField(max_length=10, choices=Ended, blank=True, default="")

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="climb_due"),
            models.Index(fields=["steward"], condition=models.Q(ended_at=None), name="climb_of_steward"),
        ]

    def __str__(self) -> str:
        return f"{self.wish_id}: {self.rung}"


class Step(models.Model):
    """One thing that was done for a wish, shown to its author in order."""

    climb = models.ForeignKey(Climb, on_delete=models.CASCADE, related_name="steps")
    what = models.CharField(max_length=10)  # a rung, "claimed", "answered", "again"
    at = models.DateTimeField(default=timezone.now)
    facts = models.JSONField(default=dict)  # counts that its sentence says

    def __str__(self) -> str:
        return f"{self.climb_id}: {self.what}"


class Claim(models.Model):
    """That a mentor takes a wish and has half an hour to say hello; meanwhile nobody else is sent to it."""

    class Outcome(models.TextChoices):
        HELLO = "hello", _("said hello")
        LET_GO = "let_go", _("let go")
        LAPSED = "lapsed", _("lapsed")

    wish = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="claims")
    mentor = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="claims")
    at = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=7, choices=Outcome, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["wish"], condition=models.Q(ended_at=None), name="one_mentor_holds_a_wish")
        ]
        indexes = [models.Index(fields=["mentor"], condition=models.Q(ended_at=None), name="claim_of_mentor")]

    def __str__(self) -> str:
        return f"{self.mentor_id} ~ {self.wish_id}"


class RingQuerySet(models.QuerySet["Ring"]):
    """Which rings."""

    def of(self, person: Person) -> "RingQuerySet":
        """Give rings in which this person has a place and that they may see."""
        return self.filter(answers__person=person).exclude(state=Ring.State.HELD)

    def open_now(self) -> "RingQuerySet":
        """Give rings that wait for a curator or for answers."""
        return self.filter(state__in=[Ring.State.HELD, Ring.State.PROPOSED])


class Ring(models.Model):
    """Several people who help each other in turn; it stands only when all agree before the deadline."""

    class State(models.TextChoices):
        HELD = "held", _("with the curator")
        PROPOSED = "proposed", _("waiting for answers")
        STANDS = "stands", _("stands")
        BROKEN = "broken", _("did not come about")

    state = models.CharField(max_length=8, choices=State, default=State.PROPOSED)
    is_chain = models.BooleanField(default=False)  # begun by a gift of time: its last person teaches nobody
    weight = models.FloatField(default=0.0)
    made_at = models.DateTimeField(default=timezone.now)
    deadline = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = RingQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["deadline"], condition=models.Q(state__in=["held", "proposed"]), name="ring_open_deadline"
            )
        ]

    def __str__(self) -> str:
        return f"{self.pk}: {self.state}"

    def get_absolute_url(self) -> str:
        """Where the ring is seen and answered."""
        return reverse("ring", args=[self.pk])


class Place(models.Model):
    """One arrow of a ring: `teacher` teaches what the `wish` of the next person asks for."""

    ring = models.ForeignKey(Ring, on_delete=models.CASCADE, related_name="places")
    number = models.PositiveSmallIntegerField()
    teacher = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="ring_places")
    learner = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    offer = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="+")
    wish = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ring", "number"], name="one_place_per_number"),
            models.UniqueConstraint(fields=["ring", "teacher"], name="one_place_per_teacher"),
            models.UniqueConstraint(fields=["ring", "learner"], name="one_place_per_learner"),
        ]

    def __str__(self) -> str:
        return f"{self.teacher_id} → {self.learner_id}"


class RingAnswer(models.Model):
    """What one person of a ring says to it."""

    ring = models.ForeignKey(Ring, on_delete=models.CASCADE, related_name="answers")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="ring_answers")
    is_yes = models.BooleanField(null=True)  # None: not yet
    at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ring", "person"], name="one_ring_answer_per_person")]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.is_yes}"
