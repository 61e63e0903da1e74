"""What can be wrong with an audit, and where."""

from enum import StrEnum
from typing import NamedTuple

MOST = 1000


class What(StrEnum):
    """The kinds of findings; the last two the service recorded itself, within the chain."""

    ALTERED = "altered"
    MISSING = "missing"
    REORDERED = "reordered"
    REPEATED = "repeated"
    FORKED = "forked"
    CUT_START = "cut off at the start"
    CUT_END = "cut off at the end"
    FOREIGN = "foreign key"
    UNPROVEN = "unproven"
    DAMAGED = "damaged"
    TORN = "torn"
    LOST = "lost"


class Place(NamedTuple):
    """A line of a file; files are numbered in the order in which they were read."""

    order: int
    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


class Finding(NamedTuple):
    """One thing that is wrong; `is_recorded` if the service said so itself."""

    place: Place
    what: What
    text: str
    is_recorded: bool = False

    def __str__(self) -> str:
        return f"{self.place}: {self.what}: {self.text}"


class Findings:
    """All of them counted, the first thousand kept."""

    def __init__(self) -> None:
        self._first_findings: list[Finding] = []
        self.count = 0
        self.recorded = 0

    def add(self, place: Place, kind: What, text: str, *, is_recorded: bool = False) -> None:
        """Take one more."""
        self.count += 1
        self.recorded += is_recorded
        if len(self._first_findings) < MOST:
            self._first_findings.append(Finding(place, kind, text, is_recorded))

    def in_order(self) -> list[Finding]:
        """Those that were kept, in the order of files and lines."""
        return sorted(self._first_findings, key=lambda finding: finding.place)


def lines(count: int) -> str:
    """A number of lines, in words."""
    return "1 line" if count == 1 else f"{count} lines"


def span(first: int, last: int) -> str:
    """A number, or the first and last of several."""
    return str(first) if first == last else f"{first} to {last}"
