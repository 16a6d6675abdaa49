"""How much is given."""

import uuid

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from exchange.lib.errors import Refused
from exchange.payments.services import fees, fund

OTHER, ONCE, MONTHLY = "other", "once", "monthly"


class GiftForm(forms.Form):
    """An amount among a few, or another one, once or every month."""

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4, required=False)
    amount = forms.ChoiceField(
        label=_("How much?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose an amount."), "invalid_choice": _("Choose one of these amounts.")},
    )
    other = forms.CharField(
        label=_("Another amount"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "dir": "ltr", "autocomplete": "off"}),
        error_messages={"max_length": _("Write an amount in digits.")},
    )
    how = forms.ChoiceField(
        label=_("How often?"),
        widget=forms.RadioSelect,
        choices=[(ONCE, _("once")), (MONTHLY, _("every month"))],
        initial=ONCE,
        error_messages={"required": _("Choose how often."), "invalid_choice": _("Choose how often.")},
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        currency, found = settings.CITY_CURRENCY, fund.suggested()
        choices = [(str(each), fees.words(each, currency)) for each in found]
        self.fields["amount"].choices = [*choices, (OTHER, _("another amount"))]  # type: ignore[attr-defined]
        self.fields["amount"].initial = str(found[min(1, len(found) - 1)])
        if not self.is_bound:
            self.initial["key"] = uuid.uuid4()

    def clean(self) -> dict[str, object]:
        """Read the amount that was typed, where one is."""
        data = dict(super().clean() or {})
        data["key"] = data.get("key") or uuid.uuid4()
        chosen = str(data.get("amount") or "")
        if chosen == OTHER and "other" in data:
            try:
                data["minor"] = fees.read_amount(str(data["other"]), most=fund.largest())
            except Refused as refusal:
                self.add_error("other", str(refusal))
        elif chosen.isdecimal():
            data["minor"] = int(chosen)
        return data
