"""The playground as a visitor uses it: patients, hooks, cards, answers, reasons."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from browser_kit import Visit
from playwright.sync_api import Browser, Page, expect

pytest_plugins = ("browser_fixtures",)

MARK = "window.stayed = true"
SUPPORT = "#support"
MOMENTS = ["Open chart", "Start visit", "Add problem", "Prescribe", "Sign", "Refill"]


def stayed(page: Page) -> bool:
    """Whether the page was not loaded anew since it was marked."""
    return bool(page.evaluate("window.stayed === true"))


def test_a_visitor_opens_a_chart_and_reads_its_cards(visit: Visit) -> None:
    """From the first page to the first card in two clicks."""
    page = visit.open("/")
    visit.picture("first-page", whole=True)

    visit.follow(page.get_by_role("link", name="Viktor Lindqvist"), "/viktor-lindqvist$")

    expect(page.get_by_role("heading", level=1)).to_have_text("Viktor Lindqvist")
    expect(page.locator(".card")).to_have_count(2)
    expect(page.get_by_role("region", name="Red flags")).to_contain_text("Limb or neck weakness")
    visit.check_width()
    visit.picture("chart")
    visit.picture("chart-whole", whole=True)


def test_every_moment_is_fired_without_a_reload(visit: Visit) -> None:
    """Each button shows its own answer; the address follows, and the way back works."""
    page = visit.open("/demo/patients/samir-haddad")
    page.evaluate(MARK)

    for name in MOMENTS[1:]:
        link = page.locator(SUPPORT).get_by_role("link", name=name, exact=True)
        expect(link).not_to_have_attribute("aria-current", "true")
        link.click()
        expect(link).to_have_attribute("aria-current", "true")
        expect(page.locator(SUPPORT)).to_contain_text("Response in")
        visit.check_width()

    expect(page).to_have_url(re.compile("hook=medication-refill"))
    page.go_back()
    expect(page.get_by_role("link", name="Sign", exact=True)).to_have_attribute("aria-current", "true")
    assert stayed(page)


def test_a_steroid_that_is_prescribed_and_signed_gets_one_card(visit: Visit) -> None:
    """Chosen in the form, with its dose; another medicine stays silent, and it says why."""
    page = visit.open("/demo/patients/samir-haddad?hook=order-select")
    page.get_by_role("combobox", name="Medicine").select_option("dexamethasone-4")
    page.get_by_label("Tablets a day").fill("2")
    visit.follow(page.get_by_role("button", name="Select this medicine"), "medicine=dexamethasone-4")

    expect(page.locator(".card")).to_have_count(1)
    expect(page.locator(".card")).to_contain_text("dexamethasone")
    visit.picture("prescribe")
    visit.follow(page.get_by_role("link", name="Sign", exact=True), "hook=order-sign")
    expect(page.get_by_role("button", name="Sign this prescription")).to_be_visible()
    expect(page.get_by_role("combobox", name="Medicine")).to_have_value("dexamethasone-4")
    page.get_by_role("combobox", name="Medicine").select_option("ibuprofen-200")
    visit.follow(page.get_by_role("button", name="Sign this prescription"), "medicine=ibuprofen-200")
    expect(page.locator(SUPPORT)).to_contain_text("no draft of a class that is checked")
    expect(page.locator(".card")).to_have_count(0)


def test_a_suggestion_is_taken_and_the_card_stays_silent_afterwards(visit: Visit) -> None:
    """The browser itself sends the feedback; the next call does not repeat the card, and says so."""
    page = visit.open("/demo/patients/chloe-martin")
    card = page.locator(".card").first

    with page.expect_response(lambda answer: answer.url.endswith("/feedback")) as sent:
        card.get_by_role("button").first.click()

    said = json.loads(sent.value.request.post_data or "")["feedback"][0]
    assert (200, "accepted", 1) == (sent.value.status, said["outcome"], len(said["acceptedSuggestions"]))
    expect(card.get_by_role("status")).to_contain_text("Accepted:")
    page.get_by_role("link", name="Call again").click()
    expect(page.locator(SUPPORT)).to_contain_text("Not repeated")
    expect(page.locator(".card[data-card]")).to_have_count(0)
    visit.picture("not-repeated")


def test_a_card_is_dismissed_with_a_reason(visit: Visit) -> None:
    """The reason travels as its code and system."""
    page = visit.open("/demo/patients/ruth-mbeki")
    card = page.locator(".card").first
    card.get_by_label("Reason for dismissing").select_option(label="The data are wrong or out of date")

    with page.expect_response(lambda answer: answer.url.endswith("/feedback")) as sent:
        card.get_by_role("button", name="Dismiss").click()

    said = json.loads(sent.value.request.post_data or "")["feedback"][0]
    assert 200 == sent.value.status
    assert {"code": "wrong-data", "system": "urn:twitch-cds:override"} == said["overrideReason"]["reason"]
    expect(card.get_by_role("status")).to_contain_text("Dismissed.")
    expect(card.get_by_role("button", name="Dismiss")).to_be_disabled()


def test_a_critical_card_comes_back_although_it_was_answered(visit: Visit) -> None:
    """An emergency is never silenced."""
    page = visit.open("/demo/patients/aisha-rahman")
    card = page.locator(".card").first
    card.get_by_role("button", name="Dismiss").click()
    expect(page.locator(".card-critical .card-status")).to_contain_text("Dismissed.")

    page.get_by_role("link", name="Call again").click()

    expect(page.locator(".card-critical .card-status")).to_have_text("")
    expect(page.locator(".card-critical")).to_have_count(1)


def test_feedback_that_is_not_kept_is_told(visit: Visit) -> None:
    """A visitor never believes that something was kept which was not."""
    page = visit.open("/demo/patients/hana-suzuki")
    page.route("**/feedback", lambda route: route.fulfill(status=503, body="{}"))
    visit.foresee("503")

    page.locator(".card").first.get_by_role("button", name="Dismiss").click()

    expect(page.locator(".card").first.get_by_role("status")).to_contain_text("was not stored")


def test_why_and_why_not_can_be_opened(visit: Visit) -> None:
    """Every rule: fired, held back, silent; each with what it found or looked for."""
    page = visit.open("/demo/patients/viktor-lindqvist")
    visit.unfold()

    for pile in ("Fired (", "Held back (", "Silent ("):
        expect(page.locator("summary", has_text=pile)).to_be_visible()
    expect(page.locator(".rule", has_text="Muscle wasting").first).to_contain_text("muscle atrophy")
    expect(page.locator(".rule", has_text="Proximal weakness").first).to_contain_text("Looks for")
    visit.check_width()
    visit.picture("why", whole=True)


def test_a_silent_chart_says_why(visit: Visit) -> None:
    """What looks like a twitch is named, with what is known against it."""
    page = visit.open("/demo/patients/diego-ramos")

    expect(page.locator(SUPPORT)).to_contain_text("No card is shown")
    expect(page.locator(SUPPORT)).to_contain_text("resolved")
    visit.picture("silent")


def test_request_answer_and_curl_can_be_copied(visit: Visit) -> None:
    """What is copied is what is shown; the word stays while the page's clock stands."""
    visit.page.clock.install(time=0)
    visit.page.clock.pause_at(60_000)
    page = visit.open("/demo/patients/priya-nair?hook=encounter-start")
    visit.unfold()

    for name in ("as-curl", "as-request", "as-answer"):
        button = page.locator(f'[data-copy="{name}"]')
        button.click()
        expect(button).to_have_text("Copied")
        assert page.locator(f"#{name}").inner_text() == page.evaluate("navigator.clipboard.readText()")

    assert "encounter-start" == json.loads(page.locator("#as-request").inner_text())["hook"]


