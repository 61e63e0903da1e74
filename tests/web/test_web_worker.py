"""What a worker is made of: nothing that no call needs."""

import subprocess
import sys
from pathlib import Path

NEEDLESS = ["pydantic.v1", "httpx._main", "rich", "fhir", "ucumvert", "pint"]


def test_a_worker_imports_nothing_needless(tmp_path: Path) -> None:
    """Neither command lines of libraries, nor models for the checks of tests, nor the parser of units."""
    script = (
        "import sys; from cds.settings import load; from cds.web import worker;"
        "worker.ready_application(load({'TWITCH_CDS_DATA_DIR': sys.argv[1]}));"
        "print(*(name for name in sys.argv[2:] if sys.modules.get(name) is not None))"
    )
    run = [sys.executable, "-c", script, str(tmp_path), *NEEDLESS]

    assert "\n" == subprocess.run(run, capture_output=True, text=True, check=True).stdout
