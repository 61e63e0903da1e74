"""The combination table as the proof calls it: the shipped modules, or a copy of them with a fault in it."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path as File
from random import Random
from types import ModuleType
from typing import NamedTuple

from charts.seam import engine
from inputs import TYPES, Space, assessment, names_of
from lazily import Asked, ImpossibleError, sampled
from properties import LIMIT, Answer, broken
from urgency import EXEMPT, FINDINGS

from cds.rules import calm, decide, lines, other_results
from cds.rules.runner import RuleRunner

MODULES = (calm, lines, decide)  # in the order in which they import each other
KNOWLEDGE = engine(date(2026, 1, 2)).knowledge
Run = Callable[[Asked], Answer]


@contextmanager
def results_as_given() -> Iterator[None]:
    """What no rule read of the laboratory is an input too: its line would be made from the whole chart."""
    real = other_results.of
    setattr(other_results, "of", lambda picture, _used=(): picture.other_results)  # noqa: B010
    try:
        yield
    finally:
        setattr(other_results, "of", real)  # noqa: B010


def run_of(table: ModuleType) -> Run:
    """One answer of a table."""

    def run(asked: Asked) -> Answer:
        due = table.choose(assessment(asked, KNOWLEDGE), RuleRunner())
        return Answer(due, table.capped(due, LIMIT))

    return run


SHIPPED = run_of(decide)
SIGNS = ("diseases", "emergencies", "expected", "urgent", "routine", "childhood", "additional", "today")
NOTHING = dict.fromkeys(SIGNS, "none")
EXAMINED = {**NOTHING, "is_child": "no", "exam": "normal", "emg": "none", "is_normal": "yes"}
DOUBTS = ("stopped", "causes", "labs", "courses", "new_signs", "failed", "unclear", "unread", "quoted", "unsure")
ARRIVED = {f"missing.{name}": "no" for name in TYPES}
# Nothing open, and all arrived: without it no chance would ever reach what calms.
QUIET = {**NOTHING, **ARRIVED, "is_child": "no", "emg": "none", **{name: names_of(name)[0] for name in DOUBTS}}
HIDDEN = {**NOTHING, "emergency_cards": "no", "courses": "caution"}
SCENES: tuple[Mapping[str, str], ...] = (
    {},
    NOTHING,
    EXAMINED,
    {**EXAMINED, **ARRIVED, "stopped": "none", "causes": "none"},
    QUIET,
    {"emergency_cards": "no"},
)


class Fault(NamedTuple):
    """What somebody may write into the table one day: where, what stands there, and what stands there then."""

    module: str
    old: str
    new: str


def faulty(fault: Fault) -> Run:
    """The table with a fault in it."""
    made: dict[str, ModuleType] = {}
    for real in MODULES:
        assert real.__file__ is not None
        source = File(real.__file__).read_text("utf-8")
        if real.__name__.endswith("." + fault.module):
            assert 1 == source.count(fault.old), f"{fault.module}: {source.count(fault.old)} times: {fault.old}"
            source = source.replace(fault.old, fault.new)
        module = ModuleType(real.__name__ + "_copy")
        sys.modules[module.__name__] = module
        try:
            exec(compile(source, real.__file__, "exec"), module.__dict__)
        finally:
            del sys.modules[module.__name__]
        for name in made.keys() & module.__dict__.keys():
            setattr(module, name, made[name])
        made[real.__name__.rpartition(".")[2]] = module
    return run_of(made["decide"])


def wrong(run: Run, seed: int, count: int) -> Iterator[str]:
    """What is wrong with a table, as far as so many inputs by chance show it."""
    chance = Random(seed)
    for path in sampled(run, Space(), chance, count, SCENES):
        yield from (f"{name}: {path.read}" for name in broken(path.read, path.result))
        yield from _lowered(run, path.read, path.result.level)


def _lowered(run: Run, read: Mapping[str, str], level: int) -> Iterator[str]:
    """Each finding that is not there put beside the rest of what was read."""
    for name in FINDINGS:
        first, *others = names_of(name)
        for chosen in others if read.get(name) == first else ():
            try:
                after = run(Asked(Space(), given={**read, name: chosen})).level
            except ImpossibleError:
                continue
            if after < level and not any(one.finding == name and (level, after) in one.lowers for one in EXEMPT):
                yield f"{name} = {chosen} lowers {level} to {after}: {read}"
