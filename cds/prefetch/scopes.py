"""What a token grants by its `scope`: SMART on FHIR v1 (`patient/*.read`) and v2 (`patient/Observation.rs`)."""

import re
from enum import IntEnum

READ, SEARCH = "r", "s"
_SCOPE = re.compile(r"(?:patient|user|system)/(?P<kind>\*|[A-Za-z]+)\.(?P<may>[a-z*]+)(?P<filter>\?\S*)?")
_V1 = {"read": "rs", "write": "cud", "*": "cruds"}
_V2 = re.compile(r"c?r?u?d?s?")


class Access(IntEnum):
    """How much of a type is granted. PART is asked for, but never taken for all there is."""

    NONE = 0
    PART = 1
    FULL = 2


class Grants:
    """The resource scopes of one token. A token that names none is not judged by us: its server knows."""

    def __init__(self, scope: str) -> None:
        self._matches = [match for word in scope.split() if (match := _SCOPE.fullmatch(word))]

    def of(self, kind: str, how: str) -> Access:
        """What is granted of a FHIR type to read (`r`) or to search (`s`); a filter (`?category=…`) makes it a part."""
        if not self._matches:
            return Access.FULL
        return max((_access(match) for match in self._matches if _speaks_of(match, kind, how)), default=Access.NONE)


def _speaks_of(match: re.Match[str], kind: str, how: str) -> bool:
    may = match["may"]
    letters = _V1.get(may, may if _V2.fullmatch(may) else "")
    return match["kind"] in ("*", kind) and how in letters


def _access(match: re.Match[str]) -> Access:
    return Access.PART if match["filter"] else Access.FULL