def test_the_service_fetches_the_chart_itself_when_it_is_left_to(visit: Visit) -> None:
    """The same cards from the FHIR server as from prefetch: a child stays a child."""
    page = visit.open("/demo/patients/noah-fischer")
    shown = page.locator(".card h3").all_inner_texts()

    visit.follow(page.get_by_role("link", name="Let the service fetch it"), "data=fetch")

    expect(page.get_by_role("link", name="Send it as prefetch instead")).to_be_visible()
    expect(page.locator(".card h3")).to_have_text(shown)


def chart_of(visit: Visit, patient: str) -> dict[str, Any]:
    """A whole chart of the demo's FHIR server."""
    answer = visit.page.request.get(f"{visit.base}/demo/fhir/Patient/{patient}/$everything?_count=1000")
    found: dict[str, Any] = answer.json()
    return found


def test_an_own_bundle_is_pasted(visit: Visit) -> None:
    """It is answered with its chart beside the cards."""
    page = visit.open("/demo/paste")
    page.get_by_label("A FHIR R4 Bundle").fill(json.dumps(chart_of(visit, "viktor-lindqvist")))

    page.get_by_role("button", name="Get cards").click()

    expect(page.locator(".card")).to_have_count(2)
    expect(page.get_by_role("region", name="Patient")).to_contain_text("Viktor Lindqvist")
    visit.check_width()
    visit.picture("pasted")


