"""A big file: `twitch-cds evaluate` on NDJSON of so many megabytes. Each chart gets its cards, in bounded memory."""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

CHART = Path(__file__).parents[2] / "fhir_fixtures/charts/viktor-lindqvist.json"
PATIENT = "viktor-lindqvist"
MEBI, KIBI = 2**20, 1024
MOST_MEMORY = 300  # MiB, however big the file is


def written(path: Path, megabytes: float) -> int:
    """The same chart for one patient after the other; how many there are."""
    line = json.dumps(json.loads(CHART.read_text("utf-8")))
    count = int(megabytes * MEBI / len(line)) + 1
    with path.open("w", encoding="utf-8") as lines:
        lines.writelines(line.replace(PATIENT, f"patient-{number:08}") + "\n" for number in range(count))
    return count


def evaluated(path: Path, answers: Path) -> tuple[int, set[str]]:
    """How many patients were answered, and the different answers among them."""
    with answers.open("wb") as out:
        subprocess.run([sys.executable, "-m", "cds", "evaluate", str(path), "--json"], stdout=out, check=True)
    patients, topics = set[str](), set[str]()
    with answers.open(encoding="utf-8") as lines:
        for answer in map(json.loads, lines):
            patients.add(answer["patient"])
            topics.add(" ".join(card["source"]["topic"]["code"] for card in answer["cards"]))
    return len(patients), topics


def main(arguments: list[str]) -> int:
    """Run, and print; exit status 1 if a patient is missing, an answer differs, or too much memory was needed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=float, default=2000.0)
    wanted = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        path, answers = Path(folder, "big.ndjson"), Path(folder, "answers.ndjson")
        count = written(path, wanted.megabytes)
        size = path.stat().st_size / MEBI
        answered, topics = evaluated(path, answers)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    peak = used.ru_maxrss / KIBI
    cpu = used.ru_utime + used.ru_stime
    is_good = answered == count and len(topics) == 1 and "" not in topics and peak <= MOST_MEMORY
    sys.stdout.write(
        f"big file   {size:,.0f} MB, {count:,} charts: {answered:,} answered, each {' or '.join(sorted(topics))};"
        f" {cpu:.0f} CPU seconds, {peak:.0f} MB at the peak  {'ok' if is_good else 'FAILED'}\n"
    )
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
