"""Mutates the rulebook, the cards, and the data: tests/rules/mutate_rulebook.py [--options] [WORD | @FILE]...

Every field of every row is changed once for each thing that it holds, rows change places; each number of the data is
made one step larger and one smaller, each operator, effect and switch is turned, each member of a list is left out,
each value set emptied, each block put behind the next (`data_mutants`). A mutant of a row is found where the start
refuses it, or where discovery, an evidence table, what makes way for what, or an answer to a golden case changes; one
of the data only by the start or an answer, numbers in it not compared: a limit that is printed is not thereby tested.
Survivors are printed, with the reason where there is one (`reasons`). Ends with 1 if one survives without
a reason. WORD: only mutants whose table or name holds it; @FILE: those that an earlier run said survived. Single codes
and words of answers, phrases, routes and units are mutated only where the command names their file.

Each mutant is judged in a process of its own, which is made of one that holds all that a start makes (`quick_start`),
by the cases that hold or read what it changes. Each verdict is written to build/mutants.jsonl at once, and the next run
goes on from there (`verdicts`). `--plain` judges by a whole start and all cases, and neither reads verdicts nor writes
them: what it says of a sample must be what was written.
"""

import argparse
import hashlib
import logging
import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2]))  # this checkout, whatever is installed

import data_mutants
import quick_start
import reasons
import row_mutants
import verdicts
from charts.dates import TODAY
from charts.seam import engine
from golden_answers import AMENDMENTS, BODIES, NAMES, Original, answer, is_same, mask, recorded, started
from verdicts import Verdict

from cards.topics import Indicator, Topic
from cds.call import Engine
from cds.rules import decide
from cds.rules.cardbook import CARDS
from cds.rules.choice import Choice
from cds.rules.rulebook import rulebook_of
from cds.web.evidence import decisions

DATA = Path(__file__).parents[2] / "cds/knowledge/data"
WITNESSES = 25
EARLY = ("lists", "flags")  # read when the rulebook is made
LATELY: list[int] = []  # the cases that told the last mutants


@dataclass
class Place:
    """Where the data are, and what is changed: a row, or a file of a copy."""

    data: Path = DATA
    changed: str = ""


PLACE = Place()


@dataclass
class Mutant:
    """One changed row or datum: what was changed, how to put it in place, and of which row or file it is."""

    name: str
    apply: Callable[[], None]
    about: str
    table: str

    @property
    def is_of_data(self) -> bool:
        """Whether a file is changed, not a row."""
        return self.about.endswith(".toml")


@dataclass
class Judge:
    """What a mutant is held against."""

    original: Original
    whole: list[Any]
    is_plain: bool
    chosen: list[Mutant] = field(default_factory=list)

    def verdict(self, place: int) -> Verdict:
        """What becomes of one of the mutants that were chosen."""
        mutant = self.chosen[place]
        cases = range(len(BODIES)) if self.is_plain else self._cases(mutant)
        with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
            PLACE.data, PLACE.changed = (Path(folder), mutant.about) if mutant.is_of_data else (DATA, "row")
            mutant.apply()
            return self._of(mutant, cases)

    def _of(self, mutant: Mutant, cases: Iterable[int]) -> Verdict:
        try:
            made = started(PLACE.data)
            if not mutant.is_of_data and (part := self.told(made)):
                return Verdict(mutant.name, "told", part)
        except Exception as fault:  # noqa: BLE001 whatever keeps it from starting
            return Verdict(mutant.name, "refused", f"{type(fault).__name__}: {fault}"[:300])
        found = next((case for case in cases if self._is_other(made, case, mutant)), -1)
        return Verdict(mutant.name, "answered", NAMES[found], found) if found >= 0 else Verdict(mutant.name, "survived")

    def _is_other(self, made: Engine, case: int, mutant: Mutant) -> bool:
        """Whether a case gets another answer, of data not in its numbers only; none at all is another one."""
        before = self.original.answers[case]
        try:
            told = answer(made, *BODIES[case])
        except Exception:  # noqa: BLE001 whatever keeps it from answering
            return True
        return told != before and not (mutant.is_of_data and mask(told) == mask(before))

    def told(self, made: Engine) -> str:
        """Which part of what the engine says of itself is another one, if any is."""
        parts = zip(SAID.items(), self.whole, strict=True)
        return next((name for (name, say_part), before in parts if say_part(made) != before), "")

    def _cases(self, mutant: Mutant) -> list[int]:
        places = concerned(mutant, self.original)
        return list(dict.fromkeys((*(one for one in LATELY if one in places), *places)))


