"""N14: the certainty that ICD-10-GM adds to a diagnosis."""

from typing import Any

import pytest
from numbered import judged

GM = "http://fhir.de/CodeSystem/bfarm/icd-10-gm"
CERTAINTY = "http://fhir.de/StructureDefinition/icd-10-gm-diagnosesicherheit"
KBV = "https://fhir.kbv.de/CodeSystem/KBV_CS_SFHIR_ICD_DIAGNOSESICHERHEIT"
PERSON = {"age": "45 y", "sex": "F"}
TWITCH = {"twitch": "2 w"}
PLAIN = ("data-gap", "info", (), ())
URGENT = ("neurology-urgent", "warning", (), ("U2",))
Cards = list[tuple[str, str, tuple[str, ...], tuple[str, ...]]]


def coded(code: str, *certain: str, system: str = KBV, url: str = CERTAINTY) -> dict[str, Any]:
    """A code of ICD-10-GM with its certainties."""
    told = [{"url": url, "valueCoding": {"system": system, "code": one}} for one in certain]
    return {"system": GM, "code": code, "extension": told}


def problem(*codings: dict[str, Any], **other: Any) -> dict[str, Any]:
    """A Condition as a German practice sends it: without statuses unless they are given."""
    made = {"resourceType": "Condition", "id": "gm", "code": {"coding": list(codings)}, "recordedDate": "2026-11-19"}
    return {"resource": made | {"subject": {"reference": "Patient/golden"}} | other}


def status(word: str, kind: str) -> dict[str, Any]:
    """A status of a Condition."""
    return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/condition-{kind}", "code": word}]}


@pytest.mark.parametrize(
    ("certain", "expected"), [("G", [PLAIN]), ("V", [PLAIN]), ("A", []), ("Z", [])], ids=["G", "V", "A", "Z"]
)
def test_a_twitch_counts_by_its_certainty(certain: str, expected: Cards) -> None:
    """Confirmed or suspected it opens the gate; excluded, or a state after, it does not."""
    assert expected == judged(PERSON, [problem(coded("R25.3", certain))])


@pytest.mark.parametrize(
    ("certain", "expected"),
    [("G", [URGENT]), ("V", [URGENT]), ("A", [PLAIN]), ("Z", [PLAIN])],
    ids=["G", "V", "A", "Z"],
)
def test_a_sign_counts_by_its_certainty(certain: str, expected: Cards) -> None:
    """A suspected sign still counts (N5); an excluded or a former one does not."""
    assert expected == judged(PERSON, [TWITCH, problem(coded("M62.50", certain))])


@pytest.mark.parametrize(("certain", "is_known"), [("G", True), ("V", False), ("A", False), ("Z", False)])
def test_a_suspected_disease_is_not_known(certain: str, *, is_known: bool) -> None:
    """Where a diagnosis is read beside the code of ICD-10-GM, only a confirmed one is a known disease."""
    disease = problem(coded("G12.2", certain), {"system": "http://hl7.org/fhir/sid/icd-10", "code": "G12.2"})

    cards = judged(PERSON, [TWITCH, disease])

    assert ([] if is_known else [PLAIN]) == cards


@pytest.mark.parametrize(
    ("certain", "stated", "expected"),
    [
        ("A", {"verificationStatus": status("confirmed", "ver-status")}, [URGENT]),
        ("A", {"verificationStatus": status("provisional", "ver-status")}, [PLAIN]),
        ("G", {"verificationStatus": status("refuted", "ver-status")}, [PLAIN]),
        ("V", {"verificationStatus": status("refuted", "ver-status")}, [PLAIN]),
        ("V", {"verificationStatus": status("entered-in-error", "ver-status")}, [PLAIN]),
        ("Z", {"clinicalStatus": status("active", "clinical")}, [URGENT]),
        ("Z", {"clinicalStatus": status("resolved", "clinical")}, [PLAIN]),
    ],
)
def test_a_status_beside_a_certainty(certain: str, stated: dict[str, Any], expected: Cards) -> None:
    """A sign stays where one of both says that it is there; a status that takes it away is not undone."""
    assert expected == judged(PERSON, [TWITCH, problem(coded("M62.50", certain), **stated)])


@pytest.mark.parametrize(
    "codings",
    [
        [coded("M62.50", "X")],
        [coded("M62.50", "A", system="http://ehr.example/certainty")],
        [coded("M62.50", "A", "G")],
        [coded("M62.50", "A"), coded("M62.51", "G")],
        [coded("M62.50", "A", url="http://ehr.example/certainty")],
        [coded("M62.50") | {"extension": [{"url": CERTAINTY, "valueCode": "A"}]}],
        [coded("M62.50") | {"extension": {"url": CERTAINTY}}],
        [coded("M62.50") | {"extension": [{"url": 1}]}],
    ],
)
def test_what_does_not_say_clearly_that_it_is_excluded_takes_no_sign_away(codings: list[dict[str, Any]]) -> None:
    """Other codes, other systems, several certainties, another extension, another shape."""
    assert [URGENT] == judged(PERSON, [TWITCH, problem(*codings)])


def test_an_unreadable_certainty_makes_no_known_disease() -> None:
    """It is unknown, and an unknown is never a yes."""
    disease = problem(coded("G12.2", "X"), {"system": "http://hl7.org/fhir/sid/icd-10", "code": "G12.2"})

    assert [PLAIN] == judged(PERSON, [TWITCH, disease])
