"""N14: what is said of a twitch in words."""

import pytest
from charts.golden import Case
from numbered import got, name_of, of


@pytest.mark.parametrize("case", of(14), ids=name_of)
def test_n14_cards(case: Case) -> None:
    """Each chart of the tables N14 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule
