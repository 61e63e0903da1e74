"""After any end a replay goes on where it was: the same result, nothing twice, and nothing half done that counts."""

import os
import signal
import stat
import subprocess
import sys
import threading
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from datetime import timedelta
from pathlib import Path

import pytest
from charts.people import person, twitch
from population import export, population
from replay_kit import NOW, Replay, Replayed, ndjson, replayed, visit

from cds.errors import Unfinished, UsageError
from cds.replay import command, executors, keep
from cds.replay.executors import ProcessExecutor, Task, begin, do, follow
from cds.replay.tables import tables
from cds.replay.worker import DONE, GATE, SPREAD, Setup

SCRIPT = Path(__file__).with_name("interrupted.py")
NEVER = 10_000


def interrupted(count: int, when: str, folder: Path, out: Path, *limit: str) -> subprocess.CompletedProcess[str]:
    """Run it in a process of its own."""
    call = [sys.executable, str(SCRIPT), str(count), when, str(folder), str(out), *limit]
    return subprocess.run(call, capture_output=True, text=True, env=dict(os.environ), check=False)


def seen(done: Replayed) -> tuple[object, ...]:
    """All that came out."""
    files = {path.name for path in done.out.iterdir()}
    return done.rows("cards"), done.rows("visits"), done.rows("unread"), files, done.manifest["counts"], done.lost


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export of two dozen patients."""
    chosen = [chart for number, chart in enumerate(population(60)) if number % 2 or len(chart) > 20]
    return export(tmp_path_factory.mktemp("export"), [one for chart in chosen for one in chart])


def test_it_goes_on_after_kill_9(folder: Path, replay: Replay, tmp_path: Path) -> None:
    """Killed again and again, before or after each file that is put into its place: as if nothing had been."""
    usual, out, kills = seen(replay(folder, rules_off=False)), tmp_path / "killed", 0
    for place in range(40):
        done = interrupted(1 + place, "before" if place % 2 else "after", folder, out)
        if done.returncode != -signal.SIGKILL:
            break
        kills += 1

    assert (0, "") == (done.returncode, done.stderr)
    assert kills > 3
    assert usual == seen(Replayed(0, out))


def test_it_goes_on_after_its_parent_was_killed(
    folder: Path, replay: Replay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two workers, and their parent killed before the manifest, the plan and the first table are in place."""
    usual, out = seen(replay(folder, rules_off=False)), tmp_path / "killed"
    monkeypatch.setenv("WORKERS", "2")
    ends = [interrupted(count, "before", folder, out).returncode for count in (1, 3, 2)]

    assert [-signal.SIGKILL] * 3 == ends
    assert [".lock", "manifest.json", "work"] == sorted(path.name for path in out.iterdir() if path.suffix != ".draft")
    assert 0 == interrupted(NEVER, "after", folder, out).returncode
    assert usual == seen(Replayed(0, out))


def test_a_full_disk_says_so_and_waits(folder: Path, replay: Replay, tmp_path: Path) -> None:
    """Status 1 and one line; with room again the same command goes on to the same result."""
    usual, out = seen(replay(folder, rules_off=False)), tmp_path / "full"
    failed = [interrupted(NEVER, "after", folder, out, str(limit)) for limit in (900, 30_000, 60_000)]

    assert {1} == {one.returncode for one in failed[:2]}
    assert all("run the same command again" in one.stderr for one in failed if one.returncode)
    assert 0 == interrupted(NEVER, "after", folder, out).returncode
    assert usual == seen(Replayed(0, out))


def test_several_processes_give_the_same(folder: Path, replay: Replay, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two workers with engines of their own."""
    monkeypatch.setattr("cds.replay.run.PATIENTS", 2)

    assert seen(replay(folder, rules_off=False)) == seen(replay(folder, workers=2, rules_off=False))


def test_a_worker_that_is_killed_in_a_stage_costs_nothing(
    folder: Path, replay: Replay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of two is killed in each stage when its tasks are handed out: the same result."""
    monkeypatch.setattr("cds.replay.run.PATIENTS", 2)
    killed: list[str] = []

    class Losing(ProcessExecutor):
        """Loses a process the first time in each stage."""

        def _handed(self, tasks: list[Task]) -> tuple[dict[Future[int], Task], list[Task]]:
            found = super()._handed(tasks)
            stage = tasks[-1][0]
            if stage not in killed:
                killed.append(stage)
                os.kill(next(iter(self._pool._processes)), signal.SIGKILL)
            return found

    options = command.Options(export=str(folder), out=str(tmp_path / "out"), rules_off=False)
    command.run(options, lambda: NOW, lambda setup: Losing(2, do, begin, (setup,)))

    assert [GATE, SPREAD, DONE] == killed
    assert seen(replay(folder, rules_off=False)) == seen(Replayed(0, tmp_path / "out"))


def test_a_replay_that_is_done_is_not_done_again(folder: Path, replay: Replay) -> None:
    """The same command says the same, and changes nothing; what was left of an end in the last moment goes away."""
    first = replay(folder)
    before = {path.name: path.stat().st_mtime_ns for path in first.out.glob("[!.]*")}
    (first.out / "work" / "spread").mkdir(parents=True)
    for _ in range(2):
        again = replayed(folder, first.out, NOW + timedelta(days=1))

    assert first.status == again.status
    assert before == {path.name: path.stat().st_mtime_ns for path in again.out.glob("[!.]*")}
    assert "work" not in before


def test_only_the_owner_can_read_it(folder: Path, replay: Replay) -> None:
    """0600 in 0700; what was on the way is gone."""
    done = replay(folder)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in done.out.iterdir() if path.name != ".lock"}

    assert 0o700 == stat.S_IMODE(done.out.stat().st_mode)
    assert (
        dict.fromkeys(("cards.parquet", "visits.parquet", "unread.parquet", "report.html", "manifest.json"), 0o600)
        == modes
    )


