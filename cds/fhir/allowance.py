"""How many resources one call may bring: counted while they are read, so that what is not read costs nothing."""

from cds.errors import TooManyEntries


class Allowance:
    """What is left for one call, over all Bundles that are read for it. Parts of panels are counted apart."""

    __slots__ = ("_entries", "_most", "_parts")

    def __init__(self, most: int) -> None:
        self._most = self._entries = self._parts = most

    def take(self, entries: int) -> None:
        """Count so many entries of a Bundle; raises TooManyEntries if they are too many."""
        self._entries -= entries
        self._check(self._entries)

    def take_parts(self, parts: int) -> None:
        """Count so many parts of panels: each may be a result of its own. Raises TooManyEntries."""
        self._parts -= parts
        self._check(self._parts)

    def _check(self, remaining: int) -> None:
        if remaining < 0:
            raise TooManyEntries(self._most)
