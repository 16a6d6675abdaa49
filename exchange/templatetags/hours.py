"""Hours in the words and digits of the reader."""

from django import template
from django.utils import translation
from django.utils.html import format_html
from django.utils.safestring import SafeString

from exchange.ledger import words
from exchange.templatetags.rukn import digits

register = template.Library()


@register.filter
def in_words(minutes: int) -> str:
    """Minutes as hours and minutes in words, for mails without markup."""
    return digits(words.span(minutes))


@register.filter
def span(minutes: int) -> SafeString:
    """The same, isolated."""
    return format_html("<bdi>{}</bdi>", in_words(minutes))


@register.filter
def signed(minutes: int) -> SafeString:
    """The same with + or −."""
    return format_html("<bdi>{}</bdi>", digits(words.signed(minutes)))


@register.filter
def note_words(note: str) -> str:
    """The ready words that came with a gift, in the reader's language; what a curator wrote stands as it is."""
    return str(words.NOTES.get(note, note))


@register.filter
def quoted(text: str) -> SafeString:
    """Somebody's words, isolated, in the marks of the reader's language, which stay on their sides of the words."""
    is_arabic = (translation.get_language() or "ar").startswith("ar")
    opening, closing, way = ("«", "»", "rtl") if is_arabic else ("“", "”", "ltr")
    return format_html('<bdi dir="{}">{}<bdi dir="auto">{}</bdi>{}</bdi>', way, opening, text, closing)
