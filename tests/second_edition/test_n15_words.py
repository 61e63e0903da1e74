"""N15: the phrases for a twitch."""

import pytest
from charts.golden import Case
from numbered import got, name_of, of


@pytest.mark.parametrize("case", of(15), ids=name_of)
def test_n15_cards(case: Case) -> None:
    """Each chart of the tables N15 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule
