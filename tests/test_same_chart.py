"""Same chart, same cards: however a chart arrives, whole, in pages, by reference, or not at all (D17)."""

import asyncio
import json
from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from charts.dates import TODAY
from charts.golden import Case, cases, service_of
from charts.notation import request
from charts.seam import engine
from hypothesis import given, settings
from hypothesis import strategies as st

from cds.account import NOBODY
from cds.hook_handler import HookHandler, Reply
from cds.prefetch.completion import Completion
from cds.prefetch.templates import fill
from cds.settings import Settings

Json = dict[str, Any]
Card = tuple[str, str, tuple[str, ...], tuple[str, ...], int]
BASE = "https://ehr.example/fhir"
BASIS = "org.twitch-cds.basis"
PAGES = 4
PLENTY = 60.0
MEDICINES = ("medicationRequests", "medicationStatements")
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "transient"}]}
WHOLE = [case for case in cases() if not case.chart.get("missing")]
KEYS = tuple(next(iter(engine(TODAY).services.values())).prefetch)
ARRIVALS = ("sent", "absent", "failed", "first-page", "null")
REFERRED = ("coded", "contained", "bundled", "read")


class Server:
    """A FHIR server that holds one chart: it knows the searches of a service, and may answer them in pages."""

    def __init__(self, prefetch: Json, templates: Mapping[str, str], patient: str, *, paged: bool) -> None:
        context = {"context.patientId": patient}
        asks = {key: fill(template, context) for key, template in templates.items()}
        self._keys = {(ask.path, frozenset(parse_qsl(ask.query))): key for key, ask in asks.items() if ask}
        self._prefetch = prefetch
        self._paged = paged
        self.medications: dict[str, Json] = {}
        self.requests = 0

    def answer(self, http: httpx.Request) -> httpx.Response:
        """One request of the completion."""
        self.requests += 1
        path = http.url.path.removeprefix("/fhir/")
        if path.startswith("pages/"):
            _, key, number = path.split("/")
            return self._json(self.page(key, int(number)))
        if path.startswith("Medication/"):
            found = self.medications.get(path.removeprefix("Medication/"))
            return self._json(found) if found else httpx.Response(404)
        query = http.content.decode() if http.method == "POST" else http.url.query.decode()
        asked = frozenset(pair for pair in parse_qsl(query) if pair[0] != "date")  # the window of N35: all of the chart
        key = self._keys[path.removesuffix("/_search"), asked]
        whole = self._prefetch[key]
        return self._json(self.page(key, 0) if self._paged and (whole or {}).get("entry") else self._found(whole))

    @staticmethod
    def _found(whole: Json | None) -> Json:
        return whole if whole is not None else {"resourceType": "Bundle", "type": "searchset"}

    @staticmethod
    def _json(content: Json) -> httpx.Response:
        return httpx.Response(200, json=content, headers={"content-type": "application/fhir+json"})

    def page(self, key: str, number: int) -> Json:
        """One of a few pages of a search."""
        entries = self._prefetch[key]["entry"]
        size = -(-len(entries) // PAGES)
        more = (
            [{"relation": "next", "url": f"{BASE}/pages/{key}/{number + 1}"}]
            if (number + 1) * size < len(entries)
            else []
        )
        part = entries[number * size : (number + 1) * size]
        return {"resourceType": "Bundle", "type": "searchset", "link": more, "entry": part}


def seen(status: int, body: bytes) -> tuple[int, list[Card]]:
    """Status and cards: what they are about, and how many facts they have."""
    told = json.loads(body)
    cards = [(card, card["extension"][BASIS]) for card in told.get("cards", ())]
    return status, [
        (
            card["source"]["topic"]["code"],
            card["indicator"],
            tuple(basis.get("tags", ())),
            tuple(basis.get("flags", ())),
            len(basis.get("facts", ())),
        )
        for card, basis in cards
    ]


@cache
def as_sent(case_id: str) -> tuple[int, list[Card]]:
    """What a case is answered when all of it is prefetched."""
    case = BY_ID[case_id]
    return seen(*engine(TODAY).answer(service_of(case), json.dumps(request(case.chart)).encode()))


BY_ID = {case.id: case for case in WHOLE}


def attend(case: Case, body: Json, server: Server | None) -> Reply:
    """The reply to a request, with the server behind it if there is one."""

    async def call() -> Reply:
        transport = httpx.MockTransport(server.answer) if server else None
        completion = (
            Completion(Settings(fhir_servers=(BASE,), deadline_ms=60_000), transport=transport) if server else None
        )
        try:
            hook_handler = HookHandler(engine(TODAY), completion=completion, seconds_allowed=PLENTY)
            return await hook_handler.answer(service_of(case), json.dumps(body).encode(), NOBODY)
        finally:
            if completion:
                await completion.aclose()

    return asyncio.run(call())


def by_reference(prefetch: Json, how: str, server: Server) -> None:
    """Turn the codes of medicines into references: to a contained Medication, a bundled one, or one to be read."""
    for key in MEDICINES:
        bundled = []
        for number, entry in enumerate((prefetch.get(key) or {}).get("entry", ())):
            resource = entry["resource"]
            concept = resource.pop("medicationCodeableConcept", None)
            if concept is None:
                continue
            ident = f"{key}-{number}"
            medication = {"resourceType": "Medication", "id": ident, "code": concept}
            if how == "contained":
                resource["contained"] = [*resource.get("contained", ()), medication]
            elif how == "bundled":
                bundled.append({"resource": medication, "search": {"mode": "include"}})
            else:
                server.medications[ident] = medication
            resource["medicationReference"] = {
                "reference": f"#{ident}" if how == "contained" else f"Medication/{ident}"
            }
        if bundled:
            prefetch[key]["entry"] += bundled


def arrived(prefetch: Json, arrivals: Mapping[str, str], server: Server) -> Json:
    """What the client sends of a chart."""
    sent: Json = {}
    for key, value in prefetch.items():
        how = arrivals.get(key, "sent")
        paged = how == "first-page" and bool((value or {}).get("entry"))
        if paged:
            sent[key] = server.page(key, 0)
        elif how == "failed":
            sent[key] = OUTCOME
        elif how != "absent":
            sent[key] = None if how == "null" and not (value or {}).get("entry", value) else value
    return sent


@pytest.mark.parametrize("case", WHOLE, ids=[case.id for case in WHOLE])
def test_a_chart_that_is_not_sent_at_all_gets_the_same_cards(case: Case) -> None:
    """Everything is fetched: the gate, and the rest behind it."""
    whole = request(case.chart)
    templates = engine(TODAY).services[service_of(case)].prefetch
    server = Server(whole["prefetch"], templates, whole["context"]["patientId"], paged=False)
    reply = attend(case, {**whole, "prefetch": {}, "fhirServer": BASE}, server)

    assert as_sent(case.id) == seen(reply.status, reply.body)


@settings(max_examples=250)
@given(
    case=st.sampled_from(WHOLE),
    arrivals=st.dictionaries(st.sampled_from(KEYS), st.sampled_from(ARRIVALS)),
    how=st.sampled_from(REFERRED),
    paged=st.booleans(),
)
def test_what_can_be_had_changes_nothing(case: Case, arrivals: dict[str, str], how: str, paged: bool) -> None:
    """Any keys missing, failed or cut after the first page, Medications by reference, a server that pages."""
    whole = deepcopy(request(case.chart))
    templates = engine(TODAY).services[service_of(case)].prefetch
    server = Server(whole["prefetch"], templates, whole["context"]["patientId"], paged=paged)
    if how != "coded":
        by_reference(whole["prefetch"], how, server)
    sent = arrived(whole["prefetch"], arrivals, server)
    reply = attend(case, {**whole, "prefetch": sent, "fhirServer": BASE}, server)

    assert as_sent(case.id) == seen(reply.status, reply.body)


@settings(max_examples=250)
@given(
    case=st.sampled_from(WHOLE),
    arrivals=st.dictionaries(st.sampled_from(KEYS), st.sampled_from(ARRIVALS), min_size=1),
    empty=st.booleans(),
)
def test_what_cannot_be_had_is_stated(case: Case, arrivals: dict[str, str], empty: bool) -> None:
    """Without a server the cards are the same, or what was not seen is stated on each and in the account."""
    whole = request(case.chart)
    server = Server(whole["prefetch"], {}, whole["context"]["patientId"], paged=False)
    sent = arrived(whole["prefetch"], arrivals, server)
    known_empty = {
        key: None for key, value in sent.items() if empty and value == {"resourceType": "Bundle", "entry": []}
    }
    reply = attend(case, {**whole, "prefetch": sent | known_empty}, None)
    status, found = seen(reply.status, reply.body)

    if (status, found) != as_sent(case.id) and status != 412:
        assert reply.account is not None
        assert reply.account.not_checked
        for card in json.loads(reply.body)["cards"]:
            assert card["extension"][BASIS]["notChecked"]
            assert "**Not checked:**" in card["detail"]