def test_an_own_request_is_read_from_a_file(visit: Visit, tmp_path: Path) -> None:
    """The script reads it into the form; nothing is sent before the button is pressed."""
    page = visit.open("/demo/paste")
    request = visit.page.request.get(f"{visit.base}/demo/patients/maria-santos/request.json")
    file = tmp_path / "request.json"
    file.write_bytes(request.body())

    page.get_by_label("Or read a file").set_input_files(file)
    expect(page.get_by_label("A FHIR R4 Bundle")).to_have_value(request.text())
    page.get_by_role("button", name="Get cards").click()

    expect(page.locator(".card")).to_have_count(2)


def test_what_cannot_be_answered_is_refused_in_one_sentence(visit: Visit) -> None:
    """The text stays in the form."""
    page = visit.open("/demo/paste")
    visit.foresee("422")
    page.get_by_label("A FHIR R4 Bundle").fill("{}")

    page.get_by_role("button", name="Get cards").click()

    expect(page.get_by_role("alert")).to_contain_text("Paste a FHIR Bundle")
    expect(page.get_by_label("A FHIR R4 Bundle")).to_have_value("{}")


def test_everything_works_without_script(browser: Browser, base: str, profile: str) -> None:
    """Links and forms alone: fire, dismiss, and see that the card stays silent."""
    visit = Visit(browser, base, profile, script=False)
    try:
        answer = visit.page.goto("/demo/patients/george-papadakis")
        assert answer is not None
        assert answer.ok
        page = visit.page
        visit.follow(page.get_by_role("link", name="Start visit", exact=True), "hook=encounter-start")
        expect(page.locator(".card")).to_have_count(1)
        page.get_by_label("Reason for dismissing").select_option(label="Not indicated")
        page.get_by_role("button", name="Dismiss").click()
        expect(page.locator(SUPPORT)).to_contain_text("Not repeated")
        expect(page).to_have_url(re.compile("hook=encounter-start"))
        expect(page.locator("[data-copy]").first).to_be_hidden()
    finally:
        visit.close()
    assert [] == visit.complaints


def test_everything_is_reached_with_the_keyboard_alone(visit: Visit) -> None:
    """The way skips to the content, every control is reached, and Enter fires a hook."""
    page = visit.open("/demo/patients/priya-nair")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("(document.activeElement.textContent || '').trim().split('\\n')[0]"))
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert page.evaluate("document.activeElement === document.body") or "none" != outline

    assert set(MOMENTS) <= reached
    assert {"Dismiss", "Evidence and limits", "As curl"} <= reached
    page.get_by_role("link", name="Prescribe", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("hook=order-select"))
    expect(page.get_by_role("combobox", name="Medicine")).to_be_visible()
    expect(page.locator("#support-title")).to_be_focused()


@pytest.mark.parametrize("asset", ["style.css", "script.js"])
def test_the_policy_is_enforced_by_the_browser(visit: Visit, asset: str) -> None:
    """Nothing inline runs or paints: the browser itself complains of it, and that is what fails every other test."""
    page = visit.open("/")
    inline = {"style.css": "style", "script.js": "script"}[asset]

    visit.foresee("Content Security Policy")
    with page.expect_console_message(lambda said: "error" == said.type and "Content Security Policy" in said.text):
        page.evaluate(f"document.head.append(Object.assign(document.createElement('{inline}'), {{textContent: 'x'}}))")
