"""The lists of rules in rules.toml, held against the knowledge: few golden cases tell one member from another."""

import pytest
from charts.dates import TODAY
from charts.seam import engine

from cards.topics import Topic
from cds.rules.rulebook import rulebook_of

KNOWLEDGE = engine(TODAY).knowledge
RULES = rulebook_of(KNOWLEDGE).rules
OF_SIGNS = [rule.id for rule in RULES.values() if rule.card in (Topic.PED_NEURO, Topic.NEURO_URG)]


def test_an_infant_of_whom_nothing_else_is_known_has_none_of_the_other_signs() -> None:
    """3 P4: every rule of a child's or an urgent sign but P4 itself and U9, whose finding is P5 of a child; and E7."""
    assert {"E7", *OF_SIGNS} - {"P4", "U9"} == set(KNOWLEDGE.flags("infants-others"))


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("new-in-disease", "U1 U2 U3 U4 U5 U6 U7 U9 R1 R2"),  # N52: every urgent sign but U8, and two routine ones
        ("routine-if-dormant", "R1 R2 R4"),  # N7: these findings bring the routine card back
        ("beside-long-tracts", "U1 U2 U3 U5"),  # N12 c: a lower sign beside long tracts
        ("of-limbs", "U1 U2 U5"),  # N53
        ("explain-mind", "E3 E4 E6 E9 E11"),  # N43
    ],
)
def test_a_list_of_rules_is_that_of_its_paragraph(name: str, rules: str) -> None:
    """Each member, in any order."""
    assert set(rules.split()) == set(KNOWLEDGE.flags(name))
