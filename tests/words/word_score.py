"""How well texts are heard: precision and recall of the gate and of the signs, each with its 95 % interval."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from word_texts import Gate, WordText

from cds.report.model import Rate
from cds.report.wilson import rate

GATE, FLAGS, TOLD_ABSENT = "gate", "flags", "told absent"
# Second edition N14: a language below this precision is off by default. No target is set for what is told absent.
LEAST_PRECISION = {GATE: 0.98, FLAGS: 0.98}
LEAST_RECALL = {GATE: 0.90, FLAGS: 0.75}


@dataclass(frozen=True)
class Heard:
    """What was heard in a text: what it says of a twitch, and the signs it affirms, by concept."""

    gate: Gate
    flags: frozenset[str]


class Hears(Protocol):
    """What is measured."""

    def __call__(self, text: WordText) -> Heard:
        """Hear one text."""
        ...


@dataclass
class Count:
    """What was heard rightly, heard though it was not said, and said but not heard."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> Rate:
        """Of what was heard, the share that was said."""
        return rate(self.right, self.right + self.wrong)

    @property
    def recall(self) -> Rate:
        """Of what was said, the share that was heard."""
        return rate(self.right, self.right + self.missed)


@dataclass(frozen=True)
class Fault:
    """A text that was not heard as it was meant."""

    text: WordText
    heard: Heard
    wrong: tuple[str, ...]


@dataclass
class Score:
    """The counts of some texts, and the texts that were not heard rightly."""

    texts: int = 0
    counts: dict[str, Count] = field(default_factory=lambda: {name: Count() for name in (GATE, FLAGS, TOLD_ABSENT)})
    faults: list[Fault] = field(default_factory=list)

    def below(self) -> list[str]:
        """The targets that are not reached; nothing heard reaches none."""
        found = []
        for name, least in LEAST_PRECISION.items():
            if (self.counts[name].precision.share or 0.0) < least:
                found.append(f"precision of {name} below {least:.2f}")
        for name, least in LEAST_RECALL.items():
            if (self.counts[name].recall.share or 0.0) < least:
                found.append(f"recall of {name} below {least:.2f}")
        return found


def score(texts: Iterable[WordText], hears: Hears) -> Score:
    """Hear all texts and count."""
    result = Score()
    for text in texts:
        heard = hears(text)
        wrong = [*_gate(text.gate, heard.gate, result.counts), *_flags(text, heard, result.counts[FLAGS])]
        result.texts += 1
        if wrong:
            result.faults.append(Fault(text, heard, tuple(wrong)))
    return result


def _gate(said: Gate, heard: Gate, counts: dict[str, Count]) -> list[str]:
    """An eyelid for a limb is both: something heard that was not said, and something said that was not heard."""
    count, absent = counts[GATE], counts[TOLD_ABSENT]
    same = said == heard
    count.right += heard.is_open and same
    count.wrong += heard.is_open and not same
    count.missed += said.is_open and not same
    absent.right += heard == Gate.ABSENT and same
    absent.wrong += heard == Gate.ABSENT and not same
    absent.missed += said == Gate.ABSENT and not same
    is_fault = not same and (heard.is_open or said.is_open or heard == Gate.ABSENT)
    return [f"twitch: {said}, heard {heard}"] if is_fault else []


def _flags(text: WordText, heard: Heard, count: Count) -> list[str]:
    left = set(heard.flags)
    missed = []
    for flag in text.flags:
        if not flag.is_demanded:
            continue
        if flag.concepts & left:
            count.right += 1
            left -= flag.concepts
        else:
            count.missed += 1
            missed.append("/".join(sorted(flag.concepts)))
    left -= {concept for flag in text.flags for concept in flag.concepts}
    count.wrong += len(left)
    return [*(f"{one} not heard" for one in missed), *(f"{one} heard" for one in sorted(left))]


def line(language: str, half: str, result: Score) -> Sequence[str]:
    """The lines of one language and half, as `make words` prints them."""
    return [
        f"{language:3} {half:12} {result.texts:5}  {name:12} {_share(count.precision)}   {_share(count.recall)}"
        for name, count in result.counts.items()
    ]


def _share(told: Rate) -> str:
    if told.share is None or told.low is None or told.high is None:
        return f"{'-':22}"
    return f"{told.share:.3f} [{told.low:.3f}, {told.high:.3f}]"
