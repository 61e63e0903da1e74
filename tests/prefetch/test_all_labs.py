"""Results of tests that no rule reads: they are asked for, and nothing reassures before they were seen (N35)."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from charts.dates import TODAY
from charts.golden import cases
from charts.notation import request, searchset
from charts.seam import engine, evaluate
from fetching import at_loop_time, run
from fhir_double import Double, saying

from cds.access import Source
from cds.account import NOBODY, Caller
from cds.deadline import Deadline
from cds.hook_handler import HookHandler
from cds.prefetch.supply import Supply
from cds.settings import Settings

Json = dict[str, Any]
BASIS = "org.twitch-cds.basis"
SERVICE = "muscle-twitch-patient-view"
NORMAL = request(next(one.chart for one in cases() if one.id == "N35-reassurance/nothing"))
HERE = {"reference": "Patient/golden"}
LABORATORY = [
    {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]}
]
NEXT = {"relation": "next", "url": "https://ehr.example.org/fhir?page=2"}


def ferritin(day: str | None, flag: str = "N") -> Json:
    """A result of a test that no list of this service has."""
    return {
        "resourceType": "Observation",
        "id": f"ferritin-{day}-{flag}",
        "status": "final",
        "category": LABORATORY,
        "code": {"coding": [{"system": "http://loinc.org", "code": "2276-4"}], "text": "Ferritin"},
        "subject": HERE,
        **({"effectiveDateTime": day} if day else {}),
        "valueQuantity": {"value": 4, "unit": "ug/L"},
        "interpretation": [{"coding": [{"code": flag}]}],
    }


def topics(answer: Json) -> list[str]:
    """The cards."""
    return [card["source"]["topic"]["code"] for card in answer["cards"]]


def answered(**keys: Json | None) -> Json:
    """The answer to the normal chart with some keys replaced; None leaves a key out."""
    prefetch = {key: value for key, value in {**NORMAL["prefetch"], **keys}.items() if value is not None}
    status, answer = evaluate(json.dumps({**NORMAL, "prefetch": prefetch}).encode(), TODAY)
    assert 200 == status, answer
    return answer


def unseen(answer: Json) -> set[tuple[str, str]]:
    """What the cards name as not received, by key."""
    items = [item for card in answer["cards"] for item in card["extension"][BASIS].get("notChecked", ())]
    return {(item["key"], item["reason"]) for item in items}


def page(results: list[Json]) -> Json:
    """The first page of a search that has more."""
    return searchset(results) | {"link": [NEXT]}


@pytest.mark.parametrize("flag", ["HH", "LL", "AA"])
def test_a_critical_result_of_any_test_is_quoted_and_nothing_reassures(flag: str) -> None:
    """The same chart without it is reassured."""
    answer = answered(allLabs=searchset([ferritin("2026-11-12", flag)]))

    assert ["reassurance"] == topics(answered(allLabs=searchset([ferritin("2026-11-12")])))
    assert ["data-gap"] == topics(answer)
    assert f"Ferritin 4 ug/L {flag} (2026-11-12)" in answer["cards"][0]["detail"]


def test_a_first_page_that_reaches_behind_the_window_is_enough() -> None:
    """The newest come first and the last is older than counts: the missing pages are older still."""
    answer = answered(allLabs=page([ferritin("2026-11-12"), ferritin("2026-10-21")]))

    assert (["reassurance"], set()) == (topics(answer), unseen(answer))


@pytest.mark.parametrize(
    "days",
    [["2026-11-12", "2026-10-23"], ["2026-10-01", "2026-11-12", "2026-10-21"], ["2026-11-12", None, "2026-10-21"], []],
    ids=["in-window", "in-no-order", "undated", "empty"],
)
def test_a_first_page_that_does_not_surely_reach_behind_it_is_a_part(days: list[str | None]) -> None:
    """What may be on the next page is named, and nothing reassures."""
    answer = answered(allLabs=page([ferritin(day) for day in days]))

    assert (["data-gap"], {("allLabs", "partial")}) == (topics(answer), unseen(answer))


def test_a_part_that_the_server_withheld_is_a_part() -> None:
    """Also where the results reach behind the window."""
    outcome = {"severity": "warning", "code": "suppressed"}
    told = {"resource": {"resourceType": "OperationOutcome", "issue": [outcome]}, "search": {"mode": "outcome"}}
    sent = page([ferritin("2026-11-12"), ferritin("2026-10-21")])
    answer = answered(allLabs=sent | {"entry": [*sent["entry"], told]})

    assert (["data-gap"], {("allLabs", "withheld")}) == (topics(answer), unseen(answer))


@pytest.mark.parametrize(
    ("search", "topic"),
    [
        ("Observation?patient=golden&code=http://loinc.org|2823-3&_sort=-date", "data-gap"),
        ("Observation?code%3Ain=urn:x&patient=golden", "data-gap"),
        ("Observation?patient=golden&category=laboratory", "reassurance"),
        ("Observation?patient=golden&combo-code=1", "reassurance"),
        (None, "reassurance"),
        (7, "reassurance"),
    ],
)
def test_without_the_key_the_search_behind_labs_tells_what_was_asked(search: object, topic: str) -> None:
    """A client that knows no `allLabs` may hold all results under `labs`, unless its search was by code (self link)."""
    link = [] if search is None else [{"relation": "self", "url": search}]
    answer = answered(allLabs=None, labs=NORMAL["prefetch"]["labs"] | {"link": link})

    assert ([topic], {("allLabs", "absent")}) == (topics(answer), unseen(answer))


def test_other_cards_do_not_wait_for_them() -> None:
    """A factor, and tests that are due, rest on what rules read."""
    chart = request(next(one.chart for one in cases() if one.id == "V01"))
    chart["prefetch"]["allLabs"] = {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": "timeout"}],
    }
    status, answer = evaluate(json.dumps(chart).encode(), TODAY)

    assert (200, ["lifestyle"]) == (status, topics(answer))
    assert {("allLabs", "failed")} == unseen(answer)


class Asked:
    """A completion that finds nothing, and remembers its templates."""

    def __init__(self) -> None:
        self.templates: dict[str, str] = {}

    async def fetch(
        self,
        wanted: Sequence[str],
        source: Source,
        templates: Mapping[str, str],
        held: Mapping[str, Supply],
        caller: Caller,
        deadline: Deadline,
    ) -> Mapping[str, Supply]:
        """Nothing."""
        self.templates |= templates
        return held


def test_the_service_itself_asks_for_the_window_only() -> None:
    """The 30 days of N35 and one for the calendar; no other search has a date."""
    asked = Asked()
    body = json.dumps({**NORMAL, "prefetch": {}, "fhirServer": "https://ehr.example/fhir"}).encode()
    asyncio.run(HookHandler(engine(TODAY), completion=asked).answer(SERVICE, body, NOBODY))

    assert asked.templates["allLabs"].endswith("&category=laboratory&_sort=-date&_count=500&date=ge2026-10-22")
    assert ["allLabs"] == [key for key, text in asked.templates.items() if "date=" in text.replace("_sort=-date", "")]


def test_what_the_server_holds_is_found_without_prefetch() -> None:
    """A high result of a test that no rule reads keeps a chart that is read from its server from being reassured."""

    async def called(results: list[Json]) -> Json:
        empty = saying(searchset([]))
        handlers = dict.fromkeys(("Encounter", "ServiceRequest", "Flag", "Appointment"), empty)
        async with Double({**handlers, "Observation": saying(searchset(results))}) as double:
            completion = at_loop_time(Settings(fhir_servers=(double.base,)))
            hook_handler = HookHandler(engine(TODAY), completion=completion)
            prefetch = {key: value for key, value in NORMAL["prefetch"].items() if key != "allLabs"}
            body = json.dumps({**NORMAL, "prefetch": prefetch, "fhirServer": double.base}).encode()
            try:
                reply = await hook_handler.answer(SERVICE, body, NOBODY)
            finally:
                await completion.aclose()
            found: Json = json.loads(reply.body)
            return found

    assert ["reassurance"] == topics(run(called([ferritin("2026-11-12")])))
    assert ["data-gap"] == topics(run(called([ferritin("2026-11-12", "HH")])))
