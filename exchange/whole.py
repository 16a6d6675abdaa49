"""Acts that are done whole or not at all, and tried again when the database broke them off: two acts waited for each
other, or the same key came in twice."""

import random
import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import DatabaseError, IntegrityError, connection, transaction

Given = TypeVar("Given")
Takes = ParamSpec("Takes")
BROKEN_OFF = {"40P01", "40001", "23505"}  # deadlock, serialization, a row that somebody else made meanwhile
MOST_TRIES = 6  # the first, and five more
LONGEST_PAUSE = 0.05  # seconds before the second try, doubled with each


def whole(act: Callable[Takes, Given]) -> Callable[Takes, Given]:
    """Do an act in one transaction, from its beginning again when the database broke it off.

    Within another act it is a part of that one, which is then tried again from its own beginning. So it reads all it
    changes itself, and changes nothing it is given.
    """

    @wraps(act)
    def done_whole(*args: Takes.args, **kwargs: Takes.kwargs) -> Given:
        def once() -> Given:
            with transaction.atomic():
                return act(*args, **kwargs)

        return again(once)

    return done_whole


def again(act: Callable[[], Given]) -> Given:
    """Do an act that opens its own transaction, up to five times more when the database broke it off.

    Inside a transaction of the caller's nothing can be tried again here: the caller does it, from its own beginning.
    """
    for tried in range(MOST_TRIES):
        try:
            return act()
        except DatabaseError as error:
            if connection.in_atomic_block or not was_broken_off(error) or tried == MOST_TRIES - 1:
                raise
        time.sleep(random.uniform(0, LONGEST_PAUSE * 2**tried))  # noqa: S311 - two that met shall not meet again
    raise AssertionError("unreachable")


def was_broken_off(error: DatabaseError) -> bool:
    """Whether a second try can go through."""
    if isinstance(error, IntegrityError) and connection.vendor == "sqlite":
        return False  # writers queue there: nothing is made meanwhile
    return getattr(error.__cause__, "sqlstate", "") in BROKEN_OFF
