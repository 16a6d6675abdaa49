"""What two people agree on, from the first hello to the thanks: the lesson, its question, its steps, its time."""

import uuid
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from exchange.chat.models import Conversation, Member
from exchange.lessons import states
from skills.models import Listing


class LessonQuerySet(models.QuerySet["Lesson"]):
    """Which lessons."""

    def for_member(self, person: Person) -> "LessonQuerySet":
        """Give those that this person teaches or learns in."""
        return self.filter(Q(teacher=person) | Q(learner=person))

    def readable_by(self, person: Person) -> "LessonQuerySet":
        """Give those of this person, and those of the young people they look after and talk along with."""
        guarded = Member.objects.filter(person=person, is_guardian=True).values("conversation")
        return self.filter(Q(teacher=person) | Q(learner=person) | Q(conversation__in=guarded))

    def with_people(self) -> "LessonQuerySet":
        """Fetch what a line or a page of lessons shows, in one query."""
        return self.select_related("teacher", "learner", "conversation", "listing", "series")

    def waiting_for(self, person: Person, *, soon: datetime) -> "LessonQuerySet":
        """Give those that wait for this person's answer or word, or begin before `soon`."""
        asked = Q(answer_due_at__isnull=False, state__in=(states.ASKED, states.BOOKED)) & ~Q(asked_by=person)
        untold = Q(teacher=person, teacher_said="") | Q(learner=person, learner_said="")
        near = Q(state=states.BOOKED, starts_at__lte=soon)
        return self.for_member(person).filter(asked | near | (Q(state=states.HELD) & untold))

    def disputed_for(self, curator: Person) -> "LessonQuerySet":
        """Give those that wait for a curator's decision, without this curator's own, the longest waiting first."""
        others = self.filter(state=states.DISPUTED).exclude(teacher=curator).exclude(learner=curator)
        return others.order_by("disputed_at", "id")

    def hellos(self) -> "LessonQuerySet":
        """Give those that began with a hello; the next lesson of a pair goes on in the same talk."""
        return self.filter(follows=None)

    def between(self, one: Person | int, other: Person | int) -> "LessonQuerySet":
        """Give those of two people, whoever teaches."""
        return self.filter(Q(teacher=one, learner=other) | Q(teacher=other, learner=one))

    def open(self) -> "LessonQuerySet":
        """Give those that were asked for and have not ended."""
        return self.filter(state__in=states.OPEN)

    def due(self, now: datetime) -> "LessonQuerySet":
        """Give those that the clock has something to do with, the longest due first."""
        return self.filter(due_at__lte=now).order_by("due_at", "id")


class Series(models.Model):
    """Several lessons agreed on at once, such as four Tuesdays."""

    made_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    count = models.PositiveSmallIntegerField(default=1)
    every_days = models.PositiveSmallIntegerField(default=7, db_default=7)

    class Meta:
        verbose_name_plural = "series"

    def __str__(self) -> str:
        return f"{self.count} lessons"


class SittingQuerySet(models.QuerySet["Sitting"]):
    """Which group lessons."""

    def to_come(self) -> "SittingQuerySet":
        """Give those that are not called off and have not begun, the soonest first."""
        return self.filter(cancelled_at=None, starts_at__gt=timezone.now()).order_by("starts_at", "id")

    def visible_to(self, person: Person | AnonymousUser) -> "SittingQuerySet":
        """Give those of listings a person may see, and those they teach or sit in."""
        listed = Q(listing__in=Listing.objects.visible_to(person))
        if not isinstance(person, Person):
            return self.filter(listed)
        sat = Lesson.objects.filter(learner=person, sitting=models.OuterRef("pk"))
        return self.filter(listed | Q(teacher=person) | models.Exists(sat))

    def with_counts(self) -> "SittingQuerySet":
        """Count seats that are taken or kept for somebody as `spoken_for`, and who waits for one as `waiting`, in the
        same query."""
        taken = Lesson.objects.filter(sitting=models.OuterRef("pk"), state=states.BOOKED)
        kept = Queued.objects.filter(sitting=models.OuterRef("pk"), offered_until__isnull=False)
        waiting = Queued.objects.filter(sitting=models.OuterRef("pk"), offered_until=None)
        return self.annotate(spoken_for=_count(taken) + _count(kept), waiting=_count(waiting))

    def with_place_of(self, person: Person | AnonymousUser) -> "SittingQuerySet":
        """Put beside each what this person has in it, in the same query: `own_lesson` the number of the lesson of their
        seat, `queued_since` and `kept_until` of their place in the queue; None where they have none."""
        number = person.pk or 0
        seat = Lesson.objects.filter(sitting=models.OuterRef("pk"), learner=number, state=states.BOOKED)
        place = Queued.objects.filter(sitting=models.OuterRef("pk"), person=number)
        return self.annotate(
            own_lesson=models.Subquery(seat.values("pk")[:1]),
            queued_since=models.Subquery(place.values("at")[:1]),
            kept_until=models.Subquery(place.values("offered_until")[:1]),
        )


