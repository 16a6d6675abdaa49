"""Fields of request bodies: text without anything that cannot be seen, numbers that fit a column, choices."""

import re
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from exchange.lib.text import clean

LARGEST = 2**31 - 1
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")


class Text(serializers.CharField):
    """Text as its author wrote it, cleaned like on the pages; NUL and half characters are refused."""

    default_error_messages = {
        "required": _("This is missing."),
        "null": _("This is missing."),
        "blank": _("Write something here."),
        "invalid": _("This must be text."),
        "max_length": _("Shorter, please: {max_length} characters at most."),
        "unreadable": _("There is a character in it that cannot be stored."),
    }

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("trim_whitespace", False)
        super().__init__(**kwargs)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if isinstance(data, str):
            if _NO_TEXT.search(data):
                self.fail("unreadable")
            if self.max_length is not None and len(data) > self.max_length:  # before cleaning: what the schema says
                self.fail("max_length", max_length=self.max_length)
            data = clean(data)
        elif data is not None and data is not serializers.empty:
            self.fail("invalid")
        return super().run_validation(data)


class Whole(serializers.IntegerField):
    """A whole number that a column can hold."""

    default_error_messages = {
        "required": _("This is missing."),
        "null": _("This is missing."),
        "invalid": _("This must be a whole number."),
        "max_value": _("This must be at most {max_value}."),
        "min_value": _("This must be at least {min_value}."),
        "max_string_length": _("This must be a whole number."),
    }

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("min_value", 0)
        kwargs.setdefault("max_value", LARGEST)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return int(data)


class Choice(serializers.ChoiceField):
    """One of a few words; what was sent instead is not repeated."""

    default_error_messages = {
        "required": _("This is missing."),
        "null": _("This is missing."),
        "invalid_choice": _("This is not one of the choices."),
    }

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or data not in self.choices:
            self.fail("invalid_choice")
        return data


class Choices(serializers.ListField):
    """Some of a few words, each once, in the order of the choices."""

    default_error_messages = {
        "required": _("This is missing."),
        "null": _("This is missing."),
        "not_a_list": _("This must be a list."),
        "min_length": _("Choose at least one."),
        "max_length": _("These are too many."),
    }

    def __init__(self, choices: Any, **kwargs: Any) -> None:
        self.order = [choice[0] if isinstance(choice, tuple) else choice for choice in choices]
        super().__init__(child=Choice(choices=choices), max_length=len(self.order), **kwargs)

    def to_internal_value(self, data: Any) -> list[str]:
        if isinstance(data, list) and len(data) > len(self.order):
            self.fail("max_length")
        chosen = set(super().to_internal_value(data))
        return [word for word in self.order if word in chosen]


class Moment(serializers.DateTimeField):
    """A moment with its time zone, such as 2026-12-01T17:00+03:00."""

    default_error_messages = {
        "required": _("This is missing."),
        "null": _("This is missing."),
        "invalid": _("This must be a moment with its time zone, such as 2026-12-01T17:00+03:00."),
    }

    def to_internal_value(self, value: Any) -> datetime:
        if not isinstance(value, str) or len(value) > 40:
            self.fail("invalid", format="")
        try:
            found = datetime.fromisoformat(value)
            if found.tzinfo is None:
                raise ValueError(value)
            return found.astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail("invalid", format="")


class Uuid(serializers.UUIDField):
    """The number a device gives what it sends, so that sending it again changes nothing."""

    default_error_messages = {
        "required": _("This is missing."),
        "null": _("This is missing."),
        "invalid": _("This must be a UUID."),
    }

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)
