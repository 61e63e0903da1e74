"""A visit in the public CDS Hooks sandbox, replayed: headers, drafts and feedback in the order of the clicks."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from charts.notation import request
from fastapi import FastAPI

from cds.settings import load
from cds.store.memory import Memory
from cds.web.app import create_app
from cds.web.opening import open_parts

Json = dict[str, Any]
ORIGIN = "http://127.0.0.1:9000"
USER = "Practitioner/COREPRACTITIONER1"
# As the sandbox signs them: its private key is public, so the token proves nothing and is not looked at in demo mode.
HEADERS = {"Accept": "application/json", "Origin": ORIGIN, "Authorization": "Bearer eyJhbGciOiJFUzM4NCJ9.e30.c2ln"}
CHART = request({"patient": {"age": "55 y", "sex": "F"}, "resources": [{"twitch": "5 w"}]})
PATIENT = CHART["context"]["patientId"]
SENT = {key: CHART["prefetch"][key] for key in ("patient", "conditions", "observations", "medicationRequests", "labs")}
REASON = {"code": "benefit-outweighs", "system": "urn:twitch-cds:override"}


class Browser:
    """Sends requests to an application that runs from the first to the last of them, on one loop."""

    def __init__(self, app: FastAPI, runner: asyncio.Runner, memory: Memory) -> None:
        self._runner = runner
        self.memory = memory
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test", headers=HEADERS)

    def __call__(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self._runner.run(self._client.request(method, path, **options))

    def close(self) -> None:
        self._runner.run(self._client.aclose())


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    """The whole service in demo mode, with a store of its own."""
    given = {"DEMO": "true", "DATA_DIR": str(tmp_path), "STORE_TIMEOUT_MS": "9000", "DEADLINE_MS": "9000"}
    settings = load({f"TWITCH_CDS_{name}": value for name, value in given.items()})
    parts = open_parts(settings)
    assert isinstance(parts.keeper, Memory)
    app = create_app(parts, settings)
    with asyncio.Runner() as runner:
        lifespan = app.router.lifespan_context(app)
        runner.run(lifespan.__aenter__())
        made = Browser(app, runner, parts.keeper)
        yield made
        made.close()
        runner.run(lifespan.__aexit__(None, None, None))


def draft(**more: Any) -> Json:
    """The sandbox's draft: no intent before a medicine is chosen, `category` an object."""
    category = {"system": "http://terminology.hl7.org/CodeSystem/medicationrequest-category", "code": "community"}
    return {
        "resourceType": "MedicationRequest",
        "id": "request-123",
        "status": "draft",
        "authoredOn": "2026-11-22",
        "subject": {"reference": f"Patient/{PATIENT}"},
        "category": {"coding": [category]},
        **more,
    }


PREDNISONE = {
    "intent": "order",
    "medicationCodeableConcept": {
        "text": "Prednisone 20 MG Oral Tablet",
        "coding": [
            {
                "code": "312615",
                "display": "Prednisone 20 MG Oral Tablet",
                "system": "http://www.nlm.nih.gov/research/umls/rxnorm",
            }
        ],
    },
    "dosageInstruction": [
        {
            "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
            "doseAndRate": [{"doseQuantity": {"value": 1, "system": "http://unitsofmeasure.org", "code": "{pill}"}}],
        }
    ],
}


def call(browser: Browser, hook: str, **context: Any) -> list[Json]:
    """The cards of a call."""
    known = {"patientId": PATIENT, "userId": USER}
    body = {"hookInstance": str(uuid4()), "hook": hook, "context": known | context, "prefetch": SENT}
    answer = browser("POST", f"/cds-services/muscle-twitch-{hook}", json=body)
    assert 200 == answer.status_code, answer.text
    assert ORIGIN == answer.headers["access-control-allow-origin"]
    cards: list[Json] = answer.json()["cards"]
    return cards


