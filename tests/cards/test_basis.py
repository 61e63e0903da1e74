"""The machine-readable basis of a card."""

from datetime import date

from card_showcase import POTASSIUM, WORDS, basis, show

from cards.advice import Fact, NotChecked, Occasion
from cards.topics import Topic


def test_the_basis_is_machine_readable() -> None:
    """Tags, flags, facts and what was not checked, as the design fixes them."""
    occasion = Occasion(
        "p-1",
        date(2026, 11, 22),
        "2026.11",
        "https://cds.example.org",
        (NotChecked("Observation", "absent", "labs", 0),),
    )
    card = show(Topic.EMERG, "default", occasion, tags=("potassium",), flags=("E4",), facts=(POTASSIUM,))
    expected = {
        "tags": ["potassium"],
        "flags": ["E4"],
        "facts": [
            {
                "resource": "Observation/k-1",
                "label": "Potassium",
                "code": {"system": "http://loinc.org", "code": "2823-3"},
                "value": 2.3,
                "unit": "mmol/L",
                "date": "2026-11-21",
                "limit": "< 2.5 mmol/L",
                "limitSource": "RCEM Learning",
            }
        ],
        "notChecked": [{"type": "Observation", "key": "labs", "reason": "absent", "count": 0}],
        "knowledgeVersion": "2026.11",
    }

    assert expected == basis(card)


def test_empty_members_of_the_basis_are_left_out() -> None:
    """A card without tags, flags or facts sends the version only; a value of zero is kept."""
    zero = Fact(resource="Observation/1", label="GAD-7", value=0.0, quoted="a\u202eb", note="reassess")

    assert {"knowledgeVersion": "2026.11"} == basis(show(Topic.DATA_GAP))
    assert [
        {"resource": "Observation/1", "label": "GAD-7", "value": 0.0, "quoted": "ab", "note": WORDS.notes["reassess"]}
    ] == basis(show(Topic.DATA_GAP, facts=(zero,)))["facts"]