def main() -> None:
    """Print what becomes of each mutant."""
    logging.disable()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended; what was judged is kept"))  # and its processes end too
    asked = options()
    judge = Judge(recorded(), [say_part(engine(TODAY)) for say_part in SAID.values()], asked.plain)
    if not asked.plain:
        quick_start.shorten(lambda: PLACE.changed)
        if not is_same(started(DATA), judge.original, every=10):
            sys.exit("what is made once is not all that a start makes: quick_start.py")
    chosen = chosen_mutants(asked.words, asked.sample)
    done = {} if asked.plain else verdicts.kept()
    judge.chosen = [one for one in chosen if one.name not in done]
    say(f"{len(chosen)} mutants, {len(chosen) - len(judge.chosen)} of them judged before")
    for verdict in judged(judge.verdict, len(judge.chosen), asked.processes):
        done[verdict.mutant] = verdict
        if asked.plain:
            say(f"{verdict.state}: {verdict.mutant} {verdict.by}")
        else:
            verdicts.write(verdict)
        if verdict.place >= 0:
            LATELY[:] = [verdict.place, *(one for one in LATELY if one != verdict.place)][:WITNESSES]
    survivors = [one.name for one in chosen if done[one.name].state == "survived"]
    for name in survivors:
        say(f"survived: {name}\n    {reasons.reason(name)}")
    for line in verdicts.counted([(one.table, done[one.name]) for one in chosen], reasons.reason):
        say(line)
    unexplained = [name for name in survivors if not reasons.reason(name)]
    say(f"{len(chosen)} mutants, {len(survivors)} survivors, {len(unexplained)} without a reason")
    sys.exit(1 if unexplained else 0)


def options() -> argparse.Namespace:
    """What the command says."""
    parser = argparse.ArgumentParser()
    parser.add_argument("words", nargs="*", default=[""], metavar="WORD|@FILE")
    parser.add_argument("--sample", type=int, default=0, help="only so many of them, the same ones each time")
    parser.add_argument("--plain", action="store_true", help="a whole start and all cases; no verdict is read or kept")
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    return parser.parse_args()


def judged(judge: Callable[[int], Verdict], count: int, processes: int) -> Iterator[Verdict]:
    """What each is judged to be, in order, each by a process made for it: nothing that it changed is left behind."""
    JUDGES.append(judge)
    ends = (signal.SIGTERM, signal.SIG_DFL)
    with get_context("fork").Pool(processes, signal.signal, ends, maxtasksperchild=1) as pool:
        yield from pool.imap(_judge, range(count), chunksize=1)


JUDGES: list[Callable[[int], Verdict]] = []  # for a process knows a function by its name only


def _judge(place: int) -> Verdict:
    return JUDGES[-1](place)


def chosen_mutants(words: list[str], sample: int) -> list[Mutant]:
    """Those that are asked for, in the order in which they are; of a sample the names decide, without line numbers."""
    every = list(mutants())
    chosen = list({one.name: one for word in words for one in every if _is_asked(one, word)}.values())
    return sorted(chosen, key=_drawn)[:sample] if sample else chosen


def _drawn(mutant: Mutant) -> str:
    return hashlib.sha256(re.sub(r":\d+ ", ":", mutant.name).encode()).hexdigest()


def _is_asked(mutant: Mutant, word: str) -> bool:
    """Whether a word of the command means a mutant."""
    if word.startswith("@"):
        return mutant.name in _listed(word[1:])
    if not word and mutant.about in data_mutants.WORDED:  # single codes and words: most stand in no golden chart
        return False
    return word in f"{mutant.table} {mutant.name}"


@cache
def _listed(file: str) -> frozenset[str]:
    """The mutants that an earlier run said survived."""
    lines = Path(file).read_text("utf-8").splitlines()
    return frozenset(line.removeprefix("survived: ").strip() for line in lines if line.startswith("survived: "))


