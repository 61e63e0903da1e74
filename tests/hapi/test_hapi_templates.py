"""Every prefetch template that discovery advertises, put to a real FHIR server."""

import json
from urllib.parse import parse_qsl, urlsplit

import pytest
from charts.dates import TODAY
from charts.resources import Json
from charts.seam import evaluate
from hapi_charts import OnServer, fixtures, not_checked, seen
from hapi_client import Fhir, next_of, search_for
from hapi_expected import FILES, expected
from hapi_made import MANY, PAGE, made

pytestmark = pytest.mark.hapi

Advertised = dict[str, dict[str, str]]
LONGEST_ADDRESS = 8000  # octets that every recipient should take (RFC 9110, 4.1)
CALL = {"userId": "Practitioner/example", "encounterId": "no-such-visit"}
SAMPLE = fixtures()[::6]


def collected(fhir: Fhir, advertised: Advertised, chart: OnServer) -> Json:
    """The prefetch of a client that reads every search to its last page."""
    return {key: fhir.whole(search_for(template, chart.context)) for key, template in advertised[chart.service].items()}


def judged(chart: OnServer, prefetch: Json) -> Json:
    """The answer to a call with that prefetch, on the day of the golden cases."""
    status, answer = evaluate(json.dumps(chart.request | {"prefetch": prefetch}).encode(), TODAY)
    assert 200 == status, answer
    return answer


@pytest.mark.parametrize("chart", SAMPLE, ids=lambda chart: chart.name)
def test_every_template_is_accepted_by_get_and_by_post(chart: OnServer, fhir: Fhir, advertised: Advertised) -> None:
    """200 and a searchset, or the resource; the server understood every parameter; both ways find the same."""
    for template in {template for templates in advertised.values() for template in templates.values()}:
        search = search_for(template, chart.context | CALL)
        got = fhir.read(search)

        assert (200, "application/fhir+json") == (got.status_code, got.headers["content-type"].partition(";")[0])
        assert len(str(got.request.url)) < LONGEST_ADDRESS
        if "?" in search:
            posted = fhir.post_search(search)
            assert ("searchset", 200) == (got.json()["type"], posted.status_code)
            assert names(got.json()) == names(posted.json())
            assert understood(got.json()) == {name for name, _ in parse_qsl(search.partition("?")[2])}


@pytest.mark.parametrize("file", FILES)
def test_what_the_templates_bring_gives_the_expected_cards(file: str, fhir: Fhir, advertised: Advertised) -> None:
    """Each chart is read back through the searches; its cards are those of the case, and nothing is left unchecked."""
    answers = {chart.name: judged(chart, collected(fhir, advertised, chart)) for chart in FILES[file]}

    assert expected(FILES[file]) == {name: seen(answer) for name, answer in answers.items()}
    assert {} == {name: not_checked(answer) for name, answer in answers.items() if not_checked(answer)}


def test_a_search_longer_than_a_page_is_read_by_its_next_links(fhir: Fhir, advertised: Advertised) -> None:
    """The server gives 200 at once whatever `_count` asks; newest first; the links stay under its base."""
    long = made()["long"]
    pages = list(fhir.pages(search_for(advertised[long.service]["labs"], long.context)))
    days = [entry["resource"]["effectiveDateTime"] for page in pages for entry in page["entry"]]

    assert [PAGE, PAGE, MANY - 2 * PAGE] == [len(page["entry"]) for page in pages]
    assert sorted(days, reverse=True) == days
    assert all((next_of(page) or "").startswith(f"{fhir.base}?_getpages=") for page in pages[:-1])


def test_a_first_page_alone_is_stated_as_not_all(fhir: Fhir, advertised: Advertised) -> None:
    """A client that sends only the first page gets the same card, which says that there was more."""
    long = made()["long"]
    whole = collected(fhir, advertised, long)
    first = whole | {"labs": fhir.read(search_for(advertised[long.service]["labs"], long.context)).json()}

    assert (long.expect, []) == (seen(judged(long, whole)), not_checked(judged(long, whole)))
    assert long.expect == seen(judged(long, first))
    assert [("labs", "partial")] == [(item["key"], item["reason"]) for item in not_checked(judged(long, first))]


@pytest.mark.parametrize("kind", ["MedicationRequest", "MedicationStatement"])
def test_a_medicine_by_reference_is_included(kind: str, fhir: Fhir, advertised: Advertised) -> None:
    """The search brings the Medication that a medicine names."""
    chart = made()[kind]

    assert chart.expect == seen(judged(chart, collected(fhir, advertised, chart)))


def names(bundle: Json) -> list[str]:
    """The resources of a searchset."""
    return sorted(entry["fullUrl"] for entry in bundle.get("entry", ()))


def understood(bundle: Json) -> set[str]:
    """The parameters that the server says it searched by (FHIR R4, 3.1.1.5.5)."""
    link = next(link["url"] for link in bundle["link"] if link["relation"] == "self")
    return {name for name, _ in parse_qsl(urlsplit(link).query)}
