"""`twitch-cds knowledge check`: what no start has time for."""

import pytest

from cds import cli, knowledge_command
from cds.fhir import unit_table
from cds.fhir.unit_table import Size


def test_this_version_is_whole(capsys: pytest.CaptureFixture[str]) -> None:
    """Facts, wording, drafts and units."""
    assert 0 == cli.main(["knowledge", "check"])
    assert ["pass", "pass", "pass"] == [line.split()[0] for line in capsys.readouterr().out.splitlines()]


def test_what_is_wrong_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A draft that the models refuse, a unit of another size or dimension, and one that is none."""
    gram = Size(0.001, {"mass": 1.0})
    table = {"g": gram, "kg": gram, "m": gram, "tablet": gram, "mol": None, "%": Size(0.01, {})}
    monkeypatch.setattr(knowledge_command, "faults", lambda _: iter(["lab:x: not so"]))
    monkeypatch.setattr(unit_table, "read", lambda: table)

    assert 1 == cli.main(["knowledge", "check"])
    told = [line.strip() for line in capsys.readouterr().out.splitlines()[1:]]
    assert ["fail  drafts are valid FHIR R4", "lab:x: not so", "kg", "m", "tablet", "mol"] == [*told[:2], *told[3:]]
