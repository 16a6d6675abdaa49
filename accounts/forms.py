"""What people type about themselves: one question at a time, forgiving, kept when something is wrong."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from allauth.account.forms import ConfirmLoginCodeForm, RequestLoginCodeForm
from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts import services as accounts
from accounts.models import SPOKEN, District, Person, Profile
from accounts.rules import CODES, hours_of_day, whole_days
from exchange.lib.logs import tell
from exchange.lib.text import clean

_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")


class CleanCharField(forms.CharField):
    """Text without anything that cannot be seen: controls, overrides, zero-width."""

    default_error_messages = {
        "max_length": ngettext_lazy(
            "Shorter, please: %(limit_value)d character at most.",
            "Shorter, please: %(limit_value)d characters at most.",
            "limit_value",
        )
    }

    def to_python(self, value: Any) -> str:
        return super().to_python(clean(value) if isinstance(value, str) else value) or ""


class MailField(forms.EmailField):
    """An e-mail address, written from left to right in either language. `asks`: what is said when it is empty."""

    def __init__(self, *, asks: Any, autocomplete: str = "off", **kwargs: Any) -> None:
        shown = {"autocomplete": autocomplete, "inputmode": "email", "dir": "ltr", "spellcheck": "false"}
        no_address = _("This does not look like an e-mail address. An example: name@example.org")
        super().__init__(
            max_length=200,
            widget=forms.EmailInput(attrs=shown),
            error_messages={
                "required": asks,
                **dict.fromkeys(("invalid", "max_length", "null_characters_not_allowed"), no_address),
            },
            **kwargs,
        )


class EnterForm(RequestLoginCodeForm):
    """One field for both coming back and joining: the code goes to the address either way."""

    email = MailField(
        label=_("Your e-mail"),
        help_text=_("We send a six-digit code to it. No password is needed."),
        asks=_("Write your e-mail address."),
        autocomplete="email",
    )

    def clean_email(self) -> str:
        """Find the person, or make one who is confirmed only by the code: both look the same from outside."""
        address = str(super().clean_email())
        self._user: Person | None
        if self._user is None:
            self._user = accounts.person_for_entry(email=address)
        return address


class CodeForm(ConfirmLoginCodeForm):
    """The six digits, in either set of digits, with or without blanks."""

    code = CleanCharField(
        label=_("Six-digit code"),
        max_length=40,
        help_text=_("It is valid for 10 minutes. You can paste it."),
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "dir": "ltr", "class": "code-input"}
        ),
        error_messages={"required": _("Write the six digits from the e-mail.")},
    )

    def clean_code(self) -> str:
        """Compare what was typed, however it was spaced."""
        typed = re.sub(r"\D", "", self.cleaned_data["code"].translate(_DIGITS))
        self.cleaned_data["code"] = typed
        try:
            return str(super().clean_code())
        except forms.ValidationError as error:
            tell("code_refused")
            raise forms.ValidationError(
                _("That is not the code we sent last. Look at the newest e-mail, or ask for a new code.")
            ) from error


class NameField(CleanCharField):
    """A person's name as neighbours will read it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label=_("Your name"),
            max_length=60,
            help_text=_("Neighbours see your first name."),
            widget=forms.TextInput(attrs={"autocomplete": "name", "dir": "auto"}),
            error_messages={"required": _("Write the name neighbours may call you by.")},
            **kwargs,
        )


CHILD = "-13"


