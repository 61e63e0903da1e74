"""Evidence and governance in the browser, and what holds for every page: axe-core finds nothing."""

import csv
import io
from pathlib import Path

import pytest
from browser_kit import Visit
from playwright.sync_api import expect

from cards.topics import Topic

pytest_plugins = ("browser_fixtures",)

MAIN = ["/", "/demo/paste", "/evidence", "/evidence/abnormal-lab", "/governance"]
CHARTS = [
    "/demo/patients/viktor-lindqvist",
    "/demo/patients/leo-brandt",
    "/demo/patients/diego-ramos",
    "/demo/patients/samir-haddad?hook=order-sign",
    "/demo/patients/priya-nair?hook=problem-list-item-create",
    "/demo/patients/hana-suzuki?data=fetch",
]
OTHERS = [f"/evidence/{topic}" for topic in Topic if topic != "abnormal-lab"]


@pytest.mark.parametrize("path", [*MAIN, *CHARTS])
def test_axe_finds_no_violation(visit: Visit, path: str) -> None:
    """Everything unfolded, so that nothing hides."""
    visit.open(path)
    visit.unfold()

    assert [] == visit.violations()
    visit.check_width()


def test_axe_finds_no_violation_on_any_other_evidence_page(visit: Visit) -> None:
    """One card after the other."""
    found = {}
    for path in OTHERS:
        visit.open(path)
        found[path] = visit.violations()

    assert {path: [] for path in OTHERS} == found


def test_a_card_leads_to_its_evidence(visit: Visit) -> None:
    """And from there to all cards."""
    page = visit.open("/demo/patients/tomas-novak")

    visit.follow(page.get_by_role("link", name="Evidence and limits").first, "/evidence/neurology-[a-z-]+$")

    expect(page.get_by_role("heading", level=1)).to_have_text("Neurological evaluation")
    expect(page.get_by_role("region", name="Decision table")).to_be_visible()
    visit.picture("evidence-card", whole=True)
    visit.follow(page.get_by_role("link", name="All cards"), "/evidence$")
    expect(page.get_by_role("heading", level=1)).to_have_text("What the cards are based on")
    visit.picture("evidence", whole=True)


def test_a_red_flag_leads_to_what_it_means(visit: Visit) -> None:
    """Straight to its row."""
    page = visit.open("/demo/patients/viktor-lindqvist")

    visit.follow(page.get_by_role("region", name="Red flags").get_by_role("link").first, "/evidence#U1$")

    expect(page.locator("#U1")).to_be_in_viewport()


def test_governance_shows_what_was_done_and_can_be_narrowed(visit: Visit) -> None:
    """A card that is answered here is seen there, and in the sheet."""
    page = visit.open("/demo/patients/daniel-weiss")
    card = page.locator(".card", has_text="Lifestyle advice")
    card.get_by_label("Reason for dismissing").select_option(label="Already advised")
    with page.expect_response(lambda answer: answer.url.endswith("/feedback")):
        card.get_by_role("button", name="Dismiss").click()
    expect(card.get_by_role("status")).to_contain_text("Dismissed.")

    _seen(visit, "/governance", "Already advised")
    visit.picture("governance", whole=True)
    page.get_by_role("combobox", name="Card").select_option("lifestyle")
    visit.follow(page.get_by_role("button", name="Show"), "topic=lifestyle")

    expect(page.get_by_role("region", name="By card", exact=True)).not_to_contain_text("Findings favour")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    lines = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text("utf-8"))))
    assert {"lifestyle"} == {line["topic"] for line in lines}
    assert "already-advised" in lines[0]["reasons"]


def _seen(visit: Visit, path: str, words: str) -> None:
    """Look until the background writer has written what was shown."""
    for _ in range(1000):
        visit.open(path)
        if visit.page.get_by_text(words).count():
            return
        visit.page.wait_for_timeout(100)
    raise AssertionError(f"{words} is not on {path}")


def test_governance_of_an_empty_period_says_so(visit: Visit) -> None:
    """No picture of nothing."""
    page = visit.open("/governance?since=2020-01-01&until=2020-01-31")

    expect(page.get_by_text("No card was shown in this period.")).to_be_visible()
    assert [] == visit.violations()
