"""What a candidate beside the live version would change for one client."""

from sqlalchemy import Connection

from cds.report.model import Period
from cds.report.shadow import GONE, LESS, Shadow, shadow


def count_shadow(connection: Connection, period: Period, client: str) -> Shadow | None:
    """Of the calls in the period; None where there was no candidate."""
    return shadow(connection, period, client=client)


def shadow_figures(counts: Shadow | None) -> dict[str, float | None]:
    """A call that the candidate refused counts as a failure of it: the live version has answered it."""
    if counts is None:
        return {}
    failures, questions = counts.failed + counts.refused, counts.compared + counts.failed + counts.refused
    return {
        "shadow_calls": float(counts.compared),
        "shadow_different_percent": counts.different / counts.compared * 100 if counts.compared else None,
        "shadow_gone": float(counts.number(GONE) + counts.number(LESS)) if counts.compared else None,
        "shadow_failures_percent": failures / questions * 100 if questions else None,
    }
