"""What differs between two answers about one chart: counted by card, and by the flags and tags behind it."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import zip_longest
from typing import TypeVar

import msgspec
from msgspec import Struct, field

from cards.basis import BASIS
from cards.topics import Indicator
from cds.errors import UsageError

LEVELS = tuple(indicator.value for indicator in (Indicator.INFO, Indicator.WARNING, Indicator.CRITICAL))


class Change(StrEnum):
    """What became of a card."""

    NEW = "new"
    GONE = "gone"
    MORE = "more urgent"
    LESS = "less urgent"
    REWORDED = "reworded"
    SAME = "same"


class Code(Struct, frozen=True):
    """By which a card's kind is known."""

    code: str


class Source(Struct, frozen=True):
    """Of which kind a card is."""

    topic: Code
    label: str = ""


class Label(Struct, frozen=True):
    """What a suggestion is called."""

    label: str


class Card(Struct, frozen=True):
    """What is read of a card; its ids are not."""

    summary: str
    indicator: str
    source: Source
    detail: str = ""
    suggestions: tuple[Label, ...] = ()
    extension: dict[str, msgspec.Raw] = {}


class Basis(Struct, frozen=True):
    """What is read of a card's basis."""

    tags: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


class Answer(Struct, frozen=True):
    """The answer to a hook call."""

    cards: tuple[Card, ...]


class EvaluatedPatient(Answer, frozen=True):
    """One answer of `evaluate --json`."""

    input: str = ""
    patient: str = ""


class ComparedCard(Struct, frozen=True, order=True):
    """A card as far as it is compared; of its words a hash only."""

    topic: str
    tags: tuple[str, ...]
    flags: tuple[str, ...]
    urgency: int
    words: bytes
    rules: tuple[str, ...] = ()  # that led to it, where that is known

    @property
    def content(self) -> tuple[object, ...]:
        """What it tells a clinician."""
        return self.topic, self.tags, self.flags, self.urgency, self.words


A = TypeVar("A", bound=Answer)
Key = tuple[str, str, int]
Answers = dict[Key, tuple[ComparedCard, ...]]
Pair = tuple[ComparedCard | None, ComparedCard | None]


def answers(lines: Iterable[bytes], name: str) -> Answers:
    """The answers by input and patient, a patient who comes again apart; raises UsageError for what is no answer."""
    read: Answers = {}
    times: Counter[tuple[str, str]] = Counter()
    for line in lines:
        answer, cards = _decoded(line, EvaluatedPatient, name)
        read[answer.input, answer.patient, times[answer.input, answer.patient]] = cards
        times[answer.input, answer.patient] += 1
    return read


def cards_of(body: bytes, name: str) -> tuple[ComparedCard, ...]:
    """The cards of the answer to a hook call; raises UsageError for what is none."""
    return _decoded(body, Answer, name)[1]


def _decoded(text: bytes, kind: type[A], name: str) -> tuple[A, tuple[ComparedCard, ...]]:
    try:
        answer = msgspec.json.decode(text, type=kind)
        return answer, tuple(sorted(_compared(card) for card in answer.cards))
    except (msgspec.DecodeError, ValueError) as problem:
        raise UsageError(f"{name}: printed a line that is not an answer ({type(problem).__name__})") from problem


def _compared(card: Card) -> ComparedCard:
    raw = card.extension.get(BASIS)
    basis = msgspec.json.decode(raw, type=Basis) if raw is not None else Basis()
    words = (card.summary, card.detail, card.source.label, *(suggestion.label for suggestion in card.suggestions))
    return ComparedCard(
        card.source.topic.code,
        basis.tags,
        basis.flags,
        LEVELS.index(card.indicator),
        hashlib.blake2b(msgspec.json.encode(words), digest_size=16).digest(),
    )


class Differences(Struct, kw_only=True):
    """The sums. `by_reason`: how often a flag, tag or rule is behind a card that it was not behind, or no more is."""

    charts: int = 0
    changed: int = 0
    only_old: int = 0
    only_new: int = 0
    by_card: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    by_reason: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    @property
    def is_same(self) -> bool:
        """Whether both said the same of the same charts."""
        return not (self.changed or self.only_old or self.only_new)

    def add(self, before: Sequence[ComparedCard], after: Sequence[ComparedCard]) -> None:
        """The cards of one chart."""
        self.changed += before != after
        for topic in sorted({card.topic for card in (*before, *after)}):
            old, new = ([card for card in cards if card.topic == topic] for cards in (before, after))
            for before_card, after_card in _paired(old, new):
                self.by_card[topic][_change(before_card, after_card)] += 1
                _reasons(self, topic, (before_card, after_card))


def compare(old: Answers, new: Answers) -> Differences:
    """Chart by chart; a chart that one of the two has no answer for is counted as such."""
    differences = Differences(only_old=len(old.keys() - new.keys()), only_new=len(new.keys() - old.keys()))
    for key in old.keys() & new.keys():
        differences.charts += 1
        differences.add(old[key], new[key])
    return differences


def _paired(
    before: Sequence[ComparedCard], after: Sequence[ComparedCard]
) -> Iterator[tuple[ComparedCard | None, ComparedCard | None]]:
    """Cards of one kind: those of the same tags first, then the others in their order."""
    unpaired_before, right = list(before), list(after)
    for card in before:
        twin = next((other_card for other_card in right if other_card.tags == card.tags), None)
        if twin is not None:
            unpaired_before.remove(card)
            right.remove(twin)
            yield card, twin
    yield from zip_longest(unpaired_before, right)


def _change(before: ComparedCard | None, after: ComparedCard | None) -> Change:
    if before is None or after is None:
        return Change.NEW if before is None else Change.GONE
    if before.urgency != after.urgency:
        return Change.MORE if after.urgency > before.urgency else Change.LESS
    return Change.SAME if before.content == after.content else Change.REWORDED


def _reasons(differences: Differences, topic: str, pair: Pair) -> None:
    """Which flags, tags and rules came to a card or left it."""
    before, after = ({*card.flags, *card.tags, *card.rules} if card else set() for card in pair)
    for reason in after - before:
        differences.by_reason[f"{topic} {reason}"][Change.NEW] += 1
    for reason in before - after:
        differences.by_reason[f"{topic} {reason}"][Change.GONE] += 1
