"""N16: the phrases for red flags."""

import pytest
from charts.golden import Case
from numbered import got, name_of, of


@pytest.mark.parametrize("case", of(16), ids=name_of)
def test_n16_cards(case: Case) -> None:
    """Each chart of the tables N16 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule
