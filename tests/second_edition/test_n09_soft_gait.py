"""N9: unspecific gait signs keep their grade."""

import pytest
from charts.golden import Case
from numbered import got, name_of, of, one, text


@pytest.mark.parametrize("case", of(9), ids=name_of)
def test_n09_cards(case: Case) -> None:
    """Each chart of the tables N9 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


def test_n09_the_detail_says_that_it_is_not_specific() -> None:
    """Where unspecific gait signs are the only urgent ones, the card says so and what to examine."""
    assert "not specific; examine strength, reflexes and gait" in text(one("N9/gait"))
    assert "not specific; examine" not in text(one("N10/new-weakness-after-stroke"))
