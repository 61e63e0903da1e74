"""What two reviewers came to: how far they agree, and how often each card is right."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from cds.report.model import Rate
from cds.report.wilson import rate
from cds.review.agreement import HARMFUL, RIGHT, Agreement, agreement
from cds.review.record import REVIEWERS, Item, Review


class Progress(Struct, frozen=True, kw_only=True):
    """How far one reviewer has come."""

    reviewer: str
    judged: int
    left: int


class Line(Struct, frozen=True, kw_only=True):
    """One card, or one kind of silence. `judged`: by both; `right`: both say so; `harmful`: at least one says so.

    `share` is the positive predictive value of a card, and of a silence how often it was right, with its 95 % interval
    (Wilson). Where the two disagree, an item is not right.
    """

    stratum: str
    is_card: bool
    drawn: int
    judged: int
    right: int
    disagreed: int
    harmful: int
    share: float | None
    low: float | None
    high: float | None


class Results(Struct, frozen=True, kw_only=True):
    """All of it; `is_done` as soon as two people have judged all that can be judged."""

    is_done: bool
    seed: int
    items: int
    changed: int
    reviewers: tuple[Progress, ...]
    agreement: Agreement | None
    lines: tuple[Line, ...]

    @property
    def cards(self) -> list[Line]:
        """The lines of the cards."""
        return [line for line in self.lines if line.is_card]

    @property
    def silences(self) -> list[Line]:
        """The lines of the silent visits."""
        return [line for line in self.lines if not line.is_card]


def results_of(review: Review) -> Results:
    """Count what was judged so far."""
    verdicts = [review.verdicts(name) for name in review.reviewers]
    both = len(verdicts) == REVIEWERS
    return Results(
        is_done=review.is_done,
        seed=review.seed,
        items=len(review.items),
        changed=len(review.changed),
        reviewers=tuple(
            Progress(reviewer=name, judged=len(judgements), left=len(review.open_for(name)))
            for name, judgements in review.judged.items()
        ),
        agreement=agreement(verdicts[0], verdicts[1]) if both else None,
        lines=tuple(_lines(review.items, verdicts)),
    )


def _lines(items: Iterable[Item], verdicts: list[dict[str, str]]) -> Iterator[Line]:
    """A line for each stratum, cards first, each by name."""
    strata: dict[tuple[bool, str], list[str]] = {}
    for item in items:
        strata.setdefault((not item.card, item.stratum), []).append(item.id)
    for (is_silent, stratum), ids in sorted(strata.items()):
        pairs = [tuple(verdict.get(item, "") for verdict in verdicts) for item in ids]
        complete = [pair for pair in pairs if len(pair) == REVIEWERS and all(pair)]
        right = sum(pair == (RIGHT, RIGHT) for pair in complete)
        correct: Rate = rate(right, len(complete))
        yield Line(
            stratum=stratum,
            is_card=not is_silent,
            drawn=len(ids),
            judged=len(complete),
            right=right,
            disagreed=sum(len(set(pair)) > 1 for pair in complete),
            harmful=sum(HARMFUL in pair for pair in pairs),
            share=correct.share,
            low=correct.low,
            high=correct.high,
        )
