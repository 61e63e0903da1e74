"""A third reading: what an entry says against itself, of whom it is, and in which form it came; one chart a row."""

import pytest
from charts.golden import Case, cases
from numbered import got, name_of, one, text

CALM = ("no red flag", "no new red flag", "findings favour", "usually benign")


def of_file() -> list[Case]:
    """The cases of this reading."""
    return [case for case in cases() if case.file == "third_reading"]


@pytest.mark.parametrize("case", of_file(), ids=name_of)
def test_the_cards_of_the_third_reading(case: Case) -> None:
    """Each chart gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


@pytest.mark.parametrize(
    "case", [case for case in of_file() if case.id.startswith("normal-against-itself/")], ids=name_of
)
def test_what_contradicts_itself_calms_nothing_and_is_told(case: Case) -> None:
    """No calming word beside it; the card says that the entry contradicts itself, unless it raises one of its own."""
    said = text(case)
    calms = any(word in said.lower() for word in CALM)
    assert calms == (case.expect[0].topic in ("reassurance", "lifestyle"))
    assert ("the same entry says otherwise" in said) == (case.expect[0].topic == "data-gap")


def test_the_summary_names_an_examination_that_contradicts_itself() -> None:
    """The first thing that is open stands in the summary."""
    said = text(one("normal-against-itself/value-abnormal"))
    assert "Twitching with an examination or EMG that contradicts itself" in said
