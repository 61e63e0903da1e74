"""The clock: the site's day, not the machine's."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from cds.clock import Clock, utc_now


def test_today_is_the_day_at_the_site() -> None:
    """Late in the evening in UTC it is tomorrow in Auckland and still today in Honolulu."""
    late = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)

    days = [Clock(ZoneInfo(zone), lambda: late).today() for zone in ("UTC", "Pacific/Auckland", "Pacific/Honolulu")]

    assert [date(2026, 11, 22), date(2026, 11, 23), date(2026, 11, 22)] == days


def test_the_moment_has_its_zone() -> None:
    """A moment without a zone could not be compared with a chart's."""
    assert timedelta(0) == utc_now().utcoffset()
    assert "Asia/Kathmandu" == str(Clock(ZoneInfo("Asia/Kathmandu")).now().tzinfo)
