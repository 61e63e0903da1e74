"""What has been done and what is under way: examination, EMG, referral, orders (4b Exam, NORM, WIP; 4d LAB-ORDER)."""

from collections.abc import Iterable

from msgspec import Struct

from cds.chart.facts import Chart, Report, RequestedService
from cds.fhir.dates import When
from cds.knowledge.load import Knowledge
from cds.rules.newest import latest, of_newest_day

LIVE = frozenset({"active", "on-hold"})
ORDERED = LIVE | {"completed"}


class Done(Struct, frozen=True, kw_only=True):
    """The examination or EMG that counts: `result` is normal, abnormal or None."""

    report: Report
    result: str | None

    @property
    def day(self) -> int:
        """The day it was done, the last possible one."""
        return self.report.when.last if self.report.when else 0


def newest(chart: Chart, kind: str, today: int, window: int) -> Done | None:
    """The newest examination or EMG of the last year, whether or not it followed the twitch.

    One of unknown result hides a normal one before it, and never an abnormal one.
    """
    oldest = today - window
    mine = [
        report
        for report in chart.reports
        if report.kind == kind and report.when is not None and report.when.first >= oldest
    ]
    last = _last(mine)
    if last is None or last.result is not None:
        return last
    known = _last([one for one in mine if one.result is not None])
    return known if known is not None and known.result == "abnormal" else last


def _last(mine: list[Report]) -> Done | None:
    if not mine:
        return None
    same = of_newest_day(mine, _when)
    last = latest([one for one in same if one.result or not one.is_procedure] or same, _when)
    results = {one.result for one in last}
    result = "abnormal" if "abnormal" in results else "normal" if results == {"normal"} else None
    return Done(report=next(one for one in last if one.result == result), result=result)


def since(done: Done | None, last: When | None) -> Done | None:
    """The examination, if it was made on or after the onset of the twitch (4b Exam)."""
    if done is None or done.report.when is None or last is None or done.report.when.first < last.last:
        return None
    return done


def _when(report: Report) -> When | None:
    return report.when


def in_progress(chart: Chart, knowledge: Knowledge, today: int) -> RequestedService | None:
    """The newest live referral, EMG or neurology appointment that is not too old (4b WIP)."""
    oldest = today - knowledge.days("work_up")
    live = [
        one
        for one in chart.asked
        if one.status in LIVE
        and one.sets & {"referral", "neurology", "emg"}
        and one.when is not None
        and one.when.first >= oldest
    ]
    return max(live, key=lambda one: one.when.first if one.when else 0, default=None)


def covers(request: RequestedService, days: Iterable[int | None]) -> bool:
    """Whether a request is not older than the newest dated flag; undated flags are covered (4b WIP)."""
    dated = [day for day in days if day is not None]
    return request.when is not None and (not dated or request.when.first >= max(dated))


def is_ordered(chart: Chart, test: str, knowledge: Knowledge, today: int) -> bool:
    """Whether a test was ordered lately (4d LAB-ORDER)."""
    oldest = today - knowledge.days("order")
    return any(
        f"order-{test}" in one.sets and one.status in ORDERED and one.when is not None and one.when.first >= oldest
        for one in chart.asked
    )
