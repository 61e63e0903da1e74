"""The demo FHIR server: what test clients ask of it, dates that never grow old, and refusals that say what to do."""

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from fhir.resources import R4B
from fhir.resources.R4B import get_fhir_model_class
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp

from cds.demo.fhir import demo_fhir
from cds.demo.fhir.chart_stores import ChartStores
from cds.demo.fhir.charts import ChartError, read_charts
from cds.demo.fhir.moments import date_test, span_in, span_of
from cds.demo.fhir.shift import is_date_name, shift_text, shifted

Json = dict[str, Any]
Ask = Callable[..., httpx.Response]

WRITTEN = date(2026, 11, 22)
TODAY = date(2027, 1, 1)  # 40 days on
BASE = "http://demo.example/demo/fhir"
LOINC = "http://loinc.org"
FORM = {"content-type": "application/x-www-form-urlencoded"}


def coded(code: str, system: str | None = LOINC) -> Json:
    """Write a CodeableConcept."""
    return {"coding": [{"system": system, "code": code} if system else {"code": code}], "text": "2026-11-22"}


def about(kind: str, ident: str, patient: str = "ann", **elements: Any) -> Json:
    """Write a resource about a patient."""
    return {"resourceType": kind, "id": ident, "subject": {"reference": f"Patient/{patient}"}, **elements}


def lab(ident: str, day: str | None, code: str = "2823-3", patient: str = "ann", **elements: Any) -> Json:
    """Write a laboratory value."""
    when = {"effectiveDateTime": day} if day else {}
    return about("Observation", ident, patient, status="final", code=coded(code), **when, **elements)


FOREIGN = "https://other.example/Patient/ann"
AZA = {"reference": "Medication/aza"}
NEUROLOGY = coded("394591006", "urn:sct")
ANN = [
    {
        "resourceType": "Patient",
        "id": "ann",
        "active": True,
        "meta": {"lastUpdated": "2026-11-22T10:00:00.000+01:00"},
        "identifier": [{"system": "urn:mrn", "value": "2026-11-22"}],
        "name": [{"family": "Müller", "given": ["Ann", None]}],
        "_birthDate": {"extension": [{"url": "urn:born", "valueDateTime": "1980-02-29T08:00:00Z"}]},
        "gender": "female",
        "birthDate": "1980-02-29",
    },
    {"resourceType": "Medication", "id": "aza", "code": coded("1256", "urn:rxnorm")},
    lab("k1", "2026-11-20T23:30:00-05:00", category=[coded("laboratory", None)], valueQuantity={"value": 3}),
    lab("k2", "2026-11-10", valueString="2026-11-10"),
    lab("ca", "2026-10", "17861-6"),
    lab("undated", None, "2601-3"),
    about("Condition", "r25", clinicalStatus=coded("active", "urn:c"), onsetPeriod={"start": "2026-11-01"}),
    about("Condition", "old", encounter={"reference": f"{BASE}/Encounter/e1/_history/2"}, onsetPeriod={"end": "2020"}),
    about("Condition", "odd", onsetPeriod={}, onsetDateTime="2026-99-99"),
    about("Encounter", "e1", status="finished", period={"start": "2026-11-01", "end": "2026-11-02"}),
    about("MedicationRequest", "m1", intent="order", medicationReference=AZA, authoredOn="2026-11-01"),
    about("MedicationRequest", "m2", intent="plan", medicationReference={"reference": f"{BASE}/Medication/aza"}),
    about("MedicationRequest", "m3", intent="order", medicationReference={"reference": "Medication/gone"}),
    about("ServiceRequest", "s1", performerType=NEUROLOGY, performer=[{"display": "no reference"}]),
    {"resourceType": "Appointment", "id": "a1", "specialty": [NEUROLOGY], "start": "2026-12-01T09:00:00Z"},
    about("Flag", "f1"),
]  # fmt: skip
BOB = [
    {"resourceType": "Patient", "id": "bob", "name": [{"text": "Bob"}], "gender": "male", "birthDate": "1950"},
    {"resourceType": "Medication", "id": "aza", "code": coded("1256", "urn:rxnorm")},
    lab("b1", "2026-11-15", patient="bob"),
    {"resourceType": "Observation", "id": "bx", "code": coded("x"), "subject": {"reference": FOREIGN}},
]


