"""The two short fields of a thank-you."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import CleanCharField
from exchange.passport.models import Thanks
from exchange.passport.rules import LONGEST

TOO_LONG = _("Shorter, please: 300 characters at most.")


class ThanksForm(forms.Form):
    """What was learned and a thank-you, in any language."""

    learned = CleanCharField(
        max_length=LONGEST,
        required=False,
        label=_("What was learned"),
        help_text=_("For example: to thread the machine and sew a straight seam."),
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
        error_messages={"max_length": TOO_LONG},
    )
    thanks = CleanCharField(
        max_length=LONGEST,
        required=False,
        label=_("Your thank-you"),
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
        error_messages={"max_length": TOO_LONG},
    )

    def clean(self) -> dict[str, Any]:
        """Ask for a few words in one of the two."""
        found = super().clean() or {}
        if not self.errors and not found.get("learned") and not found.get("thanks"):
            self.add_error("thanks", _("Write a few words in one of the two fields."))
        return found


class ShowForm(forms.Form):
    """Where a thank-you to oneself is shown."""

    shown = forms.ChoiceField(choices=Thanks.Shown)
