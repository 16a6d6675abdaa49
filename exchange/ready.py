"""Reads whose SQL is written once for a process: Django takes longer to write it than the database to answer it.

The rules stay in the query sets (`visible_to`, `open_for`). One made by them is compiled with stand-ins for what
differs from one request to the next; each request then puts its own values in their place.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.models.query import (
    FlatValuesListIterable,
    ModelIterable,
    ValuesListIterable,
    get_related_populators,
    prefetch_related_objects,
)

FIRST_NUMBER = 2_100_000_000  # no row has such a number, and every column of numbers can be compared with it
FIRST_MOMENT = datetime(1903, 1, 1, tzinfo=UTC)
SHAPES = 256  # of one read: how many statements are kept

Value = int | datetime | Sequence[int]


class _Written(NamedTuple):
    """A statement and how its answer is read."""

    sql: str
    places: list[tuple[int | None, Any]]  # for each parameter: place among the values, else the value
    converted: Callable[[list[Any]], list[Any]]
    made: Callable[[list[Any]], list[Any]]


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
        given = [each for value in values.values() for each in _adapted(value)]
        params = tuple(value if place is None else given[place] for place, value in written.places)
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:  # `connection` looks this up at every touch
            cursor.execute(written.sql, params)
            found = cursor.fetchall()
        return written.made(written.converted(found))

    def _write(self, _vendor: str, shape: tuple[Any, ...], kinds: tuple[tuple[str, int | str], ...]) -> _Written | None:
        """Write the statement for a shape and kinds of values; None where no row can meet it."""
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
        return _Written(sql, places, _converting(compiler), _making(rows, compiler))


def _converting(compiler: Any) -> Callable[[list[Any]], list[Any]]:
    """Give what turns the database's values into Python's, row by row."""
    converters = compiler.get_converters(column for column, _sql, _alias in compiler.select)
    if not converters:
        return lambda found: found
    return lambda found: list(map(tuple, compiler.apply_converters(found, converters)))


def _making(rows: Any, compiler: Any) -> Callable[[list[Any]], list[Any]]:
    """Give what makes of rows what the query set gives, as Django's own iterables do."""
    if rows._iterable_class is ValuesListIterable:
        return lambda found: found
    if rows._iterable_class is FlatValuesListIterable:
        return lambda found: [row[0] for row in found]
    if rows._iterable_class is not ModelIterable or rows._known_related_objects:
        raise ValueError("only models and lists of values are read so, and from their own manager")
    model, fields = compiler.klass_info["model"], compiler.klass_info["select_fields"]
    first, end = fields[0], fields[-1] + 1
    names = [column[0].target.attname for column in compiler.select[first:end]]
    beside = get_related_populators(compiler.klass_info, compiler.select, DEFAULT_DB_ALIAS)  # type: ignore[call-arg]
    annotated = list(compiler.annotation_col_map.items())
    lookups = rows._prefetch_related_lookups

    def made(found: list[Any]) -> list[Any]:
        out = []
        for row in found:
            one = model.from_db(DEFAULT_DB_ALIAS, names, row[first:end])
            for related in beside:
                related.populate(row, one)
            for name, place in annotated:
                setattr(one, name, row[place])
            out.append(one)
        if lookups:
            prefetch_related_objects(out, *lookups)
        return out

    return made


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
