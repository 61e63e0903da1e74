"""What a replay has to draw from, and what is known of the visits that were drawn."""

from collections.abc import Sequence
from pathlib import Path

from cds.replay.results import CARDS_FILE, VISITS_FILE
from cds.replay.review.again import SampledItem
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
Strata = dict[str, list[Unit]]


def strata(folder: Path) -> tuple[Strata, Strata]:
    """The visits with each card that was shown, and the silent ones by what the call came to."""
    with tables(folder) as database:
        _open(database, folder)
        return _units(database, SHOWN, {}), _units(database, SILENT, {"others": list(OTHERS)})


def known(folder: Path, items: Sequence[Item]) -> list[SampledItem]:
    """The items with the word for their patient and the fingerprint of their card."""
    parameters = {"visits": sorted({item.visit for item in items})}
    with tables(folder) as database:
        _open(database, folder)
        patients = dict(database.rows(PATIENTS, parameters))
        prints = {(visit, card): fingerprint for visit, card, fingerprint in database.rows(PRINTS, parameters)}
    return [
        SampledItem(item, patients[item.visit], prints.get((item.visit, item.card), ""))
        for item in items
        if item.visit in patients
    ]


def _open(database: Tables, folder: Path) -> None:
    database.parquet("visits", folder / VISITS_FILE)
    database.parquet("cards", folder / CARDS_FILE)


def _units(database: Tables, sql: str, parameters: dict[str, object]) -> Strata:
    units: Strata = {}
    for stratum, patient, visit in database.rows(sql, parameters):
        units.setdefault(stratum, []).append(Unit(patient, visit))
    return units
