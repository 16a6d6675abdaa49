"""What people type about a lesson: the first words, what they agree on, and why not."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.forms import CleanCharField
from accounts.rules import wall
from exchange.lessons import fees, returns
from exchange.lessons.models import Lesson
from exchange.lessons.rules import DECLINES, FARTHEST, FEWEST_SEATS, MOST_REPEATS, MOST_SEATS, MOST_TIMES, Span
from exchange.lib.errors import Refused
from exchange.templatetags.lessons import how_long, span_text
from exchange.templatetags.rukn import digits
from skills.models import Listing

LENGTHS = (30, 45, 60, 90, 120)  # minutes that are offered
USUAL_LENGTH = 60
_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")


class HelloForm(forms.Form):
    """A ready sentence that can be changed."""

    client_id = forms.UUIDField(required=False, widget=forms.HiddenInput, initial=uuid.uuid4)
    body = CleanCharField(
        max_length=1000,
        label=_("Your first words"),
        help_text=_("Say who you are and when you could meet. You agree on the rest in the talk."),
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"}),
        error_messages={
            "required": _("Write a few words, a hello is enough."),
            "max_length": _("Shorter, please: 1,000 characters at most."),
        },
    )


class DayField(forms.DateField):
    """A day, from the browser's own calendar or typed, in either set of digits."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label=_("Day"),
            required=False,
            input_formats=["%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y"],
            widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
            error_messages={"invalid": _("This is no day that we can read. An example: 2027-03-21")},
            **kwargs,
        )

    def to_python(self, value: Any) -> date | None:
        return super().to_python(value.translate(_DIGITS) if isinstance(value, str) else value)