def _count(rows: models.QuerySet[Any]) -> Coalesce:
    counted = rows.order_by().values("sitting").annotate(count=models.Count("id")).values("count")
    return Coalesce(models.Subquery(counted), 0)


class Sitting(models.Model):
    """One time at which a teacher teaches several learners; each has a lesson of their own in it."""

    teacher = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="sittings")
    listing = models.ForeignKey(Listing, on_delete=models.SET_NULL, null=True, related_name="sittings")
    conversation = models.ForeignKey(Conversation, on_delete=models.PROTECT, null=True, related_name="sittings")
    title = models.CharField(max_length=90, blank=True, default="", db_default="")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    minutes = models.PositiveSmallIntegerField()
    format = models.CharField(max_length=6, default="place", db_default="place")
    place = models.CharField(max_length=160, blank=True, default="", db_default="")
    in_return = models.CharField(max_length=5, default="gift", db_default="gift")
    seats = models.PositiveSmallIntegerField()
    made_at = models.DateTimeField(default=timezone.now)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    uid = models.UUIDField(default=uuid.uuid4, unique=True)
    sequence = models.PositiveIntegerField(default=0, db_default=0)

    objects = SittingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="sitting_ends_after_it_starts"),
            models.CheckConstraint(condition=Q(seats__range=(1, 60)), name="sitting_seats_between_1_and_60"),
        ]

    def __str__(self) -> str:
        return f"{self.teacher_id}: {self.seats} seats"

    def get_absolute_url(self) -> str:
        """Its page."""
        return reverse("sitting", args=[self.pk])

    @property
    def seats_left(self) -> int:
        """Seats that anybody may take; needs `with_counts`."""
        return max(0, self.seats - int(getattr(self, "spoken_for", self.seats)))

    @property
    def is_open(self) -> bool:
        """Whether it is still to come and not called off."""
        return self.cancelled_at is None and self.starts_at > timezone.now()


class Bundle(models.Model):
    """Lessons that are booked all at once or not at all: the two of a swap, those of a ring. Its row is their lock."""

    made_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(null=True, blank=True)  # let go then, unless all have a time
    booked_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)  # let go
    ended_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["due_at"], condition=Q(booked_at=None, ended_at=None), name="bundle_open_due")]
        constraints = [
            models.CheckConstraint(condition=Q(booked_at=None) | Q(ended_at=None), name="bundle_booked_or_let_go")
        ]

    def __str__(self) -> str:
        return f"{self.pk}: {'booked' if self.booked_at else 'let go' if self.ended_at else 'open'}"

    @property
    def is_open(self) -> bool:
        """Whether times are still being found."""
        return self.booked_at is None and self.ended_at is None


