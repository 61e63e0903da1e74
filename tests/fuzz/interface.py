"""Schemathesis over `docs/openapi.json` against the real service: every answer is one that the description promises.

PYTHONPATH=tests python tests/fuzz/interface.py --max-time 600

It goes round all operations and the links between them until the time is spent, and tells how each was answered.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from service.process import Running, running

HERE = Path(__file__).parent
COUNTS = "answers.json"
DESCRIPTION = HERE.parents[1] / "docs/openapi.json"
# A chart that leaves the twitch question open is valid, and answered 412; too much of anything is answered 413.
SETTINGS = """
hooks = "fuzz_hooks"
warnings = ["missing_test_data", "unsupported_regex", "unresolvable_reference"]  # much is to be refused, of course
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "412"]
[checks.negative_data_rejection]
expected-statuses = ["400", "404", "405", "413", "415", "431"]
"""


def described() -> dict[str, Any]:
    """The description as demo mode keeps it: nobody needs a token; its links lead from any card, not the first."""
    found: dict[str, Any] = json.loads(DESCRIPTION.read_text("utf-8").replace("/0/", "/*/"))
    del found["security"], found["components"]["securitySchemes"]
    for operation in (one for path in found["paths"].values() for one in path.values()):
        for link in operation["responses"]["200"].get("links", {}).values():
            link["x-schemathesis"] = {"is_inferred": True}  # an answer without cards is no mistake
    return found


def fuzz(service: Running, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run all checks against a service; what its answers were is left in the folder."""
    document, settings = folder / "openapi.json", folder / "schemathesis.toml"
    document.write_text(json.dumps(described()), "utf-8")
    settings.write_text(SETTINGS, "utf-8")
    tool = str(Path(sys.executable).with_name("schemathesis"))
    where = ["--config-file", str(settings), "run", str(document), "--url", service.address]
    command = [tool, *where, "--checks", "all", "--no-color", *options]
    searched = os.pathsep.join([str(HERE), str(HERE.parent), str(HERE.parents[1])])
    environment = {**os.environ, "PYTHONPATH": searched}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def answers(folder: Path) -> Mapping[str, int]:
    """How often each operation was answered how: "POST /path 200 with cards" and the like."""
    counted: Mapping[str, int] = json.loads((folder / COUNTS).read_text("utf-8"))
    return counted


def main() -> int:
    """Fuzz as long as the options say, and print what was found."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with running(folder) as service:
            done = fuzz(service, folder, *sys.argv[1:])
            alive = service.call().status == 200
        counted = "".join(f"{number:8} {answer}\n" for answer, number in answers(folder).items())
    sys.stdout.write(f"{done.stdout}{done.stderr}\n{counted}")
    return done.returncode or (0 if alive else 1)


if __name__ == "__main__":
    sys.exit(main())
