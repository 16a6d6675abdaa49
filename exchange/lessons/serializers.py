"""Lessons as the API shows and takes them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from exchange.api.fields import Choice, Moment, Text, Uuid, Whole
from exchange.lessons import fees, next_steps, returns, rules, states
from exchange.lessons.models import Lesson
from exchange.lessons.rules import FEWEST_SEATS, MOST_SEATS, Span

ALL_ACTS = [*states.PEOPLES_ACTS, states.RESOLVE]


class HelloIn(serializers.Serializer[Any]):
    """The first words about a listing; a second hello finds the first one's talk."""

    body = Text(max_length=1000)
    client_id = Uuid(required=False)


class LessonOut(serializers.Serializer[Any]):
    """What two people have between them: how it stands, what was agreed, and what the reader can do now."""

    id = serializers.IntegerField()
    state = serializers.ChoiceField(Lesson.State.choices)
    teacher = serializers.IntegerField(source="teacher_id")
    learner = serializers.IntegerField(source="learner_id")
    listing = serializers.IntegerField(source="listing_id", allow_null=True)
    conversation = serializers.IntegerField(source="conversation_id")
    starts_at = serializers.DateTimeField(allow_null=True)
    ends_at = serializers.DateTimeField(allow_null=True)
    minutes = serializers.IntegerField(allow_null=True)
    format = serializers.ChoiceField(Lesson.Format.choices)
    place = serializers.CharField()
    in_return = serializers.ChoiceField(returns.CHOICES)
    fee = serializers.IntegerField(allow_null=True, help_text="in the smallest unit of the currency")
    currency = serializers.CharField()
    asked_by = serializers.IntegerField(source="asked_by_id", allow_null=True)
    answer_due_at = serializers.DateTimeField(allow_null=True, help_text="until when the open question waits")
    teacher_said = serializers.ChoiceField(Lesson.Said.choices)
    learner_said = serializers.ChoiceField(Lesson.Said.choices)
    ended_at = serializers.DateTimeField(allow_null=True)
    why = serializers.CharField()
    is_late = serializers.BooleanField(help_text="called off late")
    next = serializers.SerializerMethodField(help_text="the one next step of the reader")
    acts = serializers.SerializerMethodField(help_text="what the reader can do now")

    def get_next(self, lesson: Lesson) -> str:
        """Give the one next step of the reader."""
        reader = self.context["reader"]
        is_unpaid = fees.is_unpaid(lesson, reader, self._standings)
        return next_steps.next_step(lesson.facts(reader), now=timezone.now(), is_unpaid=is_unpaid)

    @cached_property
    def _standings(self) -> dict[int, fees.Standing]:
        """How the fees of all lessons of the answer stand, read once."""
        shown: Any = [self.instance] if self.parent is None else self.parent.instance
        return fees.standings(shown)

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField([(act, act) for act in ALL_ACTS])))
    def get_acts(self, lesson: Lesson) -> list[str]:
        """Give what the reader can do now."""
        return states.open_acts(lesson.facts(self.context["reader"]), now=timezone.now())


class ProposalOut(serializers.Serializer[Any]):
    """One of the times that are asked for; its number accepts it."""

    id = serializers.IntegerField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()


class StepOut(serializers.Serializer[Any]):
    """What happened, when, by whom (null: by the clock)."""

    act = serializers.CharField()
    at = serializers.DateTimeField()
    by = serializers.IntegerField(source="by_id", allow_null=True)
    from_state = serializers.CharField()
    to_state = serializers.CharField()


class LessonWholeOut(LessonOut):
    """A lesson with the times that are asked for and everything that happened to it."""

    proposals = ProposalOut(many=True)
    steps = StepOut(many=True)


class KeyIn(serializers.Serializer[Any]):
    """An act without particulars. Sent again with the same key it is done once and answered the same."""

    key = Uuid(required=False)


class TimesIn(KeyIn):
    """Up to three times, all as long as the lesson."""

    times = serializers.ListField(
        child=Moment(), min_length=1, max_length=rules.MOST_TIMES,
        error_messages={
            "required": _("This is missing."), "null": _("This is missing."), "not_a_list": _("This must be a list."),
            "min_length": _("Offer one, two or three times."), "max_length": _("Offer one, two or three times."),
        },
    )  # fmt: skip


