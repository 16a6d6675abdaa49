"""Proposed pairs of an offer and a wish with the numbers that ranked them, and what the ranking is learned from."""

from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Person, blocked_ids
from exchange.lessons.models import Bundle, Lesson
from skills.models import Concept, Listing

OPEN_SIDES: dict[str, Any] = {
    f"{side}__{field}": value
    for side in ("offer", "wish")
    for field, value in (
        ("state", Listing.State.PUBLISHED),
        ("owner__profile__paused_at", None),
        ("owner__is_active", True),
    )
}


class MatchQuerySet(models.QuerySet["Match"]):
    """Which matches."""

    def of_owner(self, person: Person) -> "MatchQuerySet":
        """Give pairs in which one side is this person's.

        As two sets put together: "this side or that side" over two joins makes databases read every pair of the city.
        """
        own = Listing.objects.filter(owner=person).values("pk")
        taught, wished = Match.objects.filter(offer__in=own), Match.objects.filter(wish__in=own)
        return self.filter(pk__in=taught.values("pk").union(wished.values("pk")))

    def for_owner(self, person: Person) -> "MatchQuerySet":
        """Give pairs in which one side is this person's and neither side was refused, hidden, paused or blocked.

        A wish that another mentor holds is left out of what this one could teach.
        """
        blocked = blocked_ids(person)
        held = Claim.objects.filter(wish=models.OuterRef("wish"), ended_at=None).exclude(mentor=person)
        put_aside = Dismissal.objects.filter(
            person=person, offer=models.OuterRef("offer"), wish=models.OuterRef("wish")
        )
        return (
            self.of_owner(person)
            .filter(~models.Exists(put_aside), **OPEN_SIDES)
            .filter(~models.Q(offer__owner=person) | ~models.Exists(held))
            .exclude(offer__owner__in=blocked)
            .exclude(wish__owner__in=blocked)
        )


class Match(models.Model):
    """A proposed pair. `contributions` sum to `score`; the reasons are told from them when read.

    A row stands as long as the pair is among the best of its offer or of its wish, and says of which.
    """

    offer = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="matches_as_offer")
    wish = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="matches_as_wish")
    score = models.FloatField()
    contributions = models.JSONField(default=dict)  # name → number
    facts = models.JSONField(default=dict)  # what the reasons name: concepts, hours, district
    for_offer = models.BooleanField(default=True)  # among the best of the offer
    for_wish = models.BooleanField(default=True)  # among the best of the wish
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


class State(models.Model):
    """One row: what all kept matches were computed with, and the lock of whoever writes them."""

    as_of = models.DateField()  # the day from which freshness and late talks are counted
    rev = models.PositiveBigIntegerField(default=0)  # grows with every write of matches
    likeness_rev = models.PositiveIntegerField(default=0)  # grows when neighbourhoods change
    concepts_version = models.PositiveIntegerField(default=0)  # of the tree that the neighbourhoods were made from

    def __str__(self) -> str:
        return f"{self.as_of} r{self.rev}"


class Written(models.Model):
    """That matches were written, and because of whom: how a process that keeps all listings in memory stays in step.

    Kept until the next full pass, when everything is read anew.
    """

    rev = models.PositiveBigIntegerField(primary_key=True)  # what `State.rev` became
    token = models.CharField(max_length=16)  # so that a number used twice (a write taken back) is told apart
    people = models.JSONField(default=list)  # whose listings were read again
    lists = models.JSONField(default=list)  # listings whose lists were found again

    def __str__(self) -> str:
        return f"r{self.rev}"


class Neighbourhood(models.Model):
    """The concepts most like one concept, as [[concept, likeness 0–1, road], …]; likeness goes both ways."""

    concept = models.OneToOneField(Concept, on_delete=models.CASCADE, primary_key=True, related_name="neighbourhood")
    near = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{self.concept_id}: {len(self.near)}"