def write(folder: Path, charts: dict[str, list[Any]]) -> Path:
    """Write fixtures as they ship."""
    (folder / "charts").mkdir(exist_ok=True)
    (folder / "index.json").write_text(json.dumps({"referenceDate": str(WRITTEN), "charts": []}))
    for name, resources in charts.items():
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in resources]}
        text = json.dumps(bundle).replace('"value": 3', '"value": 7.10')
        (folder / "charts" / f"{name}.json").write_text(text)
    return folder


def asker(app: Any) -> Ask:
    """Make a client of one server."""

    async def send(method: str, path: str, **options: Any) -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://wrong.example") as client:
            return await client.request(method, path, **options)

    def ask(path: str, method: str = "GET", **options: Any) -> httpx.Response:
        answer = asyncio.run(send(method, path.removeprefix(BASE), **options))
        assert answer.headers["x-demo"] == "true"
        return answer

    return ask


def served(folder: Path, today: Callable[[], date], base: str) -> ASGIApp:
    """The server over the charts of a folder; nobody has a token to write with."""
    return demo_fhir(ChartStores(read_charts(folder), today), today, base, lambda kind, token: None)


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """A server over two charts."""
    return asker(served(write(tmp_path, {"ann": ANN, "bob": BOB}), lambda: TODAY, f"{BASE}/"))


def ids(answer: httpx.Response, mode: str = "match") -> list[str]:
    """Read the ids of a valid searchset."""
    assert answer.status_code == 200, answer.text
    bundle = answer.json()
    assert bundle["type"] == "searchset"
    for entry in bundle.get("entry", []):
        kind = entry["resource"]["resourceType"]
        assert kind == "OperationOutcome" or f"{BASE}/{kind}/{entry['resource']['id']}" == entry["fullUrl"]
    skeleton = {**bundle, "entry": [{**entry, "resource": None} for entry in bundle.get("entry", [])] or None}
    get_fhir_model_class("Bundle").model_validate(skeleton)
    return [e["resource"].get("id", "") for e in bundle.get("entry", []) if e["search"]["mode"] == mode]


def refusal(answer: httpx.Response) -> str:
    """Read the text of a valid OperationOutcome."""
    outcome = answer.json()
    get_fhir_model_class("OperationOutcome").model_validate(outcome)
    text: str = outcome["issue"][0]["details"]["text"]
    return text


def test_metadata(ask: Ask) -> None:
    """The CapabilityStatement is valid R4, says demo, and lists each type with what can be searched."""
    statement = ask("/metadata").json()

    get_fhir_model_class("CapabilityStatement").model_validate(statement)
    types = {each["type"]: each for each in statement["rest"][0]["resource"]}
    assert ("4.0.1", "instance", "2027-01-01") == tuple(statement[name] for name in ("fhirVersion", "kind", "date"))
    assert "demo" in statement["description"]
    assert [{"system": "urn:twitch-cds:demo", "code": "demo", "display": "Demo"}] == statement["meta"]["tag"]
    assert "MedicationRequest:medication" in types["MedicationRequest"]["searchInclude"]
    assert {"Patient", "Flag"} < types.keys()
    assert "searchInclude" not in types["Practitioner"]
    assert ["everything"] == [each["name"] for each in types["Patient"]["operation"]]


def test_read_shifts_dates_only(ask: Ask) -> None:
    """A read gives the resource as written, dates moved with today, and numbers with all their digits."""
    patient, value = ask("/Patient/ann").json(), ask("/Observation/k1")

    assert "1980-04-09" == patient["birthDate"]
    assert "1980-04-09T08:00:00Z" == patient["_birthDate"]["extension"][0]["valueDateTime"]
    assert "2027-01-01T10:00:00.000+01:00" == patient["meta"]["lastUpdated"]
    assert "2026-11-22" == patient["identifier"][0]["value"]
    assert "2026-11-10" == ask("/Observation/k2").json()["valueString"]
    assert '"value":7.10' in value.text
    assert "2026-12-30T23:30:00-05:00" == value.json()["effectiveDateTime"]


