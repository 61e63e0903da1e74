"""N42: pre-eclampsia by weeks, trimester, due date, or where no weeks are recorded."""

import pytest
from charts.golden import Case
from numbered import got, name_of, of, one, text

from cds.knowledge.load import load


@pytest.mark.parametrize("case", of(42), ids=name_of)
def test_n42_cards(case: Case) -> None:
    """Each chart of the tables N42 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


def test_n42_weeks_that_are_not_recorded_are_said() -> None:
    """In the summary, where nothing else stands beside it; not where the weeks are known."""
    said = "possible pre-eclampsia, weeks not recorded"

    assert said in text(one("N42/unknown-severe"))
    assert said not in text(one("N42/weeks-and-severe-alone"))


def test_n42_each_code_of_the_third_trimester_tells_of_a_pregnancy() -> None:
    """By its title in ICD-10-CM; one without would never be read."""
    codes = load().codes.members("third-trimester")

    assert {"Z34.03", "Z34.83", "Z34.93", "O09.93", "O09.513", "41587001"} <= {one.code for one in codes}
    assert [] == [one.code for one in codes if "pregnancy" not in one.sets]
    assert [] == [one.display for one in codes if "third trimester" not in one.display.lower()]
