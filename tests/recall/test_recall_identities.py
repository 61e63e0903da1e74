"""Resources that were met before: exact, whatever their hashes are."""

from hypothesis import given
from hypothesis import strategies as some

from cds.recall.identities import Identities

HASHES = some.integers(-(1 << 63), (1 << 63) - 1) | some.integers(-3, 3).map(lambda number: number << 16)


@given(some.lists(HASHES))
def test_each_hash_is_new_once(hashes: list[int]) -> None:
    """As a set has it; many of them in one list too."""
    identities, met = Identities(), set[int]()
    for identity in hashes:
        assert identities.add(identity) is (identity not in met)
        met.add(identity)
