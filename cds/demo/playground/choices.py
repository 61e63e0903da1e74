"""What a visitor can do in the playground: the moments of care, and what can be added or prescribed in them."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

FILE = Path(__file__).with_name("choices.toml")
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
LEAST, MOST = 0.25, 20.0
OWN = "own:"
FETCH = "fetch"


class Moment(Struct, frozen=True, kw_only=True):
    """One hook as a clinician meets it; `needs` names the form that goes with it."""

    hook: str
    label: str
    lead: str
    button: str = ""
    needs: str = ""


MOMENTS = {
    moment.hook: moment
    for moment in (
        Moment(hook="patient-view", label="Open chart", lead="The chart has just been opened."),
        Moment(hook="encounter-start", label="Start visit", lead="A visit has just begun."),
        Moment(hook="encounter-discharge", label="Discharge", lead="The visit is about to end."),
        Moment(
            hook="problem-list-item-create",
            label="Add problem",
            lead="A problem has just been added to the list.",
            button="Add this problem",
            needs="problem",
        ),
        Moment(
            hook="order-select",
            label="Prescribe",
            lead="A medicine has been selected, nothing is signed yet.",
            button="Select this medicine",
            needs="medicine",
        ),
        Moment(
            hook="order-sign",
            label="Sign",
            lead="The prescription is about to be signed.",
            button="Sign this prescription",
            needs="medicine",
        ),
        Moment(
            hook="medication-refill",
            label="Refill",
            lead="A refill has been requested.",
            button="Refill this medicine",
            needs="medicine",
        ),
        Moment(
            hook="medication-verify",
            label="Verify",
            lead="A pharmacist verifies a prescription.",
            button="Verify this medicine",
            needs="medicine",
        ),
    )
}


class Problem(Struct, frozen=True):
    """A problem that can be added."""

    label: str
    system: str
    code: str
    display: str


class Medicine(Struct, frozen=True):
    """A medicine that can be prescribed; `group` heads it in the list."""

    group: str
    code: str
    display: str
    system: str = RXNORM


class Choices(Struct, frozen=True):
    """Everything that can be chosen."""

    problem: dict[str, Problem]
    medicine: dict[str, Medicine]


class Wish(Struct, frozen=True, kw_only=True):
    """What a visitor chose: always something that exists."""

    moment: Moment
    problem: str
    medicine: str
    daily: float
    is_fetched: bool

    @property
    def query(self) -> dict[str, str]:
        """The same as parameters of an address."""
        values = {"hook": self.moment.hook}
        if self.moment.needs == "problem":
            values["problem"] = self.problem
        if self.moment.needs == "medicine":
            values |= {"medicine": self.medicine, "daily": f"{self.daily:g}"}
        return values | ({"data": FETCH} if self.is_fetched else {})


def load_choices() -> Choices:
    """Read the file."""
    return msgspec.convert(tomllib.loads(FILE.read_text("utf-8")), Choices)


def wish_of(query: Mapping[str, str], choices: Choices) -> Wish:
    """The wish in an address; what is not there, or makes no sense, is the usual choice."""
    problem, medicine = query.get("problem", ""), query.get("medicine", "")
    is_known = medicine in choices.medicine or medicine.startswith(OWN)
    return Wish(
        moment=MOMENTS.get(query.get("hook", ""), MOMENTS["patient-view"]),
        problem=problem if problem in choices.problem else next(iter(choices.problem)),
        medicine=medicine if is_known else next(iter(choices.medicine)),
        daily=_daily(query.get("daily", "")),
        is_fetched=query.get("data") == FETCH,
    )


def _daily(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return 1.0
    return value if LEAST <= value <= MOST else 1.0
