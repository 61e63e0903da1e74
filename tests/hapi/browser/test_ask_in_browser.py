"""From the chart to better cards in a real browser, with the answers on a real FHIR server: `make test-ask`."""

from collections.abc import Iterator

import httpx
import pytest
from browser_kit import Visit
from hapi_client import Fhir
from hapi_ehr import HospitalEhr
from hapi_hospital import ASK, Moment, charts_of, faults, hospital, stored
from hapi_server import running
from playwright.sync_api import Browser, Page, expect

pytest_plugins = ("browser_fixtures",)
pytestmark = pytest.mark.hapi

DESK, PHONE = "light-desk", "light-phone"
SIZES = (DESK, PHONE)
SIGN, TODAY = "Short of breath at rest or lying flat", "Reported orthopnea"
COFFEE = "How many cups of coffee or tea do you drink each day?"
WAYS = ("by-mouse", "by-keyboard", "without-scripts", "too-late")
LATE_MINUTES = 15.1


@pytest.fixture(scope="module")
def fhir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fhir]:
    """A real server of its own, with charts that hold only a twitch."""
    with running(tmp_path_factory.mktemp("hapi")) as base, httpx.Client(timeout=600) as http:
        server = Fhir(base, http)
        server.load(charts_of(f"{way}-{size}" for way in WAYS for size in SIZES))
        yield server


@pytest.fixture(scope="module")
def ehr(fhir: Fhir, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HospitalEhr]:
    """The EHR with the service as it is registered there."""
    with hospital(fhir, tmp_path_factory.mktemp("hospital")) as made:
        yield made


@pytest.fixture(params=SIZES)
def size(request: pytest.FixtureRequest) -> str:
    """On a desk and at the width of a phone."""
    return str(request.param)


@pytest.fixture
def visit(browser: Browser, ehr: HospitalEhr, size: str) -> Iterator[Visit]:
    """A clinician at the EHR; whatever the browser complained of fails the test."""
    made = Visit(browser, ehr.address, size, others=(ehr.service,))
    ehr.created.clear()
    yield made
    made.close()
    assert [] == made.complaints


def chart(visit: Visit, patient: str) -> Page:
    """The chart: a card that says what is missing, and no sign yet."""
    page = visit.open(f"/chart/{patient}")
    expect(page.get_by_role("link", name=ASK)).to_be_visible()
    expect(page.get_by_text(TODAY)).to_have_count(0)
    return page


def asked(visit: Visit, patient: str) -> Page:
    """The form, reached from the card."""
    page = chart(visit, patient)
    visit.follow(page.get_by_role("link", name=ASK), "/smart/visit/")
    expect(page.get_by_role("heading", name=ASK)).to_be_visible()
    expect(page.get_by_text("Ada Okafor").first).to_be_visible()
    visit.check_width()
    return page


def check_result(visit: Visit, patient: str) -> None:
    """The answers are stored, said so, judged at once, and the next call of the same hook has the better card."""
    page = visit.page
    expect(page.get_by_text("The answers are stored in the EHR.")).to_be_visible()
    expect(page.get_by_role("heading", name=TODAY)).to_be_visible()
    visit.check_width()
    visit.follow(page.get_by_role("link", name="Back to the EHR"), f"/chart/{patient}$")
    expect(page.get_by_role("heading", name=TODAY)).to_be_visible()


def check_stored(ehr: HospitalEhr, fhir: Fhir, patient: str) -> None:
    """One response on the FHIR server, created (201), valid, and all that is derived from it."""
    (response,) = stored(fhir, "QuestionnaireResponse", patient)
    derived = stored(fhir, "Observation", patient)
    assert ("QuestionnaireResponse", 201) == ehr.created[0]
    assert [("Observation", 201)] * len(derived) == ehr.created[1:]
    assert [] == [fault for one in (response, *derived) for fault in faults(fhir, one)]


