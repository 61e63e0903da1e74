"""N35: abnormal results that no rule judged are quoted on whatever card is shown."""

import pytest
from charts.golden import Case
from numbered import got, name_of, of, one, text

LINE = "Other abnormal results: "


def line(case: str) -> str:
    """The line of the answer's cards; empty if there is none."""
    return next((said.partition(LINE)[2] for said in text(one(case)).splitlines() if LINE in said), "")


@pytest.mark.parametrize("case", of(35), ids=name_of)
def test_n35_cards(case: Case) -> None:
    """Each chart of the tables N35 gets exactly its cards: what is quoted makes none."""
    assert list(case.expect) == got(case), case.rule


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("N35/PTH-300", " 300 pg/mL high (2026-11-19)"),
        ("N35/PTH-beside-potassium", " 300 pg/mL H (2026-11-19)"),
        ("N35/PTH-beside-emergency", " 300 pg/mL H (2026-11-19)"),
        ("N35/PTH-in-known-ALS", " 300 pg/mL H (2026-11-19)"),
        ("N35/PTH-odd-unit", " 300 furlongs high (2026-11-19)"),
        ("N35/creatinine-H", " 2.4 mg/dL H (2026-11-19)"),
        ("N35/creatinine-N-and-H-of-one-day", " 2.4 mg/dL H (2026-11-19)"),
        ("N35/PTH-flag-only", " H (2026-11-19)"),
        ("N35/PTH-no-unit", " 300 (unit not given) high (2026-11-19)"),
        ("N35/no-unit-range-with-unit", " 300 (unit not given) high (2026-11-19)"),
        ("N35/no-unit-flagged", " 300 (unit not given) H (2026-11-19)"),
        ("N35/unit-range-without", " 300 pg/mL high (2026-11-19)"),
        ("N35/PTH-preliminary", " 300 pg/mL H, preliminary (2026-11-19)"),
        ("N35/PTH-preliminary-normal-after-high", " 300 pg/mL H (2026-11-13)"),
        ("N35/potassium-preliminary", "potassium 3.1 mmol/L low, preliminary (2026-11-19)"),
        ("N35/phosphate-high", "phosphate 1.9 mmol/L high (2026-11-19)"),
        ("N35/albumin-low", "albumin 28 g/L low (2026-11-19)"),
        ("N35/glucose-41-10-d", "glucose 41 mg/dL low (2026-11-12)"),
        ("N35/unknown-HH", " 4.1 ug/L HH (2026-11-19)"),
        ("N35/unknown-outside-range", " 8.1 g/dL low (2026-11-19)"),
    ],
)
def test_n35_it_is_quoted_with_flag_and_date(case: str, said: str) -> None:
    """Name, value, unit, flag or side, and day."""
    assert said in line(case)


@pytest.mark.parametrize(
    "case",
    [
        *("N35/PTH-normal", "N35/PTH-31-d", "N35/PTH-newer-normal", "N35/PTH-cancelled", "N35/no-unit-in-range"),
        *("N35/albumin-used", "N35/lithium-used", "N35/vitD-printed-L", "N35/unknown-L-only", "N35/vital-sign"),
        *("N35/PTH-preliminary-older", "N35/PTH-unknown-status", "N35/potassium-preliminary-normal"),
        *("N35/phosphate-HH", "N35/flag-agrees", "N35-reassurance/nothing", "N35/creatinine-H-then-N-that-day"),
    ],
)
def test_n35_what_is_normal_old_judged_or_used_is_not_quoted(case: str) -> None:
    """Nor what is no laboratory result, or flagged mildly by a laboratory whose test nobody listed."""
    assert "" == line(case)


def test_n35_four_are_quoted_and_critical_ones_first() -> None:
    """The fifth, the oldest that is not critical, has no place."""
    said = line("N35/five").split("; ")

    assert 4 == len(said)
    assert " 5 mmol/L HH (2026-11-16)" in said[0]
    assert not any("300 pg/mL" in one for one in said)


@pytest.mark.parametrize("case", ["N35/flag-and-range-disagree", "N35/LL-against-range"])
def test_n35_a_flag_against_the_range_is_said(case: str) -> None:
    """With the value and the day."""
    assert "Potassium 3.6 mmol/L (2026-11-19): flag and range disagree." in text(one(case))


def test_n35_a_flag_that_agrees_is_not_remarked() -> None:
    """Nothing is said of it."""
    assert "disagree" not in text(one("N35/flag-agrees"))


@pytest.mark.parametrize(("case", "is_said"), [("N35-reassurance/nothing", True), ("N35/flag-agrees", False)])
def test_n35_a_card_that_reassures_says_which_results_it_rests_on(case: str, is_said: bool) -> None:
    """Tests that the service knows are asked for by code, all others by the category of a laboratory."""
    assert is_said == ("only results marked as a laboratory's" in text(one(case)))