class Lesson(models.Model):
    """What a teacher and a learner have between them about one skill: one row from the first hello to the end."""

    class State(models.TextChoices):
        ENQUIRY = "enquiry", _("enquiry")
        ASKED = "asked", _("asked")
        BOOKED = "booked", _("booked")
        HELD = "held", _("held")
        CONFIRMED = "confirmed", _("confirmed")
        DECLINED = "declined", _("declined")
        WITHDRAWN = "withdrawn", _("withdrawn")
        CANCELLED = "cancelled", _("cancelled")
        LAPSED = "lapsed", _("lapsed")
        NO_SHOW = "no_show", _("somebody did not come")
        DISPUTED = "disputed", _("disputed")

    class Format(models.TextChoices):
        PLACE = "place", _("in person")
        ONLINE = "online", _("online")

    class Return(models.TextChoices):
        HOURS = "hours", _("for hours of time")
        GIFT = "gift", _("as a gift")
        SWAP = "swap", _("in exchange for another lesson")
        FEE = "fee", _("for a fee")

    class Said(models.TextChoices):
        NOTHING = "", _("nothing yet")
        HELD = "held", _("it was held")
        MISSED = "missed", _("the other did not come")

    state = models.CharField(max_length=10, choices=State, default=State.ENQUIRY)
    teacher = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="lessons_taught")
    learner = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="lessons_learned")
    opened_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    listing = models.ForeignKey(Listing, on_delete=models.SET_NULL, null=True, related_name="lessons")
    conversation = models.ForeignKey(Conversation, on_delete=models.PROTECT, related_name="lessons")
    follows = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="followed_by")
    made_at = models.DateTimeField(default=timezone.now)
    # While the hello is unanswered (lessons.rules.RUNGS):
    rungs = models.PositiveSmallIntegerField(default=0, db_default=0)  # taken
    rung_due_at = models.DateTimeField(null=True, blank=True)  # None: none is due any more
    full_at = models.DateTimeField(null=True, blank=True)  # when the teacher said "full now"
    full_until = models.DateTimeField(null=True, blank=True)  # "… ask me after"
    # What was agreed, or is asked for while nothing is:
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    format = models.CharField(max_length=6, choices=Format, default=Format.PLACE, db_default="place")
    place = models.CharField(max_length=160, blank=True, default="", db_default="")
    in_return = models.CharField(max_length=5, choices=Return, default=Return.GIFT, db_default="gift")
    fee = models.PositiveIntegerField(null=True, blank=True)  # in the smallest unit of the currency
    currency = models.CharField(max_length=3, blank=True, default="", db_default="")
    # The open question, and until when it waits; None when nothing is asked:
    asked_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    asked_at = models.DateTimeField(null=True, blank=True)
    answer_due_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)  # when the clock has something to do with it
    reminded = models.PositiveSmallIntegerField(default=0, db_default=0)  # reminders that are over (rules.REMINDERS)
    # What both said of it, and how it ended:
    teacher_said = models.CharField(max_length=6, choices=Said, blank=True, default="", db_default="")
    teacher_said_at = models.DateTimeField(null=True, blank=True)
    learner_said = models.CharField(max_length=6, choices=Said, blank=True, default="", db_default="")
    learner_said_at = models.DateTimeField(null=True, blank=True)
    disputed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    why = models.CharField(max_length=12, blank=True, default="", db_default="")  # rules.DECLINES, or a word of the act
    why_note = models.CharField(max_length=500, blank=True, default="", db_default="")
    is_late = models.BooleanField(default=False, db_default=False)
    # For calendars:
    uid = models.UUIDField(unique=True, null=True)  # given with the first question
    sequence = models.PositiveIntegerField(default=0, db_default=0)
    series = models.ForeignKey(Series, on_delete=models.PROTECT, null=True, blank=True, related_name="lessons")
    sitting = models.ForeignKey(Sitting, on_delete=models.PROTECT, null=True, blank=True, related_name="lessons")
    partner = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    bundle = models.ForeignKey(Bundle, on_delete=models.PROTECT, null=True, blank=True, related_name="lessons")
    # The time agreed to while others of `bundle` have none yet:
    chosen = models.ForeignKey("Proposal", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    version = models.PositiveIntegerField(default=0, db_default=0)  # grows with every step

    objects = LessonQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["rung_due_at"], condition=Q(rung_due_at__isnull=False), name="lesson_rung_due"),
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="lesson_due"),
            models.Index(fields=["teacher", "state", "starts_at"], name="lesson_of_teacher"),
            models.Index(fields=["learner", "state", "starts_at"], name="lesson_of_learner"),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(teacher=F("learner")), name="nobody_teaches_themselves"),
            models.UniqueConstraint(
                fields=["listing", "teacher", "learner"],
                condition=Q(state="enquiry"),
                name="one_enquiry_per_pair_and_listing",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("booked", "held", "confirmed", "no_show", "disputed"))
                | Q(starts_at__isnull=False, ends_at__gt=F("starts_at"), minutes__gt=0),
                name="lesson_agreed_has_its_time",
            ),
            models.CheckConstraint(
                condition=Q(in_return="fee", fee__gt=0) & ~Q(currency="") | ~Q(in_return="fee") & Q(fee=None),
                name="lesson_fee_only_where_one_is_asked",
            ),
            models.CheckConstraint(
                condition=~Q(state="asked") | Q(asked_by__isnull=False, answer_due_at__isnull=False, minutes__gt=0),
                name="lesson_asked_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.teacher_id} → {self.learner_id}"

    def get_absolute_url(self) -> str:
        """Where it is agreed on."""
        return reverse("lesson", args=[self.pk])

    @property
    def title(self) -> str:
        """What it is about: its own listing, else what its talk began with."""
        return self.listing.title if self.listing else self.conversation.subject

    @property
    def title_lang(self) -> str:
        """The language of its title."""
        return self.listing.lang if self.listing else self.conversation.subject_lang

    @property
    def asked_id(self) -> int:
        """Number of the person who was said hello to."""
        return self.teacher_id if self.opened_by_id == self.learner_id else self.learner_id

    @property
    def phase(self) -> str:
        """The state, or "moving" while another time is asked for a booked lesson."""
        return states.MOVING if self.state == self.State.BOOKED and self.answer_due_at else self.state

    def role_of(self, person: Person) -> str:
        """What a person is in it: teacher, learner, curator (who is neither), or nobody."""
        if person.pk in (self.teacher_id, self.learner_id):
            return states.TEACHER if person.pk == self.teacher_id else states.LEARNER
        return states.CURATOR if person.is_curator else states.NOBODY

    def facts(self, person: Person) -> states.Facts:
        """What decides which acts are open to a person."""
        role = self.role_of(person)
        said = {states.TEACHER: self.teacher_said, states.LEARNER: self.learner_said}
        other = {states.TEACHER: self.learner_said, states.LEARNER: self.teacher_said}
        return states.Facts(
            phase=self.phase,
            role=role,
            is_asker=self.asked_by_id == person.pk,
            said=said.get(role, ""),
            other_said=other.get(role, ""),
            starts_at=self.starts_at,
            ends_at=self.ends_at,
        )

    def other(self, person: Person) -> Person:
        """The other of the two."""
        return self.learner if person.pk == self.teacher_id else self.teacher


class Proposal(models.Model):
    """One of up to three times in the question that is open."""

    lesson = models.ForeignKey(Lesson, on_delete=models.CASCADE, related_name="proposals")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="proposal_ends_after_it_starts"),
            models.UniqueConstraint(fields=["lesson", "starts_at"], name="one_proposal_per_start"),
        ]

    def __str__(self) -> str:
        return f"{self.lesson_id}: {self.starts_at:%Y-%m-%d %H:%M}"


