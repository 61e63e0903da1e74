"""A visitor's own Bundle or request: answered, or refused in one sentence; whatever it holds, nothing of it runs."""

import html
import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from site_kit import PATIENT, TWITCH, bundle, rules_asked, site

from cds.web.markdown import rendered

SITE = site()
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


def pasted(text: str) -> Any:
    """The page after pasting."""
    return SITE("POST", "/demo/paste", data={"pasted": text})


def answered(value: Any) -> str:
    """The page of something that is answered, as it is read."""
    answer = pasted(json.dumps(value))
    assert 200 == answer.status_code, answer.text
    return html.unescape(answer.text)


def shown(page: str) -> list[str]:
    """The urgencies of the cards."""
    return re.findall(r'class="card card-(\w+)"', page)


def test_the_form_is_there_to_begin_with() -> None:
    """Empty, with its one warning."""
    page = SITE("GET", "/demo/paste").text

    assert '<textarea class="code" id="pasted" name="pasted"' in page
    assert "Synthetic data only" in page


def test_a_bundle_is_answered_with_its_chart_beside_the_cards() -> None:
    """patient-view, with everything in it as prefetch."""
    page = answered(bundle(PATIENT, TWITCH))

    assert ["info"] == shown(page)
    assert "female, 46 years" in page
    assert "-d @request.json" in page
    asked, grouped, shown_rules = rules_asked(page)
    assert 0 < asked == grouped == shown_rules


def test_a_transaction_bundle_that_refers_by_full_url_is_understood() -> None:
    """Its patient may even have no id."""
    url = "urn:uuid:11111111-2222-4333-8444-555555555555"
    patient = {key: value for key, value in PATIENT.items() if key != "id"}
    twitch = {key: value for key, value in TWITCH.items() if key != "id"} | {"subject": {"reference": url}}
    entries = [{"fullUrl": url, "resource": patient}, {"resource": twitch}]

    page = answered({"resourceType": "Bundle", "type": "transaction", "entry": entries})

    assert ["info"] == shown(page)


def test_medicines_come_with_the_medications_that_they_refer_to() -> None:
    """As an included search result would have them."""
    medication = {
        "resourceType": "Medication",
        "id": "m1",
        "code": {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "313988"}]},
    }
    request = {
        "resourceType": "MedicationRequest",
        "id": "r1",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "medicationReference": {"reference": "Medication/m1", "display": "Water tablets"},
        "authoredOn": "2026-01-01",
        "dosageInstruction": [{"text": "one in the morning"}],
    }

    page = answered(bundle(PATIENT, TWITCH, medication, request))

    assert "Water tablets" in page
    assert "one in the morning" in page
    assert "Medication review" in page


def test_a_request_is_answered_as_it_is() -> None:
    """Any hook that is offered; the chart is in its prefetch."""
    call = SITE("GET", "/demo/patients/samir-haddad/request.json?hook=order-sign").json()

    page = answered(call)

    assert ["warning"] == shown(page)
    assert "The chart it carries" not in page
    assert "the chart it carries is in its prefetch" in page


def test_what_the_service_refuses_is_told_in_its_own_words() -> None:
    """A request whose prefetch says nothing of a twitch."""
    call = {
        "hook": "patient-view",
        "hookInstance": "11111111-2222-4333-8444-555555555555",
        "context": {"userId": "Practitioner/1", "patientId": "p1"},
        "prefetch": "none",
    }

    page = answered(call)

    assert re.search(r"Refused \(4\d\d\)\.</strong> \w+", page)
    assert "Why, and why not" not in page


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("This is not valid JSON.", "no JSON"),
        ("This is not valid JSON.", "[" * 100_000),
        ("This JSON is not an object.", "[1]"),
        ("Paste a FHIR Bundle", '{"resourceType":"Patient"}'),
        ("This service does not support this hook.", '{"hook":"appointment-book"}'),
        ("This service does not support this hook.", '{"hook":["patient-view"]}'),
        ("contains 0 patients", '{"resourceType":"Bundle"}'),
        ("contains 2 patients", json.dumps(bundle(PATIENT, PATIENT | {"id": "p2"}))),
    ],
)
def test_what_cannot_be_answered_says_what_could(sentence: str, text: str) -> None:
    """The form comes back with its text and one sentence."""
    answer = pasted(text)

    page = html.unescape(answer.text)
    assert 422 == answer.status_code
    assert sentence in page
    assert text[:100] in page
    assert 'aria-invalid="true"' in page


