"""Our own Questionnaire is served, to everybody."""

import pytest
from fhir.resources.R4B.codesystem import CodeSystem
from fhir.resources.R4B.questionnaire import Questionnaire
from web_fakes import Client, FakeEngine, around, demo

from cds.settings import load

BASE = "https://cds.example.org"
CLIENT = Client(around(FakeEngine(), load({"TWITCH_CDS_PUBLIC_URL": BASE})))


@pytest.mark.parametrize(("kind", "model"), [("Questionnaire", Questionnaire), ("CodeSystem", CodeSystem)])
def test_a_resource_is_served_under_its_canonical_address(kind: str, model: type[Questionnaire | CodeSystem]) -> None:
    """As FHIR, kept for an hour, without a token."""
    answer = CLIENT("GET", f"/{kind}/muscle-twitching")

    assert f"{BASE}/{kind}/muscle-twitching" == model.model_validate(answer.json()).url
    assert "application/fhir+json" == answer.headers["content-type"]
    assert "public, max-age=3600" == answer.headers["cache-control"]
    assert 304 == CLIENT("GET", answer.url.path, headers={"if-none-match": answer.headers["etag"]}).status_code


@pytest.mark.parametrize("kind", ["Questionnaire", "CodeSystem"])
def test_another_name_is_unknown(kind: str) -> None:
    """There is one form."""
    assert 404 == CLIENT("GET", f"/{kind}/cramps").status_code
    assert 404 == CLIENT("GET", f"/{kind}").status_code


def test_the_demo_serves_it_too() -> None:
    """Under the address of the demo."""
    served = Client(around(FakeEngine(), demo()))("GET", "/Questionnaire/muscle-twitching").json()

    assert served["url"].startswith("http://127.0.0.1:")
