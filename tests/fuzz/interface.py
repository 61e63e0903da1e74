"""Schemathesis over `docs/openapi.json` against the real service: every answer is one that the description promises.

PYTHONPATH=tests python tests/fuzz/interface.py --max-examples 5000
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from service.process import Running, running

ROOT = Path(__file__).parents[2]
DESCRIPTION = ROOT / "docs/openapi.json"
# A chart that leaves the twitch question open is valid, and answered 412; too much of anything is answered 413.
SETTINGS = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "412"]
[checks.negative_data_rejection]
expected-statuses = ["400", "404", "405", "413", "415", "431"]
"""


def described() -> dict[str, Any]:
    """The description as demo mode keeps it: nobody needs a token."""
    found: dict[str, Any] = json.loads(DESCRIPTION.read_text("utf-8"))
    del found["security"], found["components"]["securitySchemes"]
    return found


def fuzz(service: Running, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run all checks against a service."""
    document, settings = folder / "openapi.json", folder / "schemathesis.toml"
    document.write_text(json.dumps(described()), "utf-8")
    settings.write_text(SETTINGS, "utf-8")
    tool = str(Path(sys.executable).with_name("schemathesis"))
    where = ["--config-file", str(settings), "run", str(document), "--url", service.address]
    command = [tool, *where, "--checks", "all", "--no-color", *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def main() -> int:
    """Fuzz as long as the options say, and print what was found."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with running(folder) as service:
            done = fuzz(service, folder, *sys.argv[1:])
            alive = service.call().status == 200
    sys.stdout.write(done.stdout + done.stderr)
    return done.returncode or (0 if alive else 1)


if __name__ == "__main__":
    sys.exit(main())
