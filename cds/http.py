"""httpx without its own command line, whose libraries would cost every start 0.2 s and 8 MB."""

import logging
import sys

sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # httpx does without it where it cannot be imported

import httpx  # noqa: E402 - after the line above

__all__ = ["httpx", "silence"]

TALKATIVE = ("httpx", "httpcore", "hpack")  # their lines hold addresses with patient ids, and headers with tokens


def silence() -> None:
    """Keep the libraries below from logging at any level: what they say quotes addresses, headers and tokens."""
    for name in TALKATIVE:
        logger = logging.getLogger(name)
        logger.handlers = [logging.NullHandler()]
        logger.propagate = False
        logger.setLevel(logging.CRITICAL + 1)
