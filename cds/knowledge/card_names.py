"""What cards call that which neither a code nor a value set names, typed: a part of `labels.toml`."""

from typing import Annotated

from msgspec import Meta, Struct

AboutTest = Annotated[str, Meta(pattern=r"^[^{}]*\{test\}[^{}]*$")]  # words with one gap, for a test's name
AboutTwitch = Annotated[str, Meta(pattern=r"^\{twitch\}[^{}]*$")]
AboutLimit = Annotated[str, Meta(pattern=r"^[^{}]*\{limit\}[^{}]*$")]
AboutResult = Annotated[str, Meta(pattern=r"^\{test\}[^{}]*\{value\}[^{}]*\{flag\}[^{}]*\{date\}[^{}]*$")]
AboutSign = Annotated[str, Meta(pattern=r"^[^{}]*\{sign\}[^{}]*$")]
AboutDose = Annotated[str, Meta(pattern=r"^[^{}]*\{value\}[^{}]*$")]
AboutType = Annotated[str, Meta(pattern=r"^[^{}]*\{type\}[^{}]*$")]
AboutDrug = Annotated[str, Meta(pattern=r"^[^{}]*\{drug\}[^{}]*$")]
AboutNumber = Annotated[str, Meta(pattern=r"^[^{}]*\{n\}[^{}]*$")]
AboutDiagnosis = Annotated[str, Meta(pattern=r"^[^{}]*\{diagnosis\}[^{}]*$")]


class Sides(Struct, frozen=True, forbid_unknown_fields=True):
    """What a summary says of a result: on which side of its limits it is."""

    low: str
    high: str
    abnormal: str
    normal: str
    positive: str

    def of(self, side: str | None) -> str:
        """The word for a side; abnormal where it is not known."""
        return {"low": self.low, "high": self.high}.get(side or "", self.abnormal)


class Reasons(Struct, frozen=True, forbid_unknown_fields=True):
    """Why tests are due, as a summary says it (N56)."""

    drug: AboutDrug
    weeks: AboutNumber
    months: AboutNumber
    years: AboutNumber
    recorded: AboutDiagnosis
    diet: str
    severe: str
    kidney: str
    alcohol: str


class OpenItems(Struct, frozen=True, forbid_unknown_fields=True):
    """What a card calls that which is still open about a twitch (N55)."""

    unclear: AboutSign
    stopped: AboutDrug
    flag: AboutTest
    result: AboutTest
    examination: str
    emg: str
    disagrees: str
    problem: str
    medicine: str
    text: str
    language: str
    answers: str
    pressure: AboutDose
    ahead: str
    not_known: str
    alcohol: str
    pregnancy: str
    age: str


class Names(Struct, frozen=True, forbid_unknown_fields=True):
    """What a card calls that which neither a code nor a value set names."""

    flagged: Annotated[str, Meta(min_length=1)]
    low: AboutTest
    high: AboutTest
    upper_limit: AboutLimit
    up_to: AboutLimit
    from_: AboutLimit
    abnormal: AboutTest
    undated: str
    worded: str
    eyelid: str
    in_family: AboutSign
    request: str
    daily_dose: AboutDose
    routes: dict[str, str]
    sides: Sides
    other_result: AboutResult
    no_unit: str
    preliminary: str
    unread: dict[str, str]
    short: dict[str, str]
    tests: dict[str, str]
    types: dict[str, str]
    tetany: dict[str, str]
    not_received: AboutType
    open: OpenItems
    reason: Reasons
    form: dict[str, str]
    spoken: dict[str, str]
    mentioned: AboutTwitch
    order_risk: dict[str, str]
    former: dict[str, str]
