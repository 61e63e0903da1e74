"""httpx without its own command line, whose libraries would cost every start 0.2 s and 8 MB."""

import sys

sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # httpx does without it where it cannot be imported

import httpx  # noqa: E402 - after the line above

__all__ = ["httpx"]
