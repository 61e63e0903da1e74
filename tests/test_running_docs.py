"""docs/running.md: its commands do what they say, and its figures are those of the service."""

import json
import os
import re
import shlex
import shutil
import sqlite3
import stat
import subprocess
import sys
import time
from pathlib import Path
from uuid import uuid4
from zipfile import ZipFile

import pytest
import yaml
from service.process import TWITCHING, Running, running

from cds.settings import SETTINGS, load
from cds.web.concurrency import CROWD

ROOT = Path(__file__).parents[1]
RUNNING = (ROOT / "docs/running.md").read_text("utf-8")
UNIT = (ROOT / "deploy/twitch-cds.service").read_text("utf-8")
BLOCKS = [re.sub(r"(?m)^ {4}", "", block) for block in re.findall(r"(?m)(?:^ {4}.*\n)+", RUNNING)]
EMPTY = 23 * 4096  # bytes of a database in which nothing is yet
WORST_WORKER, PARENT = 512, 256  # MB: docs/security.md, "Memory"
THREADS = 100  # at most, of one worker: 40 for files and the rest for the database, fetches and units


def block(start: str) -> str:
    """The one block of commands that has a line which begins so."""
    (found,) = [one for one in BLOCKS if re.search(rf"(?m)^{re.escape(start)}", one)]
    return found


def run(commands: str) -> None:
    """Run commands; the first that fails ends them."""
    subprocess.run(["/bin/sh", "-ec", commands], check=True, timeout=600)


def mode(path: Path) -> str:
    """The rights of a file."""
    return stat.filemode(path.stat().st_mode)


def test_the_wheel_is_made_by_the_command(tmp_path: Path) -> None:
    """With the tools that `make` has installed, and nothing else; it holds both packages and the demo's charts."""
    command = block(".venv/bin/python -m hatchling").replace(".venv/bin/python", sys.executable)
    arguments = shlex.split(command.replace("dist", str(tmp_path)))

    subprocess.run(arguments, cwd=ROOT, check=True, capture_output=True, timeout=600)

    (wheel,) = tmp_path.glob("twitch_cds-*.whl")
    with ZipFile(wheel) as packed:
        names = packed.namelist()
    assert {"cds/cli.py", "cards/wire.py", "fhir_fixtures/index.json"} <= set(names)


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is missing")
def test_each_secret_that_is_made_is_strong_and_private(tmp_path: Path) -> None:
    """The service takes it, and only its owner reads it."""
    run(block("openssl").replace("/etc/twitch-cds", str(tmp_path)))

    assert {"hash.key", "governance.token"} == {path.name for path in tmp_path.iterdir()}
    assert {"-rw-------"} == {mode(path) for path in tmp_path.iterdir()}
    files = {"HASH_KEY_FILE": "hash.key", "GOVERNANCE_TOKEN_FILE": "governance.token"}
    settings = load({f"TWITCH_CDS_{name}": str(tmp_path / file) for name, file in files.items()})
    assert settings.hash_key != settings.governance_token


def backed_up(source: Path, target: Path) -> Path:
    """Run the backup; the folder that it made."""
    commands = (
        block("from=/var/lib/twitch-cds").replace("/var/lib/twitch-cds", str(source)).replace("/backup", str(target))
    )
    run(commands.replace("/opt/twitch-cds/bin/python", sys.executable))
    (made,) = target.iterdir()
    return made


def test_a_backup_beside_a_running_service_is_whole_and_private(tmp_path: Path) -> None:
    """The newest row is in the copy of the database, the audit can be proved, and nobody else reads it."""
    source = tmp_path / "source/data"
    with running(tmp_path / "source") as service:
        assert 200 == service.call().status
        wait_for_cards(source / "twitch-cds.db", 1)
        made = backed_up(source, tmp_path / "backup")

    assert {"twitch-cds.db", "audit.jsonl", "audit.head", "hash.key"} == {path.name for path in made.iterdir()}
    assert {"-rw-------", "drwx------"} == {mode(path) for path in (made, *made.iterdir())}
    assert cards_in(made / "twitch-cds.db") > 0
    verify = [sys.executable, "-m", "cds", "audit", "verify", str(made / "audit.jsonl")]
    given = {name: value for name, value in os.environ.items() if "TWITCH_CDS" not in name}
    subprocess.run(verify, cwd=ROOT, env=given | {"TWITCH_CDS_DATA_DIR": str(made)}, check=True, timeout=600)


def test_a_backup_copies_what_is_there(tmp_path: Path) -> None:
    """With PostgreSQL and a key of your own there are neither a database nor a key in the folder."""
    source = tmp_path / "source"
    source.mkdir()
    for name in ("audit.head", "audit.jsonl", "audit.jsonl-2026-11-01.gz"):
        (source / name).touch()

    made = backed_up(source, tmp_path / "backup")

    assert {"audit.head", "audit.jsonl", "audit.jsonl-2026-11-01.gz"} == {path.name for path in made.iterdir()}


def cards_in(database: Path) -> int:
    """How many cards were shown, as the database has them."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        (number,) = connection.execute("SELECT count(*) FROM showings").fetchone()
    finally:
        connection.close()
    return int(number)


def wait_for_cards(database: Path, least: int) -> None:
    """Cards are written in the background: wait until they are there."""
    for _ in range(600):
        if cards_in(database) >= least:
            return
        time.sleep(0.1)
    raise AssertionError(f"fewer than {least} cards were written")


def figure(row: str) -> int:
    """The bytes that the table of sizes tells."""
    (number,) = re.findall(rf"^\| {re.escape(row)} \| (\d+) \|", RUNNING, re.MULTILINE)
    return int(number)


def of_patient(number: int, **changes: object) -> bytes:
    """The call for another patient."""
    made = json.loads(TWITCHING.read_bytes()) | changes | {"hookInstance": str(uuid4())}
    return json.dumps(made).replace(made["context"]["patientId"], f"patient-{number}").encode()


def size(service: Running, name: str) -> int:
    """How large a file of the service is."""
    return (service.folder / name).stat().st_size


def test_the_sizes_of_the_disk_are_those_of_the_service(tmp_path: Path) -> None:
    """Within a quarter: what an operator plans with."""
    calls, empty = 100, {"resourceType": "Bundle", "type": "searchset"}
    with running(tmp_path) as service:
        service.call()
        first = [size(service, name) for name in ("data/audit.jsonl", "stderr")]
        for number in range(calls):
            quiet = of_patient(number, prefetch={"conditions": empty, "observations": empty})
            assert 200 == service.call(quiet).status
        second = [size(service, name) for name in ("data/audit.jsonl", "stderr")]
        for number in range(calls):
            assert 2 == len(service.call(of_patient(number)).json["cards"])
        third = [size(service, name) for name in ("data/audit.jsonl", "stderr")]
        wait_for_cards(tmp_path / "data/twitch-cds.db", 2 * calls)
        for number in range(calls, 5 * calls):
            service.call(of_patient(number))
        wait_for_cards(tmp_path / "data/twitch-cds.db", 10 * calls)
    with sqlite3.connect(tmp_path / "data/twitch-cds.db") as connection:
        (pages,), (page,) = (connection.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "page_size"))
    connection.close()
    database = pages * page - EMPTY

    assert figure("audit, a silent call") == pytest.approx((second[0] - first[0]) / calls, rel=0.25)
    assert figure("audit, a call with two cards") == pytest.approx((third[0] - second[0]) / calls, rel=0.25)
    assert figure("log, a request") == pytest.approx((third[1] - second[1]) / calls, rel=0.25)
    assert figure("database, a card that was shown") == pytest.approx(database / (10 * calls), rel=0.25)


def option(name: str) -> str:
    """One setting of the unit."""
    values: list[str] = re.findall(rf"(?m)^{name}=(.+)$", UNIT)
    assert 1 == len(values)
    return values[0]


def test_the_containers_limits_fit_the_number_of_workers_that_they_name() -> None:
    """The same memory for each worker as in the unit, and threads: another number of workers is a line in `.env`."""
    compose = (ROOT / "docker-compose.yml").read_text("utf-8")
    (memory,) = re.findall(r"mem_limit: \$\{MEMORY_LIMIT:-(\d+)m\}", compose)
    (processes,) = re.findall(r"pids_limit: \$\{PIDS_LIMIT:-(\d+)\}", compose)
    assert "This is for three workers" in compose

    assert 3 * WORST_WORKER + PARENT == int(memory)
    assert 3 * THREADS < int(processes)


def test_the_units_limits_fit_its_number_of_workers() -> None:
    """Memory for each worker at its worst; for each process files for all requests that may be under way, and more."""
    workers = int(re.findall(r"(?m)^Environment=TWITCH_CDS_WORKERS=(\d+)$", UNIT)[0])
    concurrent = next(int(row.default) for row in SETTINGS if row.name == "TWITCH_CDS_MAX_CONCURRENT")

    assert f"{workers * WORST_WORKER + PARENT}M" == option("MemoryMax")
    assert int(option("LimitNOFILE")) >= 4 * CROWD * concurrent


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is missing: install the package prometheus")
def test_the_lines_for_prometheus_are_read_by_it(tmp_path: Path) -> None:
    """With the rules that are shipped, whose job they name."""
    (lines,) = re.findall(r"```yaml\n(rule_files:.*?)```", RUNNING, re.DOTALL)
    file = tmp_path / "prometheus.yml"
    file.write_text(lines.replace("/etc/prometheus/twitch-cds-alerts.yml", str(ROOT / "deploy/alerts.yml")), "utf-8")

    subprocess.run(["promtool", "check", "config", str(file)], check=True, capture_output=True, timeout=600)

    assert ["twitch-cds"] == [job["job_name"] for job in yaml.safe_load(lines)["scrape_configs"]]
