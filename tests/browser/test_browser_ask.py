"""Asking the patient in the browser: launch, form, stored answers, better cards; by keyboard, without scripts."""

from collections.abc import Iterator

import pytest
from browser_kit import Visit
from playwright.sync_api import Browser, Page, expect

pytest_plugins = ("browser_fixtures",)

CHART = "/demo/patients/tomas-novak"
ASK = "Ask the patient: one minute"
SIGN = "Short of breath at rest or lying flat"
TODAY = "Reported orthopnea"


@pytest.fixture(autouse=True)
def _as_it_was(visit: Visit) -> Iterator[None]:
    """What a test writes into the chart is forgotten after it."""
    yield
    visit.page.request.post(f"{visit.base}/demo/reset")


def _asked(visit: Visit) -> Page:
    """The form, reached from the card."""
    page = visit.open(CHART)
    visit.follow(page.get_by_role("link", name=ASK).first, "/smart/visit/")
    expect(page.get_by_role("heading", name=ASK)).to_be_visible()
    visit.check_width()
    return page


def test_the_whole_way_makes_better_cards(visit: Visit) -> None:
    """Open chart, Ask, form, answers stored, and the next call of the same hook has a card that was not there."""
    page = visit.open(CHART)
    expect(page.get_by_text(TODAY)).to_have_count(0)
    _asked(visit)
    visit.picture("ask-form", whole=True)
    page.get_by_role("checkbox", name=SIGN).check()
    page.get_by_label("How many cups of coffee or tea do you drink each day?").fill("5")
    visit.follow(page.get_by_role("button", name="Send the answers"), "/result$")

    expect(page.get_by_text("The answers are stored in the EHR.")).to_be_visible()
    expect(page.get_by_role("heading", name=TODAY)).to_be_visible()
    visit.picture("ask-result", whole=True)
    assert [] == visit.violations()
    visit.follow(page.get_by_role("link", name="Back to the EHR"), f"{CHART}$")
    expect(page.get_by_role("heading", name=TODAY)).to_be_visible()


def test_axe_finds_no_violation_on_the_pages_of_a_visit(visit: Visit) -> None:
    """The form with all of its questions, wrong answers, the hand-over and its end; none is wider than the screen."""
    visit.foresee("422")  # the answer to the form with a wrong answer
    page = _asked(visit)
    for group in ("A medicine or supplement was started", "I am pregnant"):
        if (tick := page.get_by_role("checkbox", name=group)).count():
            tick.check()
    assert [] == visit.violations()
    page.get_by_label("How many cups of coffee or tea do you drink each day?").fill("many")
    page.get_by_role("button", name="Send the answers").click()
    expect(page.get_by_role("alert")).to_contain_text("Please check these answers again")
    assert [] == visit.violations()
    visit.check_width()
    page.get_by_role("button", name="Hand the tablet to the patient").click()
    expect(page.get_by_role("heading", name="Keep this code")).to_be_visible()
    assert [] == visit.violations()
    visit.check_width()


def test_follow_ups_appear_when_they_are_due(visit: Visit) -> None:
    """A start of weakness after weakness; "none" stands alone; a No ends the form."""
    page = _asked(visit)
    start = page.get_by_role("group", name="If you lost strength")
    expect(start).to_be_hidden()
    page.get_by_role("checkbox", name="Less strength in grip").check()
    expect(start).to_be_visible()
    page.locator("#at-q\\.signs").get_by_role("checkbox", name="None of these").check()
    expect(page.get_by_role("checkbox", name="Less strength in grip")).not_to_be_checked()
    expect(start).to_be_hidden()
    page.locator("#at-q\\.twitch").get_by_role("radio", name="No", exact=True).check()
    expect(page.get_by_role("heading", name="Every day")).to_be_hidden()


def test_the_tablet_is_handed_over_and_back(visit: Visit) -> None:
    """The patient sees the questions only; the code opens the result."""
    page = _asked(visit)
    page.get_by_role("button", name="Hand the tablet to the patient").click()
    code = page.locator(".code strong").inner_text()
    page.get_by_role("link", name="Start the questions").click()
    expect(page.get_by_role("heading", name="Some questions about your muscles")).to_be_visible()
    expect(page.get_by_text("Tomas Novak")).to_have_count(0)
    page.locator("#at-q\\.twitch").get_by_role("radio", name="Yes").check()
    page.get_by_role("checkbox", name=SIGN).check()
    page.get_by_role("button", name="Send the answers").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert [] == visit.violations()
    page.get_by_label("Clinician's code").fill(code)
    visit.follow(page.get_by_role("button", name="Open the result"), "/result$")
    expect(page.get_by_role("heading", name=TODAY)).to_be_visible()


def test_the_keyboard_is_enough(visit: Visit) -> None:
    """From the card to the result with Tab, the arrows, space and Enter alone."""
    page = visit.open(CHART)
    page.get_by_role("link", name=ASK).first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=ASK)).to_be_visible()
    page.wait_for_load_state()
    _tab_to(page, "q.twitch")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    _tab_to(page, "q.signs", "breath")
    page.keyboard.press("Space")
    _tab_to(page, "q.coffee")
    page.keyboard.type("5")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The answers are stored in the EHR.")).to_be_visible()
    expect(page.get_by_role("heading", name=TODAY)).to_be_visible()


def _tab_to(page: Page, name: str, value: str = "") -> None:
    """Press Tab until an input has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        focused = page.evaluate("[document.activeElement.name, document.activeElement.value]")
        if focused[0] == name and (not value or focused[1] == value):
            return
    raise AssertionError(f"{name} cannot be reached with Tab")


def test_without_scripts_all_of_it_works(browser: Browser, base: str, profile: str) -> None:
    """Follow-ups are there and marked; the answers are stored; the cards are better."""
    visit = Visit(browser, base, profile, script=False)
    page = visit.open(CHART)
    visit.follow(page.get_by_role("link", name=ASK).first, "/smart/visit/")
    expect(page.get_by_text("Only if: Less strength in grip, lifting or stairs, or tripping")).to_be_visible()
    page.get_by_role("checkbox", name=SIGN).check()
    visit.follow(page.get_by_role("button", name="Send the answers"), "/result$")
    expect(page.get_by_text("The answers are stored in the EHR.")).to_be_visible()
    visit.follow(page.get_by_role("link", name="Back to the EHR"), f"{CHART}$")
    expect(page.get_by_role("heading", name=TODAY)).to_be_visible()
    page.request.post(f"{base}/demo/reset")
    visit.close()
    assert [] == visit.complaints
