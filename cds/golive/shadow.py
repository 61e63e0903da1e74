"""What a candidate beside the live version would change for one client."""

from sqlalchemy import Connection

from cds.report.model import Period
from cds.report.shadow import GONE, LESS, Shadow, shadow


def count_shadow(connection: Connection, period: Period, client: str) -> Shadow | None:
    """Of the calls in the period; None where there was no candidate."""
    return shadow(connection, period, client=client)


def shadow_figures(found: Shadow | None) -> dict[str, float | None]:
    """A call that the candidate refused counts as a failure of it: the live version has answered it."""
    if found is None:
        return {}
    failures, asked = found.failed + found.refused, found.compared + found.failed + found.refused
    return {
        "shadow_calls": float(found.compared),
        "shadow_different_percent": found.different / found.compared * 100 if found.compared else None,
        "shadow_gone": float(found.number(GONE) + found.number(LESS)) if found.compared else None,
        "shadow_failures_percent": failures / asked * 100 if asked else None,
    }
