"""N3: one concept, and entries that say yes and no."""

import pytest
from charts.golden import Case
from numbered import got, name_of, of, one, text


@pytest.mark.parametrize("case", of(3), ids=name_of)
def test_n03_cards(case: Case) -> None:
    """Each chart of the tables N3 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


def test_n03_what_speaks_against_a_sign_is_said() -> None:
    """A flag against a value, and an absence of the same day, are lines of the card."""
    assert "Orthopnea of 2026-11-19: flag and value disagree" in text(one("N3/emergency-flag-N"))
    assert "Muscle weakness of 2026-11-19: flag and value disagree" in text(one("N3/urgent-flag-N"))
    assert "Muscle weakness is also recorded as absent on 2026-11-20" in text(one("N3/same-day"))
