"""The benchmark runs; what it measures is no test's business."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SIZES = ("10", "200", "2,000", "10,000")
COMPARED = ("core / typed decode", "core / orjson.loads")
PATIENCE = 1_800  # seconds after which it hangs, however busy the machine


def bench(*options: str) -> str:
    """What the benchmark prints."""
    command = [sys.executable, str(ROOT / "tests" / "bench" / "run.py"), *options]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_chart_is_compared_with_every_reference() -> None:
    """One row for each kind of chart and reference; one resource; the real process; what the world around adds."""
    lines = bench("--quick").splitlines()

    starts = [(line.split()[0], line.split()[1], line[27:47].strip()) for line in lines[2:18]]
    expected = [(kind, size, one) for size in SIZES for kind in ("silent", "firing") for one in COMPARED]
    assert sorted(expected) == sorted(starts)
    assert all("OVER" in line or " ok" in line or line.endswith("-") for line in lines[2:20])
    assert ["silent", "firing"] == [line.split()[0] for line in lines[18:20]]
    served = lines[23:28]
    assert ["silent", "silent", "firing", "firing", "a"] == [line.split()[0] for line in served]
    assert ["sign-in, a token each", "demo"] * 2 == [line[19:41].strip() for line in served[:4]]
    assert all("OVER" in line or line.endswith(" ok") for line in served)
    assert ["silent"] * 7 + ["firing"] * 7 + ["ES384", "RS384"] == [line.split()[0] for line in lines[31:47]]
    words = [f"words in {which}, {texts} texts" for which in ("en", "en, de, es, fr") for texts in ("known", "new")]
    assert words == [line[8:51].strip() for line in lines[33:37]]
    started = ["--version", "--help", "evaluate aisha-rahman.json"]
    serving = ["a worker, to its first answer", "a worker, after the load", "the parent of two workers"]
    assert [*started, *serving] == [line[:42].strip() for line in lines[50:]]
    assert all("OVER" in line or " ok" in line for line in lines[50:55])


def test_the_profile_names_functions() -> None:
    """It shows the functions that cost most."""
    assert re.search(r"/cds/\w+/\w+\.py:\d+\(\w+\)", bench("--profile"))
