"""N11: what an old or explained R4 sign says."""

import pytest
from charts.golden import Case
from numbered import got, name_of, of, one, text


@pytest.mark.parametrize("case", of(11), ids=name_of)
def test_n11_cards(case: Case) -> None:
    """Each chart of the tables N11 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


def test_n11_the_summary_asks_whether_it_is_new() -> None:
    """Alone, an old sign is named with its date and asked about; beside another R4 the usual words stand."""
    alone = text(one("N11/old")).splitlines()[0]

    assert (
        "Repeated falls recorded 2022-11-22, before the twitching: new or changed? If so, neurological examination."
        == alone
    )
    assert "before the twitching" not in text(one("N11/beside-another-R4")).splitlines()[0]
