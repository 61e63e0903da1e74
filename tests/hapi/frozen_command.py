"""`twitch-cds` on the day of the golden cases: the same command, with a clock that stands still."""

import sys
from datetime import UTC, datetime, time
from pathlib import Path
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parent.parent))

from charts.dates import TODAY

from cds.cli import main
from cds.clock import Clock

NOON = datetime.combine(TODAY, time(12), UTC)

if __name__ == "__main__":
    with patch.object(Clock, "now", lambda _: NOON):
        sys.exit(main())
