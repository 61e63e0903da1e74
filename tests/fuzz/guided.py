"""`make fuzz`: coverage-guided fuzzing. Wants atheris, which is installed for this alone: see docs/security.md.

python tests/fuzz/guided.py bodies -max_total_time=600
python tests/fuzz/guided.py charts -max_total_time=600
"""

import importlib
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
TARGETS = {"bodies": "one_body", "charts": "one_chart"}
LONGEST = 20_000


def main() -> None:
    """Fuzz one target; what libFuzzer finds anew stays out of the repository."""
    name, *options = sys.argv[1:]
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["cds", "cards"]):
        targets = importlib.import_module("fuzz_targets")
    target: Callable[[bytes], int] = getattr(targets, TARGETS[name])
    target(b"")

    def once(data: bytes) -> None:
        target(data)

    with tempfile.TemporaryDirectory() as found:
        fixed = [f"-dict={HERE / 'words.dict'}", f"-max_len={LONGEST}", "-timeout=10"]
        atheris.Setup(["guided", found, str(HERE / "corpus" / name), *fixed, *options], once)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
