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
    reports = [
        report
        for report in chart.reports
        if report.kind == kind and report.when is not None and report.when.first >= oldest
    ]
    last = _last(reports)
    if last is None or last.result is not None:
        return last
    done = _last([report for report in reports if report.result is not None])
    return done if done is not None and done.result == "abnormal" else last


def _last(reports: list[Report]) -> Done | None:
    if not reports:
        return None
    same = of_newest_day(reports, _when)
    last = latest([report for report in same if report.result or not report.is_procedure] or same, _when)
    results = {report.result for report in last}
    result = "abnormal" if "abnormal" in results else "normal" if results == {"normal"} else None
    return Done(report=next(report for report in last if report.result == result), result=result)


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
        requested_service
        for requested_service in chart.asked
        if requested_service.status in LIVE
        and requested_service.sets & {"referral", "neurology", "emg"}
        and requested_service.when is not None
        and requested_service.when.first >= oldest
    ]
    return max(
        live, key=lambda requested_service: requested_service.when.first if requested_service.when else 0, default=None
    )


def covers(request: RequestedService, days: Iterable[int | None]) -> bool:
    """Whether a request is not older than the newest dated flag; undated flags are covered (4b WIP)."""
    known_days = [day for day in days if day is not None]
    return request.when is not None and (not known_days or request.when.first >= max(known_days))


def is_ordered(chart: Chart, test: str, knowledge: Knowledge, today: int) -> bool:
    """Whether a test was ordered lately (4d LAB-ORDER)."""
    oldest = today - knowledge.days("order")
    return any(
        f"order-{test}" in requested_service.sets
        and requested_service.status in ORDERED
        and requested_service.when is not None
        and requested_service.when.first >= oldest
        for requested_service in chart.asked
    )
