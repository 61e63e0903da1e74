"""N44: thrombosis is named as it is recorded; pain alone asks for swelling."""

import pytest
from charts.golden import Case
from numbered import got, name_of, of, one, text


@pytest.mark.parametrize("case", of(44), ids=name_of)
def test_n44_cards(case: Case) -> None:
    """Each chart of the tables N44 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


def test_n44_the_summary_names_what_is_recorded() -> None:
    """A swelling as a swelling with its day, and a thrombosis as one."""
    assert "localized swelling, mass and lump,… on estrogen (2026-11-19)" in text(one("N44/swelling-3-d"))
    assert "deep venous thrombosis of lower… on estrogen (2026-10-23)" in text(one("N44/thrombosis-30-d"))


def test_n44_pain_alone_asks_for_swelling() -> None:
    """For a week."""
    said = "One-sided leg pain 2026-11-15: swelling? DVT score."

    assert said in text(one("N44/pain-7-d"))
    assert "swelling? DVT score" not in text(one("N44/pain-8-d"))
