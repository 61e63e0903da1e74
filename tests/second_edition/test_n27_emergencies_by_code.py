"""N27: withdrawal, toxins, thyroid storm and the named syndromes of E6 are emergencies for so many days."""

import pytest
from charts.dates import TODAY
from charts.golden import Case
from charts.notation import request_bytes
from charts.resources import Line
from charts.seam import evaluate
from numbered import got, name_of, of, one, text


@pytest.mark.parametrize("case", of(27), ids=name_of)
def test_n27_cards(case: Case) -> None:
    """Each chart of the tables N27 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


def test_n27_the_card_says_what_withdrawal_threatens_and_when() -> None:
    """Seizure and delirium with their hours, what to give and what to measure."""
    said = text(one("N27/alcohol-withdrawal-today"))

    assert "risk of seizure and delirium: local withdrawal pathway today" in said
    assert "magnesium, potassium, phosphate, glucose; thiamine" in said
    assert "seizures in the first 48 hours, delirium at 48–72 hours" in said


def test_n27_beside_a_thyroid_storm_no_disease_is_named() -> None:
    """Muscle wasting asks for neurology all the same, without motor neuron disease (N12)."""
    person: Line = {"age": "50 y"}
    wasting: list[Line] = [{"twitch": "2 mo"}, {"condition": "M62.541 Muscle wasting, right hand", "onset": "1 mo"}]
    storm: Line = {"condition": "E05.01 Thyrotoxicosis with diffuse goiter with thyrotoxic crisis or storm"}

    assert "MND?" in said(person, wasting)
    assert "MND?" not in said(person, [*wasting, storm])


def said(person: Line, lines: list[Line]) -> str:
    """All summaries of the answer."""
    _, answer = evaluate(request_bytes({"patient": person, "resources": lines}), TODAY)
    return "\n".join(card["summary"] for card in answer["cards"])


def test_n27_an_older_withdrawal_asks_for_last_dose_and_seizures() -> None:
    """The question goes with whatever card is shown; it is gone with the emergency, and with a resolved entry."""
    question = "last dose? Seizures?"

    assert question in text(one("N27/sedative-withdrawal-15-d"))
    assert question not in text(one("N27/sedative-withdrawal-14-d"))
    assert question not in text(one("N27/withdrawal-resolved"))
