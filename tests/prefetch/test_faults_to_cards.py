"""What a clinician sees when a FHIR server fails: status, cards and the words for it, within the deadline."""

import asyncio
import json
from typing import Any

import loop_clock
import pytest
from charts.dates import TODAY
from charts.golden import cases
from charts.notation import request
from charts.seam import engine
from fetching import at_loop_time, run
from fhir_double import Double, Handler, saying
from test_completion_faults import DEADLINE, FAULTS, Fault

from cards.proofreading import load_words
from cds.account import NOBODY
from cds.hook_handler import HookHandler, Reply
from cds.settings import Settings

Json = dict[str, Any]
SERVICE = "muscle-twitch-patient-view"
BASIS = "org.twitch-cds.basis"
MS = 1000
CHART = request(next(case.chart for case in cases() if case.id == "V04"))
WORDS = load_words()
AT_ONCE = [fault for fault in FAULTS if not fault.arrived]  # the others have a second page of Conditions


def healthy() -> dict[str, Handler]:
    """A server that has the chart: a steroid, a low potassium, a twitch."""
    found: dict[str, Json] = {}
    for value in CHART["prefetch"].values():
        for entry in (value or {}).get("entry", ()):
            kind = entry["resource"]["resourceType"]
            found.setdefault(kind, {"resourceType": "Bundle", "type": "searchset", "entry": []})["entry"].append(entry)
    empty = saying({"resourceType": "Bundle", "type": "searchset"})
    kinds = ("Observation", "Encounter", "MedicationStatement", "ServiceRequest", "Procedure", "DiagnosticReport")
    more = ("FamilyMemberHistory", "Flag", "Appointment", "MedicationAdministration", "ClinicalImpression")
    handlers = dict.fromkeys((*kinds, *more, "QuestionnaireResponse"), empty)
    handlers |= {kind: saying(bundle) for kind, bundle in found.items()}
    return handlers | {"Patient/": saying(CHART["prefetch"]["patient"])}


async def called(double: Double) -> tuple[Reply, float]:
    """A call without any prefetch, and the seconds that it took."""
    settings = Settings(fhir_servers=(double.base,), deadline_ms=DEADLINE)
    completion = at_loop_time(settings)
    hook_handler = HookHandler(
        engine(TODAY), completion=completion, seconds_allowed=DEADLINE / MS, seconds=loop_clock.seconds
    )
    body = json.dumps({**CHART, "prefetch": {}, "fhirServer": double.base}).encode()
    try:
        started = loop_clock.seconds()
        reply = await hook_handler.answer(SERVICE, body, NOBODY)
        return reply, loop_clock.seconds() - started
    finally:
        await completion.aclose()


def answer_with(place: str, handler: Handler) -> tuple[int, Json, float]:
    """Status, decoded answer and seconds, where one search fails."""

    async def go() -> tuple[int, Json, float]:
        async with Double({place: handler, **{k: v for k, v in healthy().items() if k != place}}) as double:
            reply, took = await called(double)
            await asyncio.sleep(0)
            return reply.status, json.loads(reply.body), took

    return run(go())


def topics(answer: Json) -> list[str]:
    """The cards."""
    return [card["source"]["topic"]["code"] for card in answer["cards"]]


def test_a_healthy_server_gets_all_cards() -> None:
    """The base of the rows below."""
    status, answer, _ = answer_with("Nothing", saying({}))

    assert (200, ["medication-review", "abnormal-lab"]) == (status, topics(answer))
    assert all("notChecked" not in card["extension"][BASIS] for card in answer["cards"])


@pytest.mark.parametrize("fault", AT_ONCE, ids=[fault.name for fault in AT_ONCE])
def test_a_type_that_fails_is_named_on_every_card(fault: Fault) -> None:
    """The cards whose inputs arrived, with the reason in words (D17), in time."""
    status, answer, took = answer_with("MedicationRequest", fault.handler())

    assert (200, ["abnormal-lab"]) == (status, topics(answer))
    (card,) = answer["cards"]
    named = [one for one in card["extension"][BASIS]["notChecked"] if one["type"] == "MedicationRequest"]
    assert [fault.reason] == [one["reason"] for one in named]
    assert WORDS.book.reasons[fault.reason] in card["detail"]
    assert took <= DEADLINE / MS


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_a_twitch_question_that_stays_open_is_no_silence(fault: Fault) -> None:
    """412, with the reason; never an empty list (4e step 4)."""
    status, answer, took = answer_with("Condition", fault.handler())

    assert (412, "OperationOutcome") == (status, answer["resourceType"])
    assert f"`conditions` ({fault.reason}" in answer["issue"][0]["details"]["text"]
    assert took <= DEADLINE / MS