def selected(resource: Json) -> Json:
    """The context of order-select: a Bundle without type, entries without fullUrl."""
    named = f"{resource['resourceType']}/{resource['id']}"
    return {"selections": [named], "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": resource}]}}


def answered(browser: Browser, hook: str, card: Json, **outcome: Any) -> int:
    """Post feedback as the sandbox does: no display, no hookInstance."""
    item = {"card": card["uuid"], "outcomeTimestamp": "2026-11-23T02:52:01.320Z", **outcome}
    headers = {"Accept": "application/json, text/plain, */*"}
    assert browser.memory.flush()  # nobody clicks within the moment in which shown cards are gathered
    path = f"/cds-services/muscle-twitch-{hook}/feedback"
    return browser("POST", path, json={"feedback": [item]}, headers=headers).status_code


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/cds-services", "authorization"),
        ("/cds-services/muscle-twitch-order-select", "authorization,content-type"),
        ("/cds-services/muscle-twitch-order-select/feedback", "authorization,content-type"),
    ],
)
def test_each_call_is_preflighted(browser: Browser, path: str, asked: str) -> None:
    """Without authentication, for discovery, calls and feedback (CORS)."""
    wish = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": asked}
    answer = browser("OPTIONS", path, headers=wish)

    assert 204 == answer.status_code
    assert set(asked.split(",")) <= set(answer.headers["access-control-allow-headers"].lower().split(", "))


def test_discovery_lists_one_service_for_each_hook(browser: Browser) -> None:
    """The sandbox keys services by URL."""
    listed = browser("GET", "/cds-services").json()["services"]

    assert 8 == len({one["id"] for one in listed}) == len({one["hook"] for one in listed})


def test_an_empty_prescription_pad_is_silent(browser: Browser) -> None:
    """Opening Rx View, opening it again without anything, and the imaging screen before a study is chosen."""
    imaging = {"resourceType": "ServiceRequest", "id": "example-request-id", "intent": "plan", "code": {"coding": [{}]}}

    assert [] == call(browser, "order-select", **selected(draft()))
    assert [] == call(browser, "order-select")
    assert [] == call(browser, "order-select", **selected(imaging | {"reasonCode": []}))
    assert [] == call(browser, "order-sign", draftOrders={"resourceType": "Bundle", "entry": [{"resource": draft()}]})


def test_what_is_dismissed_with_a_reason_is_not_asked_again_at_signing(browser: Browser) -> None:
    """order-select, Override with a reason, order-sign (4d Repeats)."""
    whole = draft(**PREDNISONE)
    (card,) = call(browser, "order-select", **selected(whole))

    assert "steroid-order" == card["source"]["topic"]["code"]
    assert REASON in [{name: one[name] for name in REASON} for one in card["overrideReasons"]]
    assert 200 == answered(browser, "order-select", card, outcome="overridden", overrideReason={"reason": REASON})
    assert [] == call(browser, "order-sign", draftOrders={"resourceType": "Bundle", "entry": [{"resource": whole}]})


def test_what_is_taken_is_not_proposed_again(browser: Browser) -> None:
    """A suggestion's button posts its id; the card is answered."""
    whole = draft(**PREDNISONE)
    (card,) = call(browser, "order-select", **selected(whole))
    taken = [{"id": card["suggestions"][0]["uuid"]}]

    assert 200 == answered(browser, "order-select", card, outcome="accepted", acceptedSuggestions=taken)
    assert [] == call(browser, "order-select", **selected(whole))


def test_a_card_that_nobody_answered_comes_back(browser: Browser) -> None:
    """Ignored is not answered; a plain Dismiss without reason is."""
    whole = draft(**PREDNISONE)
    (first,), (second,) = (call(browser, "order-select", **selected(whole)) for _ in range(2))

    assert first["uuid"] != second["uuid"]
    assert 200 == answered(browser, "order-select", second, outcome="overridden")
    assert [] == call(browser, "order-select", **selected(whole))
    assert json.dumps(first["suggestions"]).count('"create"') == 3
