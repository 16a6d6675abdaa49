"""Who may meet whom."""

from accounts.models import Block, Person


def is_blocked(one: Person, other: Person) -> bool:
    """Whether either of two people keeps the other away."""
    return Block.objects.all().between(one, other).exists()


def may_write_to(sender: Person, other: Person) -> bool:
    """Whether one person may write to another now: both active, different, no block either way."""
    return sender.pk != other.pk and sender.is_active and other.is_active and not is_blocked(sender, other)
