"""Numbers in addresses."""


class RowNumber:
    """The number of a row in an address: one that a database can hold, so that a longer one is simply not found."""

    regex = "[0-9]{1,18}"

    def to_python(self, value: str) -> int:
        """Read it."""
        return int(value)

    def to_url(self, value: int) -> str:
        """Write it."""
        return str(value)
