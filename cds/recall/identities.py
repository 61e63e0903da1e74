"""Which resources were met: 64 bits of each, sorted, in some twenty bytes; a set of numbers takes seventy."""

from array import array
from bisect import bisect_left
from collections import defaultdict

BITS = (1 << 64) - 1
LISTS = (1 << 16) - 1  # by so many of the bits each list is found, so that it stays short


class Identities:
    """The hashes of resources, of which an export may hold many millions."""

    def __init__(self) -> None:
        self._lists: defaultdict[int, array[int]] = defaultdict(_empty)

    def add(self, identity: int) -> bool:
        """Note a hash; whether it is new."""
        number = identity & BITS
        numbers = self._lists[number & LISTS]
        place = bisect_left(numbers, number)
        if place < len(numbers) and numbers[place] == number:
            return False
        numbers.insert(place, number)
        return True


def _empty() -> "array[int]":
    return array("Q")
