"""Which cards never make way for another, whatever stands before them (4a Ranking, N60 step 35)."""

import pytest

from cards.topics import Indicator, Topic
from cds.rules.choice import Choice
from cds.rules.decide import capped

BEFORE = tuple(Choice(topic=Topic.EMERG, indicator=Indicator.CRITICAL) for _ in range(3))
KEPT = {Topic.EMERG, Topic.PED_NEURO, Topic.NEURO_URG}


@pytest.mark.parametrize("topic", Topic)
def test_a_protected_card_stays_and_any_other_makes_way_and_is_named(topic: Topic) -> None:
    """A fourth card behind three that cannot make way."""
    last = Choice(topic=topic, indicator=Indicator.INFO)
    decision = capped((*BEFORE, last), 3)

    assert (topic in KEPT) is (last in decision.choices)
    assert (() if topic in KEPT else (topic,)) == decision.dropped


def test_the_last_that_is_not_protected_makes_way() -> None:
    """Not the last one, where that is protected."""
    urgent = Choice(topic=Topic.NEURO_URG, indicator=Indicator.WARNING)
    lab = Choice(topic=Topic.LAB_ABN, indicator=Indicator.WARNING)

    assert ((BEFORE[0], urgent), (Topic.LAB_ABN,)) == (
        capped((BEFORE[0], lab, urgent), 2).choices,
        capped((BEFORE[0], lab, urgent), 2).dropped,
    )


@pytest.mark.parametrize(("indicator", "stays"), [(Indicator.WARNING, True), (Indicator.INFO, False)])
def test_a_new_sign_is_protected_as_a_warning(indicator: Indicator, stays: bool) -> None:
    """As information it makes way (N60 step 35)."""
    last = Choice(topic=Topic.NEW_SIGN, indicator=indicator)

    assert stays is (last in capped((*BEFORE, last), 3).choices)
