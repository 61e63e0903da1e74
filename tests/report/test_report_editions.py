"""Both editions of the clinical rules stand apart in the report, where cards of both are counted."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from charts.dates import TODAY
from charts.seam import engine
from report_data import NOON, Data, printed, report, store

from cds.report.questions import SILENT_DAYS

OLD: dict[str, Any] = {"software_version": "0.1.0"}
NEW: dict[str, Any] = {"software_version": "1.0.0"}
SAME: dict[str, Any] = {"patient": "p", "flags": "R4"}
AGAIN = "shown although the same card had been answered under the first (renamed, or something new): "


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Data]:
    """Empty tables where the command looks for them."""
    monkeypatch.setenv("TWITCH_CDS_DATA_DIR", str(tmp_path))
    with store(tmp_path) as made:
        yield made


def both(data: Data) -> None:
    """Two cards under the first edition, one and a repeat under the second."""
    data.answer(data.show(**OLD), "accepted")
    data.answer(data.show(**OLD))
    data.show(**NEW)
    data.suppress(**NEW)


def test_each_card_has_a_row_for_each_edition(data: Data) -> None:
    """They add up to the card's."""
    both(data)
    found = report(data)

    assert [("lab-order", 1, 2, 1, 1, 0), ("lab-order", 2, 1, 0, 0, 1)] == [
        (one.topic, one.edition, one.shown, one.accepted, one.overridden, one.suppressed) for one in found.editions
    ]
    assert 3 == found.cards[0].shown


@pytest.mark.parametrize("version", [OLD, NEW], ids=["first", "second"])
def test_where_there_is_one_edition_nothing_is_said(data: Data, version: dict[str, Any]) -> None:
    """No row twice, and no remark."""
    data.show(**version)

    assert ((), None) == (report(data).editions, report(data).shown_again)
    assert "edition" not in printed()


def test_the_table_the_sheet_and_the_values_show_them(data: Data) -> None:
    """As rows below the card, and in a column."""
    both(data)
    rows = csv.DictReader(io.StringIO(printed("--csv"), newline=""))

    assert ["lab-order", "= first edition", "= second edition"] == [
        line.split("  ")[0 if line[0] != " " else 1].strip() for line in printed().splitlines()[3:6]
    ]
    assert ["", "1", "2"] == [row["edition"] for row in rows]
    assert [None, 1, 2] == [
        one["edition"] for part in ("cards", "editions") for one in json.loads(printed("--json"))[part]
    ]


@pytest.mark.parametrize(
    ("days", "indicator", "again"),
    [(0, "info", 1), (30, "info", 1), (31, "info", 0), (7, "warning", 1), (8, "warning", 0), (1, "critical", 0)],
)
def test_what_was_not_carried_over_is_counted(data: Data, days: int, indicator: str, again: int) -> None:
    """A card that was answered under the first edition and is shown again within its window."""
    answered = NOON - timedelta(days=days)
    first = data.show("neurology-evaluation", at=answered - timedelta(minutes=1), indicator=indicator, **OLD, **SAME)
    data.answer(first, at=answered, later=0)
    data.show("neurology-evaluation", at=NOON, indicator=indicator, **NEW, **SAME)

    assert again == report(data).shown_again
    assert f"{AGAIN}{again}" in printed()


@pytest.mark.parametrize(
    "other",
    [{"patient": "q"}, {"flags": "R2"}, {"client": "another"}, {"tenant": "north"}, OLD],
    ids=lambda one: "-".join((*one, *one.values())),
)
def test_another_card_is_no_repeat(data: Data, other: dict[str, Any]) -> None:
    """Of another patient, with other flags, of another caller, or of the first edition itself."""
    data.answer(data.show(indicator="info", **OLD, **SAME))
    data.show(indicator="info", **{**NEW, **SAME, **other})
    data.show("lifestyle", **NEW)

    assert 0 == report(data).shown_again


def test_a_card_without_an_answer_is_no_repeat(data: Data) -> None:
    """Nor is one whose answer came after the card was shown again."""
    first = data.show(indicator="info", **OLD, **SAME)
    data.show(indicator="info", at=NOON + timedelta(hours=1), **NEW, **SAME)
    before = report(data).shown_again
    data.answer(first, later=7200)

    assert (0, 0) == (before, report(data).shown_again)


def test_the_windows_are_those_of_the_rules() -> None:
    """As long as an answer keeps a card silent."""
    knowledge = engine(TODAY).knowledge

    assert {kind: knowledge.days(f"repeat_{kind}") for kind in ("info", "warning")} == SILENT_DAYS
