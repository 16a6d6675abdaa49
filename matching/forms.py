"""What people choose of what fits."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from skills.models import Listing


class OfferForm(forms.Form):
    """Which offer is given in exchange."""

    offer = forms.ChoiceField(
        label=_("In exchange for which lesson?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose an offer."), "invalid_choice": _("Choose an offer.")},
    )

    def __init__(self, data: Any = None, *, offers: Sequence[tuple[Listing, bool]], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.offers = {str(row.pk): row for row, _fits in offers}
        choices = [
            (str(row.pk), gettext("%(title)s (fits a wish)") % {"title": row.title} if fits else row.title)
            for row, fits in offers
        ]
        field: Any = self.fields["offer"]
        field.choices = choices
        if len(choices) == 1:
            self.initial["offer"] = choices[0][0]

    @property
    def listing(self) -> Listing:
        """The offer chosen, of a valid form."""
        return self.offers[self.cleaned_data["offer"]]
