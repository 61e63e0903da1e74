"""A replay with one patient of so many megabytes: their calls are refused and counted, the others' are made, and the
process that holds the chart needs no more memory than is allowed.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "replay")]

import duckdb  # noqa: E402
from population import Person  # noqa: E402

MEGA, KIBI = 1e6, 1024
MOST_MEMORY = 600  # MiB of the largest process
LARGE, OTHERS = "large", 60
KEY = "0123456789abcdef" * 4
FIRST = date(2020, 1, 1)
Json = dict[str, Any]


def large(megabytes: float) -> Iterator[Json]:
    """A chart with a twitch, a visit before and after, and results until it is as large as was asked for."""
    subject = {"subject": {"reference": f"Patient/{LARGE}"}}
    twitch = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "R25.3"}]}
    yield {"resourceType": "Patient", "id": LARGE, "gender": "male", "birthDate": "1950-05-05"}
    for ident, day in (("first", "2020-01-01"), ("last", "2026-11-20")):
        period = {"start": f"{day}T10:00:00Z", "end": f"{day}T10:30:00Z"}
        yield {"resourceType": "Encounter", "id": ident, "status": "finished", "period": period, **subject}
    yield {"resourceType": "Condition", "id": "twitch", "code": twitch, "recordedDate": "2019-12-01", **subject}
    size = number = 0
    while size < megabytes * MEGA:
        number += 1
        made = {
            "resourceType": "Observation",
            "id": f"o{number}",
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3"}]},
            "effectiveDateTime": (FIRST + timedelta(days=1 + number % 2000)).isoformat(),
            "valueQuantity": {"value": 4.1, "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"},
            **subject,
        }
        size += len(json.dumps(made)) + 1
        yield made


def written(folder: Path, megabytes: float) -> None:
    """An export with this patient and some others."""
    folder.mkdir()
    with (folder / "all.ndjson").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(one) + "\n" for one in large(megabytes))
        for number in range(OTHERS):
            file.writelines(json.dumps(one) + "\n" for one in Person(number, 1).resources())


def replayed(place: Path) -> tuple[int, float]:
    """Status, and the memory of the largest process at its peak."""
    clean = {name: value for name, value in os.environ.items() if "TWITCH_CDS" not in name}
    environment = {**clean, "TWITCH_CDS_HASH_KEY": KEY, "TWITCH_CDS_DATA_DIR": str(place)}
    call = [sys.executable, "-m", "cds", "replay", str(place / "export"), "--out", str(place / "out")]
    with subprocess.Popen(call, stdout=subprocess.DEVNULL, env=environment) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, used.ru_maxrss / KIBI


def refused(out: Path) -> list[str]:
    """The outcomes of the calls of whoever was refused for size, in their order."""
    of_large = "SELECT patient FROM v WHERE reason = '413 too-large'"
    return [
        outcome
        for (outcome,) in duckdb.execute(
            f"WITH v AS (FROM '{out}/visits.parquet') SELECT outcome FROM v WHERE patient IN ({of_large}) ORDER BY day"
        ).fetchall()
    ]


def measured(megabytes: float) -> tuple[bool, float, str]:
    """Whether all came out as it must, the memory, and both in a line."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        written(place / "export", megabytes)
        status, peak = replayed(place)
        outcomes = refused(place / "out") if status == 0 else []
        ((cards,),) = duckdb.execute(f"SELECT count(*) FROM '{place}/out/cards.parquet'").fetchall()
    is_right = status == 0 and outcomes == ["cards", "refused"] and cards > 1
    return is_right, peak, f"large chart {megabytes:,.0f} MB: {', '.join(outcomes)}; {peak:.0f} MB at the peak"


def main(arguments: list[str]) -> int:
    """Run, and print; exit status 1 if a call is missing or too much memory was needed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=float, default=400.0)
    is_right, peak, text = measured(parser.parse_args(arguments).megabytes)
    is_good = is_right and peak <= MOST_MEMORY
    sys.stdout.write(f"{text} (at most {MOST_MEMORY})  {'ok' if is_good else 'FAILED'}\n")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