def test_the_whole_way_makes_better_cards(visit: Visit, ehr: HospitalEhr, fhir: Fhir, size: str) -> None:
    """Open chart, card, Ask, form, answers stored, better cards; axe-core finds nothing on any page of the app."""
    patient = f"by-mouse-{size}"
    page = asked(visit, patient)
    assert [] == visit.violations()
    page.get_by_role("checkbox", name=SIGN).check()
    page.get_by_label(COFFEE).fill("5")
    visit.follow(page.get_by_role("button", name="Send the answers"), "/result$")
    expect(page.get_by_role("heading", name=TODAY)).to_be_visible()
    assert [] == visit.violations()

    check_result(visit, patient)
    check_stored(ehr, fhir, patient)


def test_the_keyboard_is_enough(visit: Visit, ehr: HospitalEhr, fhir: Fhir, size: str) -> None:
    """From the card to the result and back to the chart with Tab, the arrows, space and Enter alone."""
    patient = f"by-keyboard-{size}"
    page = chart(visit, patient)
    tab_to(page, "document.activeElement.textContent", ASK)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=ASK)).to_be_visible()
    page.wait_for_load_state()
    tab_to(page, "document.activeElement.name", "q.twitch")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    tab_to(page, "document.activeElement.name + document.activeElement.value", "q.signsbreath")
    page.keyboard.press("Space")
    tab_to(page, "document.activeElement.name", "q.coffee")
    page.keyboard.type("5")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The answers are stored in the EHR.")).to_be_visible()
    expect(page.get_by_role("heading", name=TODAY)).to_be_visible()
    page.wait_for_load_state()
    tab_to(page, "document.activeElement.textContent.trim()", "Back to the EHR")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Chart")).to_be_visible()
    expect(page.get_by_role("heading", name=TODAY)).to_be_visible()

    check_stored(ehr, fhir, patient)


def tab_to(page: Page, says: str, wanted: str) -> None:
    """Press Tab until what has the focus says so."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate(says) == wanted:
            return
    raise AssertionError(f"{wanted} cannot be reached with Tab")


def test_without_scripts_all_of_it_works(browser: Browser, ehr: HospitalEhr, fhir: Fhir, size: str) -> None:
    """The same with JavaScript off."""
    patient = f"without-scripts-{size}"
    visit = Visit(browser, ehr.address, size, script=False, others=(ehr.service,))
    ehr.created.clear()
    page = asked(visit, patient)
    page.get_by_role("checkbox", name=SIGN).check()
    visit.follow(page.get_by_role("button", name="Send the answers"), "/result$")

    check_result(visit, patient)
    check_stored(ehr, fhir, patient)
    visit.close()
    assert [] == visit.complaints


def test_a_visit_that_is_over_leads_to_a_new_sign_in(visit: Visit, ehr: HospitalEhr, fhir: Fhir, size: str) -> None:
    """Nothing is stored and nothing lost: the page says so, axe-core finds nothing, the next form is filled in."""
    patient = f"too-late-{size}"
    visit.foresee("403")  # the answer to what comes too late
    page = asked(visit, patient)
    page.get_by_role("checkbox", name=SIGN).check()
    page.get_by_label(COFFEE).fill("5")
    moment = ehr.now
    assert isinstance(moment, Moment)
    moment.later(LATE_MINUTES)
    page.get_by_role("button", name="Send the answers").click()
    expect(page.get_by_text("Sign in again within 15 minutes")).to_be_visible()
    assert [] == visit.violations()
    visit.check_width()
    assert [] == ehr.created
    page.get_by_role("link", name="Sign in again").click()
    expect(page.get_by_text("Your earlier answers are filled in.")).to_be_visible()
    page.wait_for_load_state()
    expect(page.get_by_role("checkbox", name=SIGN)).to_be_checked()
    expect(page.get_by_label(COFFEE)).to_have_value("5")
    assert [] == visit.violations()
    visit.follow(page.get_by_role("button", name="Send the answers"), "/result$")

    check_result(visit, patient)
    check_stored(ehr, fhir, patient)
