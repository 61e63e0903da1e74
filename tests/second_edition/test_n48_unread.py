"""N48: what is on file and was not read is said, and never called "not found"."""

import pytest
from charts.golden import Case
from numbered import got, name_of, of, one, text


@pytest.mark.parametrize("case", of(48), ids=name_of)
def test_n48_cards(case: Case) -> None:
    """Each chart of the tables N48 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("N48/local-code", "potassium of 2026-11-19 is on file but could not be read (its code is not known)"),
        ("N48/text-only", "potassium of 2026-11-19 is on file but could not be read (its code is not known)"),
        ("N48/text-flagged", "the laboratory called it critical: repeat today"),
        ("N48/unlisted-code", "potassium of 2026-11-19 is on file but could not be read (its code is not known)"),
        ("N48/part-by-name", "potassium of 2026-11-19 is on file but could not be read (its code is not known)"),
        ("N48/name-only-beside-a-low-one", "potassium of 2026-11-21 is on file but could not be read"),
        ("N48-due/on-file", "potassium of 2026-11-19 is on file but could not be read (its code is not known)"),
    ],
)
def test_n48_a_result_known_by_its_name_only_is_said(case: str, said: str) -> None:
    """The card names the test, its date and why it was not read."""
    assert said in text(one(case)).replace("**", "")


@pytest.mark.parametrize(
    "case",
    ["N48/urine", "N48/name-only-old", "N48/name-only-cancelled", "N48/name-only-before-a-read-one", "N48/contained"],
)
def test_n48_another_specimen_and_what_cannot_matter_is_not_called_unread(case: str) -> None:
    """Nothing is said of another test, of an old, cancelled or replaced result, or of one that was read."""
    assert "could not be read" not in text(one(case))
