"""Every path of a function over inputs that are chosen only when they are read.

What a path does not read cannot change it, so that a path stands for all inputs that agree in what it read.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Generic, Protocol, TypeVar

Result = TypeVar("Result")
Classes = Mapping[str, object]  # the classes of one input, each by its name with a member of it


COMMON = 0.6  # how often chance takes the first class, which is that nothing is there


class ImpossibleError(Exception):
    """An input cannot be of the class that is given beside the others."""


class Space(Protocol):
    """Which classes an input has; what they are may rest on other inputs, which are asked for in turn."""

    def classes(self, name: str, asked: "Asked") -> Classes:
        """The classes that are possible for an input."""


@dataclass
class Asked:
    """The inputs of one run: the class of each that was read, in the order of reading.

    Of an input that nobody has decided the first class is taken, or one by chance.
    """

    space: Space
    trail: tuple[str, ...] = ()
    given: Mapping[str, str] = field(default_factory=dict)
    chance: Random | None = None
    chosen: dict[str, str] = field(default_factory=dict)
    values: dict[str, object] = field(default_factory=dict)
    widths: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    def __call__(self, name: str) -> object:
        """The member of the class that this run is about."""
        if name not in self.values:
            classes = self.space.classes(name, self)
            picked = self.given.get(name)
            if picked is None:
                picked = self._picked(name, tuple(classes))
            elif picked not in classes:
                raise ImpossibleError(name)
            self.chosen[name] = picked
            self.values[name] = classes[picked]
        return self.values[name]

    def _picked(self, name: str, names: tuple[str, ...]) -> str:
        place = len(self.widths)
        self.widths.append((name, names))
        if place < len(self.trail):
            return self.trail[place]
        return names[0] if self.chance is None or self.chance.random() < COMMON else self.chance.choice(names)


@dataclass(frozen=True)
class Path(Generic[Result]):
    """One run: what it read, which classes each of that had, and what came of it."""

    read: Mapping[str, str]
    widths: list[tuple[str, tuple[str, ...]]]
    result: Result


def paths(
    run: Callable[[Asked], Result], space: Space, given: Mapping[str, str] | None = None
) -> Iterator[Path[Result]]:
    """All runs, depth first; `given` are inputs that are the same in all of them."""
    trail: tuple[str, ...] = ()
    while True:
        asked = Asked(space, trail, given or {})
        yield Path(asked.chosen, asked.widths, run(asked))
        following = _next(asked)
        if following is None:
            return
        trail = following


def _next(asked: Asked) -> tuple[str, ...] | None:
    """The trail of the next run: the last choice that has another class takes it."""
    taken = [asked.chosen[name] for name, _ in asked.widths]
    for place in range(len(taken) - 1, -1, -1):
        names = asked.widths[place][1]
        index = names.index(taken[place]) + 1
        if index < len(names):
            return (*taken[:place], names[index])
    return None


def sampled(
    run: Callable[[Asked], Result], space: Space, chance: Random, count: int, scenes: Sequence[Mapping[str, str]]
) -> Iterator[Path[Result]]:
    """So many runs with inputs by chance, each with what one of the scenes gives; they make rare inputs frequent."""
    for _ in range(count):
        asked = Asked(space, given=chance.choice(scenes), chance=chance)
        result = run(asked)
        yield Path({**asked.given, **asked.chosen}, asked.widths, result)
