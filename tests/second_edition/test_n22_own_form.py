"""N22: our own Questionnaire."""

import pytest
from charts.golden import Case
from numbered import got, name_of, of


@pytest.mark.parametrize("case", of(22), ids=name_of)
def test_n22_cards(case: Case) -> None:
    """Each chart of the tables N22 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule
