"""The app before a real FHIR server: a card asks, the answers are stored there, and the next call has better cards."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hapi_client import Fhir
from hapi_ehr import PATIENCE, HospitalEhr
from hapi_hospital import ASK, charts_of, faults, hospital, stored, topics

pytestmark = pytest.mark.hapi

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


@pytest.fixture(scope="module")
def ehr(fhir: Fhir, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HospitalEhr]:
    """The EHR with charts that hold only a twitch, and the form as the service serves it."""
    fhir.load(charts_of(PATIENTS))
    with hospital(fhir, tmp_path_factory.mktemp("hospital")) as made:
        yield made


@pytest.fixture
def browser() -> Iterator[httpx.Client]:
    """Goes where it is sent, and keeps cookies."""
    with httpx.Client(timeout=PATIENCE, follow_redirects=True) as made:
        yield made


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
