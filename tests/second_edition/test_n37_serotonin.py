"""N37: serotonin toxicity exactly by the Hunter rules."""

import pytest
from charts.golden import Case
from numbered import got, name_of, of, one, text

from cds.knowledge.load import load


@pytest.mark.parametrize("case", of(37), ids=name_of)
def test_n37_cards(case: Case) -> None:
    """Each chart of the tables N37 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


def test_n37_two_agents_are_both_named() -> None:
    """The one taken longer and the one added."""
    said = text(one("N37/icd-second-agent"))

    assert "**sertraline**" in said
    assert "**tramadol**" in said


def test_n37_the_summary_says_of_what_a_sign_may_be() -> None:
    """A clinician with ten seconds reads the question, not only the sign; a result needs none."""
    assert "Possible emergency with twitching: serotonin toxicity? clonus (" in text(one("N37/clonus-ended-35-d"))
    assert "toxicity?" not in text(one("N35/lithium-used"))


def test_n37_an_agent_that_has_ended_is_named() -> None:
    """With the day on which it ended."""
    assert "**phenelzine** (ended 2026-10-18" in text(one("N37/clonus-ended-35-d"))


def test_n37_the_warning_asks_for_clonus() -> None:
    """Where the chart's codes cannot tell brisk reflexes from weak ones."""
    said = "Tremor and abnormal reflexes on sertraline: clonus? Examine for serotonin toxicity (Hunter)."

    assert said in text(one("N37/icd-old-agent"))
    assert said not in text(one("N37/icd-reflex-15-d"))


def test_n37_what_is_told_beside_is_used_by_nothing() -> None:
    """Fever is a fact of the card where it was seen, and not where it was not."""
    assert "Body temperature" in text(one("N37/rigid-and-hot"))
    assert "Body temperature" not in text(one("N37/rigid-and-38.0"))


@pytest.mark.parametrize("name", ["serotonergic", "serotonergic-second"])
def test_n37_agents_make_no_medication_card_by_their_start(name: str) -> None:
    """They are read for the Hunter rules, and have no timing of their own."""
    assert load().medicines[name].timing == "never"


def test_n37_the_sentence_names_the_agents_only() -> None:
    """Another medicine on the same card is no agent; two agents are both named."""
    beside = text(one("order-of-flags/topiramate-and-agent"))

    assert "Tremor and abnormal reflexes on sertraline: clonus?" in beside
    assert "**topiramate**" in beside
