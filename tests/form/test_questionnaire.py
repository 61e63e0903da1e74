"""Our own Questionnaire as FHIR R4: what it asks, after what, and how its answers are read back (N22)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from charts.form_kit import AUTHOR, BASE, CODE_SYSTEM, FORM, QUESTIONNAIRE, YES, filled, item, items, option, read
from fhir.resources.R4B.codesystem import CodeSystem
from fhir.resources.R4B.questionnaire import Questionnaire
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse

from cards.errors import WordingError
from cards.form_words import FILE, read_form_words
from cds.chart.polarity import Says
from cds.rules.reported import of_person
from cds.smart.asked import Person, asked_of

EVERYTHING: Mapping[str, Any] = {
    "q.twitch": "Y",
    "q.onset": "2026-10",
    "q.where": ["calf", "eyelid"],
    "q.often": "every-day",
    "q.signs": ["weak", "swallow"],
    "q.start28": "Y",
    "q.also": ["cramps"],
    "q.coffee": 3,
    "q.energy": 2,
    "q.sleep": 5,
    "q.gad1": "more-than-half",
    "q.gad2": "several-days",
    "q.recent": ["exert", "alcstop"],
    "q.smoke": "Y",
    "q.diet": "vegan",
    "q.drugs.name": "Prednisone 20 mg",
    "q.drugs.change": "started",
    "q.drugs.date": "2026-11-01",
    "q.family": "Y",
    "q.preg": "Y",
    "q.preg.weeks": 24,
}


def test_it_is_valid_r4() -> None:
    """As a library that knows FHIR reads it; so are its answers' code system and a response to it."""
    assert QUESTIONNAIRE["url"] == Questionnaire.model_validate(QUESTIONNAIRE).url
    assert CODE_SYSTEM["url"] == CodeSystem.model_validate(CODE_SYSTEM).url
    assert "completed" == QuestionnaireResponse.model_validate(filled(EVERYTHING)).status


def test_it_has_the_18_items_of_n22() -> None:
    """In their order, behind the hidden group; the parts of two of them stand below these."""
    hidden, *names = [one["linkId"] for one in QUESTIONNAIRE["item"]]

    assert "about" == hidden
    assert 18 == len(names)
    assert ["q.twitch", "q.onset", "q.where", "q.often", "q.signs", "q.start28", "q.also", "q.coffee"] == names[:8]
    assert ["q.drugs.name", "q.drugs.change", "q.drugs.date"] == [one["linkId"] for one in item("q.drugs")["item"]]
    assert ["q.preg.weeks"] == [one["linkId"] for one in item("q.preg")["item"]]


def test_no_twitch_ends_it() -> None:
    """Every other item is asked unless the first is answered No."""
    no = {"system": YES["system"], "code": "N"}
    others = {"about", "q.twitch", "q.start28"}
    rest = [one for one in QUESTIONNAIRE["item"] if one["linkId"] not in others]

    assert "enableWhen" not in item("q.twitch")
    assert [[{"question": "q.twitch", "operator": "!=", "answerCoding": no}]] * 16 == [
        one["enableWhen"][:1] for one in rest
    ]
    assert {"all"} == {one["enableBehavior"] for one in items() if len(one.get("enableWhen", ())) > 1}


def test_two_items_follow_an_answer() -> None:
    """Whether weakness is new after weakness, the weeks after a pregnancy; their own answers are what is compared."""
    weak = {"system": f"{BASE}/CodeSystem/muscle-twitching", "code": "weak"}

    assert [{"question": "q.signs", "operator": "=", "answerCoding": weak}] == item("q.start28")["enableWhen"]
    assert [{"question": "q.preg", "operator": "=", "answerCoding": YES}] == item("q.preg.weeks")["enableWhen"]
    assert weak.items() <= option("q.signs", "weak").items()


def test_ages_and_sex_leave_questions_out() -> None:
    """N22: each condition holds while a hidden question has no answer, so that nobody is asked too little."""
    left_out = {
        one["linkId"]: [each["question"].partition(".")[2] for each in hidden]
        for one in items()
        if (hidden := [each for each in one.get("enableWhen", ()) if each["operator"] == "exists"])
    }
    adults = ("q.coffee", "q.energy", "q.gad1", "q.gad2", "q.smoke", "q.diet")

    assert {name: ["under-12"] for name in adults} | {"q.preg": ["under-12", "over-55", "male"]} == left_out
    conditions = [each for one in items() for each in one.get("enableWhen", ()) if each["operator"] == "exists"]
    assert {False} == {each["answerBoolean"] for each in conditions}


def test_the_hidden_questions_are_answered_from_the_patient() -> None:
    """SDC: the patient of the launch answers with Yes or not at all; nobody can type a No."""
    hidden = item("about")["item"]
    expressions = {
        one["linkId"].partition(".")[2]: extension["valueExpression"]["expression"]
        for one in hidden
        for extension in one["extension"]
        if extension["url"].endswith("/sdc-questionnaire-initialExpression")
    }
    (context,) = QUESTIONNAIRE["extension"]

    assert {
        "under-12": "iif(%patient.birthDate > today() - 12 years, true, {})",
        "over-55": "iif(%patient.birthDate <= today() - 56 years, true, {})",
        "male": "iif(%patient.gender = 'male', true, {})",
    } == expressions
    assert all(one["readOnly"] and one["extension"][0]["valueBoolean"] for one in hidden)
    assert context["url"].endswith("/sdc-questionnaire-launchContext")
    named = {"name": "patient", "type": "Patient"}
    said = {one["url"]: one.get("valueCode") or one.get("valueCoding", {}).get("code") for one in context["extension"]}
    assert named.items() <= said.items()


def test_answers_about_alcohol_are_offered_from_12_years() -> None:
    """A filler that knows no such answers offers them to everybody; a child's are not counted."""
    (toggled,) = (one for one in item("q.recent")["extension"])
    *options, expression = toggled["extension"]

    assert toggled["url"].endswith("/sdc-questionnaire-answerOptionsToggleExpression")
    assert [option("q.recent", "alcstop"), option("q.recent", "alcmuch")] == [one["valueCoding"] for one in options]
    unanswered = "%resource.repeat(item).where(linkId = 'about.under-12').answer.empty()"
    assert unanswered == expression["valueExpression"]["expression"]


@pytest.mark.parametrize("sex", ["female", "male", "other", "unknown", "F", None])
@pytest.mark.parametrize("age", [0, 11, 12, 55, 56, 90, None])
def test_what_is_asked_on_the_page_is_what_counts(age: int | None, sex: str | None) -> None:
    """One rule for the page and for the reading: an item is asked of exactly those whose answer is used."""
    person = Person(age=age, sex=sex)
    asked = {one.id for one in asked_of(FORM, person)}
    given = {"q.coffee": 9, "q.smoke": "Y", "q.preg": "Y", "q.diet": "vegan", "q.sleep": 5, "q.also": ["cramps"]}
    for name, answer in given.items():
        chart = read(filled({name: answer}))
        chart.sex = sex
        assert bool(of_person(chart, age).seen) is (name in asked), name
    assert ("q.preg" in asked) is (sex != "male" and (age is None or 12 <= age <= 55))
    assert ("q.coffee" in asked) is (age is None or age >= 12)


def test_every_answer_is_in_its_code_system() -> None:
    """Yes, No and not sure are HL7's; all others are in ours, each with one name."""
    ours = {one["code"]: one["display"] for one in CODE_SYSTEM["concept"]}
    offered = [one["valueCoding"] for each in items() for one in each.get("answerOption", ())]

    assert {"Y", "N", "UNK"} == {one["code"] for one in offered if one["system"] == YES["system"]}
    assert ours == {one["code"]: one["display"] for one in offered if one["system"] == CODE_SYSTEM["url"]}
    assert len(ours) == CODE_SYSTEM["count"]
    assert all(ours.get(one["code"], one["display"]) == one["display"] for one in offered)


def test_questions_are_coded_and_observations_answer_them() -> None:
    """SDC: an Observation with the code of an item, not older than the period, answers it."""
    period = "observationLinkPeriod"
    linked = {
        one["linkId"]: extension["valueDuration"]["value"]
        for one in items()
        for extension in one.get("extension", ())
        if extension["url"].endswith(period)
    }

    assert {"q.sleep": 180, "q.gad1": 90, "q.gad2": 90, "q.smoke": 365} == linked
    assert [{"system": "http://loinc.org", "code": "93832-4"}] == item("q.sleep")["code"]
    assert [{"system": "http://snomed.info/sct", "code": "82470000"}] == item("q.twitch")["code"]


def test_none_of_these_goes_with_no_other_answer() -> None:
    """A renderer that knows it unticks the others."""
    alone = {
        (one["linkId"], each["valueCoding"]["code"])
        for one in items()
        for each in one.get("answerOption", ())
        if "extension" in each
    }

    expected = {("q.signs", "none"), ("q.signs", "not-sure"), ("q.also", "none"), ("q.recent", "none")}
    assert expected | {("q.diet", "none")} == alone


def test_numbers_have_a_unit_and_a_limit_and_scores_their_number() -> None:
    """A renderer refuses 60 hours of sleep, and adds up the two answers of the GAD-2."""
    limits = {
        (one["linkId"], extension["url"].rpartition("/")[2]): value
        for one in items()
        for extension in one.get("extension", ())
        for key, value in extension.items()
        if key in ("valueInteger", "valueDecimal")
    }
    scores = [one["valueCoding"]["extension"][0]["valueDecimal"] for one in item("q.gad1")["answerOption"]]

    assert 24 == limits["q.sleep", "maxValue"]
    assert 50 == limits["q.coffee", "maxValue"]
    assert {0} == {value for (_, name), value in limits.items() if name == "minValue"}
    assert [0, 1, 2, 3] == scores


