"""`twitch-cds diff`: what another version or other knowledge would change, counted without patient data."""

import contextlib
import io
import json
import shutil
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from charts.options import options

from cds import cli
from cds.diff import command
from cds.errors import UsageError
from cds.evaluate import command as evaluate_command
from cds.knowledge.load import DATA

CHARTS = Path(__file__).parents[2] / "fhir_fixtures/charts"
AS_OF = "2026-11-22"
NOW = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of every process."""
    monkeypatch.setenv("TWITCH_CDS_TIME_ZONE", "Europe/Berlin")


def printed(*arguments: object) -> tuple[int, str]:
    """The status and what is printed."""
    out, given = io.StringIO(), options("diff", *map(str, arguments))
    day = given.pop("as_of")
    assert not given.pop("replay")
    with contextlib.redirect_stdout(out):
        status = command.run(command.Options(**given, as_of=day.date() if day else None), lambda: NOW)
    return status, out.getvalue()


def card(topic: str, indicator: str = "info", summary: str = "s", **basis: list[str]) -> dict[str, Any]:
    """A card as `evaluate --json` prints it."""
    return {
        "summary": summary,
        "indicator": indicator,
        "source": {"label": "l", "topic": {"code": topic}},
        "uuid": "u",
        "suggestions": [{"label": "Order: CK", "uuid": "v"}],
        "extension": {"org.twitch-cds.basis": {**basis, "knowledgeVersion": "k"}},
    }


def answer(patient: str, *cards: Mapping[str, Any]) -> str:
    """One line of it."""
    return json.dumps({"input": "i", "patient": patient, "cards": cards})


def installed(folder: Path, name: str, code: str) -> Path:
    """An installation whose command is this."""
    path = folder / name / "bin" / "twitch-cds"
    path.parent.mkdir(parents=True)
    path.write_text(f"#!{sys.executable}\nimport sys, os, time\n{code}\n", "utf-8")
    path.chmod(0o755)
    return folder / name


def saying(folder: Path, name: str, *lines: str) -> Path:
    """One that prints these lines."""
    return installed(folder, name, f"print({chr(10).join(lines)!r})")


def compared(folder: Path, old: tuple[str, ...], new: tuple[str, ...]) -> dict[str, Any]:
    """What two answers come to."""
    status, text = printed(saying(folder, "old", *old), saying(folder, "new", *new), "export", "--json")
    told: dict[str, Any] = json.loads(text)
    assert status == (1 if told["changed"] or told["onlyOld"] or told["onlyNew"] else 0)
    return told


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        ([], [card("lifestyle")], "new"),
        ([card("lifestyle")], [], "gone"),
        ([card("lifestyle")], [card("lifestyle", "warning")], "more urgent"),
        ([card("lifestyle", "critical")], [card("lifestyle", "warning")], "less urgent"),
        ([card("lifestyle")], [card("lifestyle", summary="t")], "reworded"),
        ([card("lifestyle")], [card("lifestyle") | {"detail": "more"}], "reworded"),
        ([card("lifestyle")], [card("lifestyle") | {"suggestions": []}], "reworded"),
        ([card("lifestyle")], [card("lifestyle", flags=["U1"])], "reworded"),
        ([card("lifestyle")], [card("lifestyle") | {"uuid": "other"}], "same"),
    ],
)
def test_each_card_counts_by_what_became_of_it(tmp_path: Path, old: list[Any], new: list[Any], change: str) -> None:
    """New ids are no change; a word, a suggestion or a flag is one."""
    told = compared(tmp_path, (answer("p", *old),), (answer("p", *new),))

    assert {"lifestyle": {change: 1}} == told["cards"]
    assert (1, int(change != "same")) == (told["charts"], told["changed"])


def test_the_order_of_cards_is_no_change(tmp_path: Path) -> None:
    """Nor that of charts."""
    some = [card("lifestyle"), card("data-gap")]
    told = compared(tmp_path, (answer("p", *some), answer("q")), (answer("q"), answer("p", *some[::-1])))

    assert (2, 0) == (told["charts"], told["changed"])


def test_two_cards_of_one_kind_are_told_apart_by_their_tags(tmp_path: Path) -> None:
    """One of two reviews of medicines goes: the other is the same, not reworded."""
    both = [card("medication-review", summary=tag, tags=[tag]) for tag in ("a", "b")]
    told = compared(tmp_path, (answer("p", *both),), (answer("p", both[1]),))

    assert {"medication-review": {"same": 1, "gone": 1}} == told["cards"]
    assert {"medication-review a": {"gone": 1}} == told["reasons"]


def test_flags_and_tags_that_come_and_go_are_counted_by_card(tmp_path: Path) -> None:
    """They are the rules behind it."""
    told = compared(
        tmp_path,
        (answer("p", card("emergency", "critical", tags=["potassium"], flags=["E4"])), answer("q")),
        (
            answer("p", card("emergency", "critical", tags=["calcium"], flags=["E4"])),
            answer("q", card("emergency", "critical", flags=["E1"])),
        ),
    )

    assert {"emergency calcium": {"new": 1}, "emergency potassium": {"gone": 1}, "emergency E1": {"new": 1}} == told[
        "reasons"
    ]


def test_a_chart_that_only_one_has_answered_is_told(tmp_path: Path) -> None:
    """It is no smaller denominator in silence; a patient who comes twice is two charts."""
    told = compared(tmp_path, (answer("p"), answer("p", card("lifestyle"))), (answer("p"), answer("q"), answer("r")))

    assert (1, 1, 2, 0) == (told["charts"], told["onlyOld"], told["onlyNew"], told["changed"])


def test_the_table(tmp_path: Path) -> None:
    """Cards and reasons, aligned; no patient and no input in it."""
    old = saying(
        tmp_path, "old", answer("secret-1", card("lifestyle", tags=["sleep"])), answer("secret-2"), answer("secret-3")
    )
    new = saying(tmp_path, "new", answer("secret-1"), answer("secret-2", card("emergency", "critical")), answer("x"))
    status, said = printed(old, new, "export")

    assert 1 == status
    assert [
        "2 charts compared, 2 of them with differences",
        "1 charts were answered by the old one only: they are not compared",
        "1 charts were answered by the new one only: they are not compared",
        "",
        "card       new  gone  more urgent  less urgent  reworded  same",
        "emergency    1     0            0            0         0     0",
        "lifestyle    0     1            0            0         0     0",
        "",
        "flag, tag or rule of a card  new  gone",
        "lifestyle sleep                0     1",
    ] == said.splitlines()


def test_nothing_different_is_one_sentence_and_status_0(tmp_path: Path) -> None:
    """Even of no card at all; its command itself may be named."""
    same = saying(tmp_path, "a", answer("p"))

    assert (0, "1 charts compared, 0 of them with differences\n") == printed(same, same / "bin/twitch-cds", "export")


def test_inputs_that_one_could_not_use_are_told(tmp_path: Path) -> None:
    """By number; then the status is 1 even if all else is the same."""
    good = saying(tmp_path, "old", answer("p"))
    bad = installed(
        tmp_path,
        "new",
        f"print({answer('p')!r})\n"
        "sys.stderr.write('twitch-cds: x: is no JSON\\nnote\\ntwitch-cds: y: is no JSON\\n')\nsys.exit(2)",
    )

    assert (
        1,
        "1 charts compared, 0 of them with differences\n2 inputs could not be used by the new one\n",
    ) == printed(good, bad, "export")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("sys.exit('it broke')", "new: failed (status 1) after 0 answers. it broke"),
        (
            "sys.stderr.write('no such option\\n'); sys.exit(2)",
            "new: failed (status 2) after 0 answers. no such option",
        ),
        ("print('{}', flush=True); os.kill(os.getpid(), 11)", "new: printed a line that is not an answer"),
        ("os.kill(os.getpid(), 9)", "new: failed (signal 9) after 0 answers."),
        ("bytearray(4 * 2**30)", "new: failed (status 1) after 0 answers. MemoryError"),
        ("print('hello')", "new: printed a line that is not an answer"),
        ("time.sleep(10**6)", "new: was not ready after 1 seconds (--seconds)"),
        ("while True: pass", "new: was not ready after 1 seconds (--seconds)"),
        ("os.spawnv(os.P_NOWAIT, '/bin/sleep', ['sleep', '1000000'])\ntime.sleep(10**6)", "new: was not ready after 1"),
    ],
)
def test_a_candidate_that_fails_hangs_or_eats_memory_is_ended_and_told(tmp_path: Path, code: str, words: str) -> None:
    """Never a comparison with half of the answers; what it has started ends with it."""
    old, new = saying(tmp_path, "old", answer("p")), installed(tmp_path, "new", code)
    budget = ("--seconds", "1") if "seconds" in words or "not ready" in words else ()

    with pytest.raises(UsageError) as problem:
        printed(old, new, "export", "--memory", "512", *budget)

    assert words in problem.value.text


def test_what_is_no_candidate_is_refused(tmp_path: Path) -> None:
    """Before anything runs."""
    with pytest.raises(UsageError, match="is neither an installation of twitch-cds nor a knowledge folder"):
        printed(saying(tmp_path, "old"), tmp_path, "export")


def test_other_knowledge_is_compared_over_real_charts(tmp_path: Path) -> None:
    """An emergency limit that is lowered: one emergency of the demo's charts goes, and is a result instead."""
    changed = tmp_path / "knowledge"
    shutil.copytree(DATA, changed)
    limits = (changed / "limits.toml").read_text("utf-8")
    assert 1 == limits.count('"mmol/L" = 0.40, "mg/dL" = 1.0 }')
    (changed / "limits.toml").write_text(
        limits.replace('"mmol/L" = 0.40, "mg/dL" = 1.0 }', '"mmol/L" = 0.30, "mg/dL" = 0.7 }'), "utf-8"
    )

    status, text = printed(DATA, changed, CHARTS, "--as-of", AS_OF, "--json")
    told = json.loads(text)
    same = printed(DATA, DATA, CHARTS, "--as-of", AS_OF)

    assert (1, len(list(CHARTS.iterdir())), 0, 0) == (status, told["charts"], told["onlyOld"], told["onlyNew"])
    assert (1, 1) == (told["cards"]["emergency"]["gone"], told["cards"]["abnormal-lab"]["new"])
    assert {"gone": 1} == told["reasons"]["emergency magnesium"]
    assert (0, 1) == (same[0], len([line for line in same[1].splitlines() if "0 of them with differences" in line]))


