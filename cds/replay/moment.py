"""The hand of the clock: it stands at the moment of the call that is replayed."""

from datetime import datetime


class Moment:
    """A moment that the engine takes for now."""

    def __init__(self, first: datetime) -> None:
        self._now = first

    def now(self) -> datetime:
        """The moment."""
        return self._now

    def set(self, moment: datetime) -> None:
        """Go to another."""
        self._now = moment
