"""What bodies make of a worker's memory, in a fresh process each; the table in docs/performance.md, "Memory"."""

import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

from hospital import memory  # noqa: E402
from service.process import running  # noqa: E402
from worst_bodies import BODIES  # noqa: E402

AT_ONCE = (1, 20)
MEBI = 2**20


def row(name: str, at_once: int) -> str:
    """Peak and afterwards, of one worker in demo mode."""
    body = BODIES[name]()
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as service:
        service.call()
        idle = memory(service).peak
        with ThreadPoolExecutor(at_once) as callers:
            answers = Counter(one.status for one in callers.map(service.call, [body] * at_once))
        held = memory(service)
    told = ", ".join(f"{count} x {status}" for status, count in sorted(answers.items()))
    grown = (held.peak - idle) * MEBI / len(body)
    return (
        f"{name:36}{at_once:3}  {len(body) / MEBI:5.1f}  {idle:5.0f}  {held.peak:5.0f}  {held.now:5.0f}"
        f"  {grown:5.1f}  {told}\n"
    )


def main() -> None:
    """One row for each body, alone and twenty times at once."""
    sys.stdout.write(f"{'body':36}{'at once':7}  MB   idle   peak  after  growth/body  answers\n")
    for at_once in AT_ONCE:
        for name in BODIES:
            sys.stdout.write(row(name, at_once))
            sys.stdout.flush()


if __name__ == "__main__":
    main()