class HourField(forms.TimeField):
    """A time of day, from the browser's own clock or typed, in either set of digits."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label=_("Starts at"),
            required=False,
            input_formats=["%H:%M", "%H:%M:%S", "%H.%M", "%I:%M %p"],
            widget=forms.TimeInput(format="%H:%M", attrs={"type": "time", "step": 300}),
            error_messages={"invalid": _("This is no time that we can read. An example: 18:30")},
            **kwargs,
        )

    def to_python(self, value: Any) -> time | None:
        return super().to_python(value.translate(_DIGITS) if isinstance(value, str) else value)


class KeyForm(forms.Form):
    """An act: its key makes a second click harmless."""

    key = forms.UUIDField(required=False, widget=forms.HiddenInput, initial=uuid.uuid4)

    def clean_key(self) -> str | None:
        """Give the key as services take it."""
        return str(self.cleaned_data["key"]) if self.cleaned_data["key"] else None


class TermsForm(forms.Form):
    """How long, where, and in return for what: what every agreement about a lesson says."""

    minutes = forms.TypedChoiceField(
        label=_("How long?"), coerce=int, error_messages={"invalid_choice": _("Choose how long it lasts.")}
    )
    format = forms.ChoiceField(
        label=_("Where?"),
        choices=Lesson.Format.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose where.")},
    )
    place = CleanCharField(
        label=_("The place"),
        required=False,
        max_length=160,
        help_text=_("A library, a café, a park: for a first meeting best a public place. Online: how you meet there."),
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
        error_messages={"max_length": _("Shorter, please: 160 characters at most.")},
    )
    in_return = forms.ChoiceField(
        label=_("In return"),
        choices=returns.CHOICES,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what it is in return for.")},
    )

    def _choice(self, name: str) -> Any:
        return self.fields[name]

    def clean(self) -> dict[str, Any]:
        """A place is needed where people meet."""
        given = super().clean() or {}
        if given.get("format") == Lesson.Format.PLACE and not given.get("place") and "place" not in self.errors:
            self.add_error("place", gettext("Write where you meet, so that both find it."))
        return given


class AgreeForm(TermsForm, KeyForm):
    """How long, when, where and in return for what. `suggested`: times that are free for both.

    `scope`: what can be said. "ask": everything; "counter", other times in answer: not in return for what; "move" of a
    booked lesson: the times only.
    """

    field_order = ("key", "minutes", "suggested", "repeat", "format", "place", "in_return", "fee")

    suggested = forms.MultipleChoiceField(
        label=_("Times when both of you are free"), required=False, widget=forms.CheckboxSelectMultiple
    )
    repeat = forms.TypedChoiceField(
        label=_("How often?"),
        required=False,
        coerce=int,
        help_text=_("Every week at the same hour, agreed on with one yes."),
        error_messages={"invalid_choice": _("Choose how often.")},
    )
    fee = CleanCharField(
        label=_("The fee"),
        required=False,
        max_length=40,
        help_text=_("Only for “for a fee”. The learner pays the city, which hands it on once the lesson took place."),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "dir": "ltr", "autocomplete": "off"}),
        error_messages={"max_length": _("Write an amount in digits.")},
    )

    def __init__(
        self, data: Any = None, *, lesson: Lesson, scope: str, suggested: Sequence[Span] = (), **kwargs: Any
    ) -> None:
        super().__init__(data, **kwargs)
        self.length = lesson.minutes or USUAL_LENGTH
        lengths = LENGTHS if self.length in LENGTHS else tuple(sorted((*LENGTHS, self.length)))
        self._choice("minutes").choices = [(each, how_long(each)) for each in lengths]
        self.initial.setdefault("minutes", self.length)
        if not fees.may_cost(lesson):
            self._choice("in_return").choices = returns.without(Lesson.Return.FEE)
            del self.fields["fee"]
        self._choice("repeat").choices = [(each, how_often(each)) for each in range(1, MOST_REPEATS + 1)]
        gone = {
            "counter": ("repeat", "in_return", "fee"),
            "move": ("minutes", "repeat", "format", "place", "in_return", "fee"),
        }
        for name in gone.get(scope, ()):
            self.fields.pop(name, None)
        # What was free when the page was drawn may be asked for, though something else is proposed by now.
        sent = [
            Span(at, at + timedelta(minutes=self.length)) for at in moments(_listed(data, self.add_prefix("suggested")))
        ]
        self.spans = {each.starts_at.isoformat(): each for each in sorted({*suggested, *sent}, key=_start)}
        self._choice("suggested").choices = [(key, span_text(each)) for key, each in self.spans.items()]
        today = timezone.localdate(timezone=timezone.get_default_timezone())
        bounds = {"min": today.isoformat(), "max": (today + FARTHEST).isoformat()}
        for number in range(1, MOST_TIMES + 1):
            self.fields[f"day_{number}"] = DayField()
            self.fields[f"time_{number}"] = HourField()
            self.fields[f"day_{number}"].widget.attrs.update(bounds)

    def tell_place(self, place: str) -> None:
        """Say what place the offer names, to who did not write it: "my house" there is another's house here."""
        if place and "place" in self.fields:
            field = self._choice("place")
            told = format_html(gettext("The offer says: “{}”."), format_html('<bdi dir="auto">{}</bdi>', place))
            field.help_text = format_html("{} {}", field.help_text, told)

    @property
    def times(self) -> list[tuple[Any, Any]]:
        """Give the day and the hour of each time that can be typed, as bound fields."""
        return [(self[f"day_{number}"], self[f"time_{number}"]) for number in range(1, MOST_TIMES + 1)]

    @property
    def shows_more(self) -> bool:
        """Whether anything stands in the second or third time."""
        return any(field.value() or field.errors for pair in self.times[1:] for field in pair)

    @property
    def shows_own(self) -> bool:
        """Whether anything stands in any of the times that are typed."""
        return any(field.value() or field.errors for pair in self.times for field in pair)

    @property
    def terms(self) -> dict[str, Any]:
        """Give what services take, from a valid form."""
        names = ["times", "minutes", "repeat", "format", "place", "in_return", "key"]
        if self.cleaned_data.get("in_return") == Lesson.Return.FEE:
            names += ["fee", "currency"]
        return {name: self.cleaned_data[name] for name in names if name in self.cleaned_data}

    def clean(self) -> dict[str, Any]:
        """Put the times together as spans, each once, in their order."""
        fields = super().clean()
        length = timedelta(minutes=fields.get("minutes") or self.length)
        if "repeat" in self.fields:
            fields["repeat"] = fields.get("repeat") or 1
        starts = {self.spans[key].starts_at for key in fields.get("suggested", ()) if key in self.spans}
        typed = [self._time(number) for number in range(1, MOST_TIMES + 1)]
        starts.update(each for each in typed if each is not None)
        if not starts and not any(field.errors for pair in self.times for field in pair):
            missing = gettext("Say at least one day and hour that suit you.")
            self.add_error("suggested" if self.spans else "day_1", missing)
        if len(starts) > MOST_TIMES:
            self.add_error("suggested", gettext("Three times at most, please."))
        fields["times"] = [Span(each, each + length) for each in sorted(starts)]
        if fields.get("in_return") == Lesson.Return.FEE and "fee" in fields:
            try:
                fields["fee"], fields["currency"] = fees.read(fields["fee"])
            except Refused as refusal:
                self.add_error("fee", str(refusal))
        return fields

    def _time(self, number: int) -> datetime | None:
        """Give one time that was typed, by the city's clock; says beside its fields what is missing."""
        names = f"day_{number}", f"time_{number}"
        day, hour = (self.cleaned_data.get(name) for name in names)
        if any(name in self.errors for name in names) or (day is None and hour is None):
            return None
        if day is None or hour is None:
            missing = (names[0], gettext("On which day?")) if day is None else (names[1], gettext("At what time?"))
            self.add_error(*missing)
            return None
        today = timezone.localdate(timezone=timezone.get_default_timezone())
        if not today <= day <= today + FARTHEST:
            is_over = day < today
            text = gettext("This day is over.") if is_over else gettext("That is more than a year away.")
            self.add_error(names[0], text)
            return None
        starts = datetime.combine(day, hour, tzinfo=timezone.get_default_timezone()).astimezone(UTC)
        if starts <= timezone.now():
            self.add_error(names[1], gettext("This time is over."))
            return None
        return starts


