"""Our Questionnaire in a form filler that is not ours: LHC-Forms renders it, keeps to its conditions, and is read back.

LHC-Forms is fetched by name (make test-browser does) and never shipped.
"""

import os
import re
from pathlib import Path

import pytest
from browser_kit import Visit
from charts.form_kit import QUESTIONNAIRE, read
from playwright.sync_api import Locator, Page, Route, expect

pytest_plugins = ("browser_fixtures",)

LFORMS = os.environ.get("LFORMS", "")
HEAD = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Form</title></head>'
PAGE = f'{HEAD}<body><div id="form"></div></body></html>'
SCRIPTS = (
    *("webcomponent/assets/lib/zone.min.js", "webcomponent/runtime.js", "webcomponent/polyfills.js"),
    *("webcomponent/main.js", "fhir/R4/lformsFHIR.min.js"),
)
FOR = """([form, patient]) => {
    const nothing = async () => ({resourceType: 'Bundle', entry: []})
    const server = {getFhirVersion: async () => '4.0.1', request: nothing, patient: {request: nothing}}
    LForms.Util.setFHIRContext(server, patient ? {patient} : {})
    const shown = LForms.Util.convertFHIRQuestionnaireToLForms(form, 'R4')
    return LForms.Util.addFormToPage(shown, 'form', {prepopulate: true})
}"""
CHILD = {"resourceType": "Patient", "id": "p", "birthDate": "2020", "gender": "female"}
MAN = {"resourceType": "Patient", "id": "p", "birthDate": "1990-05-01", "gender": "male"}
WOMAN = {"resourceType": "Patient", "id": "p", "birthDate": "1990-05-01", "gender": "female"}
OLD = {"resourceType": "Patient", "id": "p", "birthDate": "1940-05", "gender": "female"}
NOT_KNOWN = {"resourceType": "Patient", "id": "p"}
ADULTS = ("q.coffee", "q.energy", "q.gad1", "q.gad2", "q.smoke", "q.diet")
SHOW = "form => LForms.Util.addFormToPage(LForms.Util.convertFHIRQuestionnaireToLForms(form, 'R4'), 'form')"
ANSWERS = "LForms.Util.getFormFHIRData('QuestionnaireResponse', 'R4')"
# Whether an item has an answer: the form takes what was chosen or typed some time after the key or the click.
TAKEN = """([item, text]) => {
    const all = of => (of.item ?? []).flatMap(one => [one, ...all(one)])
    const value = given => given.valueCoding?.display ?? given.valueQuantity?.value ?? given.valueInteger
    const said = one => (one.answer ?? []).map(given => String(value(given)))
    const form = LForms.Util.getFormFHIRData('QuestionnaireResponse', 'R4')
    return all(form).some(one => one.linkId === item && said(one).includes(text))
}"""


def serve(route: Route) -> None:
    """The files of LHC-Forms, as if the service had them."""
    file = route.request.url.partition("/lforms/")[2]
    if file:
        route.fulfill(path=Path(LFORMS) / file)
    else:
        route.fulfill(body=PAGE, content_type="text/html")


@pytest.fixture
def filler(visit: Visit) -> Page:
    """A page with LHC-Forms and no form yet."""
    assert LFORMS, "LHC-Forms is needed: name its folder dist/lforms with LFORMS= (make test-browser does)"
    page = visit.page
    page.route("**/lforms/**", serve)
    page.goto("/lforms/")
    page.add_style_tag(url="/lforms/webcomponent/styles.css")
    for script in SCRIPTS:
        page.add_script_tag(url=f"/lforms/{script}")
    return page


@pytest.fixture
def form(filler: Page) -> Page:
    """The Questionnaire that the service serves, rendered for nobody in particular."""
    filler.evaluate(SHOW, filler.request.get("/Questionnaire/muscle-twitching").json())
    expect(field(filler, "q.twitch")).to_be_visible()
    return filler


def field(page: Page, item: str) -> Locator:
    """Where an item is answered."""
    return page.locator(f"[id='{item}/1']")


