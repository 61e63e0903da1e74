"""N59: facts in the chart's own words with day and place; sources in words; no ids in what a clinician reads."""

import json
import re
from functools import cache

import pytest
from charts.dates import TODAY
from charts.golden import Case, cases
from charts.notation import request_bytes
from charts.resources import Line
from charts.seam import engine, evaluate

from cards.words import ENGLISH, LABELS, read_labels

KNOWLEDGE = engine(TODAY).knowledge
ADULT: Line = {"age": "40 y", "sex": "F"}
TWITCH: Line = {"twitch": "6 w"}
QUESTIONS = {"body temperature", "due date", "emg or nerve conduction study", "weeks of gestation"}  # one thing each
FIRING = [case for case in cases() if case.expect]
RULE_ID = re.compile(
    r"\b(?:E(?:[1-9]|1[01])|U[1-9]|P[1-5]|R[1-4]|ADD|KD|NORM|WIP|LAB|D\d{1,2}|S\d{1,2}|N\d{1,2}|[2-5][a-g])\b(?!\.\d)"
)
MARK = re.compile(r"\[(?:V2?|U|P|A|X|L)\b|\bV2\b|\bproject choice\]|secondary source\]")
OWN_CODE = re.compile(r"\bq\. ?[a-z0-9]+")
ENGLISH_DATE = re.compile(r"\b(?:today|yesterday)\b")
SYSTEMS = {"sct": "http://snomed.info/sct", "cm": "http://hl7.org/fhir/sid/icd-10-cm"}


def coded(code: str, text: str | None = None, display: str | None = None, system: str = "cm", **more: object) -> Line:
    """A confirmed, active Condition with one code; text and display only as given."""
    coding = {"system": SYSTEMS[system], "code": code} | ({"display": display} if display is not None else {})
    active = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]}
    return {
        "resource": {
            "resourceType": "Condition",
            "id": f"c-{code.replace('.', '-')}",
            "subject": {"reference": "Patient/golden"},
            "clinicalStatus": active,
            "code": {"coding": [coding]} | ({"text": text} if text is not None else {}),
            "onsetDateTime": "2026-11-17",
            "recordedDate": "2026-11-18T09:30:00Z",
            **more,
        }
    }


def details(*lines: Line) -> str:
    """What the cards of an adult with a twitch say."""
    _, answer = evaluate(request_bytes({"patient": ADULT, "resources": [TWITCH, *lines]}), TODAY)
    return "\n".join(f"{card['summary']}\n{card['detail']}" for card in answer["cards"])


@pytest.mark.parametrize(
    ("line", "fact"),
    [
        (
            coded("M62.541", "Thumb muscles gone", "Muscle wasting, right hand"),
            "- **Thumb muscles gone** (2026-11-17, problem list)",
        ),
        (
            coded("M62.541", None, "Muscle wasting, right hand"),
            "- **Muscle wasting, right hand** (2026-11-17, problem list)",
        ),
        (
            coded("26544005", None, "Muscle weakness (finding)", "sct"),
            "- **Muscle weakness** (2026-11-17, problem list)",
        ),
        (
            coded("26544005", None, None, "sct"),
            "- **Muscle weakness** (2026-11-17, problem list)",
        ),  # the code file's name
        (coded("26544005", " ", "", "sct"), "- **Muscle weakness** (2026-11-17, problem list)"),
        (coded("R13.10", None, "Dysphagia, unspecified"), "- **Dysphagia** (2026-11-17, problem list)"),
        (coded("R13.10", "Unspecified dysphagia"), "- **dysphagia** (2026-11-17, problem list)"),
        (
            coded("M62.541", "x" * 61),
            f"- **{'x' * 59}…** (2026-11-17, problem list)",
        ),
        (coded("M62.541", "x" * 60), f"- **{'x' * 60}** (2026-11-17, problem list)"),
    ],
)
def test_n59_a_fact_is_the_text_of_the_chart_with_day_and_place(line: Line, fact: str) -> None:
    """The text, else the display, cut at 60; only where both are empty the name that the code file has."""
    assert fact in details(line).splitlines()


def test_n59_a_code_without_any_name_is_the_code_and_never_a_label() -> None:
    """The value set that it is read by names a dozen things that nobody recorded."""
    told = details(coded("R06.1"))

    assert KNOWLEDGE.label("respiratory-emergency") not in told
    assert "(2026-11-17, problem list)" in told


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({}, "visit 2026-11-18"),
        ({"encounter": {"reference": "Encounter/v-1"}}, "visit 2026-11-16"),
        ({"recordedDate": None, "encounter": {"reference": "Encounter/unknown"}}, "visit 2026-11-17"),
    ],
)
def test_n59_the_diagnosis_of_a_visit_says_which(more: Line, place: str) -> None:
    """By the day of the Encounter, else by that of the entry."""
    kind = {
        "coding": [
            {"system": "http://terminology.hl7.org/CodeSystem/condition-category", "code": "encounter-diagnosis"}
        ]
    }
    visit: Line = {
        "resource": {
            "resourceType": "Encounter",
            "status": "finished",
            "class": {"code": "AMB"},
            "subject": {"reference": "Patient/golden"},
            "period": {"start": "2026-11-16T08:00:00Z"},
        },
        "id": "v-1",
    }
    line = coded("M62.541", "Thumb muscles gone", category=[kind], **more)

    assert f"- **Thumb muscles gone** (2026-11-17, {place})" in details(line, visit).splitlines()


@pytest.mark.parametrize(
    ("line", "fact"),
    [
        ({"finding": "26544005 Muscle weakness", "at": "3 d"}, "- **Muscle weakness** (2026-11-19)"),
        (
            {"family": "FTH", "has": "G12.21 Amyotrophic lateral sclerosis"},
            "- **Amyotrophic lateral sclerosis** (2026-11-19, family history)",
        ),
    ],
)
def test_n59_what_stands_elsewhere_says_where(line: Line, fact: str) -> None:
    """A finding of an examination has its day; what a relative has is never taken for the patient's own."""
    told = details(line, {"condition": "R25.2 Cramps", "onset": "9 w"})

    assert fact.partition(" (")[0] in told


@cache
def answers() -> dict[str, list[Line]]:
    """The cards of every golden case that fires."""
    return {case.id: evaluate(request_bytes(case.chart), TODAY)[1]["cards"] for case in FIRING}


def answer(case: Case) -> list[Line]:
    """The cards of one of them."""
    return answers()[case.id]


def read(case: Case) -> str:
    """All that a clinician reads of an answer: summaries, details, suggestions."""
    texts: list[str] = []
    for card in answer(case):
        texts += [card["summary"], card["detail"], card["source"]["label"]]
        for one in card.get("suggestions", ()):
            texts += [one["label"], *(action["description"] for action in one["actions"])]
    return "\n".join(texts)


def test_n59_no_text_of_a_golden_answer_has_a_rule_id_or_a_mark() -> None:
    """U1, R4, ADD, D6, S33 stand in the extension only, and so does how a source was checked."""
    faults = [
        (case.id, found.group())
        for case in FIRING
        for pattern in (RULE_ID, MARK)
        for found in pattern.finditer(read(case))
        if found.group() not in request_bytes(case.chart).decode()
    ]

    assert [] == faults


def test_n59_no_text_of_a_golden_answer_has_a_code_of_our_own_form() -> None:
    """What an answer says has a name on the card: "vegan diet" and not "q.diet.vegan"."""
    faults = [(case.id, found) for case in FIRING for found in OWN_CODE.findall(read(case))]

    assert [] == faults


def own_sentences() -> str:
    """All that the wording and the names say themselves, in small letters."""
    files = sorted(path for path in ENGLISH.glob("*.toml") if path.name != LABELS)
    names = json.dumps(read_labels().names, ensure_ascii=False)
    return "\n".join((*(path.read_text("utf-8") for path in files), names)).casefold()


def test_n59_no_text_of_a_golden_answer_has_the_label_of_a_value_set() -> None:
    """A set names a dozen things; what nobody recorded is not said, unless a code or we have that very name for it."""
    sentences = own_sentences()
    names = {one.casefold() for one in KNOWLEDGE.names.short.values()}
    names |= {one.label.casefold() for one in KNOWLEDGE.analytes.values()}
    displays = {one.display.casefold() for codes in KNOWLEDGE.sets for one in KNOWLEDGE.codes.members(codes)}
    names |= displays | {one.rpartition(" (")[0] for one in displays}  # cards leave out the kind behind a name
    names |= {one.removeprefix("unspecified ") for one in displays}
    labels = {one.label.casefold() for one in KNOWLEDGE.sets.values()} - names - QUESTIONS
    tested = {label for label in labels if label not in sentences}
    faults = [
        (case.id, label)
        for case in FIRING
        for text, chart in [(read(case).casefold(), request_bytes(case.chart).decode().casefold())]
        for label in tested
        if re.search(rf"\b{re.escape(label)}\b", text) and label not in chart
        if not any(label in name and name in text for name in names)
    ]

    assert len(tested) > 80
    assert [] == faults


def test_n59_only_info_cards_name_the_article() -> None:
    """What is urgent rests on a guideline or a paper, named with its year."""
    every = [card for case in FIRING for card in answer(case)]
    urgent = [card for card in every if card["indicator"] != "info"]
    info = [card for card in every if card["indicator"] == "info"]
    neurology = ("emergency", "neurology-urgent", "neurology-evaluation", "paediatric-neurology")
    cited = [
        f"{card['source']['label']} {card['detail'].partition('**Source:**')[2].partition('The decision')[0]}"
        for card in every
        if card["source"]["topic"]["code"] in neurology and card["indicator"] != "info"
    ]

    assert urgent
    assert [] == [
        card["summary"] for card in urgent if "rticle" in card["detail"] or "article" in card["source"]["label"]
    ]
    assert all("Article" in card["detail"] for card in info)
    assert cited
    assert [] == [text for text in cited if re.search(r"\b(?:19|20)\d\d\b", text.partition(") ")[2]) is None]


def test_n59_dates_are_printed_as_days() -> None:
    """No time of day, and neither today nor yesterday beside a fact."""
    for case in FIRING:
        assert not re.search(r"\d{4}-\d{2}-\d{2}T", read(case)), case.id
