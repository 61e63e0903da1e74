"""The shape of what gets a key set, and how it fails; without the library that speaks HTTP (`cds.trust.fetch`)."""

from collections.abc import Awaitable, Callable

Fetch = Callable[[str], Awaitable[bytes]]


class FetchFailed(Exception):  # noqa: N818 - says what happened
    """The key set could not be fetched; the words are for the operator."""
