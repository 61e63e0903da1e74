"""N21: the grade of a patient's answer."""

import pytest
from charts.golden import Case
from numbered import got, name_of, of


@pytest.mark.parametrize("case", of(21), ids=name_of)
def test_n21_cards(case: Case) -> None:
    """Each chart of the tables N21 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule
