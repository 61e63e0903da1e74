"""A store to report on: cards that were shown, answered and suppressed, put in row by row."""

import contextlib
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

from charts.options import options
from sqlalchemy import Engine, create_engine, insert

from cds.report import command
from cds.report.build import build
from cds.report.model import Filters, Line, Period, Report
from cds.store.schema import feedback, metadata, showings, suppressions

SERVICE = "muscle-twitch-patient-view"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


class Data:
    """Fills the tables; each card has an id of its own."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._ids = count()

    def show(self, topic: str = "lab-order", tags: str = "", *, at: datetime = NOON, **given: object) -> str:
        """A card that was shown; its id."""
        card = f"card-{next(self._ids)}"
        self._insert(showings, {"indicator": "info"} | _common(topic, tags, given) | {"card": card, "shown_at": at})
        return card

    def suppress(self, topic: str = "lab-order", tags: str = "", *, at: datetime = NOON, **given: object) -> None:
        """A card that was not shown again."""
        self._insert(suppressions, _common(topic, tags, given) | {"suppressed_at": at})

    def answer(
        self, card: str, outcome: str = "overridden", *, at: datetime = NOON, later: float = 60, **given: object
    ) -> None:
        """Feedback on a card, so many seconds later."""
        moment = at + timedelta(seconds=later)
        row = {"service": SERVICE, "client": "ehr", "tenant": None, "card": card, "outcome": outcome, "suggestions": ""}
        own = {"outcome_at": moment, "received_at": moment, "key": f"key-{next(self._ids)}"}
        self._insert(feedback, row | own | given)

    def shown_and_answered(self, number: int, outcome: str, topic: str = "lab-order", tags: str = "") -> None:
        """Several cards with the same answer."""
        for _ in range(number):
            self.answer(self.show(topic, tags), outcome)

    def _insert(self, table: object, row: dict[str, object]) -> None:
        with self.engine.begin() as connection:
            connection.execute(insert(table), row)  # type: ignore[arg-type]


def _common(topic: str, tags: str, given: dict[str, object]) -> dict[str, object]:
    row: dict[str, object] = {"topic": topic, "tags": tags, "service": SERVICE, "client": "ehr", "tenant": None}
    names = ("hook_instance", "hook", "patient", "user", "flags", "fingerprint", "suggestions")
    return row | dict.fromkeys((*names, "knowledge_version", "software_version"), "") | given


@contextlib.contextmanager
def store(folder: Path) -> Iterator[Data]:
    """Empty tables in a file where the settings have it."""
    engine = create_engine(f"sqlite:///{folder / 'twitch-cds.db'}")
    metadata.create_all(engine)
    try:
        yield Data(engine)
    finally:
        engine.dispose()


def report(data: Data, filters: Filters | None = None, **period: object) -> Report:
    """The report at a fixed moment, at a site in Berlin."""
    whole = Period(**({"now": NOW, "zone": BERLIN} | period))  # type: ignore[arg-type]
    return build(data.engine, whole, filters or Filters())


def only(data: Data, **period: object) -> Line:
    """The line of the one card that was shown."""
    (line,) = report(data, None, **period).cards
    return line


def printed(*arguments: str) -> str:
    """What `twitch-cds report` prints, at a fixed moment."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert 0 == command.run(command.Options(**options("report", *arguments)), lambda: NOW)
    return out.getvalue()
