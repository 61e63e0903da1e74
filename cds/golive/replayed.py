"""What a replay of the hospital's history says, and what two reviewers judged of it: both are in its folder."""

from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from cds.errors import UsageError, reason_of
from cds.review.record import read_review
from cds.review.results import Results, results_of

MANIFEST = "manifest.json"


class Manifest(Struct, frozen=True):
    """What is read of a manifest; of a replay that is under way, or of an older version, there are no figures."""

    done: bool = False
    figures: dict[str, int] = {}


class Replayed(Struct, frozen=True):
    """The figures of a replay and the results of its review, as far as there are any."""

    figures: Mapping[str, int]
    review: Results | None


def read_replay(folder: Path) -> Replayed:
    """Read both; raises UsageError where there is no replay, or one of the files cannot be used."""
    path = folder / MANIFEST
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except OSError as problem:
        raise UsageError(f"{path}: cannot be read: {reason_of(problem)}") from problem
    except msgspec.DecodeError as problem:
        raise UsageError(f"{path}: is not the manifest of a replay") from problem
    review = read_review(folder)
    return Replayed(manifest.figures if manifest.done else {}, results_of(review) if review is not None else None)
