"""N36: order of abnormal results, medicines active at the sample, CK, thyroid, weeks, dark urine."""

import pytest
from charts.golden import Case
from numbered import got, name_of, of, one, text


@pytest.mark.parametrize("case", of(36), ids=name_of)
def test_n36_cards(case: Case) -> None:
    """Each chart of the tables N36 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("N36-drugs/steroid-after-onset", "prednisone was active when potassium was measured (2026-11-19)."),
        ("N36-drugs/diuretic-K-Na", "chlorthalidone was active when sodium was measured (2026-11-19)."),
        ("N36-drugs/ppi-short-Mg", "omeprazole was active when magnesium was low (2026-11-19): could it contribute?"),
    ],
)
def test_n36_the_card_says_that_the_medicine_was_active(case: str, said: str) -> None:
    """With the test and its date; the summary does not say that it began before the twitch."""
    assert said in text(one(case))
    assert "started before onset" not in text(one(case))
