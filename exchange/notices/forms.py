"""How and when a person wants to hear, on one page: one question first, the finer ones behind it."""

from collections.abc import Mapping
from datetime import time
from functools import cache
from typing import Any

from babel.core import Locale
from babel.dates import format_time
from django import forms
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from exchange.notices.models import Choice, Habit
from exchange.notices.rules import DIGEST, HOWS, KINDS, NEVER, WEEKDAYS, Habits
from exchange.templatetags.rukn import digits
from skills.filters import DAY_NAMES

USUAL, OWN = "usual", "own"
# One name for each clock that people of the city are likely to live by; theirs and the city's are always there.
ZONES = (
    "Africa/Algiers", "Africa/Cairo", "Africa/Casablanca", "Africa/Johannesburg", "Africa/Khartoum", "Africa/Lagos",
    "Africa/Nairobi", "Africa/Tripoli", "Africa/Tunis", "America/Chicago", "America/Los_Angeles", "America/New_York",
    "America/Sao_Paulo", "America/Toronto", "Asia/Aden", "Asia/Amman", "Asia/Baghdad", "Asia/Bahrain", "Asia/Beirut",
    "Asia/Colombo", "Asia/Damascus", "Asia/Dhaka", "Asia/Dubai", "Asia/Gaza", "Asia/Hong_Kong", "Asia/Jakarta",
    "Asia/Jerusalem", "Asia/Karachi", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Kuwait", "Asia/Manila", "Asia/Muscat",
    "Asia/Qatar", "Asia/Riyadh", "Asia/Singapore", "Asia/Tehran", "Asia/Tokyo", "Australia/Sydney", "Europe/Athens",
    "Europe/Berlin", "Europe/Istanbul", "Europe/London", "Europe/Madrid", "Europe/Moscow", "Europe/Paris",
    "Europe/Rome", "Europe/Stockholm",
)  # fmt: skip
OLD_NAMES = {"Asia/Kolkata": "Asia/Calcutta", "Asia/Kathmandu": "Asia/Katmandu"}  # under which their names are kept


class NoticeForm(forms.Form):
    """The ways (`mail` for all, `mail_KIND` and `page_KIND` for each) and the hours of one person."""

    mail = forms.ChoiceField(
        label=_("What should we send to your e-mail?"),
        widget=forms.RadioSelect,
        choices=[
            (USUAL, _("Messages and decisions at once, the rest collected in one mail")),
            (DIGEST, _("Everything collected in one mail")),
            (NEVER, _("Nothing")),
            (OWN, _("As I choose below, for each kind")),
        ],
    )
    every = forms.ChoiceField(label=_("Collected mail comes"), choices=Habit.Every.choices)
    day = forms.TypedChoiceField(label=_("If once a week, on"), coerce=int)
    hour = forms.TypedChoiceField(label=_("at"), coerce=int)
    quiet_from = forms.TypedChoiceField(label=_("Quiet from"), coerce=int)
    quiet_until = forms.TypedChoiceField(label=_("Quiet until"), coerce=int)
    zone = forms.ChoiceField(label=_("By the clock of"), required=False)

    def __init__(
        self, data: Any, *, choices: Mapping[str, tuple[str, bool]], hours: Habits, devices: Mapping[str, bool]
    ) -> None:
        super().__init__(data, initial={**vars(hours), "mail": _way(choices)})
        names = dict(DAY_NAMES)
        self.kinds = list(choices)
        self._choice("day").choices = [(number, names[code]) for number, code in enumerate(WEEKDAYS)]
        for name in ("hour", "quiet_from", "quiet_until"):
            self._choice(name).choices = [(hour, hour_name(hour)) for hour in range(24)]
        self._choice("zone").choices = zone_names(hours.zone)
        for kind, (how, on_page) in choices.items():
            self.fields[f"mail_{kind}"] = forms.ChoiceField(
                label=_("By mail"), choices=Choice.How.choices, initial=how, required=False
            )
            self.fields[f"page_{kind}"] = forms.BooleanField(
                label=_("Under “What is new”"), initial=on_page, required=False
            )
            if devices:
                self.fields[f"push_{kind}"] = forms.BooleanField(
                    label=_("On my devices"), initial=devices[kind], required=False
                )

    def _choice(self, name: str) -> Any:
        return self.fields[name]

    @property
    def chosen_mail(self) -> dict[str, str]:
        """Give each kind with how it is wanted by mail, from a valid form: the one answer, but for changed kinds."""
        way = self.cleaned_data["mail"]
        out = {}
        for kind in self.kinds:
            before, now = self.fields[f"mail_{kind}"].initial, self.cleaned_data[f"mail_{kind}"]
            if now and now != before:
                out[kind] = now
            else:
                out[kind] = KINDS[kind].how if way == USUAL else way if way in HOWS else before
        return out

    @property
    def chosen_pages(self) -> dict[str, bool]:
        """Give each kind with whether it is listed on the page, from a valid form."""
        return {kind: self.cleaned_data[f"page_{kind}"] for kind in self.kinds}

    @property
    def chosen_devices(self) -> dict[str, bool]:
        """Give each kind with whether it is pushed, from a valid form; nothing where the city does not push."""
        return {kind: self.cleaned_data[f"push_{kind}"] for kind in self.kinds if f"push_{kind}" in self.fields}

    @property
    def hours(self) -> Habits:
        """Give when mail is wanted, from a valid form."""
        return Habits(**{name: self.cleaned_data[name] for name in vars(Habits())})


def _way(choices: Mapping[str, tuple[str, bool]]) -> str:
    """Give the one answer that says the same as all choices."""
    ways = {how for how, _page in choices.values()}
    if ways in ({DIGEST}, {NEVER}):
        return ways.pop()
    return USUAL if all(how == KINDS[kind].how for kind, (how, _page) in choices.items()) else OWN


def hour_name(hour: int) -> str:
    """An hour as the reader's language says it, in the city's digits."""
    return digits(format_time(time(hour), "short", locale=_locale()))


def zone_names(own: str) -> list[tuple[str, str]]:
    """Give the city's clock first, then others by the names of their cities; also one that only this person has."""
    named = _zone_names(_locale())
    if own and own not in dict(named):
        named = [*named, (own, own)]
    return [("", str(settings.CITY["name"][_locale()[:2]])), *named]


@cache
def _zone_names(locale: str) -> list[tuple[str, str]]:
    known = Locale.parse(locale).time_zones
    named = [(zone, known.get(OLD_NAMES.get(zone, zone), {}).get("city") or _plain(zone)) for zone in ZONES]
    return sorted(named, key=lambda each: each[1])


def _plain(zone: str) -> str:
    return zone.rsplit("/", 1)[-1].replace("_", " ")


def _locale() -> str:
    return "ar_JO" if (translation.get_language() or "ar").startswith("ar") else "en_GB"
