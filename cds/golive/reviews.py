"""What two people judged of the emergencies, each in a copy of the list (`twitch-cds silent --csv`) of their own."""

import csv
from pathlib import Path

from cds.errors import UsageError, reason_of
from cds.review.agreement import VERDICTS

COLUMNS = ("uuid", "verdict")


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
    verdicts: dict[str, str] = {}
    for number, row in rows:
        verdict = (row["verdict"] or "").strip().lower()
        if verdict and verdict not in VERDICTS:
            raise UsageError(f"{path}:{number}: {verdict!r} is not one of {', '.join(VERDICTS)}")
        if verdict:
            verdicts[row["uuid"]] = verdict
    return verdicts
