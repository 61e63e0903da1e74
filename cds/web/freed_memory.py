"""Memory that is free again, given back to the system: the C library keeps it else."""

import ctypes
from contextlib import suppress


def trim_memory() -> None:
    """Once (malloc_trim(3), glibc); nothing on another C library or system. Takes about a millisecond."""
    with suppress(AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
