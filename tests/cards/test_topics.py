"""The wire vocabulary: order of tags and rank of cards."""

import pytest

from cards.topics import Topic, in_order, rank


def test_a_tag_keeps_to_its_card() -> None:
    """Tags come in the order of clinical knowledge 4a; a foreign one is an error."""
    assert ("stress", "sleep") == in_order(Topic.LIFESTYLE, {"sleep", "stress"})
    with pytest.raises(ValueError, match="potassium"):
        in_order(Topic.LIFESTYLE, {"potassium"})


def test_cards_have_a_rank() -> None:
    """Clinical knowledge 4a: an emergency first, missing data last; a card of a draft stands alone."""
    ranks = [rank(topic) for topic in Topic]

    assert list(range(len(Topic))) == ranks
    assert (0, 10) == (rank(Topic.EMERG), rank(Topic.DATA_GAP))
    assert (11, 12) == (rank(Topic.ORD_STEROID), rank(Topic.ORD_ESTROGEN))
