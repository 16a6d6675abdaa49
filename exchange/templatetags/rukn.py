"""Words of the templates: digits, dates and isolated names, by one city setting."""

from collections import OrderedDict
from collections.abc import Iterable
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any

from babel.dates import format_date, format_time, format_timedelta
from django import template
from django.conf import settings
from django.template.loader import get_template
from django.utils import timezone, translation
from django.utils.html import format_html
from django.utils.safestring import SafeString

from exchange.lib import text as texts
from skills.cards import Card, when_words
from skills.filters import DAY_NAMES, PART_NAMES
from skills.services.concepts import ConceptHit

register = template.Library()
CARDS_KEPT = 3000  # about 10 MB
_drawn: OrderedDict[tuple[object, ...], SafeString] = OrderedDict()

_TO_ARAB = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
_TO_LATN = str.maketrans("٠١٢٣٤٥٦٧٨٩", "0123456789")


def digits(value: object) -> str:
    """Write all digits of a text in the city's way when the reader reads Arabic; English always has 0-9."""
    text = str(value)
    if settings.CITY["digits"] == "arab" and (translation.get_language() or "ar").startswith("ar"):
        return text.translate(_TO_ARAB)
    return text.translate(_TO_LATN)


@lru_cache(maxsize=4096)
def date_words(day: date, form: str, locale: str) -> str:
    """Write a day in a form of CLDR; the same days stand on many pages."""
    return str(format_date(day, form, locale=locale))


@lru_cache(maxsize=4096)
def time_words(at: time, locale: str) -> str:
    """Write an hour of the clock: "6:12 pm"."""
    return str(format_time(at, "short", locale=locale))


def _locale() -> str:
    return "ar_JO" if (translation.get_language() or "ar").startswith("ar") else "en_GB"


@register.filter
def num(value: object) -> str:
    """A number in the city's digits."""
    return digits(value)


@register.filter
def day(value: date | datetime) -> SafeString:
    """A date such as "23 November 2026", isolated."""
    local = timezone.localtime(value).date() if isinstance(value, datetime) else value
    return format_html("<bdi>{}</bdi>", digits(date_words(local, "d MMMM y", _locale())))


@register.filter
def month(value: datetime) -> SafeString:
    """A month such as "November 2026", isolated."""
    return format_html("<bdi>{}</bdi>", digits(date_words(timezone.localtime(value).date(), "MMMM y", _locale())))


@register.filter
def clock(value: datetime) -> SafeString:
    """A time of day such as "6:12 pm", isolated."""
    return format_html("<bdi>{}</bdi>", digits(time_words(timezone.localtime(value).time(), _locale())))


@register.filter
def ago(value: datetime) -> str:
    """How long ago, in words: "3 hours ago"."""
    return digits(format_timedelta(value - timezone.now(), add_direction=True, locale=_locale()))


@register.filter
def apart(value: object, lang: str = "") -> str:
    """A name or a title within a sentence, isolated with or without markup; `lang`: its language, if known."""
    return texts.isolated(str(value), lang)


@register.filter
def brief(value: object, most: int) -> str:
    """As many first words as fit into so many characters."""
    return texts.brief(str(value), most)


@register.filter
def direction(value: object, lang: str = "") -> str:
    """Give "rtl" or "ltr" for a text of this language, or by its letters; the page's where neither says it."""
    return texts.direction(str(value), lang or "") or ("rtl" if _locale().startswith("ar") else "ltr")


@register.filter
def lined(value: object) -> str:
    """Words of somebody as a mail without markup quotes them: "> " before each line."""
    return "\n".join(f"> {line}".rstrip() for line in str(value).splitlines())


_PIECE = {
    "": "{}",
    "turned": '<bdi dir="ltr">{}</bdi>',
    "code": '<code dir="ltr">{}</code>',
    "block": '<code class="block" dir="ltr">{}</code>',
}


@register.filter
def said(value: str) -> SafeString:
    """Write what somebody wrote: dates, phone numbers and C++ in their order, code as code. As `write` in chat.js."""
    return SafeString("".join(format_html(_PIECE[kind], piece) for kind, piece in texts.pieces(value)))


@register.simple_tag
def show_card(card: Card) -> SafeString:
    """Draw `components/card.html`, which shows nothing but the card; a card drawn lately is not drawn again."""
    key = card.shown
    html = _drawn.get(key)
    if html is None or settings.DEBUG:
        html = SafeString(get_template("components/card.html").render({"card": card}))
        _drawn[key] = html
        while len(_drawn) > CARDS_KEPT:
            _drawn.popitem(last=False)
    return html


@register.simple_tag
def show_cards(cards: Iterable[Card]) -> SafeString:
    """Draw cards one after the other."""
    return SafeString("".join(map(show_card, cards)))


def forget() -> None:
    """Forget drawn cards, for tests."""
    _drawn.clear()


@register.filter
def get(mapping: object, key: object) -> Any:
    """The entry of a mapping, for tables built in views; nothing where there is no table."""
    return mapping.get(key) if isinstance(mapping, dict) else None


@register.filter
def day_name(code: str) -> str:
    """The name of a weekday code such as "tue"."""
    return str(dict(DAY_NAMES)[code])


@register.filter
def part_name(code: str) -> str:
    """The name of a part of the day such as "evening"."""
    return str(dict(PART_NAMES)[code])


@register.filter
def time_name(code: str) -> str:
    """The words of a weekly part such as "tue-evening"."""
    return when_words([code])[0]


@register.filter
def concept_name(hit: ConceptHit) -> str:
    """A concept in the reader's language."""
    return hit.name(translation.get_language() or "ar")
