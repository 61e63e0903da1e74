"""N19: family history by words."""

import pytest
from charts.golden import Case
from numbered import got, name_of, of


@pytest.mark.parametrize("case", of(19), ids=name_of)
def test_n19_cards(case: Case) -> None:
    """Each chart of the tables N19 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule
