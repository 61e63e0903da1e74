"""What two people judged of the emergencies, each in a copy of the list (`twitch-cds silent --csv`) of their own."""

import csv
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from cds.errors import UsageError, reason_of

RIGHT, WRONG, HARMFUL = "right", "wrong", "harmful"
VERDICTS = (RIGHT, WRONG, HARMFUL)
COLUMNS = ("uuid", "verdict")
Judged = Mapping[str, str]


def read_review(path: Path) -> dict[str, str]:
    """The verdicts by card; a card without one was not reviewed. Raises UsageError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            rows = [(reader.line_num, row) for row in reader]
            names = reader.fieldnames or ()
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise UsageError(f"{path}: cannot be read: {reason_of(problem)}") from problem
    if missing := [name for name in COLUMNS if name not in names]:
        raise UsageError(f"{path}: has no column {' and no column '.join(missing)}")
    judged: dict[str, str] = {}
    for number, row in rows:
        verdict = (row["verdict"] or "").strip().lower()
        if verdict and verdict not in VERDICTS:
            raise UsageError(f"{path}:{number}: {verdict!r} is none of {', '.join(VERDICTS)}")
        if verdict:
            judged[row["uuid"]] = verdict
    return judged


def kappa(one: Judged, other: Judged) -> float | None:
    """Cohen's kappa (Educ Psychol Meas 1960;20:37-46) over what both have judged; None if that is nothing.

    Where both give one and the same verdict throughout, chance explains all of it and kappa is undefined: 1, as they
    never disagree.
    """
    both = one.keys() & other.keys()
    if not both:
        return None
    agreed = sum(one[card] == other[card] for card in both) / len(both)
    first, second = (Counter(judged[card] for card in both) for judged in (one, other))
    by_chance = sum(first[verdict] * second[verdict] for verdict in VERDICTS) / len(both) ** 2
    return 1.0 if by_chance == 1 else (agreed - by_chance) / (1 - by_chance)
