"""N29: high calcium."""

import pytest
from charts.golden import Case
from numbered import got, name_of, of, one, text


@pytest.mark.parametrize("case", of(29), ids=name_of)
def test_n29_cards(case: Case) -> None:
    """Each chart of the tables N29 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


@pytest.mark.parametrize("case", ["N29/16.8-in-MS", "N29/3.10-confusion-today", "N29/4.2-total", "N29/iCa-1.60"])
def test_n29_an_emergency_says_that_calcium_is_high(case: str) -> None:
    """Summary and fact say so: both directions share one tag."""
    said = text(one(case)).replace("**", "")

    assert "Possible emergency with twitching: high calcium " in said
    assert "low calcium" not in said.splitlines()[0]


@pytest.mark.parametrize("case", ["N29/2.80", "N29/3.10-beside-neurology", "N29/iCa-1.50"])
def test_n29_a_high_calcium_is_called_high(case: str) -> None:
    """On the card of abnormal results too."""
    said = text(one(case)).replace("**", "")

    assert ") is high with twitching" in said
    assert "is low with twitching" not in said


def test_n29_never_beside_a_suggestion_of_vitamin_d() -> None:
    """Low vitamin D beside high calcium: no vitamin D and no calcium until the cause is known."""
    said = text(one("N29/vitamin-D-low-too"))

    assert "no vitamin D or calcium until the cause is known" in said
    assert "replace per local policy" not in said


def test_n29_the_medicines_that_raise_calcium_are_named() -> None:
    """Lithium, vitamin D and calcium on file; a thiazide; nothing where none is taken."""
    named = "Medicines on file that can raise calcium: "

    assert f"{named}lithium, 25-OH vitamin D, calcium" in text(one("N29/medicines-named"))
    assert f"{named}hydrochlorothiazide" in text(one("N29/thiazide"))
    assert named not in text(one("N29/2.80"))
