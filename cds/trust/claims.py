"""The claims of a token (CDS Hooks 2.0, JSON Web Token payload values; RFC 7519 section 4.1)."""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from cds.trust.refusal import quoted, refused

LONGEST = 255
LATEST = 253_402_300_799  # the last second of the year 9999
MOST_AUDIENCES = 100
UNKNOWN = "(unknown)"

Claims = Mapping[str, object]


class Rules(Struct, frozen=True):
    """How tokens are judged: seconds a clock may be off, seconds a token may live, and whether this is demo mode.

    `base` is the public address, `parts` are the parts of our own paths: what else an address holds is not repeated.
    """

    skew: int
    longest: int
    demo: bool = False
    base: str = ""
    parts: frozenset[str] = frozenset()

    def shown(self, address: str) -> str:
        """An address that was called, for the audit: a path that is none of ours can be a patient's id."""
        path = address.removeprefix(self.base).split("/")
        return self.base + "/".join(part if part in self.parts else UNKNOWN for part in path)


class Times(Struct, frozen=True):
    """When a token was made and when it ends, in seconds since 1970."""

    issued: float
    expires: float
    not_before: float | None


def word(claims: Claims, name: str, kind: str) -> str:
    """A claim that must be a short printable text."""
    value = claims.get(name)
    if name not in claims:
        raise refused(kind, f"The token has no {name}.")
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST or not value.isprintable():
        raise refused(
            kind,
            f"The token's {name} must be a string of 1 to {LONGEST} printable characters; received {quoted(value)}.",
        )
    return value


def issuer_of(claims: Claims) -> str:
    """Who says to have made the token; 512 characters, because some issuers are long addresses."""
    value = claims.get("iss")
    if "iss" not in claims:
        raise refused("issuer", "The token has no iss.")
    if not isinstance(value, str):
        raise refused("issuer", f"The token's iss must be a string; received {quoted(value)}.")
    return value


def check_audience(claims: Claims, expected: Sequence[str], display: Callable[[str], str]) -> None:
    """The token must be for this very address: each character counts, a slash at the end and a doubled one too.

    `shown` is how an expected address is told.
    """
    received = _audiences(claims)
    if not set(received) & set(expected):
        accepted = " or ".join(quoted(display(audience)) for audience in expected)
        sent = ", ".join(quoted(audience) for audience in received[:3]) + (" and more" if len(received) > 3 else "")
        raise refused(
            "audience",
            f"The token's aud is for another address. Expected {accepted}. Received {sent or 'an empty list'}.",
        )


def _audiences(claims: Claims) -> list[str]:
    value = claims.get("aud")
    if "aud" not in claims:
        raise refused("audience", "The token has no aud.")
    members = value if isinstance(value, list) else [value]
    texts = [member for member in members if isinstance(member, str)]
    if len(texts) != len(members):
        raise refused("audience", "The token's aud must be a string or a list of strings.")
    if len(texts) > MOST_AUDIENCES:
        raise refused("audience", f"The token's aud lists more than {MOST_AUDIENCES} addresses.")
    return texts


def check_times(claims: Claims, now: float, rules: Rules) -> Times:
    """Not expired, not of the future, not too long-lived; a clock may be off by the skew."""
    times = Times(_moment(claims, "iat"), _moment(claims, "exp"), _optional(claims, "nbf"))
    if now >= times.expires + rules.skew:
        raise refused("time", f"The token expired at {_at(times.expires)}; it is {_at(now)} here ({_clocks(rules)}).")
    if times.issued > now + rules.skew:
        raise refused(
            "time", f"The token's iat is {_at(times.issued)}, in the future: it is {_at(now)} here ({_clocks(rules)})."
        )
    if times.not_before is not None and times.not_before > now + rules.skew:
        raise refused(
            "time",
            f"The token is not valid before {_at(times.not_before)} (nbf); it is {_at(now)} here ({_clocks(rules)}).",
        )
    if times.expires <= times.issued:
        raise refused("time", "The token's exp is not after its iat.")
    if times.expires - times.issued > rules.longest:
        raise refused(
            "time",
            f"The token is valid for {times.expires - times.issued:.0f} s (exp - iat); "
            f"at most {rules.longest} s are allowed.",
        )
    return times


def _clocks(rules: Rules) -> str:
    return f"clocks may differ by {rules.skew} s"


def _optional(claims: Claims, name: str) -> float | None:
    return _moment(claims, name) if name in claims else None


def _moment(claims: Claims, name: str) -> float:
    """A NumericDate: a JSON number, seconds since 1970."""
    value = claims.get(name)
    if name not in claims:
        raise refused("time", f"The token has no {name}.")
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise refused("time", f"The token's {name} must be a number of seconds since 1970; received {quoted(value)}.")
    if not 0 <= value <= LATEST:
        raise refused("time", f"The token's {name} is not a time between 1970 and 9999 (are these milliseconds?).")
    return float(value)


def _at(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
