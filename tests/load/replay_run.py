"""A replay of so many made-up patients: what it costs, beside DuckDB and a typed decoder over the same bytes.

All figures are CPU seconds of whole processes, their start-up included. The exit status is 1 if a patient or a resource
is missing, if no card came, or if a process needed too much memory; a throughput that was missed is marked, not failed.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import process_time
from typing import IO, Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "replay")]

import duckdb  # noqa: E402
import msgspec  # noqa: E402
from population import Person  # noqa: E402

from cds.fhir import resources as fhir  # noqa: E402
from cds.replay import command, manifest, spread  # noqa: E402
from cds.replay.executors import SerialExecutor, Task  # noqa: E402
from cds.replay.known import DatedResource  # noqa: E402
from cds.replay.worker import DONE, GATE, SPREAD, UNREAD, Setup  # noqa: E402

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
EACH = 20  # resources of a patient, at least
MEGA, KIBI = 1e6, 1024
GATE_TARGET, TARGET, MEMORY_TARGET, FLIGHT_TARGET = 140.0, 45_000.0, 600.0, 1000.0
DIGEST = 100
KEY = "0123456789abcdef" * 4
Figures = dict[str, Any]


def generated(folder: Path, patients: int) -> tuple[int, float]:
    """A bulk export, written as it is made; how many resources and megabytes it holds."""
    files: dict[str, IO[str]] = {}
    count = 0
    for number in range(patients):
        for one in Person(number, 1).resources(EACH):
            kind = one["resourceType"]
            if kind not in files:
                files[kind] = (folder / f"{kind}.ndjson").open("w", encoding="utf-8")
            files[kind].write(f"{json.dumps(one)}\n")
            count += 1
    for file in files.values():
        file.close()
    return count, sum(path.stat().st_size for path in folder.iterdir()) / MEGA


def read_by_duckdb(folder: Path) -> Figures:
    """DuckDB reads type and id of each resource, on one thread."""
    connection = duckdb.connect(config={"threads": 1})
    columns = "{resourceType: 'VARCHAR', id: 'VARCHAR'}"
    found = connection.execute(
        "SELECT count(DISTINCT (resourceType, id)) FROM "
        f"read_json('{folder}/*.ndjson', format = 'newline_delimited', columns = {columns})"
    ).fetchall()
    return {"count": found[0][0]}


def decoded(folder: Path) -> Figures:
    """Each line read into the typed structures of the engine, and nothing done with them."""
    decoder, count = msgspec.json.Decoder(fhir.Any), 0
    for path in folder.iterdir():
        with path.open("rb") as lines:
            for line in lines:
                decoder.decode(line)
                count += 1
    return {"count": count}


class Measured(SerialExecutor):
    """Does all tasks, and notes the CPU seconds of each stage and the memory after it."""

    def __init__(self, setup: Setup, stages: dict[str, float], held: Figures) -> None:
        super().__init__(setup)
        self._setup, self._stages, self._held = setup, stages, held
        stages["start-up"] = process_time()

    def each(self, tasks: Iterable[Task]) -> Iterator[int]:
        """One after the other."""
        for task in tasks:
            began = process_time()
            if task[0] == DONE:
                self._weigh(task[1])
                began = process_time()
            yield from super().each([task])
            self._stages[task[0]] = self._stages.get(task[0], 0.0) + process_time() - began

    def _weigh(self, shard: int) -> None:
        """How many resources a shard holds, and what they weigh in memory before they are judged."""
        charts, _ = self._worker._gathered(spread.of_shard(shard, self._setup.work / SPREAD))
        waiting = [one for chart in charts.values() for one in chart.resources]
        weight, count = sum(map(weighed, waiting)), len(waiting)
        self._held["judged"] = self._held.get("judged", 0) + count
        if count > self._held.get("in flight", 0):
            self._held |= {"in flight": count, "weight": weight}


def replayed(folder: Path) -> Figures:
    """A whole replay in one process; its figures by stage."""
    stages: dict[str, float] = {}
    held: Figures = {}
    out = folder.parent / "out"
    options = command.Options(export=str(folder), out=str(out), rules_off=False)
    status = command.run(options, lambda: NOW, lambda setup: Measured(setup, stages, held))
    found = json.loads((out / manifest.NAME).read_text("utf-8"))
    rows = {
        name: duckdb.execute(f"SELECT count(*) FROM '{out}/{name}.parquet'").fetchall()[0][0]
        for name in ("visits", "cards")
    }
    return {"status": status, "stages": stages, "held": held, "counts": found["counts"], **rows}


def weighed(one: DatedResource) -> int:
    """The bytes that a resource takes in memory while it waits to be judged, with the digest by which it is one."""
    return DIGEST + sum(map(sys.getsizeof, (one, one.text, one.since, one.until, one.unchanged, one.size)))


PARTS = {"duckdb": read_by_duckdb, "decoded": decoded, "replayed": replayed}


def measured(part: str, folder: Path) -> tuple[Figures, float, float]:
    """One part in a process of its own: what it says, its CPU seconds, and its memory at the peak."""
    call = [sys.executable, __file__, "--part", part, "--folder", str(folder)]
    clean = {name: value for name, value in os.environ.items() if "TWITCH_CDS" not in name}
    environment = {**clean, "TWITCH_CDS_HASH_KEY": KEY, "TWITCH_CDS_DATA_DIR": str(folder.parent)}
    with subprocess.Popen(call, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{part} ended with {process.returncode}")
    return json.loads(said.splitlines()[-1]), used.ru_utime + used.ru_stime, used.ru_maxrss / KIBI


def mark(*, ok: bool) -> str:
    """Whether a target was met."""
    return "ok" if ok else "MISSED"


def told(patients: int, count: int, size: float, found: dict[str, tuple[Figures, float, float]]) -> Iterator[str]:
    """The lines of the result."""
    yield f"export     {patients:,} patients, {count:,} resources, {size:,.0f} MB"
    for part in ("duckdb", "decoded"):
        _, cpu, most = found[part]
        rate = f"{count / cpu:,.0f} resources and {size / cpu:,.0f} MB a CPU second"
        yield f"{part:<10} {cpu:.1f} CPU s: {rate}; {most:.0f} MB"
    figures, cpu, most = found["replayed"]
    stages, held = figures["stages"], figures["held"]
    stages["tables"] = cpu - sum(stages.values())
    yield f"replay     {cpu:.1f} CPU s: {', '.join(f'{name} {one:.1f}' for name, one in stages.items())}"
    gate = size / stages[GATE]
    yield f"gate       {gate:,.0f} MB a CPU second  (target {GATE_TARGET:,.0f})  {mark(ok=gate >= GATE_TARGET)}"
    whole = count / cpu
    yield f"whole      {whole:,.0f} resources a CPU second  (target {TARGET:,.0f})  {mark(ok=whole >= TARGET)}"
    alone = count / (cpu - stages[UNREAD])
    yield f"           {alone:,.0f} without what `recall` reads once more for unread.parquet"
    judged = held["judged"]
    yield (
        f"engine     {judged:,} resources of {figures['counts']['judged']:,} patients passed the gate:"
        f" {judged / stages[DONE]:,.0f} a CPU second, with all their calls; {figures['cards']:,} cards"
    )
    flight = held["weight"] / held["in flight"]
    yield f"memory     {most:.0f} MB at the peak  (target {MEMORY_TARGET:,.0f})  {mark(ok=most <= MEMORY_TARGET)}"
    yield (
        f"           {flight:,.0f} bytes for each of {held['in flight']:,} resources in flight at most"
        f"  (target {FLIGHT_TARGET:,.0f})  {mark(ok=flight <= FLIGHT_TARGET)}"
    )


def main(arguments: list[str]) -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=200_000)
    parser.add_argument("--part", choices=PARTS)
    parser.add_argument("--folder", type=Path)
    wanted = parser.parse_args(arguments)
    if wanted.part:
        sys.stdout.write(f"{json.dumps(PARTS[wanted.part](wanted.folder))}\n")
        return 0
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "export")
        folder.mkdir()
        count, size = generated(folder, wanted.patients)
        found = {part: measured(part, folder) for part in PARTS}
    sys.stdout.write("\n".join(told(wanted.patients, count, size, found)) + "\n")
    figures, _, most = found["replayed"]
    is_whole = (figures["counts"]["patients"], figures["counts"]["entries"]) == (wanted.patients, count)
    is_good = is_whole and figures["status"] == 0 and figures["cards"] > 0 and most <= MEMORY_TARGET
    sys.stdout.write(f"result     {'whole' if is_whole else 'INCOMPLETE'}, {figures['visits']:,} calls\n")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