def test_both_judge_as_of_the_same_day(tmp_path: Path) -> None:
    """Today at the site unless it is given: 23:30 in UTC is the next day in Berlin."""
    code = (
        "import json; day = sys.argv[sys.argv.index('--as-of') + 1]\n"
        f"print({answer('p')!r}.replace('\"p\"', json.dumps(day)))"
    )
    told = [
        json.loads(
            printed(
                installed(tmp_path, f"old{day}", code),
                saying(tmp_path, f"new{day}", answer(said)),
                "export",
                "--json",
                *given,
            )[1]
        )
        for day, said, given in (("a", "2026-11-23", ()), ("b", AS_OF, ("--as-of", AS_OF)))
    ]

    assert [1, 1] == [one["charts"] for one in told]


def test_it_is_a_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From the shell."""
    same = str(saying(tmp_path, "a", answer("p")))

    assert 0 == cli.main(["diff", same, same, "export"])
    assert 2 == cli.main(["diff", same, str(tmp_path / "none"), "export"])
    assert "1 charts compared" in capsys.readouterr().out


def test_a_chart_can_be_evaluated_with_other_knowledge(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the comparison asks for; a folder that is no knowledge stops it with the file."""
    chart = str(next(CHARTS.iterdir()))

    assert 0 == evaluate_command.run(evaluate_command.Options(paths=(chart,), summary=True, knowledge=str(DATA)))
    assert 1 == cli.main(["evaluate", "--knowledge", str(tmp_path), chart])
    assert str(tmp_path) in capsys.readouterr().err
