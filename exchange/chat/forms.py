"""A message as a plain form or as JSON sends it."""

import uuid

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import CleanCharField
from exchange.chat.services import LONGEST


class MessageForm(forms.Form):
    """The body, and the number that makes a second click harmless."""

    client_id = forms.UUIDField(required=False)
    reply_to = forms.IntegerField(required=False, min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)
    body = CleanCharField(
        max_length=LONGEST,
        label=_("Your message"),
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
        error_messages={
            "required": _("Write something first."),
            "max_length": _("This message is too long. Send it in two parts."),
        },
    )

    def clean_client_id(self) -> uuid.UUID:
        """Number a message that came without one."""
        return self.cleaned_data["client_id"] or uuid.uuid4()


class FileForm(MessageForm):
    """A file, with words beside it if one likes."""

    body = CleanCharField(max_length=LONGEST, required=False, label=_("Words beside it, if you like"))
    file = forms.FileField(
        max_length=300,
        label=_("Photo, PDF or voice note"),
        error_messages={
            "required": _("Choose a photo, a PDF or a voice note first."),
            "empty": _("This file is empty."),
            "missing": _("Choose a photo, a PDF or a voice note first."),
        },
    )