FACTS = [
    ({"q.twitch": "Y"}, {"twitch"}),
    ({"q.signs": ["weak"]}, {"weakness"}),
    ({"q.signs": ["thin"]}, {"wasting"}),
    ({"q.signs": ["speech"]}, {"bulbar"}),
    ({"q.signs": ["swallow"]}, {"feeding-difficulty"}),
    ({"q.signs": ["breath"]}, {"respiratory-emergency"}),
    ({"q.signs": ["weak"], "q.start28": "Y"}, {"weakness", "weak-on-both-sides"}),
    ({"q.also": ["cramps"]}, {"cramps"}),
    ({"q.also": ["numb"]}, {"sensory"}),
    ({"q.also": ["urine"]}, {"dark-urine"}),
    ({"q.recent": ["exert"]}, {"exertion-before"}),
    ({"q.recent": ["fluid"]}, {"fluid-loss"}),
    ({"q.recent": ["alcstop"]}, {"alcohol-stopped"}),
    ({"q.recent": ["alcmuch"]}, {"alcohol-much"}),
    ({"q.diet": "vegan"}, {"diet"}),
    ({"q.family": "Y"}, {"family-history"}),
    ({"q.preg": "Y"}, {"ask-pregnancy"}),
]


@pytest.mark.parametrize(("given", "sets"), FACTS, ids=[str(given) for given, _ in FACTS])
def test_an_answer_is_read_back_to_its_fact(given: Mapping[str, Any], sets: set[str]) -> None:
    """Filled in with the answers that the Questionnaire offers."""
    seen = [one for one in read(filled(given)).seen if one.said.is_present]

    assert sets <= set().union(*(one.named.sets | one.value_sets for one in seen))
    assert all(one.reported for one in seen)


@pytest.mark.parametrize(
    "given", [{"q.twitch": "N"}, {"q.signs": ["none"]}, {"q.also": ["none"]}, {"q.family": "N"}, {"q.preg": "N"}, {}]
)
def test_a_no_is_read_back_as_no(given: Mapping[str, Any]) -> None:
    """And what was not answered says nothing."""
    said = {one.said.says for one in read(filled(given)).seen}

    assert ({Says.ABSENT} if given else set()) == said


@pytest.mark.parametrize("given", [{"q.twitch": "UNK"}, {"q.signs": ["not-sure"]}])
def test_not_sure_is_neither(given: Mapping[str, Any]) -> None:
    """It is no yes and no no."""
    assert {Says.UNKNOWN} == {one.said.says for one in read(filled(given)).seen}


def test_a_whole_form_is_read_back() -> None:
    """The numbers and dates too: caffeine of cups and cans, sleep, GAD-2, onset, medicine."""
    chart = read(filled(EVERYTHING))
    numbers = {
        name: one.quantity.value for one in chart.seen if one.quantity for name in one.named.sets if name[:4] == "ask-"
    }
    twitch = next(one for one in chart.seen if "twitch" in one.named.sets)

    assert {"ask-caffeine": 430, "ask-sleep": 5, "ask-nervous": 2, "ask-worry": 1}.items() <= numbers.items()
    assert (frozenset(), frozenset({"site-eyelid"})) == twitch.sites
    assert "frequent" in twitch.value_sets
    assert twitch.onset is not None
    assert "2026-10" == twitch.onset.text
    (medicine,) = chart.reported_medicines
    assert ("Prednisone 20 mg", "started") == (medicine.name, medicine.change)
    assert 0 == chart.unread_answers


def test_each_item_has_words_and_no_word_is_left_over() -> None:
    """The file of words names the items of the form, and each answer of each."""
    words = read_form_words()

    assert {one.id for one in FORM.every()} == set(words.item)
    assert set(FORM.lists) == set(words.lists)
    for one in FORM.every():
        offered = {each.code for each in FORM.options(one)}
        assert offered == set(words.lists[one.list] if one.list else words.item[one.id].answers), one.id


@pytest.mark.parametrize(("name", "listed", "code"), [("q.none", None, "x"), ("q.diet", None, "x"), ("q.x", "x", "y")])
def test_missing_words_are_named(name: str, listed: str | None, code: str) -> None:
    """By file and key."""
    with pytest.raises(WordingError, match=FILE):
        read_form_words().answer(name, listed, code)
    with pytest.raises(WordingError, match=f"{FILE}.*about"):
        read_form_words().about_patient(code)


def test_words_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    """As any other wording file."""
    with pytest.raises(WordingError, match=FILE):
        read_form_words(tmp_path)
    (tmp_path / FILE).write_text("lists = 1", "utf-8")
    with pytest.raises(WordingError, match=FILE):
        read_form_words(tmp_path)


def test_the_addresses_are_those_of_the_service() -> None:
    """The canonical addresses begin with the address under which clients reach it."""
    assert f"{BASE}/Questionnaire/muscle-twitching" == AUTHOR.questionnaire()["url"]
    assert f"{BASE}/CodeSystem/muscle-twitching" == AUTHOR.code_system()["url"]
