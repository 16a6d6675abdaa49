"""Words of lessons: when one takes place by the city's clock, and how long it is."""

from datetime import datetime
from typing import Any

from django import template
from django.conf import settings
from django.utils import timezone, translation
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from exchange.ledger import words
from exchange.lessons import returns
from exchange.templatetags.rukn import date_words, digits, time_words

register = template.Library()


@register.filter
def span(row: Any) -> SafeString:
    """When something with `starts_at` and `ends_at` is, such as "Tuesday 1 December, 18:00 to 19:00", isolated.

    Always by the city's clock, where the lesson is; said so where the reader lives by another one.
    """
    return format_html("<bdi>{}</bdi>", span_text(row)) if row and row.starts_at else SafeString("")


def span_text(row: Any) -> str:
    """The same as plain text, where it stands alone."""
    city = timezone.get_default_timezone()
    starts, ends = row.starts_at.astimezone(city), row.ends_at.astimezone(city)
    text = _("%(day)s, %(start)s to %(end)s") % {"day": _day(starts), "start": _clock(starts), "end": _clock(ends)}
    return _by_which_clock(digits(text), row.starts_at)


@register.filter
def moment(value: datetime) -> SafeString:
    """A day and its hour such as "Tuesday 1 December, 18:00", by the city's clock, isolated."""
    local = value.astimezone(timezone.get_default_timezone())
    text = _("%(day)s, %(start)s") % {"day": _day(local), "start": _clock(local)}
    return format_html("<bdi>{}</bdi>", _by_which_clock(digits(text), value))


@register.filter
def in_return(row: Any) -> str:
    """What a lesson, a group lesson or a listing is in return for, in words that are true of this city."""
    return returns.words_of(row)


@register.filter
def how_long(minutes: int) -> str:
    """How long something lasts, in the words people use: "half an hour", "3 hours", "40 minutes"."""
    named = {
        30: _("half an hour"),
        45: _("45 minutes"),
        60: _("one hour"),
        90: _("an hour and a half"),
        120: _("two hours"),
    }
    if minutes in named:
        return digits(named[minutes])
    if minutes and minutes % 60 == 0:
        return digits(words.span(minutes))
    return digits(ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes})


def _by_which_clock(text: str, at: datetime) -> str:
    if timezone.localtime(at).utcoffset() == at.astimezone(timezone.get_default_timezone()).utcoffset():
        return text
    return _("%(time)s (by the clock of %(city)s)") % {"time": text, "city": settings.CITY["name"][_locale()[:2]]}


def _day(at: datetime) -> str:
    form = "EEEE d MMMM" if at.year == timezone.now().year else "EEEE d MMMM y"
    return date_words(at.date(), form, _locale())


def _clock(at: datetime) -> str:
    return time_words(at.time(), _locale()).replace(" ", "\u00a0")  # the hour and its half of the day


def _locale() -> str:
    return "ar_JO" if (translation.get_language() or "ar").startswith("ar") else "en_GB"
