"""One rule: its id, its card, what it reads, and the function that is asked."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Literal

from msgspec import Struct

from cards.topics import Topic
from cds.rules.flags import Raised
from cds.rules.reads import Reads
from cds.rules.view import View

Ask = Callable[[View], Iterable[Any]]
Sees = Literal["all", "unused", "open"]
NO_WINDOWS: Mapping[str, tuple[str, ...]] = MappingProxyType({})


class Rule(Struct, frozen=True, kw_only=True):
    """One row of the rulebook. `ask` is handed a view that answers only what `reads` declares; None: its caller asks.

    `also`: other cards that its outcome leads to. `sees`: all findings; those that no emergency has used; or of these
    only what no later normal examination answers. `told_elsewhere`: where the site hides emergencies, other cards may
    tell what it found. `at_order`: it is asked of drafts.
    """

    id: str
    card: Topic | None
    reads: Reads
    ask: Ask | None
    also: tuple[Topic, ...] = ()
    sees: Sees = "all"
    told_elsewhere: bool = False
    at_order: bool = False

    @property
    def children(self) -> bool:
        """Whether it is asked of children only."""
        return self.card is Topic.PED_NEURO

    @property
    def cards(self) -> tuple[Topic, ...]:
        """All cards that it leads to."""
        return (self.card, *self.also) if self.card else self.also


def sign(
    ident: str,
    card: Topic,
    *sets: str,
    window: str = "",
    windows: Mapping[str, tuple[str, ...]] = NO_WINDOWS,
    undated: bool = False,
    tag: str | None = None,
    critical: bool = False,
    used: bool = False,
    also: tuple[Topic, ...] = (),
    sees: Sees = "all",
    told_elsewhere: bool = False,
) -> Rule:
    """The row of a flag that any finding of some value sets raises, within a window if one is named.

    `windows`: value sets that have each a window of their own.
    """
    every = {window: sets} if window else windows
    all_sets = (*sets, *(name for window_sets in windows.values() for name in window_sets))

    def ask(view: View) -> Iterator[Raised]:
        recent = (
            finding
            for key, sets_of_window in every.items()
            for finding in view.within(key, *sets_of_window, undated=undated)
        )
        findings = dict.fromkeys(recent) if every else view.of(*all_sets)
        flag = view.flag(findings, all_sets, tag=tag, critical=critical, used=used)
        if flag is not None:
            yield flag

    reads = Reads(sets=all_sets, windows=tuple(every))
    return Rule(id=ident, card=card, reads=reads, ask=ask, also=also, sees=sees, told_elsewhere=told_elsewhere)