SEARCHES = [
    ("Patient", ["ann", "bob"]),
    ("Patient?_id=bob", ["bob"]),
    ("Patient?name=mull", ["ann"]),
    ("Patient?given=ann&family=x", []),
    ("Patient?gender=http://hl7.org/fhir/administrative-gender|male", ["bob"]),
    ("Patient?birthdate=1980-04-09", ["ann"]),
    ("Patient?birthdate=lt1979", ["bob"]),
    ("Patient?active=true", ["ann"]),
    ("Patient?identifier=urn:mrn|2026-11-22", ["ann"]),
    ("Patient?_lastUpdated=2027-01-01", ["ann"]),
    ("Patient?_sort=name&_format=json&_pretty=true", ["ann", "bob"]),
    ("Patient?_sort=-gender", ["bob", "ann"]),
    ("Observation?patient=ann", ["k1", "k2", "ca", "undated"]),
    ("Observation?patient=Patient/bob", ["b1"]),
    ("Observation?subject=ann", ["k1", "k2", "ca", "undated"]),
    (f"Observation?subject:Patient={BASE}/Patient/bob", ["b1"]),
    ("Observation?subject=https://other.example/Patient/ann", ["bx"]),
    ("Observation?subject:Group=ann", []),
    ("Observation?patient=Group/ann", []),
    ("Observation?code=2823-3", ["k1", "k2", "b1"]),
    (f"Observation?code={LOINC}|2823-3,,{LOINC}|17861-6&patient=ann", ["k1", "k2", "ca"]),
    (f"Observation?code={LOINC}|&status=final&patient=bob", ["b1"]),
    ("Observation?code=urn:other|2823-3", []),
    ("Observation?code=|2823-3", []),
    ("Observation?category=|laboratory", ["k1"]),
    ("Observation?status=urn:any|final&patient=bob", ["b1"]),
    ("Observation?code=a\\,2823-3,17861\\-6,x\\", []),
    ("Observation?patient=ann&date=ge2026-12-01", ["k1", "k2"]),
    ("Observation?date=2026-12-30", ["k1"]),  # the clinic's day; in UTC it was the next
    ("Observation?date=2026-12-31T04:30:00Z", ["k1"]),
    ("Observation?date=ge2026-12-01&date=lt2026-12-25", ["k2"]),
    ("Observation?date=eb2026-12-01,sa2026-12-29", ["k1", "ca"]),
    ("Observation?patient=ann&_sort=date", ["ca", "k2", "k1", "undated"]),
    ("Observation?patient=ann&_sort=-date,_id&_count=2&_total=none&_summary=false", ["k1", "k2"]),
    ("Observation?_sort=-_lastUpdated,-subject&_count=2", ["bx", "b1"]),
    ("Condition?clinical-status=active&verification-status=x", []),
    ("Condition?clinical-status=active&recorded-date=ne2020", []),
    ("Condition?onset-date=ge2026-12-01", ["r25"]),
    ("Condition?onset-date=le2020-06-01", ["old"]),
    ("Condition?encounter=e1", ["old"]),
    ("Encounter?date=eq2026-12&patient=ann", ["e1"]),
    ("Encounter?date=gt2026-12-11", ["e1"]),
    ("MedicationRequest?intent=order&authoredon=ne2020", ["m1"]),
    ("ServiceRequest?performer-type=urn:sct|394591006", ["s1"]),
    ("ServiceRequest?performer=urn:uuid:1", []),
    ("Appointment?specialty=394591006&date=ge2027-01-01T00:00", ["a1"]),
    ("Flag?patient=ann", ["f1"]),
    ("Immunization?patient=ann", []),
    ("Patient/bob/$everything", ["bob", "aza", "b1", "bx"]),
    ("Patient/ann/$everything?_type=Condition,Flag", ["r25", "old", "odd", "f1"]),
]


@pytest.mark.parametrize(("search", "expected"), SEARCHES)
def test_search(ask: Ask, search: str, expected: list[str]) -> None:
    """A search finds what R4 says, by GET and by POST alike."""
    path, _, query = search.partition("?")
    asked = [ask(f"/{path}?{query}")]
    if "$" not in path:
        asked += [ask(f"/{path}/_search", "POST", content=query, headers=FORM), ask(f"/{path}/_search?{query}", "POST")]

    in_order: Callable[[list[str]], list[str]] = list if "_sort" in query else sorted
    for answer in asked:
        assert in_order(expected) == in_order(ids(answer))


