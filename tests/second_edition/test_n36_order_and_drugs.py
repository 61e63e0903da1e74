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
        ("N36-drugs/steroid-after-onset", "Prednisone was active when potassium was measured (2026-11-19)."),
        ("N36-drugs/diuretic-K-Na", "Chlorthalidone was active when sodium was measured (2026-11-19)."),
        ("N36-drugs/ppi-short-Mg", "Omeprazole was active when magnesium was low (2026-11-19): could it contribute?"),
    ],
)
def test_n36_the_card_says_that_the_medicine_was_active(case: str, said: str) -> None:
    """With the test and its date; the summary does not say that it began before the twitch."""
    assert said in text(one(case))
    assert "started before" not in text(one(case))


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("N36/CK-raised", "CK 420 U/L (2026-11-19) is raised: exercise, a drug or muscle disease? Examine strength;"),
        ("N36/CK-beside-neurology", "CK 420 U/L (2026-11-19) is raised: exercise, a drug or muscle disease?"),
        ("N36/CK-and-K-beside-neurology", "CK 420 U/L (2026-11-19) is raised"),
        ("N36/TSH-suppressed", "TSH <0.01 mIU/L (2026-11-19): thyrotoxicosis? It can cause twitching and anxiety."),
        ("N36/fT4-high", "Free T4 32 pmol/L (2026-11-19): thyrotoxicosis?"),
        ("N36/TSH-and-fT4", "mIU/L (2026-11-19): thyrotoxicosis? It can cause twitching and anxiety."),
        (
            "N36/dark-urine",
            "Twitching with dark urine (2026-11-22) and no CK since: CK, potassium and creatinine today.",
        ),
        ("N36/dark-urine-low-K", "Twitching with dark urine (2026-11-19) and no CK since"),
        ("N36/dark-urine-lower-K", "Dark urine recorded 2026-11-19 and no CK since"),
        (
            "N36/order",
            "Magnesium 0.6 mmol/L (2026-11-19) is low with twitching, also low 25-OH vitamin D +1 more: review and",
        ),
    ],
)
def test_n36_the_summary_or_line_says_it(case: str, said: str) -> None:
    """CK asks, thyrotoxicosis is named, dark urine asks for a CK, and the gravest result stands first."""
    assert said in text(one(case)).replace("**", "")


@pytest.mark.parametrize("case", [case.id for case in of(36)])
def test_n36_weeks_and_contributors_are_for_vitamins(case: str) -> None:
    """No card of these charts waits for weeks, and nothing is called a contributor."""
    assert "8–12 weeks" not in text(one(case))
    assert "reversible contributor" not in text(one(case))


def test_n36_vitamins_are_looked_at_again_in_weeks() -> None:
    """Vitamin D, alone and no more than info."""
    assert "8–12 weeks" in text(one("V03"))
