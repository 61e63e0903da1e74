"""The commands: each is there, says what it is for, and is led to its room."""

import os
from pathlib import Path

import pytest

from cds import cli
from cds.audit.journal import Journal
from cds.clock import utc_now
from cds.commands.program import Files
from cds.secrecy import Secret
from cds.settings import Settings, load
from cds.store.keys import hash_key
from cds.web import serve_command
from cds.web.metrics import Metrics

KEY = "kl" * 16
COMMANDS = [
    "serve",
    "evaluate",
    "recall",
    "replay",
    "review",
    "report",
    "silent",
    "golive",
    "diff",
    "audit",
    "clients",
    "selfcheck",
    "mint-token",
]
COMMANDS += ["store", "knowledge", "completion"]


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The data folder of an installation."""
    clean = {name: value for name, value in os.environ.items() if "TWITCH_CDS" not in name}
    monkeypatch.setattr(os, "environ", clean | {"TWITCH_CDS_DATA_DIR": str(tmp_path)})
    return tmp_path


def test_every_command_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """With a word on what it does, in the order of use."""
    assert 0 == cli.main(["--help"])

    told = " ".join(capsys.readouterr().out.split())
    assert COMMANDS == list(Files())
    assert all(f"{name} {command.short_help}" in told for name, command in Files().items())


def test_an_audit_is_verified_with_the_key_that_wrote_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The key in the data folder."""
    key = hash_key(Settings(data_dir=str(folder)))
    journal = Journal.open(folder / "audit.jsonl", key, utc_now)
    journal.write({"kind": "started"})
    journal.close()

    assert 0 == cli.main(["audit", "verify"])
    assert "clean" in capsys.readouterr().out


def test_verifying_makes_no_key(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong folder would otherwise get one, and every line would look foreign."""
    assert 2 == cli.main(["audit", "verify"])
    assert "there is no hash key" in capsys.readouterr().err
    assert [] == list(folder.iterdir())


def test_a_key_that_is_given_needs_no_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Several machines share it by the setting."""
    os.environ["TWITCH_CDS_HASH_KEY"] = KEY
    Journal.open(folder / "audit.jsonl", Secret(KEY), utc_now).close()

    cli.main(["audit", "verify"])
    assert "no key" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"TWITCH_CDS_DEMO": "true"}, "open to whoever reaches it"),
        ({}, "all calls are refused"),
        ({"TWITCH_CDS_CLIENTS": "clients.toml"}, "for the clients registered in clients.toml"),
    ],
)
def test_the_start_says_who_may_call(settings: dict[str, str], words: str) -> None:
    """The operator sees at once whether the door is open."""
    assert words in serve_command.mode_of(load(settings))


def test_requests_to_fhir_servers_are_counted_by_how_they_ended() -> None:
    """As the operator reads it."""
    metrics = Metrics("1")
    metrics.fhir("timed-out", 3)
    metrics.store("showings_lost", 2)

    assert b'twitch_cds_fhir_requests_total{outcome="timed-out"} 3.0' in metrics.text()
    assert b'twitch_cds_store_events_total{event="showings_lost"} 2.0' in metrics.text()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["clients", "check"], "no file of clients"),
        (["selfcheck", "nowhere"], "nowhere: "),
        (["mint-token", "--audience", "a", "--issuer", "i", "--key", "none.pem", "--lifetime", "60"], "none.pem"),
        (["report", "--since", "yesterday"], "--since: 'yesterday' is not a date"),
    ],
)
def test_what_a_command_cannot_use_is_one_line(
    given: list[str], told: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With status 2, and no hint at options that are right."""
    assert 2 == cli.main(given)

    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("twitch-cds: ")
    assert told in line
