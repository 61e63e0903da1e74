"""N50: medicines that were deliberately not added, and words that are never said."""

import re
from pathlib import Path

import pytest
from charts.golden import Case
from numbered import got, name_of, of, text

import cards

WORDING = Path(cards.__file__).parent / "wording" / "en"
ALONE = [case for case in of(50) if case.id not in ("N50/statin-with-cramps", "N50/mirtazapine-tremor-reflexes")]
STOPS = re.compile(r"\bstop(?:s|ped|ping)?\b", re.IGNORECASE)


@pytest.mark.parametrize("case", of(50), ids=name_of)
def test_n50_cards(case: Case) -> None:
    """Each chart of the table N50 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


@pytest.mark.parametrize("case", ALONE, ids=name_of)
def test_n50_none_of_them_alone_is_a_medicine_card(case: Case) -> None:
    """Begun shortly before the twitch, as the classes that count must be, it still makes no review."""
    assert "medication-review" not in [card.topic for card in got(case)]


@pytest.mark.parametrize("case", [*of(49), *of(50)], ids=name_of)
def test_n50_no_card_says_stop(case: Case) -> None:
    """Cards on thyroid, contraceptives and steroids never say stop, except that a steroid must not be, abruptly."""
    for found in STOPS.finditer(text(case)):
        before = text(case)[max(0, found.start() - 12) : found.start()].lower()
        assert "not " in before or found[0] == "stopped", text(case)[found.start() - 60 : found.end() + 20]


@pytest.mark.parametrize("file", sorted(path.name for path in WORDING.glob("*.toml")))
def test_n50_no_sentence_says_that_a_medicine_caused_it(file: str) -> None:
    """The words do not stand in any file of the wording."""
    assert "caused by" not in (WORDING / file).read_text("utf-8").lower()
