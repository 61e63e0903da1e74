"""Feedback of several requests in one transaction."""

from collections.abc import Sequence

import pytest
from store_samples import overridden, received

from cds.store.down import StoreDown
from cds.store.feedback_batch import FeedbackBatch
from cds.store.rows import Received

ONE, TWO, THREE = (received(overridden(card)) for card in ("c1", "c2", "c3"))


class Disk:
    """Takes down what is written together; may fail."""

    def __init__(self) -> None:
        self.written: list[list[Received]] = []
        self.is_full = False

    def write(self, requests: Sequence[Received]) -> None:
        if self.is_full:
            raise StoreDown
        self.written.append(list(requests))


def test_what_waits_is_written_together() -> None:
    """Who comes later finds its own written."""
    disk = Disk()
    batch = FeedbackBatch(disk.write)
    first, second = batch.put(ONE), batch.put(TWO)
    batch.write(second)
    batch.write(first)
    batch.write(batch.put(THREE))

    assert [[TWO, ONE], [THREE]] == disk.written


def test_what_failed_together_is_written_by_each() -> None:
    """Nobody is told that its feedback is kept before it is."""
    disk = Disk()
    batch = FeedbackBatch(disk.write)
    first, second = batch.put(ONE), batch.put(TWO)
    disk.is_full = True
    with pytest.raises(StoreDown):
        batch.write(first)
    disk.is_full = False
    batch.write(second)

    assert [[TWO]] == disk.written
    assert (False, True) == (first.is_written, second.is_written)


def test_what_is_taken_back_is_written_by_nobody() -> None:
    """Neither with another's, nor by the thread that was asked to write it before."""
    disk = Disk()
    batch = FeedbackBatch(disk.write)
    first, second = batch.put(ONE), batch.put(TWO)
    batch.take_back(first)
    batch.write(second)
    batch.write(first)

    assert [[TWO]] == disk.written
    assert not first.is_written