def test_another_replay_is_not_mixed_in(folder: Path, replay: Replay, tmp_path: Path) -> None:
    """Other options or other files in the same folder, a folder with something else, a manifest that is none."""
    done = replay(folder)
    other = tmp_path / "other"
    other.mkdir()
    (other / "letter.txt").write_text("mine", "utf-8")
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "manifest.json").write_text("{}", "utf-8")

    with pytest.raises(UsageError, match="a different replay"):
        replayed(folder, done.out, answers="all")
    with pytest.raises(UsageError, match="a different replay"):
        replayed(ndjson(tmp_path / "b.ndjson", [person()]), done.out)
    with pytest.raises(UsageError, match="something else"):
        replayed(folder, other)
    with pytest.raises(UsageError, match="cannot be read"):
        replayed(folder, broken)


def test_two_at_once_are_refused(folder: Path, tmp_path: Path) -> None:
    """The second says that another one is at work."""
    from cds.replay.command import _alone

    with _alone(tmp_path / "out"), pytest.raises(UsageError, match="another replay is running"):
        replayed(folder, tmp_path / "out")


def test_nothing_to_read_is_a_usage_error(tmp_path: Path) -> None:
    """An empty folder, and a file that is not there."""
    (tmp_path / "empty").mkdir()

    with pytest.raises(UsageError, match="holds no"):
        replayed(tmp_path / "empty", tmp_path / "out-1")
    with pytest.raises(UsageError, match="cannot be read"):
        replayed(tmp_path / "gone.ndjson", tmp_path / "out-2")


def test_a_folder_that_cannot_be_made_stops_it(folder: Path, tmp_path: Path) -> None:
    """With the reason, and what to do."""
    (tmp_path / "file").write_text("", "utf-8")

    with pytest.raises(Unfinished, match="Run the same command again"):
        replayed(folder, tmp_path / "file" / "out")


def ends_once(task: Task) -> int:
    """A task whose process ends the first time, as if it had been killed."""
    marker = Path(task[0])
    if not marker.exists():
        marker.write_text("", "utf-8")
        os.kill(os.getpid(), signal.SIGKILL)
    return task[1]


def ends_always(_: Task) -> int:
    """A task whose process always ends."""
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def nothing() -> None:
    """Nothing to begin with."""


def test_a_worker_that_is_killed_is_replaced(tmp_path: Path) -> None:
    """Its task is done again, the others once."""
    several = ProcessExecutor(2, ends_once, nothing, ())
    tasks = [(str(tmp_path / f"{number % 2}"), number) for number in range(6)]

    assert list(range(6)) == sorted(several.each(tasks))
    several.close()


def test_workers_that_end_again_and_again_stop_it() -> None:
    """With one line that says where."""
    several = ProcessExecutor(1, ends_always, nothing, ())

    with pytest.raises(Unfinished, match=r"ended 3 times, last at done 7"):
        list(several.each([("done", 7)]))
    several.close()


def test_what_a_broken_pool_does_not_take_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that ends while tasks are handed out costs none of them."""
    several = ProcessExecutor(1, ends_always, nothing, ())

    def refused(*_: object) -> None:
        raise BrokenProcessPool

    monkeypatch.setattr(several._pool, "submit", refused)

    assert ({}, [("a", 1), ("b", 2)]) == several._handed([("a", 1), ("b", 2)])
    several.close()


def test_a_worker_begins_and_ends_with_its_parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is ready for tasks, and follows whoever started it."""
    export(tmp_path / "export", [person(), twitch(), visit("e1", "2026-11-20")])
    keep.folder(tmp_path / "out" / "work" / GATE)
    followed: list[int] = []

    class Parent:
        """It has ended."""

        def join(self) -> None:
            """At once."""

    monkeypatch.setattr(executors, "parent_process", lambda: None)
    begin(Setup(export=str(tmp_path / "export"), out=str(tmp_path / "out"), now=NOW.isoformat()))
    assert do((GATE, 0)) > 0
    executors._MINE.pop().close()
    monkeypatch.setattr(executors, "parent_process", Parent)
    monkeypatch.setattr(threading.Thread, "start", lambda _: followed.append(2))
    begin(Setup(export=str(tmp_path / "export"), out=str(tmp_path / "out"), now=NOW.isoformat()))
    follow(Parent().join, followed.append)
    executors._MINE.pop().close()

    assert [2, 1] == followed


def test_tables_that_cannot_be_written_stop_it(tmp_path: Path) -> None:
    """Most likely the disk is full."""
    with pytest.raises(Unfinished, match="Free some disk space"), tables(tmp_path) as found:
        found.run(f"COPY (SELECT 1) TO '{tmp_path / 'gone' / 'a.parquet'}'")


def test_much_is_written_piece_by_piece(folder: Path, replay: Replay, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits to be written never takes much memory."""
    usual = seen(replay(folder))
    monkeypatch.setattr("cds.replay.spread.MOST_UNWRITTEN", 500)

    assert usual == seen(replay(folder))
