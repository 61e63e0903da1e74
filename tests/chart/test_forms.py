"""Answers to forms as findings: whose codes they are read by, how many, and what was made from them."""

import json
from typing import Any

import msgspec
import pytest
from charts.dates import TODAY
from charts.notation import request_bytes
from charts.resources import Line
from charts.seam import engine, evaluate

from cds.chart.facts import Chart, Source
from cds.chart.reader import Reader
from cds.chart.scope import Scope
from cds.fhir import resources as fhir

Json = dict[str, Any]
ME = {"reference": "Patient/golden"}
CANONICAL = "https://forms.example.org/Questionnaire/intake"
TWITCH = {"system": "http://snomed.info/sct", "code": "82470000"}
DECODER = msgspec.json.Decoder(fhir.Any)
BASIS = "org.twitch-cds.basis"


def reader(*resources: Json) -> Reader:
    """A reader that took these resources one by one, looked at after each."""
    house = engine(TODAY)
    made = Reader(house.namer, house.routes, Scope("golden", house.now(), TODAY.toordinal(), 24))
    for resource in resources:
        made.add([DECODER.decode(json.dumps(resource))])
        assert made.chart.seen is not None
    return made


def read(*resources: Json) -> Chart:
    """The chart of these resources."""
    return reader(*resources).finish()


def response(*items: Json, **elements: Any) -> Json:
    """A completed response to somebody else's form."""
    made: Json = {"resourceType": "QuestionnaireResponse", "id": "f", "status": "completed", "subject": ME}
    return made | {"authored": "2026-11-21", "questionnaire": CANONICAL, "item": list(items), **elements}


def questionnaire(**elements: Any) -> Json:
    """A Questionnaire whose nested item asks for a twitch."""
    item = {"linkId": "g", "item": [{"linkId": "a", "code": [TWITCH]}]}
    return {"resourceType": "Questionnaire", "id": "q1", "status": "active", "item": [item], **elements}


YES = {"linkId": "a", "answer": [{"valueBoolean": True}]}


@pytest.mark.parametrize(
    ("named", "question"),
    [
        (CANONICAL, questionnaire(url=CANONICAL)),
        (f"{CANONICAL}|2.0", questionnaire(url=CANONICAL)),
        ("Questionnaire/q1", questionnaire()),
        ("https://ehr.example.org/fhir/Questionnaire/q1", questionnaire()),
        ({"reference": "Questionnaire/q1"}, questionnaire()),
    ],
)
def test_a_fetched_questionnaire_gives_the_codes_of_its_items(named: Any, question: Json) -> None:
    """By its canonical or its id, before or after the response, nested items too (N20)."""
    answered = response(YES, questionnaire=named)

    assert [{"twitch"}] == [one.named.sets & {"twitch"} for one in read(answered, question).seen]
    assert [{"twitch"}] == [one.named.sets & {"twitch"} for one in read(question, answered).seen]
    assert [] == read(answered, question | {"id": "q2", "url": "https://forms.example.org/other"}).seen


def test_a_questionnaire_without_a_name_or_items_gives_nothing() -> None:
    """Nothing is known of its items."""
    bare = {"resourceType": "Questionnaire", "status": "active"}

    assert [] == read(bare, response(YES)).seen
    assert [] == read(response(YES, questionnaire=None)).seen


def test_a_response_that_was_deleted_says_nothing() -> None:
    """Nor do the medicines that it named."""
    some = reader(response({"linkId": "82470000", "answer": [{"valueBoolean": True}]}))
    assert 1 == len(some.chart.seen)

    some.forget({"QuestionnaireResponse/f"})

    assert [] == some.finish().seen


def test_answers_beyond_the_limits_are_counted_as_not_read() -> None:
    """500 answers of one form, ten groups deep; each card says how many are left (N20)."""
    many = [{"linkId": "x", "answer": [{"valueBoolean": True}] * 250} for _ in range(3)]
    deep: Json = {"linkId": "82470000", "answer": [{"valueBoolean": True}]}
    for _ in range(10):
        deep = {"linkId": "g", "item": [deep]}

    assert 250 == read(response(*many)).unread_answers
    assert 1 == read(response(deep)).unread_answers
    assert [] == read(response(deep)).seen
    assert 0 == read(response(deep["item"][0])).unread_answers


def test_items_below_an_answer_are_read() -> None:
    """FHIR nests items in answers too."""
    nested = {"linkId": "82470000", "answer": [{"valueBoolean": True}]}

    assert 1 == len(read(response({"linkId": "x", "answer": [{"valueBoolean": True, "item": [nested]}]})).seen)


