"""Giving hours: how many, with which ready words, once."""

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import CleanCharField
from accounts.models import Person
from exchange.ledger import rules
from exchange.ledger.words import NOTES

QUARTERS = [("0", "0"), ("15", "15"), ("30", "30"), ("45", "45")]


class OnceForm(forms.Form):
    """A form with a number of its own, so that a second click does nothing."""

    key = forms.UUIDField(required=False, widget=forms.HiddenInput, initial=uuid.uuid4)

    @property
    def once(self) -> str:
        """The number of this form."""
        return str(self.cleaned_data.get("key") or uuid.uuid4())


class MinutesForm(OnceForm):
    """Hours and minutes."""

    hours = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=100,
        initial=1,
        label=_("Hours"),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        error_messages={
            "invalid": _("Whole hours, please, such as 2."),
            "min_value": _("Whole hours, please, such as 2."),
            "max_value": _("100 hours at most."),
        },
    )
    minutes = forms.ChoiceField(
        choices=QUARTERS,
        required=False,
        label=_("Minutes"),
        error_messages={"invalid_choice": _("Choose one of the four.")},
    )

    def clean(self) -> dict[str, Any]:
        """Put hours and minutes together, as `amount`."""
        given = super().clean() or {}
        if not self.errors:
            given["amount"] = (given.get("hours") or 0) * 60 + int(given.get("minutes") or 0)
            if not rules.is_amount(given["amount"]):
                self.add_error("hours", _("From 15 minutes to 100 hours."))
        return given


class GiveForm(MinutesForm):
    """Hours for a neighbour or the community pot."""

    note = forms.ChoiceField(
        choices=[("", _("Without words")), *NOTES.items()],
        required=False,
        label=_("With the words"),
        error_messages={"invalid_choice": _("Choose one of the words.")},
    )


class ShareForm(MinutesForm):
    """Hours out of the community pot, by a curator."""

    email = forms.EmailField(
        label=_("E-mail address of the neighbour"),
        max_length=254,
        widget=forms.EmailInput(attrs={"dir": "ltr", "autocomplete": "off"}),
        error_messages={"required": _("Who gets the hours?"), "invalid": _("Write it like name@example.org.")},
    )
    note = CleanCharField(
        max_length=200, label=_("What for"), error_messages={"required": _("One sentence, please: what for?")}
    )

    def clean_email(self) -> Person:
        """Find the neighbour."""
        found = Person.objects.filter(email__iexact=self.cleaned_data["email"], is_active=True).first()
        if found is None:
            raise forms.ValidationError(_("Nobody here has this address."))
        return found


class ReverseForm(OnceForm):
    """Putting an entry right."""

    entry = forms.IntegerField(
        min_value=1,
        max_value=2**62,
        label=_("Number of the entry"),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "dir": "ltr"}),
        error_messages={
            "required": _("Its number stands beside each line of a statement."),
            "invalid": _("Its number stands beside each line of a statement."),
            "min_value": _("Its number stands beside each line of a statement."),
            "max_value": _("There is no such entry."),
        },
    )
    reason = CleanCharField(
        max_length=200, label=_("Why"), error_messages={"required": _("One sentence, please: why?")}
    )
