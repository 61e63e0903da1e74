"""N5: what the statuses of a problem say."""

import pytest
from charts.golden import Case
from numbered import got, name_of, of


@pytest.mark.parametrize("case", of(5), ids=name_of)
def test_n05_cards(case: Case) -> None:
    """Each chart of the tables N5 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule
