"""The app before a real FHIR server: a card asks, the answers are stored there, and the next call has better cards."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from charts.people import person, twitch
from charts.resources import Json
from frozen_command import NOON
from hapi_client import Fhir
from hapi_ehr import PATIENCE, Beyond, HospitalEhr, listening
from hapi_service import FROZEN, serving

pytestmark = pytest.mark.hapi

ASK = "Ask the patient: one minute"
PATIENTS = ("asked-factors", "asked-sign", "asked-twice")
NOTHING = {"q.twitch": "Y", "q.signs": "none", "q.also": "none", "background": "none"}
FACTORS = {
    **NOTHING,
    "q.coffee": "4",
    "q.energy": "1",
    "q.sleep": "4,5",
    "q.gad1": "nearly-every-day",
    "q.gad2": "not-at-all",
}
PREGNANT = "82810-3"  # "none of these" says No to it
FAULTS = ("fatal", "error")


@contextmanager
def hospital(fhir: Fhir, folder: Path) -> Iterator[HospitalEhr]:
    """An EHR with the FHIR server behind it, and the service as registered there, each under an address of its own."""
    with ExitStack() as stack:
        http = stack.enter_context(httpx.Client(timeout=PATIENCE))
        ehr = HospitalEhr(Beyond(http, fhir.base.removesuffix("/fhir")), lambda: NOON)
        ours = Beyond(http)
        service = stack.enter_context(listening(ours))
        ehr.begin(stack.enter_context(listening(ehr)), service)
        (folder / "keys.json").write_text(json.dumps({"keys": [ehr.signer.public()]}), "utf-8")
        (folder / "clients.toml").write_text(ehr.registration(), "utf-8")
        settings = {
            "PUBLIC_URL": service,
            "CLIENTS": str(folder / "clients.toml"),
            "TIME_ZONE": "UTC",
            "DEADLINE_MS": "60000",
        }
        served = stack.enter_context(serving(f"{ehr.address}/fhir", folder, FROZEN, (), **settings))
        ours.base = served.base
        yield ehr


@pytest.fixture(scope="module")
def ehr(fhir: Fhir, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HospitalEhr]:
    """The EHR with charts that hold only a twitch, and the form as the service serves it."""
    fhir.load(
        one
        for name in PATIENTS
        for one in (
            person(name, "1996-05-01", name=[{"given": ["Ada"], "family": "Okafor"}]),
            twitch(f"Patient/{name}", f"{name}-twitch"),
        )
    )
    with hospital(fhir, tmp_path_factory.mktemp("hospital")) as made:
        for kind in ("CodeSystem", "Questionnaire"):
            form = httpx.get(f"{made.service}/{kind}/muscle-twitching", timeout=PATIENCE).json()
            fhir.load([{**form, "id": "asked"}])
        yield made


@pytest.fixture
def browser() -> Iterator[httpx.Client]:
    """Goes where it is sent, and keeps cookies."""
    with httpx.Client(timeout=PATIENCE, follow_redirects=True) as made:
        yield made


def topics(cards: list[Json]) -> list[str]:
    """What the cards are about."""
    return [card["source"]["topic"]["code"] for card in cards]


def begun(ehr: HospitalEhr, patient: str, browser: httpx.Client) -> str:
    """Open a chart that holds only a twitch: a card says what is missing; follow its link. The address of the form."""
    (card,) = ehr.cards(patient)
    assert ["data-gap"] == topics([card])
    (link,) = [one for one in card["links"] if one["type"] == "smart"]
    assert ASK == link["label"]
    form = browser.get(ehr.launch(patient, link))
    assert 200 == form.status_code, form.text[:2000]
    assert "Ada Okafor" in form.text
    return str(form.url)


def text_of(page: httpx.Response) -> str:
    """What a page says, without its markup."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))


def stored(fhir: Fhir, kind: str, patient: str) -> list[Json]:
    """What the FHIR server holds of a patient."""
    return [one["resource"] for one in fhir.whole(f"{kind}?subject=Patient/{patient}").get("entry", ())]


def faults(fhir: Fhir, resource: Json) -> list[Json]:
    """What the FHIR server finds wrong with a resource."""
    answer = fhir.post(f"{resource['resourceType']}/$validate", resource)
    assert answer.status_code == 200, answer.text[:2000]
    return [one for one in answer.json()["issue"] if one["severity"] in FAULTS]


@pytest.mark.parametrize(
    ("patient", "answers", "expected", "observations"),
    [
        ("asked-factors", FACTORS, ["lifestyle"], {PREGNANT, "93832-4", "69725-0", "68509-9"}),
        ("asked-sign", {**NOTHING, "q.signs": "breath"}, ["neurology-evaluation"], {PREGNANT}),
    ],
)
def test_the_card_asks_the_answers_are_stored_and_the_next_card_is_better(
    ehr: HospitalEhr,
    fhir: Fhir,
    browser: httpx.Client,
    patient: str,
    answers: dict[str, str],
    expected: list[str],
    observations: set[str],
) -> None:
    """From a chart that holds only a twitch: all is created (201), is valid, and is read again by the same hook."""
    ehr.created.clear()

    result = browser.post(begun(ehr, patient, browser), data=answers)

    assert "The answers are stored in the EHR." in text_of(result)
    assert ehr.created == [("QuestionnaireResponse", 201), *[("Observation", 201)] * len(observations)]
    (response,) = stored(fhir, "QuestionnaireResponse", patient)
    derived = stored(fhir, "Observation", patient)
    assert observations == {one["code"]["coding"][0]["code"] for one in derived}
    assert [[{"reference": f"QuestionnaireResponse/{response['id']}"}]] * len(derived) == [
        one["derivedFrom"] for one in derived
    ]
    assert [] == [fault for one in (response, *derived) for fault in faults(fhir, one)]
    assert expected == topics(ehr.cards(patient))
    assert f'href="{ehr.address}/chart/{patient}"' in result.text


def test_an_answer_that_is_lost_on_its_way_is_sent_again_and_stored_once(
    ehr: HospitalEhr, fhir: Fhir, browser: httpx.Client
) -> None:
    """The server has the response, the app does not know it: the second sending finds it there (If-None-Exist)."""
    form = begun(ehr, "asked-twice", browser)
    ehr.created.clear()
    ehr.loses_next = True

    first = browser.post(form, data=NOTHING)
    again = browser.post(f"{form}/again")

    assert "The answers are stored in the EHR." not in text_of(first)
    assert "The answers are stored in the EHR." in text_of(again)
    responses = [("QuestionnaireResponse", 201), ("QuestionnaireResponse", 200)]
    assert [*responses, ("Observation", 201)] == ehr.created
    assert 1 == len(stored(fhir, "QuestionnaireResponse", "asked-twice"))


def test_nothing_is_written_without_the_token_of_the_visit(ehr: HospitalEhr) -> None:
    """The EHR takes what the app writes for what the sign-in allowed: without it nothing."""
    response: dict[str, Any] = {"resourceType": "QuestionnaireResponse", "subject": {"reference": "Patient/asked-sign"}}

    answer = httpx.post(f"{ehr.address}/fhir/QuestionnaireResponse", json=response, timeout=PATIENCE)

    assert 403 == answer.status_code
