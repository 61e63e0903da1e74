"""The sample of a review, what can be wrong before it begins, and what it came to on the command line."""

import json
import os
import re
import signal
import socket
import sys
import threading
from collections import Counter
from collections.abc import Callable
from math import sqrt
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from charts.people import person, twitch
from population import export, population
from replay_kit import Json, Replay, Replayed, ndjson, visit
from review_kit import SEED, pages
from service.terminal import at_terminal

from cds import cli
from cds.errors import UsageError
from cds.replay.manifest import NAME
from cds.replay.review import command as review
from cds.replay.review.command import Chance, Options
from cds.review.agreement import VERDICTS, agreement, kappa, standard_error
from cds.review.record import Item, Judgement, Review
from cds.review.results import results_of
from cds.review.sample import Unit, draw, most
from cds.review.table import lines

TWITCH_CDS = (sys.executable, "-m", "cds")
ONE = [person(), twitch(recordedDate="2026-10-01"), visit("e1", "2026-11-20T09:00:00Z")]


def units(stratum: str, patients: int, visits: int = 1) -> list[Unit]:
    """The visits of so many patients."""
    return [
        Unit(f"{stratum}-p{number}", f"{stratum}-v{number}-{one}")
        for number in range(patients)
        for one in range(visits)
    ]


CARDS = {"emergency": units("e", 3, 5), "data-gap": units("d", 80), "lifestyle": units("l", 40, 2)}
SILENT = {"gate": units("g", 500), "no-twitch": units("n", 4)}


def strata(items: list[Item]) -> Counter[str]:
    """How many of each."""
    return Counter(item.stratum for item in items)


def test_each_card_and_silence_has_its_share() -> None:
    """Of 100: all three of the rarest card, and what it lacks goes to the others; silences are shared the same way."""
    items = draw(CARDS, SILENT, 100, 7)

    assert {"emergency": 3, "data-gap": 32, "lifestyle": 32, "gate": 29, "no-twitch": 4} == strata(items)
    assert [str(number) for number in range(1, 101)] == [item.id for item in items]
    assert {True, False} == {bool(item.card) for item in items[:20]}


def test_a_seed_draws_the_same_again_and_another_one_other_visits() -> None:
    """In whatever order the visits come: on every machine."""
    turned = {name: some[::-1] for name, some in reversed(CARDS.items())}

    assert draw(CARDS, SILENT, 40, 7) == draw(turned, SILENT, 40, 7)
    assert draw(CARDS, SILENT, 40, 7) != draw(CARDS, SILENT, 40, 8)
    assert "e-v1-0" == min(item.visit for item in draw({"emergency": [Unit("e-p1", "e-v1-0")]}, {}, 5, 1))


def test_a_patient_is_drawn_once_for_each_card() -> None:
    """However many visits there were; so that is all there is to draw."""
    items = draw(CARDS, SILENT, 10_000, 7)

    assert most(CARDS, SILENT) == len(items) == 3 + 80 + 40 + 500 + 4
    assert len(items) == len({item.visit.rpartition("-")[0] for item in items if item.card}) + 504


def test_every_visit_can_be_drawn() -> None:
    """Over many seeds each visit of each patient comes about equally often."""
    some = {"emergency": units("e", 4, 3)}
    drawn = Counter(item.visit for seed in range(600) for item in draw(some, {}, 2, seed))

    assert 12 == len(drawn)
    assert 60 < min(drawn.values())
    assert max(drawn.values()) < 140


def test_the_sample_of_a_replay_is_drawn_again_by_its_seed(replay: Replay, tmp_path: Path) -> None:
    """Of the visits that the replay wrote down; without a seed one is drawn, and kept."""
    done = replay(export(tmp_path / "export", [one for chart in population(120) for one in chart]), rules_off=False)
    pages(done.out, sample=12, seed=4)
    first = (done.out / "review.json").read_bytes()
    (done.out / "review.json").unlink()
    pages(done.out, sample=12, seed=4)
    assert first == (done.out / "review.json").read_bytes()
    (done.out / "review.json").unlink()
    pages(done.out)
    kept = json.loads((done.out / "review.json").read_text("utf-8"))

    assert (SEED, 100, {}) == (kept["seed"], kept["asked"], kept["changed"])
    shown = {(row["visit"], row["card"]) for row in done.rows("cards", "shown")}
    outcomes = {(row["visit"], row["outcome"]) for row in done.rows("visits")}
    assert all((item["visit"], item["card"]) in shown for item in kept["items"] if item["card"])
    assert all((item["visit"], item["outcome"]) in outcomes for item in kept["items"] if not item["card"])