class Step(models.Model):
    """One transition of a lesson: its timeline, and the record that an act with this key was done."""

    lesson = models.ForeignKey(Lesson, on_delete=models.CASCADE, related_name="steps")
    act = models.CharField(max_length=10)
    from_state = models.CharField(max_length=10)
    to_state = models.CharField(max_length=10)
    by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")  # None: the clock
    at = models.DateTimeField(default=timezone.now)
    facts = models.JSONField(default=dict)
    key = models.CharField(max_length=80, null=True, blank=True)
    particulars = models.CharField(max_length=64, blank=True, default="")  # digest of what the act with this key was

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lesson", "key"], name="one_step_per_key")]

    def __str__(self) -> str:
        return f"{self.lesson_id}: {self.act}"


class Taken(models.Model):
    """That a person is busy then, by a lesson or by a sitting they teach; there exactly while it is booked or held."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="taken")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    lesson = models.ForeignKey(Lesson, on_delete=models.CASCADE, null=True, blank=True, related_name="taken")
    sitting = models.ForeignKey(Sitting, on_delete=models.CASCADE, null=True, blank=True, related_name="taken")

    class Meta:
        verbose_name_plural = "taken"
        indexes = [models.Index(fields=["person", "starts_at"], name="taken_of_person")]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="taken_ends_after_it_starts"),
            models.CheckConstraint(
                condition=Q(lesson__isnull=False, sitting=None) | Q(lesson=None, sitting__isnull=False),
                name="taken_by_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.starts_at:%Y-%m-%d %H:%M}"


class Rest(models.Model):
    """That an offer rests because its teacher is full, and comes back by itself."""

    listing = models.OneToOneField(Listing, on_delete=models.CASCADE, primary_key=True, related_name="rest")
    until = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.listing_id} until {self.until:%Y-%m-%d}"


class Feed(models.Model):
    """The secret address of a person's calendar; only its digest is kept."""

    person = models.OneToOneField(Person, on_delete=models.CASCADE, primary_key=True, related_name="calendar_feed")
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"of {self.person_id}"


class Queued(models.Model):
    """That somebody waits for a seat in a group lesson; in the order of the numbers. There while they wait."""

    sitting = models.ForeignKey(Sitting, on_delete=models.CASCADE, related_name="queue")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="queued")
    at = models.DateTimeField(default=timezone.now)
    offered_until = models.DateTimeField(null=True, blank=True)  # a seat is kept for them until then

    class Meta:
        verbose_name_plural = "queued"
        constraints = [models.UniqueConstraint(fields=["sitting", "person"], name="queued_once")]
        indexes = [
            models.Index(fields=["offered_until"], condition=Q(offered_until__isnull=False), name="queued_offered")
        ]

    def __str__(self) -> str:
        return f"{self.person_id} for {self.sitting_id}"
