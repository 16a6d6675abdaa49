"""A part of a page that is the same for many readers is drawn once and kept for a minute."""

import time
from collections import OrderedDict
from typing import Any

from django import template
from django.conf import settings
from django.template.base import FilterExpression, NodeList, Parser, Token
from django.template.context import Context
from django.utils import translation
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

KEPT, KEEP_SECONDS = 2000, 60.0
# What differs for each request stands in a kept part as a mark: private characters, which no text holds.
MARKS = {"csrf_token": "\ue010csrf\ue011", "here": "\ue010here\ue011"}
_kept: OrderedDict[tuple[object, ...], tuple[float, str]] = OrderedDict()


class DrawnNode(template.Node):
    """Draws its content once for each set of values named by the tag."""

    def __init__(self, nodelist: NodeList, values: list[FilterExpression]) -> None:
        self.nodelist = nodelist
        self.values = values

    def render(self, context: Context) -> SafeString:
        """Give the content, from what is kept where that is young enough."""
        values = [value.resolve(context) for value in self.values]
        key = (id(self), translation.get_language(), *(v if isinstance(v, str) else repr(v) for v in values))
        now = time.monotonic()
        found = _kept.get(key)
        if found is None or now - found[0] > KEEP_SECONDS or settings.DEBUG:
            with context.push(**MARKS):
                found = (now, self.nodelist.render(context))
            _kept[key] = found
            while len(_kept) > KEPT:
                _kept.popitem(last=False)
        html = found[1]
        for name, mark in MARKS.items():
            if mark in html:
                html = html.replace(mark, conditional_escape(str(context.get(name, ""))))
        return mark_safe(html)  # noqa: S308 - drawn by templates, which escape


@register.tag
def drawn(parser: Parser, token: Token) -> DrawnNode:
    """`{% drawn place look.text %}…{% enddrawn %}`: the content must depend on nothing but the language, the values
    named, `csrf_token` and `here`."""
    values = [parser.compile_filter(bit) for bit in token.split_contents()[1:]]
    nodelist = parser.parse(("enddrawn",))
    parser.delete_first_token()
    return DrawnNode(nodelist, values)


def forget(*_: Any) -> None:
    """Forget everything kept, for tests."""
    _kept.clear()