def test_a_sample_larger_than_what_is_there_says_so(
    replay: Replay, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And takes all."""
    done = replay(ndjson(tmp_path / "a.ndjson", ONE), rules_off=False)
    capsys.readouterr()
    pages(done.out, sample=50)

    assert "twitch-cds: --sample 50: there are only 1; all of them are drawn\n" == capsys.readouterr().err


@pytest.fixture
def done(replay: Replay, tmp_path: Path) -> Replayed:
    """A replay of one patient with a card."""
    return replay(ndjson(tmp_path / "a.ndjson", ONE), rules_off=False)


def manifest(**changes: Any) -> Callable[[Replayed], None]:
    """Change what the manifest says."""

    def change(done: Replayed) -> None:
        (done.out / NAME).write_text(json.dumps(done.manifest | changes), "utf-8")

    return change


def written(text: str) -> Callable[[Replayed], None]:
    """Another file of judgements."""
    return lambda done: void((done.out / "review.json").write_text(text, "utf-8"))


def void(_: object) -> None:
    """Nothing."""


def kept(**changes: Any) -> str:
    """A file of judgements, with changes."""
    items = [{"id": "1", "visit": "v", "card": "data-gap"}]
    return json.dumps({"format": 1, "seed": 3, "asked": 5, "items": items, "judged": {}, "changed": {}} | changes)


WRONG: dict[str, tuple[Callable[[Replayed], object], Json, str]] = {
    "no manifest": (
        lambda done: (done.out / NAME).unlink(),
        {},
        "contains no replay: its manifest.json cannot be read: No",
    ),
    "no JSON": (
        lambda done: (done.out / NAME).write_text("{"),
        {},
        "its manifest.json was not written by this version",
    ),
    "not finished": (manifest(done=False), {}, "its replay is not finished. Run twitch-cds replay again to continue"),
    "another key": (manifest(hash_key="other"), {}, "was made with another hash key, so its visits cannot be found"),
    "no export named": (manifest(export=""), {}, "its manifest names no export. Give it with --export"),
    "no export": (manifest(export="/none/of/them"), {}, "/none/of/them: "),
    "export elsewhere": (void, {"export": "/none/at/all"}, "/none/at/all: "),
    "damaged": (written("{"), {}, "review.json: is not a review written by this version"),
    "another form": (written(kept(format=2)), {}, "review.json: is not a review written by this version"),
    "a verdict": (written(kept(judged={"A": {"1": {"verdict": "so"}}})), {}, "is not a review written by this version"),
    "an item": (
        written(kept(judged={"A": {"2": {"verdict": "right"}}})),
        {},
        "is not a review written by this version",
    ),
    "three": (written(kept(judged={"A": {}, "B": {}, "C": {}})), {}, "is not a review written by this version"),
    "a folder": (lambda done: (done.out / "review.json").mkdir(), {}, "review.json: cannot be read: Is a directory"),
    "sample": (
        written(kept()),
        {"sample": 6},
        "of 5 with seed 3 is in progress. Continue without --sample, or move review.json away",
    ),
    "seed": (written(kept()), {"seed": 4}, "--seed 4: a review of a sample of 5 with seed 3 is in progress."),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_reviewed_is_told_in_one_line(
    done: Replayed, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With status 2, before anything is served."""
    change, options, words = WRONG[name]
    change(done)
    given = [f"--{option}={value}" for option, value in options.items()]
    status = cli.main(["review", str(done.out), *given])
    said = capsys.readouterr().err

    assert (2, 1) == (status, said.count("\n"))
    assert words in said


def test_a_replay_without_cards_has_nothing_to_review(
    replay: Replay, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says so, and begins nothing."""
    done = replay(ndjson(tmp_path / "a.ndjson", [person(), visit("e1", "2026-11-20T09:00:00Z")]), rules_off=False)
    capsys.readouterr()

    assert 2 == cli.main(["review", str(done.out)])
    assert "no card was shown in this replay, so there is none to review" in capsys.readouterr().err
    assert not (done.out / "review.json").exists()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--json"], "--json: only with --result"),
        (["--sample", "0"], "must be a whole number from 1 to 10000"),
        (["--seed", "-1"], "must be a whole number from 0 to"),
        (["--port", "70000"], "must be a whole number from 0 to 65535"),
    ],
)
def test_options_are_checked(given: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In one line."""
    assert 2 == cli.main(["review", "replay/", *given])
    assert words in capsys.readouterr().err


def test_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Where DuckDB is not installed."""
    monkeypatch.setattr("cds.commands.review.find_spec", lambda _: None)

    assert 2 == cli.main(["review", "replay/"])
    assert "review needs DuckDB: pip install 'twitch-cds[replay]'" in capsys.readouterr().err


def test_an_export_that_was_moved_is_named(done: Replayed, tmp_path: Path) -> None:
    """With the same files it is the same export: no notice."""
    moved = tmp_path / "moved"
    moved.mkdir()
    (tmp_path / "a.ndjson").rename(moved / "a.ndjson")

    assert "have changed" not in pages(done.out, export=str(moved / "a.ndjson")).text()


def test_the_result_is_printed(done: Replayed, capsys: pytest.CaptureFixture[str]) -> None:
    """As a table and as JSON; before a review was begun there is none."""
    capsys.readouterr()
    assert 2 == cli.main(["review", str(done.out), "--result"])
    assert "no review was started in it" in capsys.readouterr().err
    site = pages(done.out)
    site.judge(site.join("Anna"), "1", "right")
    assert 0 == cli.main(["review", str(done.out), "--result"])
    table = capsys.readouterr().out
    site.judge(site.join("Ben"), "1", "right")
    assert 0 == cli.main(["review", str(done.out), "--result", "--json"])
    told = json.loads(capsys.readouterr().out)

    assert ["  Anna: 1 judged, 0 left", "  not finished: two people have to judge everything"] == table.splitlines()[
        1:3
    ]
    assert "Agreement: no figure: no item was judged by both" in table
    assert (True, 1.0, None) == (told["is_done"], told["agreement"]["kappa"], told["agreement"]["low"])
    assert [(1, 1, 1.0)] == [(line["judged"], line["right"], line["share"]) for line in told["lines"]]


def test_it_serves_until_ctrl_c(done: Replayed, tmp_path: Path) -> None:
    """From the command to the page; then it ends without a traceback."""
    answers: list[bytes] = []

    def is_open(written: str) -> bool:
        found = re.search(r"(http://127\.0\.0\.1:\d+/\S+)\r\n", written)
        if found is not None:
            with urlopen(found[1]) as answer:
                answers.append(answer.read())
        return bool(answers)

    ended = at_terminal([*TWITCH_CDS, "review", str(done.out)], {"TERM": "dumb"}, until=is_open)

    assert b"Blinded review of 1 items" in answers[0]
    assert (0, False) == (ended.status, "Traceback" in ended.text), ended.text


def test_it_announces_a_page_and_ends_when_it_is_asked_to(
    done: Replayed, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address holds the secret; what cannot be read meanwhile is told instead."""
    capsys.readouterr()
    seen: list[bytes] = []

    def visit(address: str) -> None:
        try:
            with urlopen(address) as answer:
                seen.append(answer.read())
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    def announced(address: str) -> None:
        review._say(address)
        threading.Thread(target=visit, args=(address,), daemon=True).start()

    chance = Chance(lambda: "word", lambda: 1)
    review.run(Options(str(done.out), sample=1), chance, announced)
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/word/\n", capsys.readouterr().out)
    assert b"Blinded review of 1 items" in seen[0]

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "review.json")

    monkeypatch.setattr(review, "known", full)
    with pytest.raises(UsageError, match=r"^review.json: No space left on device$"):
        review.run(Options(str(done.out)))


def test_chance_is_not_to_be_guessed() -> None:
    """A path of 192 bits, and a seed."""
    chance = Chance()

    assert 32 == len(chance.secret())
    assert chance.secret() != chance.secret()
    assert 0 <= chance.seed() < 2**31


def test_a_port_that_is_taken_is_told(done: Replayed, capsys: pytest.CaptureFixture[str]) -> None:
    """In one line."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert 2 == cli.main(["review", str(done.out), "--port", str(port)])

    assert f"twitch-cds: --port {port}: Address already in use\n" == capsys.readouterr().err


def judged(cells: dict[tuple[str, str], int]) -> tuple[dict[str, str], dict[str, str]]:
    """What two people judged, by how often they gave which pair of verdicts."""
    pairs = [pair for pair, count in cells.items() for _ in range(count)]
    return {str(n): pair[0] for n, pair in enumerate(pairs)}, {str(n): pair[1] for n, pair in enumerate(pairs)}


# Fleiss, Levin, Paik, Statistical Methods for Rates and Proportions, 3rd ed. (2003), table 18.1: kappa 0.68.
RATINGS = {
    ("right", "right"): 75,
    ("right", "wrong"): 1,
    ("right", "harmful"): 4,
    ("wrong", "right"): 5,
    ("wrong", "wrong"): 4,
    ("wrong", "harmful"): 1,
    ("harmful", "harmful"): 10,
}


def test_kappa_and_its_interval_are_those_of_the_textbook() -> None:
    """A hundred patients and three kinds; the interval also agrees with one that leaves out each item once."""
    one, other = judged(RATINGS)
    found = agreement(one, other)
    without = [kappa(_but(one, item), _but(other, item)) or 0.0 for item in one]
    mean = sum(without) / 100
    jackknife = sqrt(99 / 100 * sum((value - mean) ** 2 for value in without))

    assert (100, 89) == (found.both, found.agreed)
    assert found.kappa is not None
    assert pytest.approx(0.676, abs=0.0005) == found.kappa
    assert pytest.approx(jackknife, rel=0.05) == standard_error(one, other, found.kappa)
    assert pytest.approx(0.5046, abs=0.0001) == found.low
    assert pytest.approx(0.8484, abs=0.0001) == found.high


def _but(verdicts: dict[str, str], item: str) -> dict[str, str]:
    return {name: verdict for name, verdict in verdicts.items() if name != item}


def test_an_interval_ends_where_kappa_ends() -> None:
    """At 1 and at -1; those who never disagree have none."""
    nearly = agreement(*judged({("right", "right"): 8, ("wrong", "wrong"): 8, ("right", "wrong"): 1}))
    hardly = agreement(*judged({("right", "wrong"): 8, ("wrong", "right"): 8, ("right", "right"): 1}))
    always = agreement(*judged({("right", "right"): 9, ("wrong", "wrong"): 1}))

    assert 1.0 == nearly.high
    assert -1.0 == hardly.low
    assert (1.0, None, None) == (always.kappa, always.low, always.high)


def reviewed(*pairs: tuple[str, str], card: str = "data-gap") -> Review:
    """A review of one card, with the verdicts of both; an empty one was not given."""
    outcome = "" if card else "gate"
    items = [Item(id=str(number), visit=f"v{number}", card=card, outcome=outcome) for number in range(len(pairs))]
    one, other = (
        {str(number): Judgement(verdict=pair[side]) for number, pair in enumerate(pairs) if pair[side]}
        for side in (0, 1)
    )
    return Review(seed=1, asked=9, items=items, judged={"A": one, "B": other})


def test_a_card_is_right_if_both_say_so_and_harmful_if_one_does() -> None:
    """Of five whole pairs three are right: 60 % (23 to 88 %, Wilson); a harm counts before the other has answered."""
    verdicts = [("right", "right")] * 3 + [("right", "harmful"), ("wrong", "wrong"), ("harmful", ""), ("", "")]
    (line,) = results_of(reviewed(*verdicts)).lines

    assert (7, 5, 3, 1, 2) == (line.drawn, line.judged, line.right, line.disagreed, line.harmful)
    assert [0.6, 0.231, 0.882] == [pytest.approx(value, abs=0.0005) for value in (line.share, line.low, line.high)]


def test_silences_are_counted_apart() -> None:
    """They have no part in the value of a card, and a part in the agreement."""
    review_ = reviewed(("right", "right"), ("wrong", "right"), card="")
    found = results_of(review_)

    assert ([], 1) == (found.cards, len(found.silences))
    assert 2 == (found.agreement.both if found.agreement else 0)
    assert "50 %" in "\n".join(lines(found))


def test_what_has_changed_is_left_out_and_told() -> None:
    """The others are all that has to be judged; without reviewers nothing is done."""
    whole = reviewed(("right", "right"), ("", ""))
    whole.changed = {"1": "gone"}
    nobody = Review(seed=1, asked=1, items=whole.items)

    assert (True, False) == (results_of(whole).is_done, results_of(nobody).is_done)
    assert "  1 cannot be judged: the export or the version has changed since the replay" in lines(results_of(whole))
    assert None is results_of(nobody).agreement


def test_the_pages_know_the_same_verdicts() -> None:
    """Three of them, each in the form of an item."""
    page = (Path(review.__file__).parents[2] / "web/templates/review/item.html").read_text("utf-8")

    assert all(f'choice("{verdict}"' in page for verdict in VERDICTS)
