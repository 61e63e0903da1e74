"""Statuses of medicines that say neither yes nor no are said, and never taken for one of them."""

import json

import msgspec
import pytest
from charts.dates import TODAY
from charts.golden import cases
from charts.notation import request_bytes
from charts.seam import engine, evaluate

from cds.fhir.resources import MedicationDispense

BY_ID = {case.id: case for case in cases()}


def said(case: str) -> str:
    """All that the cards of a golden case say, as text."""
    _, answer = evaluate(request_bytes(BY_ID[case].chart), TODAY)
    return json.dumps(answer)


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("statuses/status-unknown", "Prednisone (2026-09-23) is on file without a clear status"),
        ("statuses/status-absent", "whether it is taken is not known"),
        ("statuses/statement-unknown", "1 medicine on file, 1 could not be checked: "),
        ("statuses/on-hold", "Prednisone (2026-09-23) is on hold: not taken now"),
    ],
)
def test_what_may_be_taken_is_quoted(case: str, words: str) -> None:
    """The medicine is named with its date, and what is not known of it."""
    assert words in said(case)


@pytest.mark.parametrize("case", ["statuses/plan-reported", "statuses/completed-after-supply", "statuses/proposal"])
def test_what_is_clear_is_not_called_unclear(case: str) -> None:
    """Of a medicine that is taken, over or only proposed nothing of the kind is said."""
    assert "clear status" not in said(case)


@pytest.mark.parametrize(
    ("status", "supply", "states"),
    [
        ("completed", {"value": 90, "unit": "days"}, ["active"]),
        ("Completed", {"value": 13, "code": "wk", "system": "http://unitsofmeasure.org"}, ["active"]),
        ("completed", {"value": 10, "unit": "d"}, ["ended"]),
        ("completed", {"value": 0, "unit": "d"}, ["dispensed"]),
        ("completed", {"value": 90, "unit": "boxes"}, ["dispensed"]),
        ("completed", None, ["dispensed"]),
        ("unknown", {"value": 90, "unit": "days"}, ["unclear"]),
        ("cancelled", {"value": 90, "unit": "days"}, []),
    ],
)
def test_a_dispense_counts_for_its_days(status: str, supply: object, states: list[str]) -> None:
    """Until its days are over it is taken; without days it is only quoted; one that did not happen is nothing."""
    code = {"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "312615"}
    made: dict[str, object] = {
        "resourceType": "MedicationDispense",
        "id": "m",
        "status": status,
        "whenHandedOver": "2026-11-01",
    }
    made |= {"medicationCodeableConcept": {"coding": [code]}, "daysSupply": supply}
    reader = engine(TODAY).reader("golden")
    reader.add([msgspec.convert(made, MedicationDispense)])

    assert states == [drug.state for drug in reader.finish().drugs]
