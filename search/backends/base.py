"""What an engine must do. One contract test class runs against each (tests/contracts)."""

from abc import ABC, abstractmethod
from collections.abc import Iterable

from search.query import Document, Found, Query


class Backend(ABC):
    """A search engine over listings. One that lives in the listings' own database writes and migrates nothing."""

    def write(self, documents: Iterable[Document]) -> None:  # noqa: B027 - doing nothing is right where the database keeps the index
        """Take documents in; an older version never replaces a newer one."""

    def erase(self, listing_ids: Iterable[int]) -> None:  # noqa: B027 - doing nothing is right where the database keeps the index
        """Forget listings."""

    @abstractmethod
    def find(self, query: Query) -> Found:
        """Answer a question, best first."""

    @abstractmethod
    def suggest(self, text: str, *, limit: int = 8) -> list[str]:
        """Complete what someone types from titles of open listings."""

    def migrate(self) -> None:  # noqa: B027 - doing nothing is right where the database keeps the index
        """Bring the engine's own tables to today's shape."""

    def missing(self) -> list[int]:
        """Give ids of open listings that the engine does not hold as they are now; for `verify`."""
        return []
