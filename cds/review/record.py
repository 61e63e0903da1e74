"""`review.json`: what was drawn, and what each reviewer has judged of it. It holds no patient, only keyed hashes."""

from pathlib import Path

import msgspec
from msgspec import Struct, field

from cds.errors import UsageError, reason_of
from cds.review.agreement import VERDICTS

FILE = "review.json"
FORMAT = 1
REVIEWERS = 2
LONGEST_NAME, LONGEST_REMARK = 60, 1000


class Item(Struct, frozen=True, kw_only=True):
    """One question to the reviewers: a card at a visit, or without `card` a visit at which none was shown.

    `visit`: the keyed hash of the replay. `outcome`: what the call came to.
    """

    id: str
    visit: str
    card: str = ""
    outcome: str = ""

    @property
    def stratum(self) -> str:
        """What it was drawn from: the visits with this card, or the silent ones of this kind."""
        return self.card or self.outcome


class Judgement(Struct, frozen=True, kw_only=True):
    """What one reviewer says of one item."""

    verdict: str
    remark: str = ""


class Review(Struct, kw_only=True):
    """One sample and its judgements by reviewer. `changed`: items that the export does not give any more, and why."""

    format: int = FORMAT
    seed: int
    asked: int
    items: list[Item]
    judged: dict[str, dict[str, Judgement]] = field(default_factory=dict)
    changed: dict[str, str] = field(default_factory=dict)

    @property
    def reviewers(self) -> list[str]:
        """Their names, in the order in which they came."""
        return list(self.judged)

    def verdicts(self, reviewer: str) -> dict[str, str]:
        """The verdicts of one reviewer, by item."""
        return {item: judgement.verdict for item, judgement in self.judged[reviewer].items()}

    def open_for(self, reviewer: str) -> list[str]:
        """The items that a reviewer has yet to judge, in order."""
        items = self.judged[reviewer].keys() | self.changed.keys()
        return [item.id for item in self.items if item.id not in items]

    @property
    def is_done(self) -> bool:
        """Whether two people have judged all that can be judged."""
        return len(self.judged) == REVIEWERS and not any(self.open_for(name) for name in self.judged)

    def admit(self, name: str) -> int:
        """The place of a reviewer, who is taken in if there is room. Raises UsageError."""
        name = " ".join(name.split())
        if not name or len(name) > LONGEST_NAME:
            raise UsageError(f"a reviewer needs a name of 1 to {LONGEST_NAME} characters")
        if name not in self.judged:
            if len(self.judged) == REVIEWERS:
                raise UsageError(f"{name} is not one of the two reviewers, {' and '.join(self.judged)}")
            self.judged[name] = {}
        return self.reviewers.index(name)


def read_review(folder: Path) -> Review | None:
    """The review of a replay, or None if none was begun. Raises UsageError."""
    path = folder / FILE
    try:
        review = msgspec.json.decode(path.read_bytes(), type=Review)
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise UsageError(f"{path}: cannot be read: {reason_of(problem)}") from problem
    except msgspec.DecodeError as problem:
        raise UsageError(f"{path}: is not a review written by this version") from problem
    if review.format != FORMAT or len(review.judged) > REVIEWERS or not _are_verdicts(review):
        raise UsageError(f"{path}: is not a review written by this version")
    return review


def _are_verdicts(review: Review) -> bool:
    """Whether every judgement is one of the verdicts, of an item that was drawn."""
    ids = {item.id for item in review.items}
    return all(
        item in ids and judgement.verdict in VERDICTS
        for judgements in review.judged.values()
        for item, judgement in judgements.items()
    )
