"""What became of each mutant, one line of a file each, so that a run that was ended goes on where it stopped.

A verdict counts as long as what it rests on is the same: of a mutant that the start refused or that discovery told, the
code; of one that a case told, that case too; of a survivor, all cases and the scripts that judge.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Literal

from golden_answers import BODIES, NAMES
from msgspec import Struct

ROOT = Path(__file__).parents[2]
FILE = ROOT / "build/mutants.jsonl"
COUNTED = ("refused", "told", "answered", "explained", "survived")
HEADS = (
    "mutants",
    "refused at start",
    "told by discovery or tables",
    "told by a case",
    "survivors with reason",
    "without",
)


class Verdict(Struct, frozen=True):
    """Of one mutant: refused at the start, told by discovery or a table, by the answer to a case, or by nothing."""

    mutant: str
    state: Literal["refused", "told", "answered", "survived"]
    by: str = ""
    place: int = -1  # of the case

    @property
    def basis(self) -> str:
        """What must be the same for it to count again."""
        if self.state == "survived":
            return f"{_code()} {_cases()} {_scripts()}"
        return f"{_code()} {_case(self.place)}" if self.place >= 0 else _code()


def kept() -> dict[str, Verdict]:
    """The verdicts of earlier runs that still count."""
    found = {}
    places = {name: place for place, name in enumerate(NAMES)}
    for line in FILE.read_text("utf-8").splitlines() if FILE.is_file() else ():
        written = json.loads(line)
        place = places.get(written["by"], -1) if written["state"] == "answered" else -1
        verdict = Verdict(written["mutant"], written["state"], written["by"], place)
        if verdict.basis == written["basis"]:
            found[verdict.mutant] = verdict
    return found


def write(verdict: Verdict) -> None:
    """Append one line, at once."""
    FILE.parent.mkdir(exist_ok=True)
    line = {"mutant": verdict.mutant, "state": verdict.state, "by": verdict.by, "basis": verdict.basis}
    with FILE.open("a", encoding="utf-8") as file:
        file.write(f"{json.dumps(line)}\n")


def counted(verdicts: Iterable[tuple[str, Verdict]], explained: Callable[[str], str]) -> Iterator[str]:
    """A line for each table: how many mutants, and what became of them."""
    counts: dict[str, Counter[str]] = {}
    for table, one in verdicts:
        state = "explained" if one.state == "survived" and explained(one.mutant) else one.state
        counts.setdefault(table, Counter()).update([state])
    yield " | ".join(("table", *HEADS))
    for table, count in (*counts.items(), ("all", sum(counts.values(), Counter()))):
        yield " | ".join((table, str(count.total()), *(str(count[state]) for state in COUNTED)))


@cache
def _code() -> str:
    files = (file for folder in ("cds", "cards") for file in (ROOT / folder).rglob("*"))
    return _digest(*(file.read_bytes() for file in sorted(files) if file.suffix in (".py", ".toml", ".csv", ".json")))


@cache
def _scripts() -> str:
    named = ("mutate_rulebook", "row_mutants", "data_mutants", "golden_answers", "quick_start")
    return _digest(*((Path(__file__).parent / f"{name}.py").read_bytes() for name in named))


@cache
def _cases() -> str:
    return _digest(*(_case(place).encode() for place in range(len(BODIES))))


@cache
def _case(place: int) -> str:
    hook, body, emergency_cards = BODIES[place]
    return _digest(hook.encode(), body, str(emergency_cards).encode())


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]
