"""N18: what must not be heard as a twitch."""

import pytest
from charts.golden import Case
from numbered import got, name_of, of


@pytest.mark.parametrize("case", of(18), ids=name_of)
def test_n18_cards(case: Case) -> None:
    """Each chart of the tables N18 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule
