"""Why a token was refused: one text for the caller, the reason in words for the operator."""

import json

from msgspec import Struct, structs

from cds.errors import NotSignedIn

SHOWN, LONGEST = 160, 400  # characters of what was sent, and of their escapes
KINDS = (
    "header",
    "form",
    "algorithm",
    "issuer",
    "audience",
    "time",
    "tenant",
    "jku",
    "key",
    "signature",
    "replay",
)
GOVERNANCE = "governance"  # no token at all: a wrong credential for the governance page


class Refusal(Struct, frozen=True):
    """One refusal: `kind` is GOVERNANCE or one of KINDS; `client` is whom the token names, which may be a lie."""

    kind: str
    reason: str
    client: str | None = None


class Refused(NotSignedIn):
    """The caller is told what every refused caller is told; `refusal` is for the audit."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__()
        self.refusal = refusal

    def of(self, client: str) -> "Refused":
        """The same, with the client that the token names."""
        return Refused(structs.replace(self.refusal, client=client))


def refused(kind: str, reason: str) -> Refused:
    """A refusal of one kind, to be raised."""
    return Refused(Refusal(kind, reason))


def quoted(value: object) -> str:
    """What a caller sent, safe in a log line: in ASCII with escapes, and shortened."""
    if not isinstance(value, str):
        return f"a JSON {_kind(value)}"
    excerpt = value[:SHOWN]
    while len(text := json.dumps(excerpt)) > LONGEST:
        excerpt = excerpt[: len(excerpt) // 2]
    return text if excerpt == value else f"{text} and {len(value) - len(excerpt)} more"


def _kind(value: object) -> str:
    names = {bool: "boolean", int: "number", float: "number", list: "array", dict: "object"}
    return names.get(type(value), "null")
