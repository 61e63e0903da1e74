"""The id of the request under way: one and the same in the log, in the audit and in the answer.

It is the trace id of a `traceparent` (W3C Trace Context), or an `X-Request-ID` that is safe to repeat, or made here.
"""

import re
import secrets
from contextvars import ContextVar

HEADER = b"x-request-id"
TRACE_HEADER = b"traceparent"
TRACE = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?")
SAFE = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_current: ContextVar[str] = ContextVar("request_id", default="")


def new_request_id() -> str:
    """An id as long and as random as a trace id."""
    return secrets.token_hex(16)


def sent_id(traceparent: bytes | None, request_id: bytes | None) -> str | None:
    """The id that a caller gave to its request, if it can be repeated as it is."""
    if traceparent is not None and (trace := _trace_id(traceparent)):
        return trace.decode()
    if request_id is not None and SAFE.fullmatch(request_id):
        return request_id.decode()
    return None


def _trace_id(traceparent: bytes) -> bytes | None:
    """The trace id, unless the header is one that must be ignored (W3C Trace Context, 3.2.2)."""
    match = TRACE.fullmatch(traceparent)
    if match is None:
        return None
    version, trace, parent, more = match.groups()
    is_valid = version != b"ff" and trace.strip(b"0") and parent.strip(b"0") and not (version == b"00" and more)
    return trace if is_valid else None


def begin(request_id: str) -> None:
    """Name the request that the present task answers."""
    _current.set(request_id)


def current() -> str:
    """The id of the request that the present task answers; empty outside of one."""
    return _current.get()
