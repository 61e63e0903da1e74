"""The bounds of a candidate (another version, or other knowledge), set in its process before its program starts."""

import resource


def bound_memory(megabytes: int) -> None:
    """Bound the address space of this process, and of whatever it starts."""
    set_limit(resource.RLIMIT_AS, megabytes * 2**20)


def set_limit(kind: int, value: int, *, renewable: bool = False) -> None:
    """Set one limit of this process; one that is set already is never raised. `renewable`: the hard one stays."""
    hard = resource.getrlimit(kind)[1]
    soft = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (soft, hard if renewable else soft))
