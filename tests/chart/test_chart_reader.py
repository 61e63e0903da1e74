"""What one pass over a chart keeps, whatever the order of its entries."""

from itertools import permutations
from typing import Any
from unittest.mock import Mock

import pytest
from charts.dates import TODAY
from charts.seam import engine
from msgspec import convert

from cds.chart import conditions
from cds.chart.facts import Chart
from cds.chart.reader import Reader
from cds.chart.scope import Scope
from cds.fhir import resources as fhir
from cds.fhir.dates import When

ICD = "http://hl7.org/fhir/sid/icd-10-cm"
ME = {"reference": "Patient/golden"}


def chart(*resources: dict[str, Any]) -> Chart:
    """The chart of these resources."""
    house = engine(TODAY)
    reader = Reader(house.namer, house.routes, Scope("golden", house.now(), TODAY.toordinal(), 24, frozenset({"#me"})))
    reader.add(convert(one, fhir.Any) for one in resources)
    return reader.finish()


def condition(code: str, **elements: Any) -> dict[str, Any]:
    """A Condition of this patient."""
    return {"resourceType": "Condition", "subject": ME, "code": {"coding": [{"system": ICD, "code": code}]}, **elements}


def observation(day: str, number: int) -> dict[str, Any]:
    """A potassium result of that day."""
    coded = {"coding": [{"system": "http://loinc.org", "code": "2823-3"}]}
    quantity = {"value": 4.0, "code": "mmol/L", "system": "http://unitsofmeasure.org"}
    made = {"resourceType": "Observation", "id": f"k{number}", "status": "final", "code": coded, "subject": ME}
    return {**made, "effectiveDateTime": day, "valueQuantity": quantity}


def test_an_age_waits_for_the_birth_date() -> None:
    """Onset at an age is worked out when the Patient comes after the Condition, and a future one is dropped."""
    at_39 = condition("R25.3", onsetAge={"value": 39, "code": "a"})
    at_99 = condition("R25.3", onsetAge={"value": 99, "code": "a"})
    person = {"resourceType": "Patient", "id": "golden", "birthDate": "1986-11-22"}

    found = chart(at_39, at_99, condition("M62.81"), person)

    assert [problem.onset.text if problem.onset else None for problem in found.problems] == ["2025", None]


def test_many_patients_do_not_have_the_problems_read_many_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each problem once when it comes, and once when the birth date is known."""
    read = Mock(wraps=conditions.problem)
    monkeypatch.setattr(conditions, "problem", read)
    people = [{"resourceType": "Patient", "birthDate": f"{year}-11-22"} for year in range(1950, 2000)]

    chart(*[condition("R25.3", onsetAge={"value": 39, "code": "a"})] * 20, *people)

    assert 40 == read.call_count


def test_another_patient_is_counted_and_left_out() -> None:
    """A second Patient changes neither age nor sex (4e step 1)."""
    found = chart(
        {"resourceType": "Patient", "id": "golden", "gender": "male"},
        {"resourceType": "Patient", "id": "someone-else", "gender": "female", "birthDate": "2020-01-01"},
    )

    assert (found.sex, found.birth, found.foreign) == ("male", None, 1)


def test_references_to_this_patient() -> None:
    """Relative, absolute, versioned, by UUID, by an alias, or none at all."""
    mine = ["Patient/golden", "https://ehr/fhir/Patient/golden", "Patient/golden/_history/3", "urn:uuid:golden", "#me"]
    subjects = [{"subject": {"reference": one}} for one in mine]

    none: list[dict[str, Any]] = [{"subject": None}, {"subject": {}}]

    found = chart(*(condition("M62.81", **one) for one in [*subjects, *none]))

    assert len(found.problems) == 7
    assert chart(condition("M62.81", subject={"reference": "Patient/golden2"})).foreign == 1


@pytest.mark.parametrize("kind", ["Group", "Device", "Location", "https://ehr/fhir/Group", "https://ehr/Patient/x"])
def test_what_is_no_patient_is_not_this_patient(kind: str) -> None:
    """The same id of another type is somebody or something else (FHIR R4, Observation.subject)."""
    found = chart(condition("M62.81", subject={"reference": f"{kind}/golden"}))

    assert (0, 1) == (len(found.problems), found.foreign)


def test_the_newest_of_old_results_does_not_hang_on_their_order() -> None:
    """Of results older than a year the newest day is kept, however exactly each is dated."""
    days = ["2024-06", "2024-06-01T16:00:00Z", "2024-06-01", "2024-06-01T08:00:00+10:00"]
    results = [observation(day, number) for number, day in enumerate(days)]

    counts = {len(chart(*some).labs) for some in permutations(results)}

    assert counts == {4}
    assert len(chart(*results, observation("2024-05-31", 9)).labs) == 4


def test_dates_are_capped_at_today() -> None:
    """A month that is not over ends today (4b Dates)."""
    found = chart(condition("M62.81", recordedDate="2026-11"))

    assert found.problems[0].recorded == When(TODAY.replace(day=1).toordinal(), TODAY.toordinal(), "2026-11")


def test_what_no_rule_reads_is_passed_over() -> None:
    """A resource of another kind changes nothing."""
    assert Chart() == chart({"resourceType": "OperationOutcome", "id": "o"})
