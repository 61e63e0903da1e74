"""Results that a draft meets: at an emergency limit (N51), and low ones that a steroid may move (4d ORD-STEROID)."""

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from cards.advice import Fact, Note
from cds.rules import abnormal_labs
from cds.rules.flags import Raised
from cds.rules.view import View

BY_LIMIT = "drafts-by-limit"  # a list of the data: their limits make no abnormal result of their own


class Low(Struct, frozen=True):
    """An electrolyte that is low on a fresh result. `name` is what the card calls it, with its number if it has one."""

    analyte: str
    name: str
    facts: tuple[Fact, ...]
    notes: tuple[Note, ...]


def severe_of(flags: Mapping[str, str], tags: Mapping[str, str]) -> Callable[[View], Iterator[Raised]]:
    """The rule of results at an emergency limit by their value alone, each with its flag (3a E3 to E6)."""

    def severe(view: View) -> Iterator[Raised]:
        for analyte, flag in flags.items():
            by_limit = analyte in view.tests(BY_LIMIT)
            result = view.acute_beyond(analyte) if by_limit else view.standing(analyte).emergency
            limit = view.limit_text(analyte) if by_limit else None
            tag = tags.get(analyte, analyte)
            raised = view.flag((), (), tag=tag, judged=(result,), limit=limit) if result else None
            if raised is not None:
                yield replace(raised, id=flag)

    return severe


def low(view: View) -> Iterator[Low]:
    """Fresh potassium, calcium or magnesium that is low."""
    for analyte in view.tests("steroid-electrolytes"):
        status = view.standing(analyte)
        result = status.abnormal
        if result is not None and result.side == "low":
            notes = tuple(abnormal_labs.remarks(status, result, view))
            yield Low(analyte, view.low_name(result), (view.lab_fact(result),), notes)
