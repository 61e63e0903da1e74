"""`twitch-cds report`: what it prints, for people, spreadsheets and programs."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from report_data import NOON, SERVICE, Data, printed, store

from cds.errors import UsageError
from cds.report.sheet import COLUMNS

RULE = "Retire or adjust what is overridden in more than 80% of at least 100 showings."


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Data]:
    """Empty tables where the command looks for them."""
    monkeypatch.setenv("TWITCH_CDS_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TWITCH_CDS_TIME_ZONE", "Europe/Berlin")
    with store(tmp_path) as made:
        yield made


def rows(text: str) -> list[dict[str, str]]:
    """The rows of a CSV."""
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_nothing_is_one_sentence(data: Data) -> None:
    """It says what was looked for."""
    assert "No card was shown.\n" == printed()
    assert (
        "No card was shown from 2026-11-01 until 2026-11-30 by muscle-twitch-order-sign as lifestyle (Europe/Berlin).\n"
        == printed(
            *("--since", "2026-11-01", "--until", "2026-11-30"),
            *("--service", "muscle-twitch-order-sign", "--topic", "lifestyle"),
        )
    )
    assert ",".join(COLUMNS) + "\r\n" == printed("--csv")


def test_the_table(data: Data) -> None:
    """Cards with their tags, aligned; then reasons, then what needs attention."""
    data.shown_and_answered(90, "overridden", "lifestyle", "sleep")
    data.shown_and_answered(10, "accepted", "lifestyle", "sleep")
    data.answer(data.show("emergency"), "accepted", later=-5)
    data.show("data-gap")
    data.suppress("lifestyle", "sleep")
    data.answer("never shown")

    assert [
        "What clinicians did with the cards",
        "",
        "card         shown  accepted  overridden  ignored  pending  repeats       of shown    of answered  median",
        "emergency        1         1           0        0        0        0    0% (0%-79%)    0% (0%-79%)     0 s",
        "lifestyle !    100        10          90        0        0        1  90% (83%-94%)  90% (83%-94%)    60 s",
        "  sleep !      100        10          90        0        0        1  90% (83%-94%)  90% (83%-94%)    60 s",
        "data-gap         1         0           0        1        0        0    0% (0%-79%)              -       -",
        "",
        "Reasons for overriding lifestyle:",
        "      90  (none given)",
        "",
        f"! lifestyle: overridden 90 times of 100. {RULE}",
        "",
        f"! lifestyle {{sleep}}: overridden 90 times of 100. {RULE}",
        "",
        "Answers with a time before the time of their card, counted as 0 seconds: 1. A clock is wrong.",
        "",
        "Feedback on cards that were never shown to its sender: 1",
    ] == printed().splitlines()


def test_unknown_feedback_alone(data: Data) -> None:
    """No table without cards."""
    data.answer("never shown")

    assert [
        "What clinicians did with the cards",
        "",
        "Feedback on cards that were never shown to its sender: 1",
    ] == printed().splitlines()


@pytest.mark.parametrize(
    ("seconds", "text"), [(119, "119 s"), (120, "2 min"), (7140, "119 min"), (7200, "2 h"), (172_800, "2 d")]
)
def test_times_are_read_at_a_glance(seconds: int, text: str, data: Data) -> None:
    """In the unit that fits."""
    data.answer(data.show(), later=seconds)

    assert printed().splitlines()[3].endswith(f"  {text}")


def test_a_terminal_gets_no_control_characters(data: Data) -> None:
    """What a client sends as a reason is text, and short."""
    data.answer(data.show(), reason_code="\x1b[2Jx\n" + "y" * 100, reason_system="urn:\x07s")
    text = printed()

    assert {"\n"} == {one for one in text if not one.isprintable()}
    assert "       1  [2Jx yyyy" in text
    assert "…  urn:s" in text


def test_csv(data: Data) -> None:
    """Cards, then tags; shares as numbers; reasons in one cell."""
    data.answer(data.show("lifestyle", "sleep"), reason_code="x", reason_system="urn:s", later=30)
    data.answer(data.show("lifestyle"))
    data.answer(data.show("lifestyle"), "accepted")
    data.show("lifestyle")
    card, tag = rows(printed("--csv"))

    assert ("lifestyle", "", "4", "1", "2") == (
        card["topic"],
        card["tag"],
        card["shown"],
        card["accepted"],
        card["overridden"],
    )
    assert ("0.5000", "0.6667") == (card["overridden_of_shown"], card["overridden_of_answered"])
    assert {"(none given)=1", "urn:s|x=1"} == set(card["reasons"].split("; "))
    assert ("sleep", "1", "30.0", "no") == (tag["tag"], tag["shown"], tag["median_seconds"], tag["retune"])


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝"])
def test_no_cell_is_a_formula(start: str, data: Data) -> None:
    """A quote goes before what a spreadsheet would run."""
    data.answer(data.show(), reason_code=f'{start}HYPERLINK("x")')

    assert f'\'{start}HYPERLINK("x")=1' == rows(printed("--csv"))[0]["reasons"]


def test_json(data: Data) -> None:
    """Everything, with the days."""
    data.answer(data.show("lifestyle", "sleep"), reason_code="x")
    found = json.loads(printed("--json", "--since", "2026-11-01"))

    assert ("2026-11-23T12:00:00Z", "Europe/Berlin", "2026-11-01", 0) == (
        found["made_at"],
        found["time_zone"],
        found["since"],
        found["unknown_feedback"],
    )
    assert [{"code": "x", "system": None, "count": 1}] == found["cards"][0]["reasons"]
    assert "sleep" == found["tags"][0]["tag"]
    assert [
        {"day": "2026-11-10", "topic": "lifestyle", "shown": 1, "accepted": 0, "overridden": 1, "suppressed": 0}
    ] == found["days"]


def test_the_options_reach_the_questions(data: Data) -> None:
    """Days, service and card."""
    data.show("lifestyle", at=NOON)

    assert "lifestyle" in printed("--since", "2026-11-10", "--until", "2026-11-10", "--service", SERVICE)
    assert "No card" in printed("--until", "2026-11-09")
    assert "No card" in printed("--topic", "data-gap")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--since", "yesterday"], "--since: 'yesterday' is not a date such as 2026-11-01"),
        (["--until", "0001-01-01"], "--until: 0001-01-01 is not between 1970 and 2999"),
        (["--since", "2026-11-02", "--until", "2026-11-01"], "--since 2026-11-02 is after --until 2026-11-01"),
    ],
)
def test_unusable_options(arguments: list[str], text: str, data: Data) -> None:
    """One clear line, which the command prints with status 2."""
    with pytest.raises(UsageError, match=text):
        printed(*arguments)


def test_no_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A report never makes one: it may look in the wrong place."""
    monkeypatch.setenv("TWITCH_CDS_DATA_DIR", str(tmp_path))
    with pytest.raises(UsageError, match="there is no database yet"):
        printed()

    assert [] == list(tmp_path.iterdir())


def test_a_database_of_something_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without our tables there is nothing to count."""
    monkeypatch.setenv("TWITCH_CDS_DATA_DIR", str(tmp_path))
    (tmp_path / "twitch-cds.db").touch()

    with pytest.raises(UsageError, match=r"cannot be read \(OperationalError\)"):
        printed()


def test_postgresql_is_reached_by_its_url(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens there: the sentence holds neither address nor password."""
    monkeypatch.setenv("TWITCH_CDS_DATABASE_URL", "postgresql://u:geheim@127.0.0.1:1/x?connect_timeout=2")
    with pytest.raises(UsageError) as caught:
        printed()

    assert "The database cannot be read (OperationalError)." in caught.value.text
    assert "geheim" not in caught.value.text
