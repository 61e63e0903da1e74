"""N8: unspecific signs of years before the twitch."""

import pytest
from charts.golden import Case
from numbered import got, name_of, of


@pytest.mark.parametrize("case", of(8), ids=name_of)
def test_n08_cards(case: Case) -> None:
    """Each chart of the tables N8 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule
