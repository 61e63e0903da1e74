"""N54: children with a known disease: new signs are told, a twitch is silent, feeding and breathing stay critical."""

import pytest
from charts.golden import Case
from numbered import got, name_of, of, one, text


@pytest.mark.parametrize("case", of(54), ids=name_of)
def test_n54_cards(case: Case) -> None:
    """Each chart of the table N54 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


def test_n54_the_new_sign_is_for_the_team() -> None:
    """The sentence is that of adults."""
    said = "New muscle weakness (2026-11-17) in known Duchenne or Becker muscular…: tell the team that treats it."

    assert said.lower() in text(one("N54/weakness-in-a-boy")).lower()
