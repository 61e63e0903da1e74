"""N43: a change of mind with sweating, insomnia, low sodium, stiffness or antibodies."""

import pytest
from charts.golden import Case
from numbered import got, name_of, of, one, text


@pytest.mark.parametrize("case", of(43), ids=name_of)
def test_n43_cards(case: Case) -> None:
    """Each chart of the tables N43 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("morvan", "hallucinations and sweating"),
        ("delirium-insomnia", "delirium and insomnia"),
        ("hallucinations-stiffness", "hallucinations and stiffness"),
        ("hallucinations-antibody", "hallucinations and antibodies"),
        ("hallucinations-low-sodium", "hallucinations and low sodium"),
        ("child", "hallucinations and sweating"),
    ],
)
def test_n43_the_summary_uses_its_own_words(case: str, expected: str) -> None:
    """Short words of the knowledge and not the chart's, and when the same day is meant."""
    wanted = (
        f"Twitching, {expected}: autoimmune encephalitis? Neurology within days; if drowsy, fever or seizure: same day."
    )
    assert wanted in text(one(f"N43/{case}"))


def test_n43_motor_neuron_disease_is_never_named() -> None:
    """Neither alone nor beside a sign that would name it."""
    assert "MND" not in text(one("N43/with-wasting"))
    assert "autoimmune encephalitis?" in text(one("N43/with-wasting"))


def test_n43_insomnia_gives_no_lifestyle_advice_beside_it() -> None:
    """The card for neurology stands alone."""
    assert ["neurology-urgent"] == [card.topic for card in got(one("N43/delirium-insomnia"))]
