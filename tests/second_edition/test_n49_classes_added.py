"""N49: the classes that were added, those that are only a line, and when a review is a warning."""

import re

import pytest
from charts.golden import Case
from numbered import got, name_of, of, one, text

from cds.knowledge.load import load
from cds.rules.rulebook import rulebook_of

KNOWLEDGE = load()


@pytest.mark.parametrize("case", of(49), ids=name_of)
def test_n49_cards(case: Case) -> None:
    """Each chart of the tables N49 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


@pytest.mark.parametrize(
    ("case", "sentence"),
    [
        ("levothyroxine-tsh-low", "TSH 0.25 mIU/L (2026-10-13) is below its range on levothyroxine: check the dose"),
        ("levothyroxine-raised", "Levothyroxine: the dose was raised (2026-09-04), shortly before the twitching"),
        ("pregabalin-weak-kidney", "Pregabalin is cleared by the kidney, and eGFR is 42 mL/min/1.73"),
    ],
)
def test_n49_the_card_says_why(case: str, sentence: str) -> None:
    """The result or the raised dose stands on the card, with its day."""
    assert sentence in text(one(f"N49/{case}"))


LINES = {
    "bisphosphonate-low-calcium": "Alendronic acid is taken and is associated with low calcium",
    "zoledronate-very-low-calcium": "Zoledronic acid is taken and is associated with low calcium",
    "cinacalcet-low-calcium": "Cinacalcet is taken and is associated with low calcium",
    "tacrolimus-low-magnesium": "Tacrolimus is taken and is associated with low magnesium",
    "gentamicin-low-magnesium": "Gentamicin is taken and is associated with low magnesium",
    "laxative-low-potassium": "Bisacodyl is taken and is associated with low potassium",
    "fludrocortisone-low-potassium": "Fludrocortisone is taken and is associated with low potassium",
    "metformin-low-b12": "Metformin is taken and is associated with low vitamin B12",
    "metformin-indeterminate-b12": "Metformin is taken and is associated with low vitamin B12",
    "famotidine-low-b12": "Famotidine is taken and is associated with low vitamin B12",
    "metformin-in-known-disease": "Bisacodyl is taken and is associated with low potassium",
}


@pytest.mark.parametrize("case", of(49), ids=name_of)
def test_n49_a_linked_medicine_is_a_line(case: Case) -> None:
    """Exactly where it is taken, systemic, and the result that it is linked with is low."""
    name = case.id.removeprefix("N49-line/")
    said = text(case)

    assert (name in LINES) == ("is taken and is associated with" in said)
    assert LINES.get(name, "") in said


@pytest.mark.parametrize("case", of(49), ids=name_of)
def test_n49_nitrous_oxide_is_a_line(case: Case) -> None:
    """Beside numbness, signs of the long tracts or a question of B12, within 180 days of its use."""
    shown = {
        *("nitrous-oxide-numb", "nitrous-oxide-b12", "nitrous-oxide-b12-recorded"),
        *("nitrous-oxide-long-tracts", "nitrous-oxide-statement"),
    }

    assert (case.id.removeprefix("N49-line/") in shown) == ("ask how much and how often; MMA" in text(case))


@pytest.mark.parametrize("case", of(49), ids=name_of)
def test_n49_nothing_is_called_a_cause(case: Case) -> None:
    """A link is never said to be the cause."""
    assert not re.search(r"caused by", text(case), re.IGNORECASE)


def test_n49_a_line_has_no_tag() -> None:
    """The classes that are only a line lead to no card of their own, and each but nitrous oxide moves something low."""
    lines = {tag: one for tag, one in KNOWLEDGE.medicines.items() if one.line}
    moved = {side for one in lines.values() for _, side in one.moved_by(())}

    assert {"lowers-calcium", "lowers-magnesium", "lowers-potassium", "lowers-b12", "nitrous-oxide"} == set(lines)
    assert {"low"} == moved
    assert not set(lines) & {tag for tags in rulebook_of(KNOWLEDGE).tags.values() for tag in tags}


def test_n49_the_added_tags_come_last() -> None:
    """In the order of N61: what ended, then the classes that were added."""
    tags = rulebook_of(KNOWLEDGE).tags

    assert ("drug-stopped", "levothyroxine", "gabapentinoid", "topiramate") == next(
        some for topic, some in tags.items() if topic == "medication-review"
    )[-4:]
