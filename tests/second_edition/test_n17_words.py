"""N17: what words may do."""

import pytest
from charts.golden import Case
from numbered import got, name_of, of


@pytest.mark.parametrize("case", of(17), ids=name_of)
def test_n17_cards(case: Case) -> None:
    """Each chart of the tables N17 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule
