"""A flag that a rule raised, with what raised it (section 3)."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from cards.advice import Fact
from cds.fhir.dates import parse
from cds.knowledge.load import Knowledge
from cds.rules import findings as signs
from cds.rules import lab_status
from cds.rules.findings import Finding
from cds.rules.lab_limits import Interpretation
from cds.rules.medication import Course


class Lowered(Struct, frozen=True, kw_only=True):
    """What an emergency is that may be lowered, as a known cause: its tag, what its sentence says, and its facts."""

    tag: str
    values: tuple[tuple[str, str], ...]
    facts: tuple[Fact, ...]


class Raised(Struct, frozen=True, kw_only=True):
    """One flag with what raised it.

    `tag` is the emergency tag of an E flag; findings of a `used` flag count nowhere else (4b Flags).
    `lowered`: what it is where nothing else is an emergency, `open` why it cannot be lowered (N39).
    `today` marks an R4 that is to be asked and examined today (N17).
    `sentence` is the summary of an emergency that nothing of another kind stands beside, with its `values`.
    """

    id: str
    facts: tuple[Fact, ...]
    tag: str | None = None
    names: tuple[str, ...] = ()
    found: tuple[Finding, ...] = ()
    days: tuple[int | None, ...] = ()
    critical: bool = False
    used: bool = False
    trigger: str | None = None
    preliminary: str | None = None
    is_low: bool = False
    is_high: bool = False
    today: bool = False
    acute: bool = False
    sentence: str | None = None
    values: tuple[tuple[str, str], ...] = ()
    lowered: Lowered | None = None
    open: tuple[str, ...] = ()


Flags = tuple[Raised, ...]


def is_today(flags: Flags) -> bool:
    """Whether one of them is to be asked and examined today."""
    return any(flag.today for flag in flags)


def sample_days(flag: Raised) -> Iterator[int]:
    """The days of the results behind a flag: only they have a limit."""
    dates = (parse(fact.date) for fact in flag.facts if fact.limit)
    yield from (date.last for date in dates if date is not None)


def raised(
    flag: str,
    knowledge: Knowledge,
    findings: Iterable[Finding],
    sets: Iterable[str],
    *,
    tag: str | None = None,
    judged: Iterable[Interpretation] = (),
    limit: str | None = None,
    courses: Iterable[Course] = (),
    extra: Iterable[Fact] = (),
    critical: bool = False,
    used: bool = False,
) -> Raised | None:
    """The flag with its facts, or None if nothing was found."""
    findings, judged, names = tuple(findings), tuple(judged), tuple(sets)
    extra = tuple(extra)
    if not (findings or judged or extra):
        return None
    return Raised(
        id=flag,
        tag=tag,
        facts=(
            *(lab_status.fact(result, knowledge, limit=limit) for result in judged),
            *(signs.fact(finding, names, knowledge) for finding in findings),
            *(course.fact for course in courses),
            *extra,
        ),
        names=tuple(dict.fromkeys(signs.label(finding, names, knowledge) for finding in findings)),
        found=findings,
        days=tuple(finding.day for finding in findings),
        critical=critical,
        used=used,
        trigger=lab_status.shown(judged[0], knowledge) if judged else None,
        is_low=any(result.side == "low" for result in judged),
        is_high=any(result.side == "high" for result in judged),
        preliminary=next(
            (lab_status.lab_label(result, knowledge) for result in judged if result.result.preliminary), None
        ),
    )
