"""Reads whose SQL is written once for a process: Django takes longer to write it than the database to answer it.

The rules stay in the query sets (`visible_to`, `open_for`). One made by them is compiled with stand-ins for what
differs from one request to the next; each request then puts its own values in their place.
"""

import copy
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.models.query import FlatValuesListIterable, ValuesListIterable

FIRST_NUMBER = 2_100_000_000  # no row has such a number, and every column of numbers can be compared with it
FIRST_MOMENT = datetime(1903, 1, 1, tzinfo=UTC)
PLAIN = (ValuesListIterable, FlatValuesListIterable)
SHAPES = 256  # of one read: how many statements are kept

Value = int | datetime | Sequence[int]


class Ready:
    """A read: `make(*shape, **values)` gives its query set, of models or of plain values.

    `shape` is whatever changes the statement itself. A value is a number, a moment or a sequence of numbers, and must
    only ever be compared with columns. What `make` gives may depend on nothing else.
    """

    def __init__(self, make: Callable[..., models.QuerySet[Any, Any]]) -> None:
        self._make = make
        self._written = lru_cache(SHAPES)(self._write)

    def __call__(self, *shape: Any, **values: Value) -> list[Any]:
        """Give the rows for these values."""
        kinds = tuple((name, _kind(value)) for name, value in values.items())
        written = self._written(connection.vendor, shape, kinds)
        if written is None:
            return []
        rows, compiler, sql, places, converters = written
        given = [each for value in values.values() for each in _adapted(value)]
        params = tuple(value if place is None else given[place] for place, value in places)
        real = connections[DEFAULT_DB_ALIAS]  # `connection` looks this up at every touch
        if rows._iterable_class in PLAIN:
            with real.cursor() as cursor:
                cursor.execute(sql, params)
                found = cursor.fetchall()
            if converters:
                found = list(map(tuple, compiler.apply_converters(found, converters)))
            return [row[0] for row in found] if rows._iterable_class is FlatValuesListIterable else found
        answering = copy.copy(compiler)
        answering.connection = real
        answering.as_sql = lambda *_args, **_named: (sql, params)
        answering.get_converters = lambda _expressions: converters
        query = copy.copy(rows.query)
        query.get_compiler = lambda *_args, **_named: answering
        asked = type(rows)(rows.model, query, rows._db)
        for name in ("_iterable_class", "_prefetch_related_lookups", "_known_related_objects"):
            setattr(asked, name, getattr(rows, name))
        return list(asked)

    def _write(self, _vendor: str, shape: tuple[Any, ...], kinds: tuple[tuple[str, int | str], ...]) -> Any:
        """Give the query set, its compiler, its statement, for each parameter (place among the values, value), and how
        columns are read."""
        stand_ins: dict[str, Value] = {}
        known: list[Any] = []
        for name, kind in kinds:
            at = len(known)
            if kind == "moment":
                stand_ins[name] = FIRST_MOMENT + timedelta(days=at)
            elif isinstance(kind, int):
                stand_ins[name] = [FIRST_NUMBER + at + more for more in range(kind)]
            else:
                stand_ins[name] = FIRST_NUMBER + at
            known += _adapted(stand_ins[name])
        rows = self._make(*shape, **stand_ins)
        compiler = rows.query.get_compiler(connection=connection)
        try:
            sql, params = compiler.as_sql()
        except EmptyResultSet:
            return None
        places = [(known.index(value) if value in known else None, value) for value in params]
        if {place for place, _value in places} - {None} != set(range(len(known))):
            raise ValueError("a value of this read does not stand in its statement")
        converters = compiler.get_converters(column for column, _sql, _alias in compiler.select)
        return rows, compiler, sql, places, converters


def _kind(value: Value) -> int | str:
    """Give what of a value changes the statement: how many numbers there are."""
    if isinstance(value, int):
        return "number"
    return "moment" if isinstance(value, datetime) else len(value)


def _adapted(value: Value) -> list[Any]:
    """Give a value as the parameters it becomes."""
    if isinstance(value, int):
        return [value]
    if isinstance(value, datetime):
        return [connection.ops.adapt_datetimefield_value(value)]
    return list(value)
