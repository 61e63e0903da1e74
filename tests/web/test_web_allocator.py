"""Large blocks go back to the system."""

from cds.web.allocator import LARGE, MMAP_THRESHOLD, TRIM_THRESHOLD, give_back, limit


class Library:
    """A C library that notes what it is told."""

    def __init__(self) -> None:
        self.told: dict[int, int] = {}

    def mallopt(self, what: int, value: int) -> int:
        """As mallopt(3): 1 is success."""
        self.told[what] = value
        return 1


def test_both_limits_are_set() -> None:
    """A block of a mebibyte is the system's own, and no more than that is kept at the top of the heap."""
    library = Library()
    limit(library)

    assert {MMAP_THRESHOLD: LARGE, TRIM_THRESHOLD: LARGE} == library.told


def test_a_library_without_such_limits_is_left_alone() -> None:
    """musl has no mallopt, and needs none."""
    library = object()
    limit(library)

    assert not hasattr(library, "mallopt")


def test_the_library_of_this_process_takes_them() -> None:
    """Whatever it is, nothing is raised."""
    give_back()
