"""The limits that evidence pages show are the limits of the data files."""

import pytest

from cards.topics import Topic
from cds.knowledge.load import load
from cds.rules.cardbook import rows

KNOWLEDGE = load()


@pytest.mark.parametrize(
    ("topic", "what", "limit"),
    [
        (Topic.EMERG, "potassium", "< 2.5 mmol/L"),
        (Topic.EMERG, "creatine kinase", "> 10 × upper limit of normal"),
        (Topic.EMERG, "calcium, adjusted (from 28 days, under 16 years)", "<= 1.8 mmol/L or <= 7.2 mg/dL"),
        (Topic.LAB_ABN, "25-OH vitamin D", "< 50 nmol/L or < 20 ng/mL"),
        (Topic.LAB_ABN, "eGFR", "< 60 mL/min/1.73 m²"),
        (Topic.LAB_ORDER, "potassium", "30 days"),
        (Topic.MED_REV, "proton pump inhibitor", "started 90 days or more before the twitch, or unknown"),
        (Topic.MED_REV, "xanthine", "started 0 to 90 days before the twitch, both dates known"),
        (Topic.MED_REV, "statin", "started before the twitch, or unknown"),
        (Topic.NEURO_EVAL, "persistent", "28 days"),
    ],
)
def test_rows(topic: Topic, what: str, limit: str) -> None:
    """A page shows the limit or window that the rules use."""
    assert (what, limit) in [(row.what, row.limit) for row in rows(topic, KNOWLEDGE)]


@pytest.mark.parametrize("topic", list(Topic))
def test_every_topic_has_rows(topic: Topic) -> None:
    """No page is without its limits or windows."""
    assert rows(topic, KNOWLEDGE)
