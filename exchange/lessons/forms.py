"""The first words."""

import uuid

from django import forms
from django.utils.translation import gettext_lazy as _


class HelloForm(forms.Form):
    """A ready sentence that can be changed."""

    client_id = forms.UUIDField(required=False, widget=forms.HiddenInput, initial=uuid.uuid4)
    body = forms.CharField(
        max_length=1000,
        label=_("Your first words"),
        help_text=_("Say who you are and when you could meet. You agree on the rest in the talk."),
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"}),
        error_messages={
            "required": _("Write a few words, a hello is enough."),
            "max_length": _("Shorter, please: 1,000 characters at most."),
        },
    )