class SittingForm(TermsForm):
    """A date of a group lesson: when, how long, how many seats, where, in return for what."""

    field_order = ("day", "time", "minutes", "seats", "format", "place", "in_return")

    day = DayField()
    time = HourField()
    seats = forms.TypedChoiceField(
        label=_("How many seats?"),
        coerce=int,
        choices=[(number, number) for number in range(FEWEST_SEATS, MOST_SEATS + 1)],
        error_messages={"required": _("Choose how many seats."), "invalid_choice": _("Choose how many seats.")},
    )

    def __init__(self, data: Any = None, *, listing: Listing) -> None:
        is_online = listing.format == Lesson.Format.ONLINE
        start = {"minutes": USUAL_LENGTH, "seats": 6, "place": listing.place, "in_return": Lesson.Return.GIFT}
        super().__init__(data, initial=start | {"format": Lesson.Format.ONLINE if is_online else Lesson.Format.PLACE})
        self._choice("minutes").choices = [(each, how_long(each)) for each in LENGTHS]
        self._choice("seats").choices = [(number, digits(number)) for number, _shown in self._choice("seats").choices]
        self._choice("in_return").choices = returns.FOR_GROUPS

    @property
    def terms(self) -> dict[str, Any]:
        """Give what the service takes, from a valid form."""
        names = ("starts_at", "minutes", "seats", "format", "place", "in_return")
        return {name: self.cleaned_data[name] for name in names}

    def clean(self) -> dict[str, Any]:
        """Read day and time off the city's clock."""
        given = super().clean()
        day, hour = given.get("day"), given.get("time")
        for name, value in (("day", day), ("time", hour)):
            if value is None and name not in self.errors:
                self.add_error(name, gettext("On which day?") if name == "day" else gettext("At what time?"))
        if day is not None and hour is not None:
            try:
                given["starts_at"] = wall(day, hour, ZoneInfo(settings.TIME_ZONE))
            except OverflowError:
                self.add_error("day", gettext("That is more than a year away."))
        return given


class DeclineForm(forms.Form):
    """Why not, kindly."""

    why = forms.ChoiceField(
        label=_("Why?"), widget=forms.RadioSelect, error_messages={"required": _("Choose one: it need not be exact.")}
    )
    note = CleanCharField(
        label=_("A word to them, if you like"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
        error_messages={"max_length": _("Shorter, please: 500 characters at most.")},
    )

    def __init__(self, data: Any = None, *, is_teacher: bool) -> None:
        super().__init__(data, prefix="decline")
        field: Any = self.fields["why"]
        field.choices = [(each, why_words(each, is_own_offer=is_teacher)) for each in DECLINES]


class CancelForm(forms.Form):
    """A word with a cancellation."""

    note = CleanCharField(
        label=_("A word to them, if you like"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
        error_messages={"max_length": _("Shorter, please: 500 characters at most.")},
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, prefix="cancel")


class DisputeForm(forms.Form):
    """What was wrong."""

    note = CleanCharField(
        label=_("What happened?"),
        help_text=_("A few words. The other one is told that a curator looks at it, not what you write."),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
        error_messages={
            "required": _("Say in a few words what happened."),
            "max_length": _("Shorter, please: 500 characters at most."),
        },
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, prefix="dispute")


def how_often(count: int) -> str:
    """Give the length of a series in words."""
    if count == 1:
        return gettext("Once")
    return str(ngettext("%(shown)s week", "%(shown)s weeks", count)) % {"shown": digits(count)}


def moments(texts: Iterable[str]) -> list[datetime]:
    """Give the moments to come that some texts name, with their zone; what is none is left out."""
    found, now = [], timezone.now()
    for text in texts:
        try:
            at = parse_datetime(text[:40])
        except ValueError:
            at = None
        if at is not None and timezone.is_aware(at) and now < at <= now + FARTHEST:
            found.append(at.astimezone(UTC))
    return found[: 2 * MOST_TIMES]


def _start(each: Span) -> datetime:
    return each.starts_at


def _listed(data: Any, name: str) -> list[str]:
    return data.getlist(name) if data is not None and hasattr(data, "getlist") else []


def why_words(why: str, *, is_own_offer: bool = False) -> str:
    """Give a reason to decline as a sentence; `is_own_offer`: to a teacher, whose offers rest with "no room"."""
    return {
        "full": gettext("No room now (my offers rest for a month)") if is_own_offer else gettext("No room now"),
        "times": gettext("None of these times is possible"),
        "subject": gettext("It is not quite the right subject"),
        "far": gettext("It is too far"),
        "later": gettext("Perhaps later"),
        "other": gettext("For another reason"),
    }.get(why, "")
