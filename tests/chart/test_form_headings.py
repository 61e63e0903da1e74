"""Forms of others: what a heading makes of its items, how often, and a relative who tells of a child (N14, N20)."""

from typing import Any

import pytest
from charts.dates import TODAY
from charts.notation import request_bytes
from charts.seam import evaluate

from cds.chart.spoken import Listener
from cds.knowledge.load import load
from cds.words.mention import Polarity

Json = dict[str, Any]
LISTENER = Listener(load(languages=("en", "de", "es", "fr")))
PERSON, HISTORY, ABSENT = Polarity.PERSON, Polarity.HISTORY, Polarity.ABSENT
HEADINGS: list[tuple[str, Polarity | None]] = [
    *((heading, PERSON) for heading in ("Family history", "Family medical history", "Mother", "Your parents")),
    *((heading, PERSON) for heading in ("Familienanamnese", "Ihre Mutter", "Erkrankungen in der Familie")),
    *((heading, PERSON) for heading in ("Antecedentes familiares", "Su madre", "Familia")),
    *((heading, PERSON) for heading in ("Antécédents familiaux", "Votre mère", "Dans votre famille")),
    *((heading, HISTORY) for heading in ("In the past", "Past medical history", "Have you ever had any of these?")),
    *((heading, HISTORY) for heading in ("Vorerkrankungen", "In der Vergangenheit", "Hatten Sie jemals")),
    *((heading, HISTORY) for heading in ("Antecedentes personales", "En el pasado", "¿Ha tenido alguna vez")),
    *((heading, HISTORY) for heading in ("Antécédents personnels", "Dans le passé", "Avez-vous déjà eu")),
    *((heading, ABSENT) for heading in ("Patient denies", "Verneint", "El paciente niega", "Le patient nie")),
    *((heading, None) for heading in ("Symptoms", "In the past 4 weeks", "Red flags", "Since your last visit")),
    *((heading, None) for heading in ("Beschwerden", "In den letzten 4 Wochen", "Warnzeichen", "Nervensystem")),
    *((heading, None) for heading in ("Síntomas", "En las últimas 4 semanas", "Motivo de consulta", "Hoy")),
    *((heading, None) for heading in ("Symptômes", "Au cours des 4 dernières semaines", "Motif de consultation")),
    ("Tick no if you have none of these today", None),
]
MOTHER: dict[str, Any] = {"source": {"reference": "RelatedPerson/m"}}
YES = {"valueBoolean": True}


@pytest.mark.parametrize(("heading", "made"), HEADINGS)
def test_what_a_heading_makes_of_its_items(heading: str, made: Polarity | None) -> None:
    """A relative's, past or denied, in four languages; a heading that only orders the form makes nothing of them."""
    assert made == LISTENER.headed(heading)


def cards(*items: Json, twitches: bool = False, **elements: Any) -> list[Json]:
    """The cards of a woman whose form of yesterday holds these items."""
    form = {
        "resourceType": "QuestionnaireResponse",
        "id": "f",
        "status": "completed",
        "subject": {"reference": "Patient/golden"},
        "authored": "2026-11-20",
        "questionnaire": "https://forms.example.org/Questionnaire/intake",
        "item": list(items),
        **elements,
    }
    lines: list[Json] = [{"resource": form}, *([{"twitch": "2 w"}] if twitches else [])]
    _, answered = evaluate(request_bytes({"patient": {"age": "44 y", "sex": "F"}, "resources": lines}), TODAY)
    found: list[Json] = answered["cards"]
    return found


def topics(*items: Json, twitches: bool = False, **elements: Any) -> list[str]:
    """What the cards are."""
    return [card["source"]["topic"]["code"] for card in cards(*items, twitches=twitches, **elements)]


def asked(text: str, answer: Json = YES) -> Json:
    """One item with its answer."""
    return {"linkId": "a", "text": text, "answer": [answer]}


def below(heading: str, *items: Json) -> Json:
    """A group of items with its heading."""
    return {"linkId": "g", "text": heading, "item": list(items)}


CODED = {"linkId": "82470000", "answer": [YES]}


@pytest.mark.parametrize("item", [asked("Muscle twitching"), CODED])
@pytest.mark.parametrize(
    ("heading", "opens"),
    [
        ("Symptoms", True),
        ("In the past 4 weeks", True),
        ("Family history", False),
        ("Mother", False),
        ("Patient denies", False),
        ("In the past", False),
        ("Have you ever had any of these?", False),
    ],
)
def test_a_twitch_below_a_heading(heading: str, opens: bool, item: Json) -> None:
    """A twitch opens the gate if it is the patient's and of now, by code or by text, however deep."""
    assert opens == bool(topics(below(heading, item)))
    assert opens == bool(topics(below(heading, below("Muscles", item))))


def test_a_sign_below_a_heading() -> None:
    """A relative's says nothing, a denied one is absent, a past one is unclear, and nothing calms beside it."""
    sign = asked("Slurred speech")

    assert ["neurology-evaluation"] == topics(below("Symptoms", sign), twitches=True)
    for heading in ("Mother", "Patient denies"):
        (card,) = cards(below(heading, sign), twitches=True)
        assert "slurred" not in card["summary"]
    (card,) = cards(below("In the past", sign), twitches=True)
    assert "slurred speech, answer unclear" in card["summary"]


def test_a_factor_below_a_heading_counts_as_before() -> None:
    """A family history of motor neurone disease stands below "Family history" and is one."""
    family = {"linkId": "160344000", "answer": [YES]}
    (card,) = cards(below("Family history", family), twitches=True)

    assert "family history of motor neurone disease" in card["summary"]


@pytest.mark.parametrize("question", ["How often do you have muscle twitching?", "82470000"])
@pytest.mark.parametrize(
    ("answer", "opens"),
    [("Daily", True), ("Several times a week", True), ("Sometimes", True), ("Never", False), ("Not sure", False)],
)
def test_how_often(question: str, answer: str, opens: bool) -> None:
    """How often somebody twitches is a yes, and never is a no, as a text or as the name of a code."""
    for value in ({"valueString": answer}, {"valueCoding": {"code": "x", "display": answer}}):
        item = asked(question, value) if " " in question else {"linkId": question, "answer": [value]}
        assert opens == bool(topics(item))


def test_a_parent_tells_of_the_child() -> None:
    """Of whom a parent says "my son" is the patient; of whom a patient says so is somebody else."""
    question, told = (
        asked("Does your child have muscle twitching?"),
        {"valueString": "my son has twitching in both legs"},
    )
    reason, father = asked("What brings you here?", told), {"valueString": "my father has twitching in both legs"}

    for item in (question, reason, below("Your child", asked("Muscle twitching"))):
        assert topics(item, **MOTHER)
        assert [] == topics(item)
    assert [] == topics(asked("What brings you here?", father), **MOTHER)
