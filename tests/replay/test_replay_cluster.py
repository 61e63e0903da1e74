"""A replay on a Dask cluster: the same result as without, whatever of the cluster ends on the way."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from charts.seam import engine
from cluster_kit import KEY, Dask, dask, s3_export
from distributed import Future
from population import PATIENTS, export, population
from replay_kit import NOW, Replay, Replayed
from service.waiting import wait_until

from cds import cli
from cds.commands import replay as given
from cds.errors import Unfinished, UsageError
from cds.evaluate.places import at
from cds.replay import cluster, command, keep
from cds.replay.alike import ALIKE, alike
from cds.replay.cluster import Cluster, do, worker_like_the_leader
from cds.replay.command import Options
from cds.replay.executors import Task
from cds.replay.manifest import inputs
from cds.replay.parts import parts
from cds.replay.worker import DONE, GATE, SPREAD, UNREAD, Setup
from cds.settings import load
from cds.store.keys import hash_key

FILES = ("cards.parquet", "visits.parquet", "unread.parquet")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export."""
    return export(tmp_path_factory.mktemp("export"), [one for chart in population(PATIENTS) for one in chart])


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dask]:
    """A scheduler and two workers."""
    with dask(tmp_path_factory.mktemp("dask") / "two", 2) as made:
        yield made


@pytest.fixture(autouse=True)
def many_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that there is something to do for everybody."""
    monkeypatch.setattr("cds.replay.run.PATIENTS", 2)


def clustered(address: str, export: Path | str, out: Path, kind: type[Cluster] = Cluster, **more: object) -> Replayed:
    """A replay on a cluster."""
    options = Options(export=str(export), out=str(out), rules_off=False, **more)  # type: ignore[arg-type]
    return Replayed(command.run(options, lambda: NOW, lambda setup: kind(address, setup)), out)


def files(done: Replayed) -> dict[str, bytes]:
    """What came out, byte for byte."""
    return {name: (done.out / name).read_bytes() for name in (*FILES, "report.html", "manifest.json")}


def test_one_worker_or_two_or_no_cluster_give_the_same_files(
    folder: Path, two: Dask, replay: Replay, tmp_path: Path
) -> None:
    """Byte for byte, the page and the manifest too."""
    usual = replay(folder, rules_off=False)
    with dask(tmp_path / "one", 1) as one:
        alone = clustered(one.address, folder, tmp_path / "out-one")

    assert files(usual) == files(alone)
    assert files(usual) == files(clustered(two.address, folder, tmp_path / "out-two"))
    assert usual.rows("cards")
    assert {*FILES, "report.html", "manifest.json", ".lock"} == {path.name for path in alone.out.iterdir()}


def test_a_worker_that_is_killed_costs_nothing(folder: Path, replay: Replay, tmp_path: Path) -> None:
    """One of two is killed in each stage when its tasks are handed out, and another one comes: the same files."""
    killed: list[str] = []
    with dask(tmp_path / "dask", 2) as made:

        class Losing(Cluster):
            """Loses the older worker."""

            def handed_out(self, tasks: Iterable[Task]) -> dict["Future[int]", Task]:
                found = super().handed_out(tasks)
                killed.extend({name for name, _ in found.values()} - {UNREAD})
                made.workers.pop(0).kill()
                made.begin()
                return found

        done = clustered(made.address, folder, tmp_path / "out", Losing)

    assert [GATE, SPREAD, DONE] == killed
    assert files(replay(folder, rules_off=False)) == files(done)


def test_a_scheduler_that_is_killed_stops_it_and_it_goes_on_with_another(
    folder: Path, replay: Replay, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In each stage: one line that says so; the last run, on a cluster that stays, ends with the same files."""
    said: list[str] = []
    for stage in (GATE, SPREAD, DONE):
        with dask(tmp_path / stage, 1) as made:

            class Losing(Cluster):
                """Loses the scheduler."""

                def handed_out(self, tasks: Iterable[Task]) -> dict["Future[int]", Task]:
                    found = super().handed_out(tasks)
                    if stage in {name for name, _ in found.values()}:  # noqa: B023 - used in this round
                        made.scheduler.kill()
                    return found

            with pytest.raises(Unfinished) as problem:
                clustered(made.address, folder, tmp_path / "out", Losing)
            said.append(problem.value.text.replace(made.address, "ADDRESS"))
    with dask(tmp_path / "last", 0) as made:

        class Late(Cluster):
            """Its first worker comes when there is something to do."""

            def handed_out(self, tasks: Iterable[Task]) -> dict["Future[int]", Task]:
                if not made.workers:
                    made.begin()
                return super().handed_out(tasks)

        done = clustered(made.address, folder, tmp_path / "out", Late)

    assert f"twitch-cds: waiting for a worker of {made.address}\n" in capsys.readouterr().err
    assert [
        (
            "the scheduler ADDRESS ended. Run the same command again, with another scheduler if necessary: "
            "it continues from here"
        )
    ] * 3 == said
    assert files(replay(folder, rules_off=False)) == files(done)