class Held(models.Model):
    """That a person's public listings name a concept, as the counts of `Together` know it."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="held")
    concept = models.ForeignKey(Concept, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "concept"], name="held_once")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.concept_id}"


class Together(models.Model):
    """How many people hold two concepts (`one` < `other`), or one concept (`one` = `other`)."""

    one = models.ForeignKey(Concept, on_delete=models.CASCADE, related_name="+")
    other = models.ForeignKey(Concept, on_delete=models.CASCADE, related_name="+")
    people = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["one", "other"], name="counted_once_together")]

    def __str__(self) -> str:
        return f"{self.one_id} + {self.other_id}: {self.people}"


class Standing(models.Model):
    """How busy a mentor is and how lately hellos were answered, as matching last counted it; no row = nothing yet."""

    person = models.OneToOneField(Person, on_delete=models.CASCADE, primary_key=True, related_name="standing")
    busy = models.PositiveSmallIntegerField(default=0)  # learners in talk within thirty days
    asked = models.PositiveSmallIntegerField(default=0)  # hellos of the last ninety days that had time for an answer
    answered = models.PositiveSmallIntegerField(default=0)  # of these, answered

    def __str__(self) -> str:
        return f"{self.person_id}: {self.busy}"


class Outcome(models.Model):
    """A pair that somebody acted on, with the facts as they were: what the weights are fitted to."""

    class Kind(models.TextChoices):
        HELLO = "hello", "hello"  # whether it was answered is read from the talk
        DISMISSED = "dismissed", "not for me"

    kind = models.CharField(max_length=9, choices=Kind)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")  # who acted
    offer = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="+")
    wish = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="+")
    shares = models.JSONField(default=dict)  # name → share 0–1 of what the fact can add
    conversation_id = models.PositiveBigIntegerField(null=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "person", "offer", "wish"], name="one_outcome_per_act")]

    def __str__(self) -> str:
        return f"{self.kind} {self.offer_id} ~ {self.wish_id}"


class Fit(models.Model):
    """Weights fitted to outcomes. They count from the moment an operator accepts them, never before."""

    values = models.JSONField()  # name → most it adds, 0–1
    outcomes = models.PositiveIntegerField()
    log_loss = models.FloatField()  # of these weights, each outcome predicted by a fit that had not seen it
    prior_log_loss = models.FloatField()  # of the priors on the same outcomes
    made_at = models.DateTimeField(default=timezone.now)
    accepted_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.pk} ({self.outcomes})"


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
    what = models.CharField(max_length=10)  # a rung, "claimed", "free", "answered", "again"
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

    def with_part(self, person: int) -> "RingQuerySet":
        """Note on each whether this person teaches and whether they learn in it; in a chain not everyone does both."""
        places = Place.objects.filter(ring=OuterRef("pk"))
        return self.annotate(
            teaches=Exists(places.filter(teacher=person)), learns=Exists(places.filter(learner=person))
        )

    def open_now(self) -> "RingQuerySet":
        """Give rings that wait for a curator or for answers."""
        return self.filter(state__in=[Ring.State.HELD, Ring.State.PROPOSED])

    def undecided(self) -> "RingQuerySet":
        """Give rings that neither stand nor broke: whoever is in one is asked for no other."""
        return self.filter(state__in=[Ring.State.HELD, Ring.State.PROPOSED, Ring.State.BOOKING])


class Ring(models.Model):
    """Several people who help each other in turn; it stands only when all agree before the deadline."""

    class State(models.TextChoices):
        HELD = "held", _("with the curator")
        PROPOSED = "proposed", _("waiting for answers")
        BOOKING = "booking", _("finding times")  # all said yes; each lesson needs a time
        STANDS = "stands", _("stands")  # all lessons are booked
        BROKEN = "broken", _("did not come about")

    state = models.CharField(max_length=8, choices=State, default=State.PROPOSED)
    is_chain = models.BooleanField(default=False)  # begun by a gift of time: its last person teaches nobody
    weight = models.FloatField(default=0.0)
    made_at = models.DateTimeField(default=timezone.now)
    deadline = models.DateTimeField()  # for the answers; then for the times
    sent_at = models.DateTimeField(null=True, blank=True)  # when its people were asked
    ended_at = models.DateTimeField(null=True, blank=True)
    bundle = models.OneToOneField(
        Bundle, on_delete=models.PROTECT, null=True, blank=True, related_name="ring"
    )  # its lessons, booked all or none

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
    lesson = models.ForeignKey(Lesson, on_delete=models.PROTECT, null=True, blank=True, related_name="ring_places")
    # A curator found it unfit, or its lesson could not be asked for: not planned into a ring again.
    is_barred = models.BooleanField(default=False, db_default=False)

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
    # Nobody vanishes from a ring unseen: who must go leaves an empty name behind, and the ring breaks.
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="ring_answers")
    is_yes = models.BooleanField(null=True)  # None: not yet
    at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ring", "person"], name="one_ring_answer_per_person")]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.is_yes}"
