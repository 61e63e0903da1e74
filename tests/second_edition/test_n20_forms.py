"""N20: reading a QuestionnaireResponse."""

import pytest
from charts.golden import Case
from numbered import got, name_of, of


@pytest.mark.parametrize("case", of(20), ids=name_of)
def test_n20_cards(case: Case) -> None:
    """Each chart of the tables N20 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule
