"""How long words may be, and when a seal is broken. Values in, values out."""

from datetime import datetime, timedelta

LONGEST = 300  # of each of the two fields


def due_at(since: datetime, days: int) -> datetime:
    """When what was written of a lesson confirmed then is opened at the latest."""
    return since + timedelta(days=days)
