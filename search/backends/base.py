"""What an engine must do. One contract test class runs against each (tests/contracts)."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from search.query import Document, Found, Query

Progress = Callable[[int], None]


class Away(Exception):
    """The engine cannot be reached now; what was to be written must be written later."""


@dataclass(frozen=True)
class Drift:
    """Listings that the engine does not hold as they are: not there, older, or there without a row."""

    missing: list[int] = field(default_factory=list)
    stale: list[int] = field(default_factory=list)
    ghosts: list[int] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.missing or self.stale or self.ghosts)


class Backend(ABC):
    """A search engine over listings. One that lives in the listings' own database writes and migrates nothing."""

    keeps_own_index = False  # whether listings must be brought to it

    def write(self, documents: Iterable[Document]) -> None:  # noqa: B027 - doing nothing is right where the database keeps the index
        """Take documents in; an older version never replaces a newer one. Raises `Away`."""

    def erase(self, listing_ids: Iterable[int]) -> None:  # noqa: B027 - doing nothing is right where the database keeps the index
        """Forget listings. Raises `Away`."""

    @abstractmethod
    def find(self, query: Query) -> Found:
        """Answer a question, best first."""

    @abstractmethod
    def suggest(self, text: str, *, limit: int = 8) -> list[str]:
        """Complete what someone types from titles of open listings."""

    def migrate(self, progress: Progress | None = None) -> None:  # noqa: B027 - nothing to do where migrations do it
        """Bring the engine's own tables to today's shape; cheap when they have it."""

    def rebuild(self, progress: Progress | None = None) -> None:  # noqa: B027
        """Write everything again, while searches and writes go on."""

    def drift(self) -> Drift:
        """Compare the engine with the database; for `verify`."""
        return Drift()

    def refresh(self) -> None:  # noqa: B027 - a database shows its rows at once
        """Let everything written be found now; for tests and after a rebuild."""
