"""`twitch-cds` on the day of the golden cases: the same command, with a clock that only a test moves."""

import sys
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parent.parent))

from charts.dates import TODAY

from cds.cli import main
from cds.clock import Clock

NOON = datetime.combine(TODAY, time(12), UTC)
LATER = "later"  # a file in the working folder: how many seconds past noon it is, where a test lets time pass


def now() -> datetime:
    """Noon, or as much later as the file says."""
    passed = Path(LATER)
    return NOON + timedelta(seconds=float(passed.read_text("utf-8")) if passed.exists() else 0)


if __name__ == "__main__":
    with patch.object(Clock, "now", lambda _: now()):
        sys.exit(main())