class AskIn(TimesIn):
    """A question for a lesson: when it could begin, and what is agreed with a yes."""

    minutes = Whole(min_value=rules.LEAST_MINUTES, max_value=rules.MOST_MINUTES)
    format = Choice(Lesson.Format.choices)
    place = Text(max_length=160, required=False, allow_blank=True)
    in_return = Choice(returns.CHOICES, default=Lesson.Return.GIFT)
    fee = Whole(min_value=1, max_value=rules.MOST_FEE, required=False)
    currency = Text(max_length=3, required=False, allow_blank=True)
    repeat = Whole(
        min_value=1, max_value=rules.MOST_REPEATS, required=False, help_text="so many lessons, a week apart, as one"
    )


class CounterIn(TimesIn):
    """Other times; what else is not given stays as it is. Of a booked lesson only the time can change."""

    minutes = Whole(min_value=rules.LEAST_MINUTES, max_value=rules.MOST_MINUTES, required=False)
    format = Choice(Lesson.Format.choices, required=False)
    place = Text(max_length=160, required=False, allow_blank=True)


class AcceptIn(KeyIn):
    """Which of the times suits."""

    proposal = Whole(min_value=1)
    without = serializers.ListField(
        child=serializers.DateField(),
        required=False,
        max_length=rules.MOST_REPEATS,
        help_text="days of a series that are left out",
    )


class DeclineIn(KeyIn):
    """A kind reason, and a word if one likes. "full" said by the teacher lets their offers rest for some days."""

    why = Choice([(why, why) for why in rules.DECLINES], default="other")
    note = Text(max_length=500, required=False, allow_blank=True)
    full_days = Choice([(str(days), str(days)) for days in rules.FULL_DAYS], required=False)


class NoteIn(KeyIn):
    """A word about it."""

    note = Text(max_length=500, required=False, allow_blank=True)


class SittingIn(serializers.Serializer[Any]):
    """A date of a group lesson."""

    starts_at = Moment()
    minutes = Whole(min_value=rules.LEAST_MINUTES, max_value=rules.MOST_MINUTES)
    seats = Whole(min_value=FEWEST_SEATS, max_value=MOST_SEATS)
    format = Choice(Lesson.Format.choices)
    place = Text(max_length=160, required=False, allow_blank=True)
    in_return = Choice(returns.FOR_GROUPS, default=Lesson.Return.GIFT)


class SittingCancelIn(serializers.Serializer[Any]):
    """A word to those who had a seat."""

    note = Text(max_length=500, required=False, allow_blank=True)


class SittingOut(serializers.Serializer[Any]):
    """A group lesson: when, where, how many seats are left, and what the reader has in it."""

    id = serializers.IntegerField()
    teacher = serializers.IntegerField(source="teacher_id")
    listing = serializers.IntegerField(source="listing_id", allow_null=True)
    title = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    minutes = serializers.IntegerField()
    format = serializers.ChoiceField(Lesson.Format.choices)
    place = serializers.CharField()
    in_return = serializers.ChoiceField(returns.FOR_GROUPS)
    seats = serializers.IntegerField()
    seats_left = serializers.IntegerField(help_text="neither taken nor kept for who waits")
    cancelled_at = serializers.DateTimeField(allow_null=True)
    lesson = serializers.IntegerField(
        source="own_lesson", allow_null=True, help_text="the lesson of the reader's seat; to give it back, cancel it"
    )
    queued_since = serializers.DateTimeField(allow_null=True, help_text="the reader waits for a seat since then")
    kept_until = serializers.DateTimeField(allow_null=True, help_text="until then a seat is kept for the reader")


class DisputeIn(KeyIn):
    """What happened, for a curator to read."""

    note = Text(max_length=500)


class ResolveIn(KeyIn):
    """A curator's decision: pay the teacher, return to the learner, or half each."""

    outcome = Choice([(outcome, outcome) for outcome in states.OUTCOMES])
    note = Text(max_length=500, required=False, allow_blank=True)


def spans(times: list[datetime], minutes: int) -> list[Span]:
    """Give the spans of a question from when each begins; one that is farther than any calendar has no length."""
    last = datetime.max.replace(tzinfo=UTC) - timedelta(minutes=minutes)
    return [Span(at, at + timedelta(minutes=minutes) if at <= last else at) for at in times]
