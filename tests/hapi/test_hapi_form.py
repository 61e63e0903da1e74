"""Our own Questionnaire on a real FHIR server: it validates there, and so do answers to it, which are stored."""

from collections.abc import Iterator

import pytest
from charts.dates import TODAY
from charts.resources import Json
from charts.seam import engine
from hapi_client import Fhir

from cards.form_words import read_form_words
from cds.form.questionnaire import Author

pytestmark = pytest.mark.hapi

KNOWLEDGE = engine(TODAY).knowledge
AUTHOR = Author(KNOWLEDGE.form, read_form_words(), KNOWLEDGE.systems, "https://cds.example.org")
FAULTS = ("fatal", "error")
SDC_LAUNCH = {  # what a server that knows SDC has (hl7.fhir.uv.sdc); this one knows FHIR itself only
    "resourceType": "CodeSystem",
    "id": "launchContext",
    "url": "http://hl7.org/fhir/uv/sdc/CodeSystem/launchContext",
    "status": "active",
    "content": "fragment",
    "concept": [{"code": "patient", "display": "Patient"}],
}
HIDDEN = {"url": "http://hl7.org/fhir/StructureDefinition/questionnaire-hidden", "valueBoolean": True}


def validated(fhir: Fhir, resource: Json) -> list[Json]:
    """What the server finds wrong with a resource."""
    answer = fhir.post(f"{resource['resourceType']}/$validate", resource)
    assert answer.status_code == 200, answer.text[:2000]
    return [one for one in answer.json()["issue"] if one["severity"] in FAULTS]


def answers(item: Json) -> Iterator[Json]:
    """One item with its first answer; what is hidden has none, so that nothing is left out."""
    if HIDDEN in item.get("extension", ()):
        return
    if item["type"] == "group":
        yield {"linkId": item["linkId"], "item": [made for part in item["item"] for made in answers(part)]}
        return
    coding = item.get("answerOption", [{"valueCoding": {}}])[0]["valueCoding"]
    values: dict[str, Json] = {
        "choice": {"valueCoding": {key: one for key, one in coding.items() if key != "extension"}},
        "date": {"valueDate": "2026-11-01"},
        "integer": {"valueInteger": 3},
        "quantity": {"valueQuantity": {"value": 6, "unit": "h", "system": "http://unitsofmeasure.org", "code": "h"}},
        "string": {"valueString": "Prednisone"},
    }
    below = [made for part in item.get("item", ()) for made in answers(part)]
    yield {"linkId": item["linkId"], "answer": [values[item["type"]] | ({"item": below} if below else {})]}


def test_the_form_and_answers_to_it_validate_and_are_stored(fhir: Fhir) -> None:
    """No error and nothing fatal; the response that answers every item is created, and found by its questionnaire."""
    questionnaire, codes = AUTHOR.questionnaire(), AUTHOR.code_system()
    response: Json = {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": f"{questionnaire['url']}|{questionnaire['version']}",
        "status": "completed",
        "authored": TODAY.isoformat(),
        "item": [made for item in questionnaire["item"] for made in answers(item)],
    }

    assert [] == validated(fhir, codes)
    fhir.load([codes, SDC_LAUNCH])
    assert [] == validated(fhir, questionnaire)
    fhir.load([questionnaire])
    assert [] == validated(fhir, response)
    assert 201 == fhir.post("QuestionnaireResponse", response).status_code
