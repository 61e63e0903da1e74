"""The wire vocabulary: order of tags and rank of cards."""

import pytest
from charts.book import RANK, in_order

from cards.topics import Topic


def test_a_tag_keeps_to_its_card() -> None:
    """Tags come in the order of clinical knowledge 4a; a foreign one is an error."""
    assert ("stress", "sleep") == in_order(Topic.LIFESTYLE, {"sleep", "stress"})
    with pytest.raises(ValueError, match="potassium"):
        in_order(Topic.LIFESTYLE, {"potassium"})


def test_cards_have_a_rank() -> None:
    """Clinical knowledge 4a: an emergency first, missing data last; a card of a draft stands alone."""
    assert list(range(len(Topic))) == sorted(RANK[topic] for topic in Topic)
    assert (0, 12) == (RANK[Topic.EMERG], RANK[Topic.DATA_GAP])
    assert (13, 14, 15) == (RANK[Topic.ORD_RISK], RANK[Topic.ORD_STEROID], RANK[Topic.ORD_ESTROGEN])
