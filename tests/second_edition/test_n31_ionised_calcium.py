"""N31: ionised calcium of adults."""

import pytest
from charts.golden import Case
from numbered import got, name_of, of


@pytest.mark.parametrize("case", of(31), ids=name_of)
def test_n31_cards(case: Case) -> None:
    """Each chart of the tables N31 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule
