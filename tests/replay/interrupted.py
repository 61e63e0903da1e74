"""A replay that is killed: `interrupted.py COUNT WHEN EXPORT OUT [LIMIT]` ends this process with SIGKILL.

COUNT: at which file or folder that it puts into its place; WHEN: before or after. LIMIT: the longest file, in bytes.
WORKERS in the environment: by how many processes.
"""

import os
import resource
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from cds.errors import CdsError
from cds.replay import command, keep

COUNT, WHEN, EXPORT, OUT = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
usual, put = keep.settle, [0]


def settle(draft: Path, path: Path) -> None:
    """Put a file into its place, unless this process ends."""
    put[0] += 1
    if put[0] == COUNT and WHEN == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    usual(draft, path)
    if put[0] == COUNT:
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":  # not in the workers that it starts
    keep.settle = settle
    if len(sys.argv) > 5:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[5]), resource.RLIM_INFINITY))
    options = command.Options(EXPORT, OUT, rules_off=False, workers=int(os.environ.get("WORKERS", "1")))
    try:
        status = command.run(options, lambda: NOW)
    except CdsError as problem:
        sys.stderr.write(f"{problem.text}\n")
        status = 1
    sys.exit(status)
