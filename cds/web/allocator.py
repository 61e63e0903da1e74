"""The allocator of the C library: what a large body took goes back to the system when the body is gone."""

import ctypes
import sys

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # mallopt(3)
LARGE = 2**20


def give_back() -> None:
    """Keep glibc's limits where they are.

    It raises them with each large block that is freed, up to 32 MiB, and from then on keeps twice as much for itself.
    """
    if sys.platform == "linux":
        limit(ctypes.CDLL(None))


def limit(library: object) -> None:
    """Set the limits, where the library has such; musl has none."""
    mallopt = getattr(library, "mallopt", None)
    if mallopt is not None:
        mallopt(MMAP_THRESHOLD, LARGE)
        mallopt(TRIM_THRESHOLD, LARGE)
