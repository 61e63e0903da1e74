"""What was fetched for a live call is passed on to a candidate, which asks nobody and has the same chart."""

import json
from collections.abc import Mapping
from typing import Any

import loop_clock
import msgspec
from charts.dates import TODAY
from charts.golden import cases
from charts.notation import request
from charts.seam import engine
from fetching import at_loop_time, run
from fhir_double import Double, Handler, saying

from cds.account import NOBODY
from cds.diff.changes import cards_of
from cds.hook_handler import HookHandler, Reply
from cds.settings import Settings, load
from cds.shadow.answering import Candidate
from cds.shadow.wire import LENGTH, Question, framed

Json = dict[str, Any]
VIEW = "muscle-twitch-patient-view"
CHART = request(next(case.chart for case in cases() if case.id == "V04"))
PATIENT = CHART["prefetch"]["patient"]


def answered(asked: Question) -> bytes:
    """What this version, beside itself, answers."""
    arrived = msgspec.msgpack.decode(framed(asked)[LENGTH.size :], type=Question)
    return Candidate(load({"TWITCH_CDS_DEMO": "true"})).answer(arrived).body


def fetched(handlers: Mapping[str, Handler], prefetch: Json) -> tuple[Json, Question]:
    """The live answer to a call whose chart is fetched, and what the engine was asked."""

    async def go() -> Reply:
        async with Double(handlers) as double:
            completion = at_loop_time(Settings(fhir_servers=(double.base,), deadline_ms=450, shadow="/candidate"))
            handler = HookHandler(
                engine(TODAY),
                completion=completion,
                seconds_allowed=0.45,
                seconds=loop_clock.seconds,
                keeps_questions=True,
            )
            body = json.dumps({**CHART, "prefetch": prefetch, "fhirServer": double.base}).encode()
            try:
                return await handler.answer(VIEW, body, NOBODY)
            finally:
                await completion.aclose()

    reply = run(go())
    assert reply.status == 200
    assert reply.question is not None
    return json.loads(reply.body), reply.question


def server() -> dict[str, Handler]:
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
    return handlers | {kind: saying(bundle) for kind, bundle in found.items()} | {"Patient/": saying(PATIENT)}


def referring(resource: Json) -> Json:
    """A prescription whose medicine is only referred to."""
    plain = {name: value for name, value in resource.items() if name != "medicationCodeableConcept"}
    return plain | {"medicationReference": {"reference": "Medication/m1"}}


def test_what_was_fetched_is_passed_on() -> None:
    """The candidate asks nobody, and has the same chart."""
    live, asked = fetched(server(), {})

    told = json.loads(answered(asked))
    assert live["cards"]
    assert cards_of(json.dumps(live).encode(), "live") == cards_of(json.dumps(told).encode(), "candidate")


def test_what_could_not_be_fetched_is_missing_for_the_same_reason() -> None:
    """The reason is on the card: another one would look like other words."""
    failing = server() | {"Observation": saying({"resourceType": "OperationOutcome"}, 500)}
    conditions = CHART["prefetch"]["conditions"]
    live, asked = fetched(failing, {"conditions": conditions, "observations": None, "encounters": None})

    told = answered(asked)
    assert "notChecked" in json.dumps(live)
    assert cards_of(json.dumps(live).encode(), "live") == cards_of(told, "candidate")


def test_medicines_that_were_read_one_by_one_are_passed_on() -> None:
    """A prescription that came with the call, its Medication from the server."""
    sent = CHART["prefetch"]["medicationRequests"]
    (entry,) = sent["entry"]
    medicine = {"resourceType": "Medication", "id": "m1", "code": entry["resource"]["medicationCodeableConcept"]}
    referred = {**sent, "entry": [{**entry, "resource": referring(entry["resource"])}]}
    prefetch = CHART["prefetch"] | {"medicationRequests": referred}
    live, asked = fetched(server() | {"Medication/m1": saying(medicine)}, prefetch)

    assert asked.fetched["medicationRequests"].pages
    assert cards_of(json.dumps(live).encode(), "live") == cards_of(answered(asked), "candidate")
