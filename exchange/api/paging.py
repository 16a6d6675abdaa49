"""Cursors: a page begins after the last row of the one before, so page 1,000 costs what page 1 costs."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

DEFAULT, MOST = 20, 100
_LARGEST = 2**62
Row = TypeVar("Row")


@dataclass(frozen=True)
class Asked:
    """What a request says of the page it wants: how many rows, and the values of the last row it has."""

    limit: int
    after: tuple[Any, ...] | None


def asked(request: Request, *kinds: type, default: int = DEFAULT, most: int = MOST) -> Asked:
    """Read ?limit= and ?cursor=; `kinds` are the types of a cursor's values (int, float, str, datetime).

    Raises a validation error (422) for a limit that is no number from 1 to `most` or a cursor that we did not make.
    """
    limit = request.query_params.get("limit", str(default))
    if not (limit.isascii() and limit.isdigit() and len(limit) < 5 and 1 <= int(limit) <= most):
        raise serializers.ValidationError({"limit": [_("This must be a number from 1 to %(most)s.") % {"most": most}]})
    cursor = request.query_params.get("cursor")
    return Asked(int(limit), read(cursor, *kinds) if cursor else None)


def write(*values: Any) -> str:
    """Give a cursor for these values."""
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    return base64.urlsafe_b64encode(json.dumps(plain, separators=(",", ":")).encode()).decode().rstrip("=")


def read(cursor: str, *kinds: type) -> tuple[Any, ...]:
    """Give the values of a cursor. Raises a validation error (422) for one that we did not make."""
    try:
        if len(cursor) > 400:
            raise ValueError
        values = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)))
        if not isinstance(values, list) or len(values) != len(kinds):
            raise ValueError
        return tuple(_value(value, kind) for value, kind in zip(values, kinds, strict=True))
    except (ValueError, RecursionError):
        text = _("Use the cursor that the last answer gave as “next”.")
        raise serializers.ValidationError({"cursor": [text]}) from None


def page(rows: QuerySet[Any], wanted: Asked, *order: str) -> tuple[list[Any], str | None]:
    """Give one page of rows and the next cursor, if there is more. `order` are field names, "-" for descending.

    The last field must be unique; the condition is written so that an index over the order is walked, not counted.
    """
    names = [name.lstrip("-") for name in order]
    if wanted.after is not None:
        rows = rows.filter(_beyond(order, wanted.after))
    found = list(rows.order_by(*order)[: wanted.limit + 1])
    return cut(found, wanted.limit, lambda row: [_attribute(row, name) for name in names])


def cut(found: Sequence[Row], limit: int, values_of: Callable[[Row], Sequence[Any]]) -> tuple[list[Row], str | None]:
    """Give at most `limit` of the rows found, and the cursor of the next page when there was one more."""
    shown = list(found[:limit])
    return shown, write(*values_of(shown[-1])) if len(found) > limit and shown else None


def _beyond(order: Sequence[str], after: Sequence[Any]) -> Q:
    """Say "comes after" for one or two fields: (a, b) > (x, y)."""
    name, value = order[0].lstrip("-"), after[0]
    sign = "lt" if order[0].startswith("-") else "gt"
    if len(order) == 1:
        return Q(**{f"{name}__{sign}": value})
    return Q(**{f"{name}__{sign}e": value}) & (Q(**{f"{name}__{sign}": value}) | _beyond(order[1:], after[1:]))


def _attribute(row: Any, name: str) -> Any:
    for part in name.split("__"):
        row = getattr(row, part)
    return row


def _value(value: Any, kind: type) -> Any:
    if kind is datetime:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        if moment is None or moment.tzinfo is None:
            raise ValueError
        return moment
    if isinstance(value, bool) or not isinstance(value, (int, float) if kind is float else kind):
        raise ValueError
    if isinstance(value, int | float) and not abs(value) < _LARGEST:
        raise ValueError
    return value
