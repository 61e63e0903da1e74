"""More findings never lower the most urgent card: two decision diagrams compared, for every finding and every rest."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from diagrams import Diagram, Diagrams
from inputs import INPUTS, names_of
from lazily import Path
from properties import Answer

FINDINGS = (
    *(
        "emergencies",
        "childhood",
        "urgent",
        "today",
        "routine",
        "additional",
        "is_marked",
        "labs",
        "courses",
        "stopped",
    ),
    *("causes", "new_signs", "diseases", "expected", "request", "tests_wanted", "missing", "factors"),
    *("failed", "unclear", "unread", "laboratory.unread", "may_break_silence", "quoted", "unsure", "findings"),
    *("other_results", "unsettled", "answered"),
    *(name for name in INPUTS if name.startswith("missing.")),
)
SILENT, INFO, WARNING, CRITICAL = 0, 1, 2, 3


class Exempt(NamedTuple):
    """A finding that may lower the most urgent card: by which paragraph, from which level to which, and why."""

    amendment: str
    finding: str
    lowers: frozenset[tuple[int, int]]
    effect: str


DISEASE = frozenset({(CRITICAL, WARNING), (CRITICAL, INFO), (CRITICAL, SILENT), (WARNING, INFO), (WARNING, SILENT)})
EXEMPT = (
    Exempt("D7, N54", "diseases", DISEASE | {(INFO, SILENT)}, "a known disease explains its own signs"),
    Exempt("N53", "expected", frozenset({(INFO, SILENT)}), "where twitching is expected no data are called missing"),
    Exempt("D5", "request", frozenset({(WARNING, INFO)}), "a request that covers all signs turns them into its status"),
    Exempt(
        "N52",
        "request",
        frozenset({(WARNING, SILENT), (INFO, SILENT)}),
        "a new sign that a request to the team covers is no more than a line",
    ),
)


class Lowered(NamedTuple):
    """One finding that lowers the most urgent card, with an example of the rest."""

    finding: str
    chosen: str
    before: int
    after: int
    rest: dict[str, str]


@dataclass
class _Open:
    """An input of the path at hand: the class that is being looked at, and what came of those before."""

    name: str
    chosen: str
    done: dict[str, Diagram]


class Gathering:
    """Makes one diagram of all paths, which arrive depth first."""

    def __init__(self) -> None:
        self.diagrams = Diagrams({name: names_of(name) for name in INPUTS})
        self._open: list[_Open] = []
        self._last: Diagram = 0

    def add(self, path: Path[Answer]) -> None:
        """The next path."""
        taken = [(name, path.read[name]) for name, _ in path.widths]
        same = next((at for at, one in enumerate(self._open) if (one.name, one.chosen) != taken[at]), len(self._open))
        self._close(same + 1)
        if self._open and same < len(self._open):
            self._open[same].done[self._open[same].chosen] = self._last
            self._open[same].chosen = taken[same][1]
            same += 1
        self._open += [_Open(name, chosen, {}) for name, chosen in taken[same:]]
        self._last = self.diagrams.result(path.result.level)

    def _close(self, depth: int) -> None:
        while len(self._open) > depth:
            done = self._open.pop()
            self._last = self.diagrams.decide(done.name, {**done.done, done.chosen: self._last})

    def whole(self) -> Diagram:
        """The diagram of them all."""
        self._close(0)
        return self._last


def lowered(diagrams: Diagrams, whole: Diagram) -> Iterator[Lowered]:
    """Every finding that lowers the most urgent card, for each pair of levels once."""
    for name in FINDINGS:
        first, *others = diagrams.classes[name]
        without = diagrams.given(whole, name, first)
        for chosen in others:
            known: dict[tuple[int, int], Lowered] = {}
            for before, after, rest in diagrams.pairs(without, diagrams.given(whole, name, chosen)):
                if after < before:
                    known.setdefault((before, after), Lowered(name, chosen, before, after, rest))
            yield from known.values()