def test_workers_that_end_again_and_again_stop_it(folder: Path, replay: Replay, tmp_path: Path) -> None:
    """With one line that says where; the same command goes on when there are others."""
    with dask(tmp_path / "dask", 1, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0") as made:

        class Losing(Cluster):
            """Loses the worker that has been given the task."""

            def handed_out(self, tasks: Iterable[Task]) -> dict["Future[int]", Task]:
                made.workers[0].pause()
                found = super().handed_out(tasks)
                wait_until(lambda: any(self._client.processing().values()))  # type: ignore[no-untyped-call]
                made.workers[0].kill()
                return found

        with pytest.raises(Unfinished, match=r"ended repeatedly, last at gate 0: is there enough memory\?"):
            clustered(made.address, folder, tmp_path / "out", Losing)
        made.begin()
        done = clustered(made.address, folder, tmp_path / "out")

    assert files(replay(folder, rules_off=False)) == files(done)


def test_a_cluster_without_this_software_is_told(folder: Path, tmp_path: Path) -> None:
    """One line that says what to install, and where."""
    keep.folder(tmp_path / "bare")
    (tmp_path / "bare" / "sitecustomize.py").write_text("import sys\nsys.modules['cds'] = None\n", "utf-8")
    with (
        dask(tmp_path / "dask", 0, PYTHONPATH=str(tmp_path / "bare")) as made,
        pytest.raises(UsageError, match=r"its scheduler and workers need this version of twitch-cds\[cluster\]"),
    ):
        clustered(made.address, folder, tmp_path / "out")


def test_an_s3_compatible_store_is_read_and_worked_in(
    folder: Path, replay: Replay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same cards as from the disk; what was under way is gone from the store, and no chart is left on the disk."""
    with s3_export(folder, tmp_path, monkeypatch) as store:
        with dask(tmp_path / "dask", 2, **store) as made:
            done = clustered(made.address, "s3://charts/export/", tmp_path / "out", work="s3://charts/work")
        left = sorted(path.name for path in at("s3://charts").iterdir())

    usual = replay(folder, rules_off=False)
    assert {name: files(usual)[name] for name in FILES} == {name: files(done)[name] for name in FILES}
    assert usual.manifest["counts"] == done.manifest["counts"]
    assert ["export"] == left
    assert {*FILES, "report.html", "manifest.json", ".lock"} == {path.name for path in done.out.iterdir()}


def test_the_command_line(
    folder: Path, two: Dask, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names the page; what does not go together, does not answer or is not installed is one line."""
    usual = ["replay", str(folder), "--out", str(tmp_path / "out"), "--scheduler"]

    assert 0 == cli.main([*usual, two.address, "--as-of", "2026-01-01"])
    assert f"{tmp_path / 'out' / 'report.html'}\n" == capsys.readouterr().out
    assert 2 == cli.main([*usual, two.address, "--workers", "2"])
    assert "--workers: not allowed with --scheduler" in capsys.readouterr().err
    monkeypatch.setattr(cluster, "CONNECTING", "1ms")
    assert 2 == cli.main([*usual[:3], str(tmp_path / "other"), "--scheduler", "tcp://127.0.0.1:1"])
    assert "no Dask scheduler answers there" in capsys.readouterr().err
    monkeypatch.setattr(given, "find_spec", lambda name: None if name == "distributed" else name)
    assert 2 == cli.main([*usual, two.address])
    assert "pip install 'twitch-cds[cluster]'" in capsys.readouterr().err


def led(folder: Path, out: Path, **others: str) -> Setup:
    """What a leader tells its workers, and has written for them."""
    setup = Setup(export=str(folder), out=str(out), now=NOW.isoformat())
    settings = load({"TWITCH_CDS_HASH_KEY": KEY})
    found = alike(settings, engine(NOW.date()), hash_key(settings), inputs(str(folder), parts(str(folder))[0]))
    keep.put_json(keep.folder(setup.work) / ALIKE, found | others)
    keep.folder(setup.work / GATE)
    return setup


def test_a_worker_that_would_answer_otherwise_is_refused(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says what is different: another key, zone or export, no key, or files that it does not see."""
    worker_like_the_leader(led(folder, tmp_path / "a"), "w").close()

    with pytest.raises(UsageError, match="the worker w has a different export than this machine"):
        worker_like_the_leader(led(folder, tmp_path / "a", export="other"), "w")
    with pytest.raises(UsageError, match=r"does not see .*work\. It needs a file system that all machines share"):
        worker_like_the_leader(Setup(export=str(folder), out=str(tmp_path / "b"), now=""), "w")
    with pytest.raises(UsageError, match=r"does not see memory://gone$"):
        worker_like_the_leader(Setup(export=str(folder), out="", now="", place="memory://gone"), "w")
    monkeypatch.setenv("TWITCH_CDS_HASH_KEY", KEY[::-1])
    monkeypatch.setenv("TWITCH_CDS_TIME_ZONE", "Asia/Tokyo")
    with pytest.raises(
        UsageError, match=r"a different key of the hashes .*, a different time zone .* than this machine"
    ):
        worker_like_the_leader(led(folder, tmp_path / "a"), "w")
    monkeypatch.delenv("TWITCH_CDS_HASH_KEY")
    with pytest.raises(UsageError, match="give each machine the same TWITCH_CDS_HASH_KEY"):
        worker_like_the_leader(led(folder, tmp_path / "a"), "w")


def test_a_worker_keeps_its_engine_for_one_replay(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tasks of another replay are done with one of their own, and the first is let go."""
    monkeypatch.setattr(cluster, "get_worker", lambda: SimpleNamespace(address="w"))
    first, second = led(folder, tmp_path / "a"), led(folder, tmp_path / "b")

    assert do(first, (GATE, 0)) == do(first, (GATE, 0)) == do(second, (GATE, 0))
    assert [second] == list(cluster._MINE)
    cluster._MINE.popitem()[1].close()