def test_whole_bundle(ask: Ask) -> None:
    """A Bundle with a match, an included resource and an outcome is valid R4 with all that it holds."""
    bundle = ask("/MedicationRequest?_id=m1&_include=MedicationRequest:medication&colour=red").json()
    bundle["entry"][0]["resource"]["status"] = "active"

    get_fhir_model_class("Bundle").model_validate(bundle)
    assert ["match", "include", "outcome"] == [entry["search"]["mode"] for entry in bundle["entry"]]


def test_links_and_total(ask: Ask) -> None:
    """The self link says what was understood, on our own base; an empty answer still has its total."""
    bundle = ask("/Observation?patient=ann&code=none&_sort=-date,foo&_count=5000").json()

    url = f"{BASE}/Observation?patient=ann&code=none&_sort=-date&_count=1000"
    assert [{"relation": "self", "url": url}] == bundle["link"]
    assert 0 == bundle["total"]
    assert [{"relation": "self", "url": f"{BASE}/Flag"}] == ask("/Flag").json()["link"]
    assert "entry" not in ask("/Flag?patient=bob").json()


@pytest.mark.parametrize("size", [1, 2, 3, 6, 7])
@pytest.mark.parametrize("start", ["/Observation?_sort=-date&_count={}", "/Observation/_search?_count={}"])
def test_paging_yields_each_once(ask: Ask, size: int, start: str) -> None:
    """Following `next` yields every resource exactly once, with the same total on each page."""
    seen, totals, url = [], set(), start.format(size)
    method = "POST" if "_search" in start else "GET"
    while url:
        answer = ask(url, method)
        seen += ids(answer)
        totals.add(answer.json()["total"])
        links = {each["relation"]: each["url"] for each in answer.json()["link"]}
        url, method = links.get("next", ""), "GET"
        assert all(link.startswith(f"{BASE}/Observation") for link in links.values())

    assert {"k1", "k2", "ca", "undated", "b1", "bx"} == set(seen)
    assert 6 == len(seen)
    assert {6} == totals


def test_page_link_with_format(ask: Ask) -> None:
    """A client may append `_format` to the next link, and follow it past the end."""
    url = ask("/Observation?_count=4").json()["link"][1]["url"]

    assert ["b1", "bx"] == ids(ask(f"{url}&_format=json"))
    assert [] == ids(ask("/Observation?_page=OTkm"))


@pytest.mark.parametrize("query", ["_summary=count", "_count=0", "_count=0&_summary=false"])
def test_count_only(ask: Ask, query: str) -> None:
    """Asked for the count, only the count comes."""
    answer = ask(f"/Observation?{query}").json()

    assert 6 == answer["total"]
    assert {"resourceType", "type", "total", "link"} == answer.keys()


@pytest.mark.parametrize(
    ("include", "expected"),
    [
        ("MedicationRequest:medication", ["aza"]),
        ("MedicationRequest:medication:Medication,Condition:subject", ["aza"]),
        ("MedicationRequest:subject&_include=MedicationRequest:encounter", ["ann"]),
        ("MedicationRequest:subject:Group", []),
        ("Condition:subject", []),
    ],
)
def test_include(ask: Ask, include: str, expected: list[str]) -> None:
    """What a match refers to comes along once, marked as included and not counted."""
    answer = ask(f"/MedicationRequest?_include={include}")

    assert expected == ids(answer, "include")
    assert 3 == answer.json()["total"]


def test_include_leaves_out_matches(ask: Ask) -> None:
    """What the page holds already is not included again."""
    assert [] == ids(ask("/Patient/ann/$everything?_include=Condition:subject"), "include")
    assert ["ann"] == ids(ask("/Patient/ann/$everything?_type=Condition&_include=Condition:subject"), "include")


UNKNOWN = ["colour=red", "patient.name=x", "_sort=colour", "_include=*", "_include:iterate=Condition:subject"]


@pytest.mark.parametrize("query", [*UNKNOWN, "_elements=id", "_summary=true", "%00=1", "_include=Condition:code"])
def test_unknown_parameters(ask: Ask, query: str) -> None:
    """What we do not know is ignored and reported; a strict client gets a refusal instead."""
    lenient = ask(f"/Condition?{query}")
    strict = ask(f"/Condition?{query}", headers={"Prefer": "return=minimal; handling=strict"})

    outcome = lenient.json()["entry"][-1]
    get_fhir_model_class("OperationOutcome").model_validate(outcome["resource"])
    assert 3 == len(ids(lenient))
    assert "outcome" == outcome["search"]["mode"]
    assert outcome["fullUrl"].startswith("urn:uuid:")
    assert (400, True) == (strict.status_code, refusal(strict).startswith("Not supported here"))


BAD = {
    400: [
        "Patient?_count=-1", "Patient?_count=x", "Patient?_count=%D9%A1", "Patient?_count=",
        f"Patient?_count={'9' * 5000}", "Patient?_count=1&_count=2", "Patient?_total=x", f"Patient?{'a=1&' * 51}",
        "Patient?birthdate=yesterday", "Patient?birthdate=ap2020", "Patient?birthdate=2026-02-30", "Patient?name=%FF",
        "Observation?date=ge{{today() - 6 months}}", "Observation?patient={{context.patientId}}",
        "Patient?_summary=all", "Observation?patient=", "Observation?code=,", "Observation?code=|",
        "Observation?code:in=x", "Observation?subject:in=x",
        "Patient?_page=!!", "Patient?_page=", "Patient?_page=YWJj", "Patient?_page=_w",
        f"Patient?name={','.join('abcdefghijklmnopqrstu')}",
        f"Patient?_include={','.join(f'A:{number}' for number in range(30))}",
    ],
    404: [
        "", "Nonsense", "Nonsense/1", "Patient/", "Patient/none", "Patient/none/$everything",
        "Condition/r25/$everything", "Patient/ann/_history/1",
    ],
    406: ["Patient?_format=xml", "metadata?_format=xml"],
}  # fmt: skip


@pytest.mark.parametrize("status", BAD)
def test_bad_input(ask: Ask, status: int) -> None:
    """Input that cannot be answered gets one clear sentence and never a 5xx."""
    answers = {path: ask(f"/{path}") for path in BAD[status]}

    assert dict.fromkeys(BAD[status], status) == {path: answer.status_code for path, answer in answers.items()}
    assert all(refusal(answer).endswith(".") for answer in answers.values())


def test_raw_bytes_in_the_query(small: Any) -> None:
    """A query that is not UTF-8 even before decoding is refused."""
    assert 400 == bare_call(small, "GET", "/Patient", b"name=\xff", [])


def test_long_form(ask: Ask) -> None:
    """A form over 64 kB is refused."""
    answer = ask("/Patient/_search", "POST", content="name=" + "a" * 100_000, headers=FORM)

    assert 413 == answer.status_code
    assert "65536 bytes" in refusal(answer)


def bare_call(app: Any, method: str, path: str, query: bytes, messages: list[Json]) -> int:
    """Call the application as a server does, and return the status."""
    scope = {"type": "http", "method": method, "path": path, "query_string": query, "headers": [], "root_path": ""}
    sent: list[Any] = []
    waiting = iter(messages)

    async def receive() -> Any:
        return next(waiting)

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    status: int = sent[0]["status"]
    return status


def test_edges_of_http(small: Any) -> None:
    """A 100 kB query is 414, a page link may be longer than a query, and a client that leaves does no harm."""
    assert 200 == bare_call(small, "GET", "/Patient", b"name=" + b"a" * 65_000, [])
    assert 414 == bare_call(small, "GET", "/Patient", b"name=" + b"a" * 100_000, [])
    assert 414 == bare_call(small, "GET", "/Patient", b"_page=" + b"a" * 100_000, [])
    assert 400 == bare_call(small, "GET", "/Patient", b"_page=" + b"a" * 80_000, [])
    assert 400 == bare_call(small, "POST", "/Patient/_search", b"", [{"type": "http.disconnect"}])


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("POST", "/Patient", "GET, HEAD"),
        ("PUT", "/Patient/ann", "GET, HEAD"),
        ("DELETE", "/Patient/ann", "GET, HEAD"),
        ("PUT", "/Patient/_search", "POST"),
        ("GET", "/Patient/_search", "POST"),
        ("POST", "/metadata", "GET, HEAD"),
    ],
)
def test_read_only(ask: Ask, method: str, path: str, allow: str) -> None:
    """Nothing can be written, and the answer says what is possible."""
    answer = ask(path, method)

    assert (405, allow) == (answer.status_code, answer.headers["allow"])
    assert refusal(answer)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("application/json+fhir", "application/json+fhir"),
        ("application/fhir+json; fhirVersion=4.0", "application/fhir+json"),
        ("application/json, text/plain, */*", "application/json"),
        ("application/json;q=0.5, application/fhir+json", "application/fhir+json"),
        ("text/html, */*;q=0.8", "application/fhir+json"),
        ("", "application/fhir+json"),
        ("application/fhir+xml", None),
        ("application/json;q=0", None),
    ],
)
def test_accept(ask: Ask, accept: str, expected: str | None) -> None:
    """The answer has the type that was asked for, or is a 406."""
    answer = ask("/Patient/ann", headers={"Accept": accept})

    assert (200 if expected else 406) == answer.status_code
    assert (expected or "application/fhir+json") == answer.headers["content-type"]


def test_format_beats_accept(ask: Ask) -> None:
    """`_format` overrides Accept, with its plus sign encoded or not."""
    for value in ("application/json+fhir", "application/json%2Bfhir"):
        answer = ask(f"/Patient?_format={value}", headers={"Accept": "text/html"})
        assert "application/json+fhir" == answer.headers["content-type"]


def test_form_type(ask: Ask) -> None:
    """A search by POST is a form and nothing else."""
    assert 415 == ask("/Patient/_search", "POST", json={}).status_code
    charset = {"content-type": "application/x-www-form-urlencoded; charset=UTF-8"}
    assert ["bob"] == ids(ask("/Patient/_search?gender=male", "POST", content="name=bo", headers=charset))


def test_our_own_fault(tmp_path: Path) -> None:
    """A failure of ours is an OperationOutcome too, without a stack trace."""
    answer = asker(served(write(tmp_path, {"bob": BOB}), lambda: date(*[]), BASE))("/Patient")

    assert 500 == answer.status_code
    assert "The demo server failed. The log of the service says why." == refusal(answer)


def test_mounted(small: Any) -> None:
    """Below a path of another application the answers and links are the same."""
    ask = asker(Starlette(routes=[Mount("/demo/fhir", small)]))
    answer = ask("/demo/fhir/Patient?_count=1")

    assert ["bob"] == ids(answer)
    assert f"{BASE}/Patient?_count=1" == answer.json()["link"][0]["url"]
    assert "GET, HEAD" == ask("/demo/fhir/Patient", "POST").headers["allow"]


def test_the_day_turns(tmp_path: Path) -> None:
    """The same server shows moved dates on the next day."""
    days = iter([WRITTEN, WRITTEN + timedelta(days=1)])
    ask = asker(served(write(tmp_path, {"bob": BOB}), lambda: next(days), BASE))

    assert ["2026-11-15", "2026-11-16"] == [ask("/Observation/b1").json()["effectiveDateTime"] for _ in range(2)]


UNUSABLE: list[tuple[list[Any], str]] = [
    ([{"resourceType": "Patient", "id": "other"}], "exactly one Patient"),
    ([{"resourceType": "Patient"}], "resourceType and id"),
    ([{"resourceType": "Patient", "id": "c"}, {"resourceType": "Medication", "id": "aza"}], "different Medication/aza"),
    ([3], "Expected `object`"),
]


@pytest.mark.parametrize(("chart", "reason"), UNUSABLE)
def test_unusable_charts_stop_the_start(tmp_path: Path, chart: list[Any], reason: str) -> None:
    """A chart that cannot be served is named at start."""
    with pytest.raises(ChartError, match=f"c.json: .*{reason}"):
        served(write(tmp_path, {"ann": ANN, "c": chart}), lambda: TODAY, BASE)


def test_missing_index_stops_the_start(tmp_path: Path) -> None:
    """Without an index nothing is served."""
    with pytest.raises(ChartError, match=r"index\.json"):
        served(tmp_path, lambda: TODAY, BASE)


@given(st.dates(date(1000, 1, 1), date(3000, 1, 1)), st.integers(-100_000, 100_000))
def test_shift_there_and_back(day: date, days: int) -> None:
    """Moving a full date by n and by -n gives the date, whatever time follows it."""
    for text in (f"{day}", f"{day}T23:59:60.5+14:00"):
        assert text == shift_text(shift_text(text, days), -days)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11", "2026-12"),
        ("2026", "2026"),
        ("2026-02-30", "2026-02-30"),
        ("9999-12-31", "9999-12-31"),
        ("2026-11-22 ", "2026-11-22 "),
        ("MORN", "MORN"),
    ],
)
def test_shift_of_partial_and_odd_dates(text: str, expected: str) -> None:
    """A partial date keeps its precision; what is no date, or has no day to go to, stays."""
    assert expected == shift_text(text, 40)


def test_shift_walks_lists() -> None:
    """Dates in lists move, other values are the same."""
    node = {"event": ["2026-11-22", None], "when": ["MORN"], "id": "2026-11-22", "low": 1}

    assert {"event": ["2026-11-23", None], "when": ["MORN"], "id": "2026-11-22", "low": 1} == shifted(node, 1)


def r4_elements() -> Iterator[tuple[str, str]]:
    """List every element of R4B by name, with its type."""
    for module in (import_module(f"{R4B.__name__}.{each.name}") for each in iter_modules(R4B.__path__)):
        for model in vars(module).values():
            for name, element in getattr(model, "model_fields", {}).items():
                yield element.alias or name, str(element.annotation)


def test_date_names_are_those_of_r4() -> None:
    """Every date element of R4 is known by name, and no element named so holds free text."""
    elements = set(r4_elements())
    dates = {name for name, kind in elements if re.search(r" (?:Date|DateTime|Instant)\(\)", kind)}
    texts = {name for name, kind in elements if re.search(r" (?:String|Markdown|Id|Uri|Canonical)\(\)", kind)}

    assert {"value"} == {name for name in dates if not is_date_name(name)}
    assert set() == {name for name in texts if is_date_name(name)}


@given(st.text() | st.from_regex(r"(?:ge|xx)?[0-9]{4}-[0-3][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]Z", fullmatch=True))
def test_any_text_as_date(text: str) -> None:
    """No text makes the reading of dates fail, and none but a date is read as one."""
    for read in (span_of, span_in, date_test):
        assert read(text) is None or re.match(r"(?:ge)?[0-9]{4}", text)
    assert span_in(3) is None


@given(st.dates(date(2, 1, 1)), st.dates(date(2, 1, 1)), st.booleans())
def test_prefixes_agree_with_dates(asked: date, found: date, zoned: bool) -> None:
    """On whole days the prefixes are the comparisons they are named for; periods reach to their open ends."""
    span = span_of(f"{found}T12:00:00.25Z" if zoned else str(found))
    expected = {"eq": found == asked, "ne": found != asked, "gt": found > asked, "lt": found < asked}
    expected |= {"ge": found >= asked, "le": found <= asked, "sa": found > asked, "eb": found < asked}

    assert span is not None
    tests = {prefix: date_test(f"{prefix}{asked}") for prefix in expected}
    assert expected == {prefix: test is not None and test.holds(span) for prefix, test in tests.items()}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One server for many examples."""
    return served(write(tmp_path_factory.mktemp("charts"), {"bob": BOB}), lambda: TODAY, BASE)


@given(st.text(max_size=30), st.sampled_from(["_count", "date", "code", "patient", "_sort", "_include", "_page", "x"]))
def test_any_value_is_answered(small: Any, value: str, name: str) -> None:
    """Whatever a client sends, it is answered or refused, and never fails."""
    query = f"{name}={quote(value, errors='replace')}".encode()

    assert 500 > bare_call(small, "GET", "/Observation", query, [])