def choose(page: Page, item: str, *answers: str) -> None:
    """Choose from the list of an item, and wait until the form has taken it."""
    for answer in answers:
        field(page, item).click()
        page.locator("#lhc-tools-searchResults li", has_text=re.compile(rf"{re.escape(answer)}\s*$")).click()
        page.wait_for_function(TAKEN, arg=[item, answer])
        field(page, item).press("Tab")  # the list is closed: it may lie over the next field


def write(page: Page, item: str, number: str) -> None:
    """Type a number, and wait until the form has taken it."""
    field(page, item).fill(number)
    field(page, item).press("Tab")
    page.wait_for_function(TAKEN, arg=[item, number])


def test_every_question_is_shown_and_a_no_ends_it(form: Page) -> None:
    """What follows an answer comes with it; after No to a twitch nothing more is asked."""
    texts = [one["text"] for one in QUESTIONNAIRE["item"] if one["linkId"] not in ("about", "q.start28")]
    for text in texts:
        expect(form.get_by_text(text, exact=True).first).to_be_visible()
    expect(field(form, "q.start28")).to_have_count(0)

    choose(form, "q.signs", "Less strength in grip, lifting or stairs, or tripping")
    expect(field(form, "q.start28")).to_be_visible()
    choose(form, "q.twitch", "No")

    expect(field(form, "q.signs")).to_have_count(0)
    expect(field(form, "q.start28")).to_have_count(0)
    expect(field(form, "q.preg")).to_have_count(0)


@pytest.mark.parametrize(
    ("patient", "left_out"),
    [
        (CHILD, {*ADULTS, "q.preg"}),
        (MAN, {"q.preg"}),
        (WOMAN, set()),
        (OLD, {"q.preg"}),
        (NOT_KNOWN, set()),
        (None, set()),
    ],
    ids=["child", "man", "woman", "old", "not-known", "no-patient"],
)
def test_ages_and_sex_decide_what_is_asked(
    visit: Visit, filler: Page, patient: dict[str, str] | None, left_out: set[str]
) -> None:
    """As N22 says, by the patient of the launch; without one, or of unknown age and sex, all is asked."""
    visit.foresee("A launch context resource of name patient was requested")  # where none is given
    filler.evaluate(FOR, [filler.request.get("/Questionnaire/muscle-twitching").json(), patient])
    for name in (*ADULTS, "q.sleep", "q.recent", "q.family", "q.preg"):
        if name in left_out:
            expect(field(filler, name)).to_have_count(0)
        else:
            expect(field(filler, name)).to_be_visible()
    expect(filler.get_by_text("About the patient")).to_have_count(0)
    for hidden in ("about.under-12", "about.over-55", "about.male"):
        expect(field(filler, hidden)).to_have_count(0)


def test_the_answers_are_read_back_to_their_facts(form: Page) -> None:
    """What the filler writes is what the service reads."""
    choose(form, "q.twitch", "Yes")
    choose(form, "q.often", "Every day")
    choose(form, "q.signs", "Less strength in grip, lifting or stairs, or tripping", "Choking or trouble swallowing")
    choose(form, "q.start28", "Yes")
    for item, number in (("q.coffee", "3"), ("q.energy", "2"), ("q.sleep", "5")):
        write(form, item, number)
    choose(form, "q.diet", "Vegan")

    response = form.evaluate(ANSWERS)
    day = {"authored": "2026-11-20", "subject": {"reference": "Patient/golden"}}
    seen = read({**response, **day, "id": "f"}).seen

    assert f"{QUESTIONNAIRE['url'].rpartition('/')[2]}|1.0.0" == response["questionnaire"].rpartition("/")[2]
    shown = [one.named.sets | one.value_sets for one in seen if one.said.is_present]
    facts = {"twitch", "frequent", "weakness", "weak-on-both-sides", "feeding-difficulty", "diet"}
    assert facts <= frozenset().union(*shown)
    numbers = {name: one.quantity.value for one in seen if one.quantity for name in one.named.sets}
    assert (430, 5) == (numbers["ask-caffeine"], numbers["ask-sleep"])
