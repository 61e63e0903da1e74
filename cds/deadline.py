"""A moment by which something must be done, passed down as a value (seconds of a clock that only goes forward)."""

from collections.abc import Callable

from msgspec import Struct


class Deadline(Struct, frozen=True):
    """The moment, and the clock on which it is read."""

    at: float
    clock: Callable[[], float]

    @classmethod
    def after(cls, seconds: float, clock: Callable[[], float]) -> "Deadline":
        """A deadline that many seconds from now."""
        return cls(clock() + seconds, clock)

    @property
    def left(self) -> float:
        """The seconds that are left; never negative."""
        return max(0.0, self.at - self.clock())

    @property
    def is_over(self) -> bool:
        """Whether no time is left."""
        return self.left <= 0.0
