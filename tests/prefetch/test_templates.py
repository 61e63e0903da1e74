"""Templates as requests: tokens replaced, everything encoded, nothing smuggled in."""

from urllib.parse import parse_qsl, unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds.prefetch.templates import Ask, fill

CALM = settings(max_examples=200)
CONTEXT = {"context.patientId": "p1", "userPractitionerId": "dr/1", "context.userId": "Practitioner/dr1"}


@pytest.mark.parametrize(
    ("template", "path", "query"),
    [
        ("Patient/{{context.patientId}}", "Patient/p1", ""),
        ("{{ context.userId }}", "Practitioner/dr1", ""),
        ("Condition?patient={{context.patientId}}&_count=5", "Condition", "patient=p1&_count=5"),
        (
            "Observation?code=http://loinc.org|1-2,x|3&_sort=-date",
            "Observation",
            "code=http://loinc.org%7C1-2,x%7C3&_sort=-date",
        ),
        ("Task?owner={{userPractitionerId}}", "Task", "owner=dr%2F1"),
        ("Condition?code=a b", "Condition", "code=a%20b"),
        (
            "MedicationRequest?_include=MedicationRequest:medication",
            "MedicationRequest",
            "_include=MedicationRequest:medication",
        ),
    ],
)
def test_a_template_becomes_a_request(template: str, path: str, query: str) -> None:
    """A read is a path, a search has a query."""
    found = fill(template, CONTEXT)

    assert Ask(path, query) == found
    assert found is not None
    assert bool(query) == found.is_search


@pytest.mark.parametrize(
    "template",
    [
        *(
            "Encounter/{{context.encounterId}}",
            "Encounter?x={{context.encounterId}}",
            "Patient/{{patient}}",
            "Patient?",
        ),
        *("Patient/{{context.patientId", "Patient/{{{{context.patientId}}}}", "Patient/{{}}", "X?a={{%patient.id}}"),
    ],
)
def test_a_template_that_cannot_be_filled_is_none(template: str) -> None:
    """An unknown token, a broken one, or a search for nothing."""
    assert fill(template, CONTEXT) is None


@pytest.mark.parametrize("value", ["", ".", "..", "a/../b", "../Patient/p2", "a//b"])
def test_a_value_cannot_leave_its_place(value: str) -> None:
    """No value leads a read to another resource."""
    assert fill("Patient/{{context.patientId}}", {"context.patientId": value}) is None


@CALM
@given(st.text(min_size=1, max_size=30))
def test_a_value_stays_one_value(value: str) -> None:
    """Whatever it holds, a value adds no parameter, no alternative and no path."""
    found = fill("Condition?patient={{context.patientId}}&_count=5", {"context.patientId": value})
    escaped = value.replace("\\", "\\\\").replace(",", "\\,").replace("|", "\\|").replace("$", "\\$")

    assert found is not None
    assert found.query.isascii()
    assert [("patient", escaped), ("_count", "5")] == parse_qsl(
        found.query, strict_parsing=True, errors="surrogatepass"
    )


@CALM
@given(st.text(min_size=1, max_size=30))
def test_a_value_in_a_path_is_encoded(value: str) -> None:
    """A read asks for exactly that id, or for nothing."""
    found = fill("Patient/{{context.patientId}}", {"context.patientId": value})

    assert found is None or (f"Patient/{value}", "") == (unquote(found.path), found.query)
    assert found is None or not set(found.path) & set("?#\\ \r\n")
