"""N60: high values that are recorded without a level."""

import pytest
from charts.golden import Case
from numbered import got, name_of, of, one, text


@pytest.mark.parametrize("case", of(60), ids=name_of)
def test_n60_cards(case: Case) -> None:
    """Each chart of the table N60 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


def test_n60_it_is_called_high() -> None:
    """Nothing on the card speaks of a deficiency or a low value."""
    shown = text(one("N60/potassium-30-days"))

    assert "Recorded high potassium (2026-10-23) with twitching, no current level on file: check it today." in shown
    assert "hypo" not in shown.lower()
    assert "recorded deficiency" not in shown.lower()
