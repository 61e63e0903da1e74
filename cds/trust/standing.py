"""What readiness says of the verification of callers."""

from collections.abc import Sequence

from msgspec import Struct

KEYS, TOKENS = "keys", "tokens"
WHY = {
    KEYS: "the keys of no client can be had",
    TOKENS: "the database cannot tell which tokens were used before",
}


class Standing(Struct, frozen=True):
    """How many clients there are, whose keys are missing, how old the oldest keys are, and what stops every call.

    `decided_by` are the parts that can stop every call, as this service is set; `stopped_by` those that do now.
    """

    clients: int = 0
    without_keys: int = 0
    oldest: float | None = None
    decided_by: tuple[str, ...] = (KEYS,)
    stopped_by: tuple[str, ...] = ()

    @property
    def keys(self) -> dict[str, int]:
        """The keys in numbers; no client is named, because anybody may read this."""
        age = {} if self.oldest is None else {"oldestSeconds": round(self.oldest)}
        return {"clients": self.clients, "withoutKeys": self.without_keys, **age}

    @property
    def why(self) -> str:
        """What stops every call, in words."""
        return " and ".join(WHY[part] for part in self.stopped_by)


def standing_of(ages: Sequence[float | None], *, is_closed: bool, is_down: bool) -> Standing:
    """From the age of each client's keys, and whether used tokens can be told."""
    known_ages = [age for age in ages if age is not None]
    stops = {KEYS: bool(ages) and not known_ages, TOKENS: is_closed and is_down}
    return Standing(
        clients=len(ages),
        without_keys=len(ages) - len(known_ages),
        oldest=max(known_ages, default=None),
        decided_by=(KEYS, TOKENS) if is_closed else (KEYS,),
        stopped_by=tuple(part for part, is_stopping in stops.items() if is_stopping),
    )
