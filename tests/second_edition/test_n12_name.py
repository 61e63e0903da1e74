"""N12: when motor neuron disease may be named."""

import pytest
from charts.golden import Case
from numbered import got, name_of, of, one, text

NAMES = ("MND", "motor neuron disease", "lower motor neuron", "ALS", "Gold Coast")


@pytest.mark.parametrize("case", of(12), ids=name_of)
def test_n12_cards(case: Case) -> None:
    """The card is there whether or not the disease is named."""
    assert list(case.expect) == got(case), case.rule


@pytest.mark.parametrize("case", of(12), ids=name_of)
def test_n12_the_name(case: Case) -> None:
    """The disease is named in the charts of the one table, and in no word of the cards of the other."""
    told = [name for name in NAMES if name in text(case)]

    assert told if case.id.startswith("N12-named/") else not told


def test_n12_the_summary() -> None:
    """The sign with its day, what to do first, and by when; the name is all that differs."""
    named, unnamed = text(one("N12-named/specific")), text(one("N12-unnamed/specific-long-before"))
    rest = "examine; if new and unexplained, neurology within 2 weeks"

    assert f"Twitching with dysarthria and anarthria (2026-09-23): {rest} (MND?)." == named.splitlines()[0]
    assert f"Twitching with dysarthria and anarthria (2025-11-07): {rest}." == unnamed.splitlines()[0]


def test_n12_other_words_in_the_place_of_the_name() -> None:
    """A plexopathy is named, and what asks for a disease of the muscle is said."""
    plexus = text(one("N12-unnamed/plexopathy-after-radiotherapy"))

    assert "explained by brachial plexopathy (2022-11-22)" in plexus
    assert "Weakness of face, neck, hip or shoulder: CK" in text(one("N12-unnamed/face-and-shoulder"))
    assert "Muscular dystrophy in the family" in text(one("N12-unnamed/dystrophy-of-the-father"))
    assert "Muscular dystrophy in the family" in text(one("N12-unnamed/dystrophy-in-the-family"))
