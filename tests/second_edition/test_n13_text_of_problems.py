"""N13, field 1: the text and the displays of a problem are read where none of its codes is."""

import pytest
from charts.golden import Case
from numbered import got, name_of, of


@pytest.mark.parametrize("case", of(13), ids=name_of)
def test_n13_cards(case: Case) -> None:
    """Each chart of the table N13 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule
