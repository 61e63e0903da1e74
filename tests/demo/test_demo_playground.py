"""The playground: patients, charts, hooks that are fired, and answers that are looked into."""

import html
import json
import re
import shlex
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from site_kit import ENGINE, NOW, PATIENT, Notebook, bundle, rules_asked, site
from web_fakes import Client, FakeEngine, around, demo

from cds.demo.ehr import FIXTURES
from cds.demo.playground.choices import FETCH, MOMENTS, load_choices, wish_of
from cds.settings import load

INDEX = json.loads((FIXTURES / "index.json").read_text("utf-8"))["charts"]
CHOICES = load_choices()
SITE = site()


def text(client: Client, path: str) -> str:
    """A page as it is read."""
    answer = client("GET", path)
    assert 200 == answer.status_code, answer.text
    return html.unescape(answer.text)


def request(path: str, client: Client = SITE) -> dict[str, Any]:
    """The request behind a page."""
    found: dict[str, Any] = client("GET", path).json()
    return found


def post(client: Client, path: str, **fields: str) -> Any:
    """Send a form."""
    return client("POST", path, data=fields, follow_redirects=False)


def test_the_first_page_names_every_patient_with_a_line_each() -> None:
    """Who, how old, and what the chart shows, linked to the chart; grouped by urgency, the silent ones last."""
    page = text(SITE, "/")

    missing = [one["name"] for one in INDEX if f'href="/demo/patients/{one["id"]}"' not in page]
    assert [] == missing
    assert "Viktor Lindqvist" in page
    assert "male, 62 years" in page
    groups = re.findall(r'id="group-(\w+)"', page)
    assert ["critical", "warning", "info", "silent"] == groups


def test_the_first_page_shows_how_to_call_at_the_public_address() -> None:
    """The curl line can be copied."""
    page = text(site(public_url="http://laptop.example:9000"), "/")

    assert "curl -s http://laptop.example:9000/cds-services/muscle-twitch-patient-view" in page


@pytest.mark.parametrize("chart", INDEX, ids=lambda chart: chart["id"])
def test_opening_a_chart_shows_the_cards_that_the_index_promises(chart: dict[str, Any]) -> None:
    """The real engine answers; a silent chart says why it is silent."""
    page = text(SITE, f"/demo/patients/{chart['id']}")

    shown = re.findall(r'class="card card-(\w+)"', page)
    assert [card["indicator"] for card in chart["expect"]] == shown
    assert bool(chart["expect"]) != ("Why no card:" in page)
    assert chart["title"] in page


def test_a_chart_shows_what_a_clinician_looks_for() -> None:
    """Problems, medicines, laboratory values with their band, red flags."""
    page = text(SITE, "/demo/patients/viktor-lindqvist")

    assert "Hand muscle weakness" in page
    assert "prednisone 10 MG Oral Tablet" in page
    assert re.search(r'<span class="id">U1</span> <strong>Limb or neck weakness', page)
    assert "3.5–5.5 (limit of this service)" in page
    assert re.search(r'<svg [^>]*class="plot"[^>]*aria-hidden="true"', page)


def test_a_value_outside_its_band_is_marked_in_words_too() -> None:
    """Never by colour alone."""
    page = text(SITE, "/demo/patients/samir-haddad")

    assert re.search(r'class="value out">3\.1 <small>mmol/L</small><span class="hidden-text">, outside the range', page)
    assert "3.5–5.1 (laboratory's range)" in page
    assert "3.1 on 2026-11-18" in page


def test_why_and_why_not_names_every_rule() -> None:
    """Fired with facts, held back with a reason, silent with what it looked for."""
    page = text(SITE, "/demo/patients/viktor-lindqvist")

    asked, grouped, shown_rules = rules_asked(page)
    assert 0 < asked == grouped == shown_rules
    assert "Looks for" in page
    assert "applies to children only" in page
    assert "Cards that are not shown" in page


def test_a_silent_chart_names_what_looks_like_a_twitch() -> None:
    """A resolved one is named with its state."""
    page = text(SITE, "/demo/patients/diego-ramos")

    assert "What looks like twitching but does not count:" in page
    assert "resolved" in page


@pytest.mark.parametrize(
    ("cards", "patient", "query"),
    [
        (["warning"], "samir-haddad", "hook=order-select&medicine=prednisone-20"),
        (["warning"], "samir-haddad", "hook=order-sign&medicine=dexamethasone-4&daily=2"),
        (["info"], "priya-nair", "hook=order-select&medicine=contraceptive"),
        ([], "priya-nair", "hook=order-select&medicine=ibuprofen-200"),
        (["info"], "priya-nair", "hook=medication-refill&medicine=prednisone-5"),
        ([], "viktor-lindqvist", "hook=medication-refill&medicine=own:viktor-lindqvist-171"),
        ([], "anna-kowalska", "hook=order-sign&medicine=prednisone-20"),
        (["info"], "lucia-ferrari", "hook=problem-list-item-create&problem=twitch"),
        ([], "lucia-ferrari", "hook=problem-list-item-create&problem=hypertension"),
        (["info"], "priya-nair", "hook=encounter-start"),
    ],
)
def test_each_hook_can_be_fired(cards: list[str], patient: str, query: str) -> None:
    """Prescribe, sign, refill, add a problem, start a visit: what fires and what stays silent."""
    page = text(SITE, f"/demo/patients/{patient}?{query}")

    assert cards == re.findall(r'class="card card-(\w+)"', page)
    assert "Refused" not in page


@pytest.mark.parametrize("hook", MOMENTS)
def test_the_request_of_a_page_is_the_one_that_curl_would_send(hook: str) -> None:
    """The service answers it with the cards of the page."""
    page = text(SITE, f"/demo/patients/samir-haddad?hook={hook}")
    call = request(f"/demo/patients/samir-haddad/request.json?hook={hook}")

    answer = SITE.call(json.dumps(call).encode(), f"/cds-services/muscle-twitch-{hook}")

    assert [card["indicator"] for card in answer.json()["cards"]] == re.findall(r'class="card card-(\w+)"', page)


def test_the_curl_line_names_addresses_that_work() -> None:
    """Its two commands, taken apart as a shell does."""
    page = text(SITE, "/demo/patients/priya-nair?hook=order-sign&medicine=estradiol-1&daily=2")
    shown = re.search(r'<pre id="as-curl"[^>]*>(.*?)</pre>', page, re.DOTALL)
    assert shown is not None

    words = shlex.split(shown[1])

    call = request(words[2].removeprefix("http://127.0.0.1:8000"))
    assert "order-sign" == call["hook"]
    assert (
        "197658"
        == call["context"]["draftOrders"]["entry"][0]["resource"]["medicationCodeableConcept"]["coding"][0]["code"]
    )
    assert "http://127.0.0.1:8000/cds-services/muscle-twitch-order-sign" in words


def test_prefetch_holds_what_the_templates_ask_for() -> None:
    """One patient's resources only, filtered by the codes and states of the templates."""
    call = request("/demo/patients/samir-haddad/request.json")

    service = ENGINE.services["muscle-twitch-patient-view"]
    assert list(service.prefetch) == list(call["prefetch"])
    assert "samir-haddad" == call["prefetch"]["patient"]["id"]
    entries = [entry["resource"] for entry in call["prefetch"]["labs"]["entry"]]
    assert {"Patient/samir-haddad"} == {entry["subject"]["reference"] for entry in entries}
    assert entries[0]["valueQuantity"]["value"] == 3.1


def test_the_service_can_be_left_to_fetch_the_chart() -> None:
    """Then the request names the FHIR server and holds no prefetch; here nothing can be fetched, and that is told."""
    path = f"/demo/patients/samir-haddad?data={FETCH}"

    call = request(path.replace("?", "/request.json?"))
    page = text(SITE, path)

    assert "http://127.0.0.1:8000/demo/fhir" == call["fhirServer"]
    assert "prefetch" not in call
    assert "Refused (412)." in page
    assert "Send it as prefetch instead" in page


@pytest.mark.parametrize(
    ("query", "wish"),
    [
        ({"hook": "nothing", "daily": "x"}, ("patient-view", "twitch", "prednisone-20", 1.0)),
        ({"hook": "order-sign", "daily": "999", "medicine": "none"}, ("order-sign", "twitch", "prednisone-20", 1.0)),
        ({"hook": "order-sign", "daily": "nan"}, ("order-sign", "twitch", "prednisone-20", 1.0)),
        ({"problem": "cramp", "daily": "0.5"}, ("patient-view", "cramp", "prednisone-20", 0.5)),
    ],
)
def test_an_address_that_makes_no_sense_means_the_usual_choice(query: dict[str, str], wish: tuple[Any, ...]) -> None:
    """A playground has no wrong button."""
    found = wish_of(query, CHOICES)

    assert wish == (found.moment.hook, found.problem, found.medicine, found.daily)


def test_an_own_medicine_that_is_not_there_is_the_usual_one() -> None:
    """An address can be old."""
    call = request("/demo/patients/priya-nair/request.json?hook=order-sign&medicine=own:gone")

    draft = call["context"]["draftOrders"]["entry"][0]["resource"]
    assert "prednisone 20 MG Oral Tablet" == draft["medicationCodeableConcept"]["text"]


def test_every_medicine_of_the_playground_is_in_the_terminology_under_its_group() -> None:
    """The two groups that fire are the ones that the rules know by these codes; the others are none of both."""
    groups = {"Corticosteroids": "corticosteroid_systemic", "Estrogens": "estrogen_systemic"}
    found = {}
    for key, medicine in CHOICES.medicine.items():
        concept = ENGINE.knowledge.codes.find(medicine.system, medicine.code)
        found[key] = {name for name, group in groups.items() if concept and group in concept.groups}

    assert {key: {one.group} & set(groups) for key, one in CHOICES.medicine.items()} == found


@pytest.mark.parametrize("path", ["/demo/patients/nobody", "/demo/patients/nobody/request.json"])
def test_an_unknown_patient_is_not_found(path: str) -> None:
    """404, as for any other path."""
    assert 404 == SITE("GET", path).status_code


def test_there_is_no_playground_outside_demo_mode() -> None:
    """The path leads nowhere."""
    assert 404 == Client(around(FakeEngine(), load({})))("GET", "/").status_code


def test_a_suggestion_that_was_taken_without_script_is_kept_and_the_card_stays_silent() -> None:
    """The form leads back to the same moment, where the card is named as answered before."""
    notebook = Notebook()
    client = site(notebook)
    path = "/demo/patients/priya-nair?hook=patient-view"
    fields = form_of(text(client, path), "accepted")

    answer = post(client, "/demo/feedback", **fields)

    assert (303, path) == (answer.status_code, answer.headers["location"])
    ((caller, service, item),) = notebook.kept
    assert ("demo", "muscle-twitch-patient-view", "accepted") == (caller, service, item.outcome)
    assert (fields["card"], (fields["suggestion"],)) == (item.card, item.suggestions)
    page = text(client, path)
    assert "Not repeated" in page
    assert fields["card"] not in page
    assert [] == re.findall(r'class="card card-(\w+)"', page)
    assert "Why no card" not in page


@pytest.mark.parametrize(
    ("reason", "code", "system"),
    [("urn:twitch-cds:override|wrong-data", "wrong-data", "urn:twitch-cds:override"), ("", None, None)],
)
def test_a_card_can_be_dismissed_with_a_reason_or_without(reason: str, code: str | None, system: str | None) -> None:
    """As CDS Hooks has it: overridden, and why if that was said."""
    notebook = Notebook()
    client = site(notebook)
    fields = form_of(text(client, "/demo/patients/priya-nair"), "overridden") | {"reason": reason}

    post(client, "/demo/feedback", **fields)

    ((_, _, item),) = notebook.kept
    assert ("overridden", code, system) == (item.outcome, item.reason_code, item.reason_system)
    assert NOW == item.at


def form_of(page: str, outcome: str) -> dict[str, str]:
    """The fields of the first form for an outcome."""
    forms = re.findall(r'<form method="post" action="/demo/feedback".*?</form>', page, re.DOTALL)
    form = next(one for one in forms if f'value="{outcome}"' in one)
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        (404, {"service": "unknown", "card": "c", "outcome": "overridden"}),
        (400, {"service": "muscle-twitch-patient-view", "card": "c", "outcome": "shrugged"}),
        (404, {}),
    ],
)
def test_feedback_that_makes_no_sense_is_refused(status: int, fields: dict[str, str]) -> None:
    """With the same errors as the feedback of any client."""
    assert status == post(SITE, "/demo/feedback", **fields).status_code


def test_feedback_on_what_was_pasted_leads_back_to_the_form() -> None:
    """There is no chart to go back to."""
    fields = {"service": "muscle-twitch-patient-view", "card": "c", "outcome": "overridden", "patient": ""}

    assert "/demo/paste" == post(site(), "/demo/feedback", **fields).headers["location"]


def test_a_form_that_is_too_long_is_refused() -> None:
    """The limit of bodies, in the three bytes that a form may need for one."""
    client = site(max_body_bytes="1024")

    assert 413 == post(client, "/demo/paste", pasted="x" * 3073).status_code


def test_the_calls_of_the_playground_are_counted_like_all_others() -> None:
    """They are calls."""
    client = site()
    text(client, "/demo/patients/priya-nair")

    numbers = client("GET", "/metrics").text
    assert (
        'twitch_cds_calls_total{client="demo",outcome="cards",service="muscle-twitch-patient-view",status="200"} 1.0'
        in numbers
    )
    assert 'twitch_cds_cards_total{indicator="info",topic="lifestyle"} 1.0' in numbers


def test_charts_without_an_index_are_listed_without_a_line() -> None:
    """One's own folder of charts needs no index."""
    client = site(fixtures=Path(__file__).parent / "fixtures")

    assert 'href="/demo/patients/demo-1"' in text(client, "/")
    assert 'class="shows"' not in text(client, "/demo/patients/demo-1")


def test_charts_are_dated_as_of_today() -> None:
    """A year later the same twitch is as fresh as ever."""
    client = site(today=lambda: date(2027, 11, 22))

    assert "3.1 on 2027-11-18" in text(client, "/demo/patients/samir-haddad")


def test_the_settings_of_the_demo_are_those_of_the_tests() -> None:
    """The public address is the usual one."""
    assert "http://127.0.0.1:8000" == demo().public_url


def test_a_chart_of_which_nothing_can_be_told_is_shown_all_the_same(tmp_path: Path) -> None:
    """The service refuses, in its own words, and no red flag is claimed to be absent."""
    broken = {"resourceType": "Condition", "id": "c", "code": "R25.3", "subject": {"reference": "Patient/p1"}}
    (tmp_path / "charts").mkdir()
    (tmp_path / "index.json").write_text('{"referenceDate":"2026-11-22"}', "utf-8")
    (tmp_path / "charts" / "p1.json").write_text(json.dumps(bundle(PATIENT, broken)), "utf-8")

    page = text(site(fixtures=tmp_path), "/demo/patients/p1")

    assert "Refused (412)." in page
    assert "Not looked for" in page
