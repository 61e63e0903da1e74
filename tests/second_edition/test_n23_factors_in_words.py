"""N23: factors in words."""

import pytest
from charts.golden import Case
from numbered import got, name_of, of


@pytest.mark.parametrize("case", of(23), ids=name_of)
def test_n23_cards(case: Case) -> None:
    """Each chart of the tables N23 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule
