"""Diagnoses on file that can cause twitching (second edition N25): what each asks to check, and what drops it."""

from collections.abc import Callable, Iterator

from msgspec import Struct

from cards.advice import Fact
from cards.topics import Indicator
from cds.knowledge.model import KnownCause
from cds.rules.findings import Finding
from cds.rules.view import View

NUMBERED = frozenset({"adjusted", "computed", "ionised", None})  # an unadjusted calcium is no number to rely on


class Cause(Struct, frozen=True, kw_only=True):
    """One known cause. `tests` are those that it asks for; one that `stands` has a card, others are a line only.

    `sentence`: the variant of its own summary, with its `values`; it has a card whatever else is shown (N39).
    """

    tag: str
    label: str
    date: str
    found: tuple[Finding, ...]
    facts: tuple[Fact, ...]
    tests: tuple[str, ...] = ()
    line: str | None = None
    indicator: Indicator = Indicator.INFO
    sentence: str | None = None
    values: tuple[tuple[str, str], ...] = ()

    @property
    def stands(self) -> bool:
        """Whether it has a card of its own, and is not only a line."""
        return self.line is None


def rule_of(tag: str, cause: KnownCause) -> Callable[[View], Iterator[Cause]]:
    """The rule of one kind of cause."""

    def rule(view: View) -> Iterator[Cause]:
        findings = tuple(finding for finding in view.recorded(cause.set) if _counts(finding, cause, view))
        if not findings or _is_dropped(findings, cause, view):
            return
        newest = max(findings, key=lambda finding: finding.day or 0)
        yield Cause(
            tag=tag,
            label=view.name(newest, cause.set),
            date=newest.when.text if newest.when else "",
            found=findings,
            facts=tuple(view.fact(finding, cause.set) for finding in findings),
            tests=tuple(cause.tests),
            line=cause.line,
        )

    return rule


def _counts(finding: Finding, cause: KnownCause, view: View) -> bool:
    """Whether it is young enough; one without a date may be of today."""
    last = _last(finding)
    return cause.within is None or last is None or view.today - last <= cause.within


def _is_dropped(findings: tuple[Finding, ...], cause: KnownCause, view: View) -> bool:
    """Whether in-range results of all its tests were taken on or after every diagnosis, and lately."""
    days = [_last(finding) for finding in findings]
    return bool(cause.dropped_by) and all(_is_settled(test, days, view) for test in cause.dropped_by)


def _is_settled(test: str, days: list[int | None], view: View) -> bool:
    status = view.standing(test)
    interpretation = None if view.is_unread(test) else status.judged
    if (
        interpretation is None
        or interpretation.when is None
        or not status.is_normal
        or interpretation.kind not in NUMBERED
    ):
        return False
    day_of_test = interpretation.when.first
    lately = view.today - day_of_test <= view.days("cause_result")
    return lately and all(day is not None and day_of_test >= day for day in days)


def _last(finding: Finding) -> int | None:
    """The last day that it is dated, by onset or recording."""
    return max((when.last for when in (finding.when, finding.onset) if when is not None), default=None)
