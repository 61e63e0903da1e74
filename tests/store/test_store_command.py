"""`twitch-cds store`: what it does and what it says."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from store_samples import entry, rows_of, shown

from cds import cli
from cds.clock import utc_now
from cds.store.down import StoreDown
from cds.store.store import Store


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The settings name a database in a new folder."""
    bare = {name: value for name, value in os.environ.items() if "TWITCH_CDS" not in name}
    monkeypatch.setattr(os, "environ", bare | {"TWITCH_CDS_DATA_DIR": str(tmp_path)})
    return f"sqlite:///{tmp_path / 'twitch-cds.db'}"


def run(*arguments: str) -> int:
    """The command, as the command line calls it."""
    return cli.main(["store", *arguments])


def test_migrate_makes_the_tables(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """And says at which version they are, the second time as well."""
    assert [0, 0] == [run("migrate"), run("migrate")]
    assert "The tables are up to date (0005).\n" * 2 == capsys.readouterr().out
    assert [] == rows_of(url, "showings")


def test_prune_deletes_what_is_too_old(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And says how much."""
    store = Store.open("", str(tmp_path))
    store.add([entry(shown("old"), at=utc_now() - timedelta(days=731)), entry(shown("new"), at=utc_now())])
    store.close()

    assert 0 == run("prune")
    assert (
        "Deleted: 1 shown cards, 0 suppressed repeats, 0 cards of silent calls, 0 counts of a shadow, "
        "0 items of feedback, 0 expired tokens.\n" == capsys.readouterr().out
    )
    assert ["new"] == [row["card"] for row in rows_of(url, "showings")]


def test_a_database_that_fails_meanwhile_is_told(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As an error of the command, not as a trace."""

    def fail(*_: object) -> dict[str, int]:
        raise StoreDown

    monkeypatch.setattr(Store, "prune", fail)

    assert 1 == run("prune")
    assert "What was already deleted stays deleted; try again." in capsys.readouterr().err


def test_an_action_is_needed(url: str) -> None:
    """Nothing is done by default."""
    assert 2 == cli.main(["store"])


def test_another_hash_key_is_accepted_by_hand(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing works with another key before, and everything after."""
    assert 0 == run("accept-key")
    (tmp_path / "hash.key").write_text("0f" * 32)
    capsys.readouterr()
    refused, said = run("prune"), capsys.readouterr().err

    assert (1, True) == (refused, "twitch-cds store accept-key" in said)
    assert [0, 0] == [run("accept-key"), run("prune")]
    assert "The database is that of the present hash key." == capsys.readouterr().out.splitlines()[0]


def test_whoever_has_no_key_makes_none(url: str, tmp_path: Path) -> None:
    """An owner of the tables who only migrates need not have the key of the service."""
    run("migrate")

    assert not (tmp_path / "hash.key").exists()
