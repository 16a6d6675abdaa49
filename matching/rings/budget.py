"""Time as this module counts it: a wall that is never passed, and work that is the same on every machine."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

WORK_PER_SECOND = 0.5  # a unit of work takes one to two seconds, by machine: the wall is only the guard


@dataclass
class Budget:
    """What a search may still spend.

    Work is counted in estimated seconds from what the solver reports about itself (pivots, nodes, columns), never from
    a clock: that makes a plan repeatable. The clock ends a search only on a machine much slower than foreseen.
    """

    seconds: float
    should_stop: Callable[[], bool] = lambda: False
    started: float = field(default_factory=time.monotonic)
    spent: float = 0.0
    was_cut: bool = False

    @property
    def left(self) -> float:
        """Seconds until the wall."""
        return self.seconds - (time.monotonic() - self.started)

    @property
    def work(self) -> float:
        """Work all in all, in estimated seconds."""
        return self.seconds * WORK_PER_SECOND

    def spend(self, work: float) -> None:
        """Count work that was done."""
        self.spent += work

    def is_over(self, share: float = 1.0) -> bool:
        """Say whether this share of the work is done, the wall is reached or somebody asked to stop."""
        if self.left <= 0 or self.should_stop():
            self.was_cut = True
        return self.was_cut or self.spent >= share * self.work
