"""An S3-compatible store that does not answer, refuses, or ends on the way: one line and the documented status."""

import socket
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import duckdb
import pytest
from cluster_kit import s3_export
from population import export, population
from replay_kit import NOW

from cds import cli
from cds.errors import Unfinished
from cds.replay import command
from cds.replay.command import Options
from cds.replay.executors import SerialExecutor, Task
from cds.replay.tables import tables

s3fs = pytest.importorskip("s3fs")
memory = pytest.importorskip("fsspec.implementations.memory")


@pytest.fixture(autouse=True)
def store_of_its_own(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is asked but what the test names, once, and no connection of another test is used."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/nowhere",
        "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(s3fs.S3FileSystem, "retries", 1)
    s3fs.S3FileSystem.clear_instance_cache()
    yield
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An address at which nothing answers."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{bound.getsockname()[1]}")
        yield


@pytest.mark.usefixtures("nobody")
@pytest.mark.parametrize("name", ["replay", "recall", "evaluate"])
def test_a_store_that_does_not_answer_is_one_line(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Status 2: it cannot begin; no traceback, from every command that reads an export."""
    out = ["--out", str(tmp_path / "out")] if name == "replay" else []
    status = cli.main([name, "s3://charts/export", *out])
    told = capfd.readouterr().err

    assert 2 == status
    assert "the store: Could not connect to the endpoint URL" in told
    assert ["twitch-cds"] == [line.partition(":")[0] for line in told.splitlines()]


@pytest.mark.usefixtures("nobody")
def test_missing_credentials_are_one_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are told as what they are."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    assert 2 == cli.main(["replay", "s3://charts/export", "--out", str(tmp_path / "out")])
    assert "twitch-cds: s3://charts/export: the store: Unable to locate credentials\n" == capfd.readouterr().err


def test_a_store_that_ends_on_the_way_stops_it_and_the_same_command_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is counted as lost that is only out of reach: it is Unfinished, and says what to do."""
    folder = export(tmp_path / "export", [one for chart in population(12) for one in chart])
    with s3_export(folder, tmp_path, monkeypatch) as store:

        class Ending(SerialExecutor):
            """The store ends before the first task."""

            def each(self, tasks: Iterable[Task]) -> Iterator[int]:
                monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
                s3fs.S3FileSystem.clear_instance_cache()
                yield from super().each(tasks)

        options = Options(export="s3://charts/export", out=str(tmp_path / "out"))
        with pytest.raises(
            Unfinished, match=r"^the store: Could not connect .*Run the same command again to continue$"
        ):
            command.run(options, lambda: NOW, Ending)
        for name, value in store.items():
            monkeypatch.setenv(name, value)
        s3fs.S3FileSystem.clear_instance_cache()

        assert 0 == command.run(options, lambda: NOW)


class Refusing(memory.MemoryFileSystem):  # type: ignore[misc,name-defined] # without types
    """A store that lists its files and does not give them."""

    protocol = "refusing"

    def info(self, path: str, **_: object) -> dict[str, object]:
        """A file of ten bytes, whatever its name."""
        return {"name": path, "size": 10, "type": "file"}

    def _open(self, *_: object, **__: object) -> None:
        raise PermissionError("Access Denied")


READING = "SELECT * FROM read_json(['{}'], format = 'newline_delimited', columns = {{owner: 'VARCHAR'}})"


def test_a_store_that_refuses_the_tables_is_one_line(tmp_path: Path) -> None:
    """DuckDB tells it with a traceback and the statement; what is told is the cause, and that it can go on."""
    store = cast("Path", SimpleNamespace(fs=Refusing()))

    with (
        pytest.raises(
            Unfinished, match=r"^the store: .*: PermissionError: Access Denied\. Run the same command again to go on$"
        ),
        tables(tmp_path, store=store) as found,
    ):
        found.run(READING.format("refusing://charts/00000.owners.ndjson"))


def test_a_wrong_statement_is_no_matter_of_the_store(tmp_path: Path) -> None:
    """It is a fault of ours, and stays one."""
    with pytest.raises(duckdb.ParserException), tables(tmp_path, store=tmp_path) as found:
        found.run("SELEC")
