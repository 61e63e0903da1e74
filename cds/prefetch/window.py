"""The search for all laboratory results: only the last days count, so it is whole once it reaches behind them."""

from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from cds.fhir.bundle import Feed
from cds.fhir.resources import Observation
from cds.prefetch.supply import ALL_LABS, Supply

MARGIN = 1  # days: the calendar of a laboratory may be a day behind that of the site


class Window(Struct, frozen=True):
    """From which day on results of any test count (N35)."""

    since: str

    @classmethod
    def of(cls, today: int, days: int) -> "Window":
        """The window that ends today."""
        return cls(date.fromordinal(max(1, today - days - MARGIN)).isoformat())

    def asked(self, key: str, template: str) -> str:
        """The template of a key, with the first day where it has one: a client that fills it cannot know the day."""
        return f"{template}&date=ge{self.since}" if key == ALL_LABS else template

    def closed(self, supply: Supply) -> Supply:
        """What arrived; pages that are missing lie before the window if the newest came first and reach behind it."""
        if supply.key != ALL_LABS or supply.is_lost or not supply.feed.truncated or supply.feed.issues:
            return supply
        return Supply(supply.key, supply.state, _ended(supply.feed)) if self._reaches(supply.feed) else supply

    def _reaches(self, feed: Feed) -> bool:
        """Whether the last result lies before the window, and all are dated and in order."""
        dates = [resource.effective_date_time or "" for resource in feed.resources if isinstance(resource, Observation)]
        ordered = all(dates) and dates == sorted(dates, reverse=True)
        return bool(dates) and ordered and dates[-1][:10] < self.since


def _ended(feed: Feed) -> Feed:
    return replace(feed, truncated=False, next=None)
