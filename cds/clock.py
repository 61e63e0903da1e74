"""What day it is, at the site: the only place that reads the machine's clock."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def utc_now() -> datetime:
    """The present moment, with its zone."""
    return datetime.now(UTC)


class Clock:
    """Moments and days as the hospital's wall calendar shows them."""

    def __init__(self, zone: ZoneInfo, moment: Callable[[], datetime] = utc_now) -> None:
        """Take the site's zone, and a source of the current time (tests freeze it)."""
        self._zone = zone
        self._moment = moment

    def now(self) -> datetime:
        """The present moment in the site's zone."""
        return self._moment().astimezone(self._zone)

    def today(self) -> date:
        """The site's day: near midnight it is not the day in UTC."""
        return self.now().date()