@pytest.mark.parametrize("kind", ["name", "problem", "medicine", "result", "finding", "report"])
def test_nothing_of_a_hostile_chart_runs(kind: str) -> None:
    """Every place where a chart's words are shown escapes them."""
    words = {"text": HOSTILE, "coding": [{"system": HOSTILE, "code": HOSTILE, "display": HOSTILE}]}
    subject = {"reference": "Patient/p1"}
    patient = PATIENT | (
        {"name": [{"given": [HOSTILE], "family": HOSTILE}], "gender": HOSTILE} if kind == "name" else {}
    )
    laboratory = {"category": [{"coding": [{"code": "laboratory"}]}]}
    quantity = {"valueQuantity": {"value": 4.1, "unit": HOSTILE, "code": HOSTILE}}
    resources: dict[str, dict[str, Any]] = {
        "name": {},
        "problem": {"resourceType": "Condition", "code": words, "onsetDateTime": HOSTILE},
        "medicine": {"resourceType": "MedicationRequest", "status": "active", "medicationCodeableConcept": words},
        "result": {
            "resourceType": "Observation",
            "code": words,
            "effectiveDateTime": "2026-11-01",
            **laboratory,
            **quantity,
        },
        "finding": {"resourceType": "Observation", "code": words, "valueString": HOSTILE},
        "report": {"resourceType": "DiagnosticReport", "code": words, "conclusion": HOSTILE},
    }
    more = [resources[kind] | {"id": "x", "subject": subject}] if resources[kind] else []

    answer = pasted(json.dumps(bundle(patient, TWITCH, *more)))

    assert 200 == answer.status_code
    assert "&lt;script&gt;alert(1)" in answer.text
    assert "<script>alert" not in answer.text
    assert "<img" not in answer.text


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["coding", "code", "text"]), inner),
    max_leaves=8,
)
MEMBERS = [
    "code",
    "status",
    "clinicalStatus",
    "valueQuantity",
    "category",
    "component",
    "effectiveDateTime",
    "onsetDateTime",
]
MEMBERS += [
    "referenceRange",
    "dosageInstruction",
    "medicationCodeableConcept",
    "interpretation",
    "conclusionCode",
    "subject",
]
KINDS = ["Condition", "Observation", "MedicationRequest", "DiagnosticReport", "ServiceRequest", "Encounter", 7]


@settings(max_examples=150)
@given(
    resource=st.dictionaries(st.sampled_from(MEMBERS), JSON, max_size=6),
    kind=st.sampled_from(KINDS),
    patient=st.dictionaries(st.sampled_from(["name", "birthDate", "gender", "id"]), JSON, max_size=4),
)
def test_a_chart_of_any_shape_is_answered(resource: dict[str, Any], kind: object, patient: dict[str, Any]) -> None:
    """FHIR or not: an answer or a sentence, never a failure."""
    value = bundle({"resourceType": "Patient", **patient}, {"resourceType": kind, **resource})

    assert pasted(json.dumps(value)).status_code in (200, 422)


@pytest.mark.parametrize(
    ("harmless", "text"),
    [
        ("&lt;script&gt;", "<script>alert(1)</script>"),
        ("&lt;img", "<img src=x onerror=alert(1)>"),
        ("!<a href", "![x](https://evil.example/x.png)"),
        ("[x](javascript:alert(1))", "[x](javascript:alert(1))"),
        ("[x](data:text/html,x)", "[x](data:text/html,x)"),
        ("<strong>x</strong>", "**x**"),
        ("<table>", "| a | b |\n|---|---|\n| 1 | 2 |"),
        ("<s>x</s>", "~~x~~"),
    ],
)
def test_markdown_of_a_card_becomes_harmless_html(harmless: str, text: str) -> None:
    """GitHub-flavoured, without raw HTML and images, and with links to the web only."""
    made = rendered(text)

    assert harmless in made
    assert not re.search(r"<(script|img)|href=\"(javascript|data)", made)