def say(text: str) -> None:
    """One line, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def concerned(mutant: Mutant, original: Original) -> list[int]:
    """The cases that may notice, the likeliest first, and none that neither reads nor holds what is changed."""
    if not mutant.is_of_data:
        return _of_row(mutant, original)
    file, _, name = mutant.name.partition(":")
    words = name.split()
    found = frozenset(range(len(BODIES)))
    if file == "rules.toml" and len(words) > 2 and words[1] not in EARLY:
        found = original.reading(words[2])
        if words[1] == "windows":
            found &= original.spanning(int(words[3]) - 2, int(words[3]) + 2)
        elif words[1] == "thresholds" and words[2].endswith("_years"):
            found &= _of_age(float(words[3]), original)
        elif words[1] == "groups" and words[-2] == "without":
            found &= original.holding(frozenset({words[-1].strip('"')})) or found
    elif file in data_mutants.WORDED:
        found = original.saying(data_mutants.worded(name, file))
    elif file != "rules.toml" and (names := data_mutants.about(name, DATA / file)):
        found = original.holding(names)
    if file == "limits.toml" and (edges := data_mutants.edges(name, DATA / file)):
        found &= original.numbering(edges)
    elif file == "limits.toml" and words[-4].endswith("_years"):
        found &= _of_age(float(words[-3]), original)
    cited = data_mutants.amendments(mutant.name, DATA, mutant.about)
    return sorted(found, key=lambda place: AMENDMENTS[place].isdisjoint(cited) if place < len(AMENDMENTS) else True)


def _of_row(mutant: Mutant, original: Original) -> list[int]:
    """Of a rule the cases that it sees, or would see; of a card's names those that show it, or hold what is named."""
    _, _, left = mutant.name.removeprefix(f"{mutant.about}.").partition("-")
    rule = rulebook_of(engine(TODAY).knowledge).rules.get(mutant.about)
    shown = original.shown.get(mutant.about, frozenset())
    if rule is not None:
        seen = original.viewed.get(rule.id, frozenset()) | original.holding(rule.reads.on_chart | {left})
        return sorted(shown) + sorted(seen - shown)
    found = original.holding(frozenset({left})) if left else frozenset(range(len(BODIES)))
    return sorted(shown) + sorted(found - shown)


def _of_age(years: float, original: Original) -> frozenset[int]:
    """The cases of somebody of about this age, and those whose age is not known."""
    ageless = frozenset(place for place, (_, body, _) in enumerate(BODIES) if b'"birthDate"' not in body)
    return ageless | original.spanning(int((years - 1) * 365), int((years + 2) * 366))


def _ways() -> list[bool]:
    """Whether a card that stands fourth is dropped (tests/rules/test_protected.py)."""
    before = [Choice(topic=Topic.EMERG, indicator=Indicator.CRITICAL)] * 3
    fourth = ([*before, Choice(topic=topic, indicator=Indicator.INFO)] for topic in Topic)
    return [bool(decide.capped(choices, 3).dropped) for choices in fourth]


SAID: dict[str, Callable[[Engine], Any]] = {  # beside the answers, the cheapest first
    "what makes way": lambda made: _ways(),
    "discovery": lambda made: made.discovery(),
    "rules of a chart": lambda made: {row.id for row in rulebook_of(made.knowledge).of_chart},
    "limits": lambda made: [made.basis(topic) for topic in Topic],
    "rules of a page": lambda made: [{row.id for row in rulebook_of(made.knowledge).leading_to(one)} for one in Topic],
    "decisions": lambda made: decisions.alone(made.knowledge),
    "decisions beside": lambda made: [decisions.beside(topic, made.knowledge) for topic in Topic],
}


def mutants() -> Iterator[Mutant]:
    """Every field of every row, changed once for each thing that it holds, and each datum."""
    for row in row_mutants.ROWS(engine(TODAY).knowledge):
        for what, changed in row_mutants.of_rule(row):
            yield Mutant(f"{row.id}.{what}", partial(row_mutants.put_rule, row.id, changed), row.id, "rulebook")
        yield Mutant(f"{row.id}.order", partial(row_mutants.put_last, row.id), row.id, "rulebook")
    for place, card in enumerate(CARDS):
        topic = card.topic.value
        for what, other in row_mutants.of_card(card):
            yield Mutant(f"{topic}.{what}", partial(row_mutants.put_card, place, other), topic, "cards")
        yield Mutant(f"{topic}.rank", partial(row_mutants.swap, place), topic, "cards")
    for name, file, text in data_mutants.mutants(DATA):
        yield Mutant(name, partial(put_data, file, text), file, data_mutants.table(name))


def put_data(file: str, text: str) -> None:
    """Put a copy of the data, with one file changed, in their place."""
    shutil.copytree(DATA, PLACE.data, dirs_exist_ok=True)
    (PLACE.data / file).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
