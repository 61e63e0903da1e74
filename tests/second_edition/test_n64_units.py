"""N64: units, impossible and unreadable values."""

import json
from typing import Any

import pytest
from charts.dates import TODAY
from charts.golden import Case
from charts.notation import request
from charts.seam import evaluate
from hypothesis import given
from hypothesis import strategies as st
from numbered import got, name_of, of, one, text

from cds.fhir.datatypes import Quantity
from cds.fhir.units import usual_units
from cds.knowledge.load import load
from cds.knowledge.unit_names import KEPT, UCUM, fold

NAMES = load().unit_names


@pytest.mark.parametrize("case", of(64), ids=name_of)
def test_n64_cards(case: Case) -> None:
    """Each chart of the tables N64 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


@pytest.mark.parametrize(
    ("case", "said"),
    [
        (
            "N64/no-unit",
            "Potassium of 2026-11-19 is on file but could not be read (its unit is not given or not known)",
        ),
        ("N64/zero", "Potassium of 2026-11-19 is on file but could not be read (its value is not possible)"),
        ("N64/two-values", "could not be read (a number and a text stand side by side)"),
        ("N64/haemolysed-note", "could not be read (the sample is called spoiled)"),
        ("N64/clotted-flagged", "the laboratory called it critical: repeat today"),
        ("N64/zero-flagged", "the laboratory called it critical: repeat today"),
        ("N64/status-missing", "could not be read (its status is not known)"),
        ("N64/date-unreadable", "Potassium without a readable date is on file but could not be read"),
        ("N64/comparator-unknown", "could not be read (its number or comparator is not known)"),
        ("N64/string-in-words", "could not be read (its value is in words)"),
    ],
)
def test_n64_what_was_not_read_is_said(case: str, said: str) -> None:
    """The card names the test, its date and why it was not read."""
    assert said in text(one(case)).replace("**", "")


@pytest.mark.parametrize("case", ["N64/code-mEq-L", "N64/unread-is-older", "N64/cancelled", "N64/not-haemolysed"])
def test_n64_what_was_read_is_not_called_unread(case: str) -> None:
    """Nothing is said of a result that was read, of one that a newer one replaces, or of one that never was."""
    assert "could not be read" not in text(one(case))


@given(st.sampled_from(sorted(usual_units())))
def test_n64_a_ucum_code_is_never_taken_for_another(unit: str) -> None:
    """A code of the table stays what it is, whatever aliases and folding there are."""
    assert unit == NAMES.ucum(Quantity(stated=1, system=UCUM, code=unit))


@given(st.sampled_from(sorted(usual_units())), st.sampled_from(KEPT))
def test_n64_no_prefix_changes_its_case(unit: str, letter: str) -> None:
    """Folding never turns mega into milli, peta into pico, giga into gram or kilo into kelvin."""
    assert fold(letter + unit) != fold(letter.lower() + unit)


LAB: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "k",
    "status": "final",
    "subject": {"reference": "Patient/golden"},
    "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3"}]},
    "effectiveDateTime": "2026-11-20",
    "valueQuantity": {"value": 7.2, "unit": "mmol/L"},
}
OF_IT = {"specimen": {"reference": "Specimen/s"}}
RESULT = {"result": [{"reference": "Observation/k"}]}


def sample(**members: Any) -> dict[str, Any]:
    """A specimen of the patient."""
    return {"resourceType": "Specimen", "id": "s", "subject": {"reference": "Patient/golden"}, **members}


def report(**members: Any) -> dict[str, Any]:
    """A report on a basic panel."""
    whole = {"resourceType": "DiagnosticReport", "id": "r", "status": "final", "code": {"text": "Basic panel"}}
    return {**whole, "subject": {"reference": "Patient/golden"}, **members}


HAEMOLYSED = sample(condition=[{"text": "Haemolysed"}])
SPOILED: dict[str, tuple[dict[str, Any], ...]] = {
    "condition": ({**LAB, **OF_IT}, HAEMOLYSED),
    "condition-before-the-result": (HAEMOLYSED, {**LAB, **OF_IT}),
    "note": ({**LAB, **OF_IT}, sample(note=[{"text": "clotted"}])),
    "conclusion": (LAB, report(**RESULT, conclusion="Sample hemolyzed, please repeat.")),
    "note-of-the-report": (LAB, report(**RESULT, note=[{"text": "contaminated by infusion"}])),
    "comments": (LAB, report(**RESULT, comments="Haemolysed")),
    "specimen-of-the-report": (LAB, HAEMOLYSED, report(**RESULT, specimen=[{"reference": "Specimen/s"}])),
    "result-in-the-report": (report(contained=[LAB], conclusion="Haemolysed"),),
    "beside-another-report": (
        LAB,
        report(**RESULT, conclusion="Haemolysed"),
        report(**RESULT, id="r2", conclusion="ok"),
    ),
}
SOUND: dict[str, tuple[dict[str, Any], ...]] = {
    "no-remark": ({**LAB, **OF_IT}, sample(condition=[{"text": "Good"}])),
    "not-haemolysed": (LAB, report(**RESULT, conclusion="Sample not hemolyzed.")),
    "another-specimen": ({**LAB, "specimen": {"reference": "Specimen/t"}}, HAEMOLYSED),
    "display-only": ({**LAB, "specimen": {"display": "blood"}}, HAEMOLYSED),
    "of-another-shape": ({**LAB, "specimen": "blood"}, HAEMOLYSED),
    "entered-in-error": ({**LAB, **OF_IT}, {**HAEMOLYSED, "status": "entered-in-error"}),
    "another-result": (LAB, report(result=[{"reference": "Observation/x"}], conclusion="Haemolysed")),
    "void-report": (LAB, report(**RESULT, status="cancelled", conclusion="Haemolysed")),
    "two-specimens": (
        *(LAB, HAEMOLYSED),
        report(**RESULT, specimen=[{"reference": "Specimen/s"}, {"reference": "Specimen/t"}]),
    ),
    "own-specimen": (
        *({**LAB, "specimen": {"reference": "Specimen/t"}}, HAEMOLYSED),
        report(**RESULT, specimen=[{"reference": "Specimen/s"}]),
    ),
    "of-another-patient": ({**LAB, **OF_IT}, {**HAEMOLYSED, "subject": {"reference": "Patient/other"}}),
}


def answered(resources: tuple[dict[str, Any], ...]) -> str:
    """The cards of a twitching adult with these resources beside the twitch."""
    body = request({"patient": {"age": "45 y"}, "resources": [{"twitch": "2 w"}]})
    entries = [{"resource": one} for one in resources]
    body["prefetch"]["labs"] = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
    return json.dumps(evaluate(json.dumps(body).encode(), TODAY)[1])


@pytest.mark.parametrize("name", SPOILED)
def test_n64_a_remark_on_the_sample_makes_its_result_unreadable(name: str) -> None:
    """It may stand on the specimen or on the report; the result is said, and is no emergency."""
    told = answered(SPOILED[name])

    assert "could not be read (the sample is called spoiled)" in told
    assert '"critical"' not in told


@pytest.mark.parametrize("name", SOUND)
def test_n64_a_remark_on_another_sample_changes_nothing(name: str) -> None:
    """A potassium of 7.2 stays an emergency."""
    told = answered(SOUND[name])

    assert '"critical"' in told
    assert "spoiled" not in told


def test_n64_a_remark_that_was_deleted_or_replaced_counts_no_more() -> None:
    """Of two versions of a specimen the newer one stands, and so of a report."""
    old, new = {"lastUpdated": "2026-11-20T08:00:00Z"}, {"lastUpdated": "2026-11-20T09:00:00Z"}
    fine = sample(condition=[{"text": "Good"}], meta=new)
    said = report(**RESULT, conclusion="Haemolysed", meta=old)

    assert '"critical"' in answered(({**LAB, **OF_IT}, {**HAEMOLYSED, "meta": old}, fine))
    assert '"critical"' in answered((LAB, said, report(**RESULT, conclusion="Sound", meta=new)))
