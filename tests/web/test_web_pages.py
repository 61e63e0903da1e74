"""The pages for people: what they say, and that nothing active is in them."""

import re

import pytest
from web_fakes import Client, FakeEngine, around, started

from cards.proofreading import load_words
from cards.topics import Topic
from cds.settings import load
from cds.web.evidence import gaps

WORDS = load_words()
PAGES = ["/", "/evidence", *(f"/evidence/{topic}" for topic in Topic)]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_readable_and_runs_nothing(path: str) -> None:
    """HTML in UTF-8 for a phone, no script, nothing from elsewhere, and the policy says so too."""
    client, _ = started()

    answer = client("GET", path)

    assert (200, "text/html; charset=utf-8") == (answer.status_code, answer.headers["content-type"])
    assert "width=device-width" in answer.text
    assert not re.search(r"<(script|iframe|img|link|form)|\son\w+=|javascript:", answer.text)
    assert re.match(
        r"default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; ", answer.headers["content-security-policy"]
    )
    assert "{" not in re.sub(r"<style>.*?</style>", "", answer.text, flags=re.DOTALL)


@pytest.mark.parametrize("topic", list(Topic))
def test_an_evidence_page_says_what_its_card_rests_on(topic: Topic) -> None:
    """Title, limits, strength, every source, and the version of the knowledge."""
    client, _ = started()
    entry = WORDS.topics[topic]

    answer = client("GET", f"/evidence/{topic}")

    text = (
        answer.text.replace("&#39;", "'")
        .replace("&#34;", '"')
        .replace("&amp;", "&")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
    )
    expected = [entry.title, entry.limits, entry.article, entry.grade, "2026.11"]
    assert [] == [part for part in expected if part not in text]
    assert [] == [key for key in entry.citations if WORDS.citations[key].label not in text]
    assert "public, max-age=3600" == answer.headers["cache-control"]


def test_the_limits_on_a_page_are_those_of_the_data() -> None:
    """The table of a page comes from the engine, with the citation's name."""
    client, _ = started()

    text = client("GET", "/evidence/lab-order").text

    assert "<td>potassium</td><td>&lt; 3.5 mmol/L</td><td>info</td>" in text
    assert WORDS.citations["rcem"].short in text


def test_the_index_leads_to_every_card_and_lists_every_flag() -> None:
    """Nothing that a card can show is left out."""
    client, _ = started()

    text = client("GET", "/evidence").text

    assert [] == [topic for topic in Topic if f'href="/evidence/{topic}"' not in text]
    assert [] == [flag for flag in WORDS.flags if f'id="{flag}"' not in text]


def test_evidence_is_public_outside_demo_mode_and_unknown_pages_are_404() -> None:
    """It says nothing of any patient."""
    client = Client(around(FakeEngine(), load({})))

    assert [200, 200, 404] == [client("GET", f"/evidence{end}").status_code for end in ("", "/lab-order", "/nothing")]


def test_placeholders_are_shown_as_gaps() -> None:
    """A reader sees what the chart fills in."""
    assert "Low ‹analyte› and ‹n› more" == gaps("Low {analyte} and {n} more")


def test_the_first_page_shows_how_to_call_at_the_public_address() -> None:
    """The curl line can be copied."""
    client, _ = started(public_url="http://laptop.example:9000")

    assert "curl -s http://laptop.example:9000/cds-services/muscle-twitch-patient-view" in client("GET", "/").text


def test_the_demo_charts_are_served() -> None:
    """The FHIR server of the demo is mounted, with CORS for the sandbox."""
    client, _ = started()

    answer = client("GET", "/demo/fhir/Patient/demo-1", headers={"origin": "http://localhost:8080"})

    assert (200, "demo-1") == (answer.status_code, answer.json()["id"])
    assert "http://localhost:8080" == answer.headers["access-control-allow-origin"]