@pytest.mark.parametrize(
    ("elements", "source", "reported"),
    [
        ({}, Source.PATIENT, True),
        ({"source": ME}, Source.PATIENT, True),
        ({"source": {"reference": "RelatedPerson/r"}}, Source.PATIENT, True),
        ({"source": {"reference": "Practitioner/d"}}, Source.CLINICIAN, False),
        ({"source": {"reference": "PractitionerRole/d"}}, Source.CLINICIAN, False),
        ({"source": {"reference": "Practitioner/d"}, "author": ME}, Source.PATIENT, True),
        ({"author": {"reference": "Practitioner/d"}}, Source.PATIENT, True),
        ({"source": {"display": "somebody"}}, Source.PATIENT, True),
    ],
)
def test_the_source_of_a_form_decides_its_grade(elements: Json, source: Source, reported: bool) -> None:
    """A clinician only where one is the source and no patient the author (N21)."""
    (seen,) = read(response({"linkId": "26544005", "answer": [{"valueBoolean": True}]}, **elements)).seen

    assert (source, reported) == (seen.source, seen.reported)


def test_a_clinicians_form_may_hold_an_examination_and_a_patients_may_not() -> None:
    """A patient who answers that an examination was normal reassures nobody (N24)."""
    normal = {"system": "http://snomed.info/sct", "code": "17621005"}
    item = {"linkId": "10202-0", "answer": [{"valueCoding": normal}]}

    assert ["normal"] == [one.result for one in read(response(item, source={"reference": "Practitioner/d"})).reports]
    assert [] == read(response(item)).reports


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ({"valueDecimal": 5.5}, 5.5),
        ({"valueInteger": 5}, 5),
        ({"valueQuantity": {"value": 5, "unit": "h"}}, 5),
    ],
)
def test_numbers_of_every_kind_are_read(answer: Json, value: float) -> None:
    """A decimal, an integer and a quantity."""
    (seen,) = read(response({"linkId": "93832-4", "answer": [answer]})).seen

    assert seen.quantity is not None
    assert value == seen.quantity.value


def test_a_date_is_read() -> None:
    """The due date of a form."""
    (seen,) = read(response({"linkId": "11778-8", "answer": [{"valueDate": "2027-02-01"}]})).seen

    assert seen.date is not None
    assert "2027-02-01" == seen.date.text


def observation(performer: str, form: str) -> Json:
    """Weakness that was written down from a form."""
    return {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "subject": ME,
        "effectiveDateTime": "2026-11-21",
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "26544005"}]},
        "valueBoolean": True,
        "performer": [{"reference": performer}],
        "derivedFrom": [{"reference": "Observation/x"}, {"reference": form}],
    }


def judged(*lines: Line) -> list[tuple[str, list[str]]]:
    """Topic and facts of the cards of a twitching man with these resources."""
    chart = {"patient": {"age": "52 y", "sex": "M"}, "resources": [{"twitch": "2 w"}, *lines]}
    _, answer = evaluate(request_bytes(chart), TODAY)
    return [
        (card["source"]["topic"]["code"], [fact["resource"] for fact in card["extension"][BASIS]["facts"]])
        for card in answer["cards"]
    ]


def test_what_was_made_from_a_patients_form_is_no_more_than_the_form() -> None:
    """An Observation by the patient that derives from a response is R4; by a clinician it counts in full (N21)."""
    own = {"resource": observation("Patient/golden", "QuestionnaireResponse/other")}
    theirs = {"resource": observation("Practitioner/d", "QuestionnaireResponse/other")}

    assert ["neurology-evaluation"] == [topic for topic, _ in judged(own)]
    assert ["neurology-urgent"] == [topic for topic, _ in judged(theirs)]


def test_what_was_made_from_a_form_is_not_said_twice() -> None:
    """Beside the form, the Observation adds no fact."""
    form = {"form": {"q.signs": ["weak"]}, "at": "1 d", "id": "other"}
    made = {"resource": observation("Patient/golden", "QuestionnaireResponse/other")}

    ((_, facts),) = judged(form, made)

    assert ["Condition/r1", "QuestionnaireResponse/other"] == facts


def said(question: str, **value: Any) -> dict[str, str]:
    """What an answer to one question in words says of each thing, by what it is called there."""
    chart = read(response({"linkId": "x1", "text": question, "answer": [value]}))
    return {one.named.text or "": str(one.said.says) for one in chart.seen}


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Muscle wasting or slurred speech?", {"muscle wasting", "slurred speech"}),
        ("Do you have any muscle twitching, cramps or double vision?", {"muscle twitching", "cramps", "double vision"}),
        ("Any weakness of arm or leg?", {"weakness of arm or leg"}),
        ("Hobbies, foot drop or slurred speech", {"foot drop", "slurred speech"}),
    ],
)
def test_a_no_to_several_things_is_a_no_to_each(question: str, expected: set[str]) -> None:
    """A question that names several things: its No is read for each of them that is known (N20)."""
    assert dict.fromkeys(expected, "absent") == said(question, valueBoolean=False)


def test_a_yes_to_several_things_is_told_of_none_alone() -> None:
    """Nobody knows to which: red flags stand for the pair, and no other is affirmed; what is unsure denies nothing."""
    question = "Do you have any muscle twitching, cramps or double vision?"

    assert ["present"] == list(said(question, valueBoolean=True).values())
    assert "absent" not in said(question, valueString="not sure").values()
