"""Amounts of money in templates."""

from django import template
from django.utils import translation
from django.utils.html import format_html
from django.utils.safestring import SafeString

from exchange.payments import money as amounts
from exchange.templatetags.rukn import digits

register = template.Library()


@register.filter
def money(amount: int, currency: str) -> SafeString:
    """An amount in its smallest unit, with its currency: "7.500 Jordanian dinars", isolated."""
    text = amounts.words(amount, currency, translation.get_language() or "ar")
    return format_html("<bdi>{}</bdi>", digits(text))