class AgeField(forms.ChoiceField):
    """One plain question. What is kept is only which of two groups it is; of a child nothing is."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label=_("How old are you?"),
            choices=[(Person.Age.ADULT, _("18 or older")), (Person.Age.YOUNG, _("13 to 17")),
                     (CHILD, _("younger than 13"))],
            initial=Person.Age.ADULT,
            widget=forms.RadioSelect,
            error_messages={"required": _("Choose how old you are.")},
            **kwargs,
        )  # fmt: skip


class AgeForm(forms.Form):
    """How old one is."""

    age = AgeField()


class GuardianForm(forms.Form):
    """Whom somebody of 13 to 17 asks."""

    email = MailField(
        label=_("E-mail of your guardian"),
        help_text=_("Your mother, your father, or who looks after you. We write to them; they come in and agree."),
        asks=_("Write your guardian’s e-mail address."),
    )


class ContactForm(forms.Form):
    """Whom a person wants told."""

    prefix = "contact"
    name = CleanCharField(
        label=_("Their name"),
        max_length=60,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
        error_messages={"required": _("Write their name.")},
    )
    email = MailField(label=_("Their e-mail"), asks=_("Write their e-mail address."))


class WelcomeForm(forms.Form):
    """The first answers."""

    name = NameField()
    district = forms.ModelChoiceField(
        District.objects.order_by("id"),
        label=_("Your district"),
        empty_label=_("Choose your district"),
        help_text=_("We never ask for your street."),
        error_messages={"required": _("Choose the district you live in.")},
    )
    language = forms.ChoiceField(
        choices=[("ar", "العربية"), ("en", "English")], label=_("Language of pages"), widget=forms.RadioSelect
    )
    age = AgeField()


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    """What neighbours may know."""

    name = NameField()
    district = forms.ModelChoiceField(District.objects.order_by("id"), label=_("Your district"))
    about = CleanCharField(
        label=_("About you"),
        required=False,
        max_length=1000,
        help_text=_("Two or three sentences: what your hands know, what you enjoy."),
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"}),
    )
    speaks = forms.MultipleChoiceField(
        choices=SPOKEN,
        label=_("Languages you can teach or learn in"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one language.")},
    )
    max_learners = forms.IntegerField(
        label=_("How many learners at once?"),
        min_value=0,
        max_value=20,
        help_text=_("0 means: not teaching now. We suggest you to no more people than this."),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )

    age_band = forms.ChoiceField(
        choices=Profile.AgeBand.choices,
        required=False,
        label=_("Your age, if you like"),
        help_text=_(
            "Counted only, to see that young and old are served alike. Nobody sees it, no match depends on it."
        ),
    )

    class Meta:
        model = Profile
        fields = ["about", "speaks", "max_learners", "age_band"]


class FreeHoursForm(forms.Form):
    """The week as 21 boxes."""

    free = forms.MultipleChoiceField(choices=[(code, code) for code in CODES], required=False, label=_("Free hours"))


class DayField(forms.DateField):
    """A day, chosen or typed, in whatever digits. `asks`: what is said when it is empty."""

    def __init__(self, *, asks: Any, **kwargs: Any) -> None:
        super().__init__(
            widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            input_formats=["%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y"],
            error_messages={"required": asks, "invalid": _("Write a day such as 2026-12-31.")},
            **kwargs,
        )

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.translate(_DIGITS) if isinstance(value, str) else value)


class ClockField(forms.TimeField):
    """A time of day, chosen or typed, in whatever digits."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            input_formats=["%H:%M", "%H:%M:%S", "%H"],
            error_messages={"required": _("Write a time."), "invalid": _("Write a time such as 17:30.")},
            **kwargs,
        )

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.translate(_DIGITS) if isinstance(value, str) else value)


class AwayForm(forms.Form):
    """From one day to another, both counted in."""

    first = DayField(label=_("From"), asks=_("Write the first day."))
    last = DayField(label=_("Until, this day too"), asks=_("Write the last day."))

    def clean(self) -> dict[str, Any]:
        """Give the two moments the days mean on the city's clock."""
        given = super().clean() or {}
        if "first" in given and "last" in given:
            given["starts_at"], given["ends_at"] = _moments(self, whole_days, given["first"], given["last"])
        return given


class AlsoFreeForm(forms.Form):
    """One day, from one time to another; an end before the beginning is meant for the day after."""

    day = DayField(label=_("Day"), asks=_("Write the day."))
    begins = ClockField(label=_("From"))
    ends = ClockField(label=_("Until"))

    def clean(self) -> dict[str, Any]:
        """Give the two moments the times mean on the city's clock."""
        given = super().clean() or {}
        if {"day", "begins", "ends"} <= given.keys():
            given["starts_at"], given["ends_at"] = _moments(
                self, hours_of_day, given["day"], given["begins"], given["ends"]
            )
        return given


def _moments(form: forms.Form, read: Callable[..., tuple[datetime, datetime]], *given: Any) -> tuple[Any, Any]:
    try:
        return read(*given, timezone.get_default_timezone())
    except OverflowError:  # the very last or first day a calendar has
        form.add_error(None, _("Write a day such as 2026-12-31."))
        return None, None


SCOPE_WORDS = {
    "read": _("look around as I do"),
    "write": _("change my listings, my profile and whom I keep away"),
    "talk": _("read and write in my talks"),
    "curate": _("decide at the curators’ desk"),
}
LASTS = [("30", _("a month")), ("90", _("three months")), ("365", _("a year")), ("", _("without an end"))]


class KeyForm(forms.Form):
    """A key: what it is for, what it may do, how long."""

    name = CleanCharField(
        label=_("What is it for?"),
        max_length=60,
        help_text=_("A name by which you know it again, such as “school library screen”."),
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
        error_messages={
            "required": _("Give the key a name, so that you know it again."),
            "max_length": _("Shorter, please: 60 characters at most."),
        },
    )
    scopes = forms.MultipleChoiceField(
        label=_("What may it do?"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one thing it may do.")},
    )
    lasts = forms.ChoiceField(
        label=_("How long is it good for?"), choices=LASTS, required=False, widget=forms.RadioSelect, initial="90"
    )

    def __init__(self, person: Person, data: Any = None) -> None:
        super().__init__(data, initial={"scopes": ["read"], "lasts": "90"})
        choices = [(scope, words) for scope, words in SCOPE_WORDS.items() if scope != "curate" or person.is_curator]
        self.fields["scopes"].choices = choices  # type: ignore[attr-defined]


class AppearanceForm(forms.Form):
    """Text size and contrast."""

    text = forms.ChoiceField(choices=Person.TextSize.choices, required=False)
    contrast = forms.ChoiceField(choices=Person.Contrast.choices, required=False)
