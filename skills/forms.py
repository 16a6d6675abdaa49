"""The five questions of a listing, one form each."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.forms import CleanCharField
from accounts.models import SPOKEN, District
from accounts.rules import CODES, codes, mask
from exchange.lib import arabic
from exchange.lib.text import guess_lang
from skills.models import Content, Revision

STEPS = 5
MOST_TAG_TEXT = 400


def split_tags(text: str) -> list[dict[str, Any]]:
    """Read skills typed with commas (Arabic ones too) or lines between them."""
    for comma in ("،", "؛", ";", "\n", "|"):
        text = text.replace(comma, ",")
    parts = [" ".join(part.split())[:120] for part in text.split(",")]
    return [{"text": part, "lang": guess_lang(part)} for part in parts if part]


def meaning_field(text: str) -> str:
    """Give the name of the field in which an author says what this word means."""
    return f"meaning-{arabic.fold(text)}"


class WhatForm(forms.Form):
    """Question 1: what is it about?"""

    title = CleanCharField(
        max_length=90,
        label=_("In a few words"),
        help_text=_("For example: sewing for beginners, my first smartphone, bread at home."),
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off", "data-save": ""}),
        error_messages={
            "required": _("Say in a few words what it is about."),
            "max_length": _("Shorter, please: 90 characters at most."),
        },
    )
    skills = CleanCharField(
        max_length=MOST_TAG_TEXT,
        required=False,  # the title says it too
        label=_("Which skill is it?"),
        help_text=_(
            "Write it the way you say it, in Arabic or English. Several: with a comma between them. "
            "Left empty, it is read from your words above."
        ),
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off", "data-save": "", "data-suggest": ""}),
    )

    def answers(self) -> dict[str, Any]:
        """Give what the service keeps; no tags where only the title says what it is."""
        title = self.cleaned_data["title"]
        return {"title": title, "tags": split_tags(self.cleaned_data["skills"]), "lang": guess_lang(title)}

    @staticmethod
    def initial_of(revision: Revision) -> dict[str, Any]:
        """Give what was answered before."""
        return {"title": revision.title, "skills": "، ".join(tag["text"] for tag in revision.tags)}


class HowForm(forms.Form):
    """Question 2: how does it go?"""

    body = CleanCharField(
        max_length=3000,
        label=_("Describe it"),
        widget=forms.Textarea(attrs={"rows": 6, "dir": "auto", "data-save": ""}),
        error_messages={
            "required": _("Describe it in a sentence or two."),
            "max_length": _("Shorter, please: 3,000 characters at most."),
        },
    )
    speaks = forms.MultipleChoiceField(
        choices=SPOKEN,
        label=_("In which languages?"),
        widget=forms.CheckboxSelectMultiple(attrs={"data-save": ""}),
        error_messages={"required": _("Choose at least one language.")},
    )

    def answers(self) -> dict[str, Any]:
        """Give what the service keeps."""
        return dict(self.cleaned_data)

    @staticmethod
    def initial_of(revision: Revision) -> dict[str, Any]:
        """Give what was answered before."""
        return {"body": revision.body, "speaks": revision.speaks}


class WhereForm(forms.Form):
    """Question 3: where?"""

    format = forms.ChoiceField(
        choices=Content.Format.choices, label=_("How do you meet?"), widget=forms.RadioSelect(attrs={"data-save": ""})
    )
    district = forms.ModelChoiceField(
        District.objects.order_by("id"),
        label=_("District"),
        required=False,
        empty_label=_("Choose a district"),
        widget=forms.Select(attrs={"data-save": ""}),
    )
    place = CleanCharField(
        max_length=120,
        required=False,
        label=_("Roughly where?"),
        help_text=_("For example: the public library, the garden by the school. No house numbers."),
        widget=forms.TextInput(attrs={"dir": "auto", "data-save": ""}),
    )

    def clean(self) -> dict[str, Any]:
        """Ask for the district of a meeting in person."""
        data = super().clean() or {}
        if data.get("format") in ("place", "both") and not data.get("district") and "district" not in self.errors:
            self.add_error("district", _("Choose the district where you would meet."))
        return data

    def answers(self) -> dict[str, Any]:
        """Give what the service keeps."""
        return dict(self.cleaned_data)

    @staticmethod
    def initial_of(revision: Revision) -> dict[str, Any]:
        """Give what was answered before."""
        return {"format": revision.format, "district": revision.district_id, "place": revision.place}


class WhenForm(forms.Form):
    """Question 4: when?"""

    free = forms.MultipleChoiceField(choices=[(code, code) for code in CODES], required=False, label=_("Usual times"))

    def answers(self) -> dict[str, Any]:
        """Give what the service keeps."""
        return {"free_mask": mask(self.cleaned_data["free"])}

    @staticmethod
    def initial_of(revision: Revision) -> dict[str, Any]:
        """Give what was answered before."""
        return {"free": codes(revision.free_mask)}


def _returns() -> list[tuple[str, Any]]:
    """Give what a lesson can be in return for, in words that are true where no hours are kept."""
    if settings.HOURS == "balances":
        return Content.Return.choices
    taking_part = {Content.Return.HOURS.value: _("for taking part: nothing is owed")}
    return [(value, taking_part.get(value, label)) for value, label in Content.Return.choices]


class ReturnForm(forms.Form):
    """Question 5: in return for what?"""

    in_return = forms.ChoiceField(
        choices=_returns,
        label=_("In return for what?"),
        widget=forms.RadioSelect(attrs={"data-save": ""}),
    )
    in_return_note = CleanCharField(
        max_length=160,
        required=False,
        label=_("Anything to add?"),
        help_text=_("For example: bring your own fabric; I would love to learn to cook in return."),
        widget=forms.TextInput(attrs={"dir": "auto", "data-save": ""}),
    )

    def answers(self) -> dict[str, Any]:
        """Give what the service keeps."""
        return dict(self.cleaned_data)

    @staticmethod
    def initial_of(revision: Revision) -> dict[str, Any]:
        """Give what was answered before."""
        return {"in_return": revision.in_return, "in_return_note": revision.in_return_note}


FORMS: dict[int, Any] = {1: WhatForm, 2: HowForm, 3: WhereForm, 4: WhenForm, 5: ReturnForm}
