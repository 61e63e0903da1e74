"""What a replay has to draw from, and what is known of the visits that were drawn."""

from collections.abc import Sequence
from pathlib import Path

from cds.replay.results import CARDS_FILE, VISITS_FILE
from cds.replay.review.again import Drawn
from cds.replay.rows import CARDS, FAILED, REFUSED, REPEATED, TWO_PATIENTS
from cds.replay.tables import Tables, tables
from cds.review.record import Item
from cds.review.sample import Unit

# What is no silence: a card, one that was shown before, or no answer.
OTHERS = (CARDS, REPEATED, REFUSED, FAILED, TWO_PATIENTS)
SHOWN = "SELECT card, patient, visit FROM cards WHERE shown"
SILENT = "SELECT outcome, patient, visit FROM visits WHERE NOT list_contains($others, outcome)"
PATIENTS = "SELECT visit, patient FROM visits WHERE list_contains($visits, visit)"
PRINTS = "SELECT visit, card, fingerprint FROM cards WHERE shown AND list_contains($visits, visit)"
Found = dict[str, list[Unit]]


def strata(folder: Path) -> tuple[Found, Found]:
    """The visits with each card that was shown, and the silent ones by what the call came to."""
    with tables(folder) as found:
        _open(found, folder)
        return _units(found, SHOWN, {}), _units(found, SILENT, {"others": list(OTHERS)})


def known(folder: Path, items: Sequence[Item]) -> list[Drawn]:
    """The items with the word for their patient and the fingerprint of their card."""
    given = {"visits": sorted({item.visit for item in items})}
    with tables(folder) as found:
        _open(found, folder)
        patients = dict(found.rows(PATIENTS, given))
        prints = {(visit, card): fingerprint for visit, card, fingerprint in found.rows(PRINTS, given)}
    return [
        Drawn(item, patients[item.visit], prints.get((item.visit, item.card), ""))
        for item in items
        if item.visit in patients
    ]


def _open(found: Tables, folder: Path) -> None:
    found.parquet("visits", folder / VISITS_FILE)
    found.parquet("cards", folder / CARDS_FILE)


def _units(found: Tables, sql: str, given: dict[str, object]) -> Found:
    units: Found = {}
    for stratum, patient, visit in found.rows(sql, given):
        units.setdefault(stratum, []).append(Unit(patient, visit))
    return units
