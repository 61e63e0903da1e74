"""What a candidate beside the live version would change: on the governance page, and against the gates."""

import contextlib
import html
import io
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from charts.options import options
from golive_kit import ADVICE, KEY, LISTED, NOON, SIGN, USER, VIEW, opened

from cds.golive import command
from cds.shadow.wire import Question
from cds.store.keys import known_key
from cds.store.rows import Tallied

UNREAD: dict[str, Any] = {"prefetch": {}}


class Offers:
    """What a candidate was asked."""

    is_up = True

    def __init__(self) -> None:
        self.made: list[tuple[str, Question, bytes]] = []

    def offer(self, client: str, question: Question, live: bytes) -> None:
        self.made.append((client, question, live))


@pytest.mark.parametrize("mode", ["on", "silent", "pilot"])
def test_a_candidate_is_asked_in_every_mode_about_all_cards(tmp_path: Path, mode: str) -> None:
    """What silent mode holds back is compared too; the question is that of the engine."""
    pilot = "pilot = { percent = 0.001 }\n" if mode == "pilot" else ""
    offers = Offers()
    with opened(tmp_path, f'mode = "{mode}"\n{pilot}{LISTED}', offers) as site:
        answer = site.call(ADVICE)
        assert site.fetch("GET", "/health/ready").json()["shadow"] == "up"

    ((client, question, live),) = offers.made
    assert ("ehr", VIEW, NOON) == (client, question.service, question.at)
    assert json.loads(live)["cards"]
    assert (mode == "on") == bool(answer.json()["cards"])
    assert (mode == "on") == (live == answer.content)


def test_cards_without_our_extension_are_compared_with_it(tmp_path: Path) -> None:
    """A client that wants none gets none; tags and flags are in it."""
    offers = Offers()
    with opened(tmp_path, "card_extension = false\n", offers) as site:
        answer = site.call(ADVICE)

    assert b"extension" not in answer.content
    assert b"extension" in offers.made[0][2]


def test_what_is_not_answered_is_not_asked(tmp_path: Path) -> None:
    """A call that is refused, and a service that is off."""
    offers = Offers()
    with opened(tmp_path, f'modes = {{ "{SIGN}" = "off" }}\n', offers) as site:
        off = site.call(ADVICE, service=SIGN)
        refused = site.call(ADVICE, USER, VIEW, None, **UNREAD)

    assert (412, 200, []) == (refused.status_code, off.status_code, offers.made)


TOKEN = "a credential of the governance page, long enough"
FILE = """client = "ehr"
since = 2026-11-20
until = 2026-11-22
without = ["silent", "feedback", "replay"]
[gates]
shadow_calls = { least = 4 }
shadow_different_percent = { most = 50 }
shadow_gone = { most = 2 }
shadow_failures_percent = { most = 40 }
"""


def counted(change: str, number: int = 1, **more: str) -> Tallied:
    """A count of a candidate."""
    given: dict[str, Any] = {
        "run": "run",
        "day": "2026-11-22",
        "client": "ehr",
        "service": VIEW,
        "topic": "",
        "reason": "",
        "knowledge_version": "k",
        "candidate_software": "1.1.0",
        "candidate_knowledge": "k2",
    }
    return Tallied(change=change, number=number, **given | more)


EVENTS = (
    counted("same", 2),
    counted("different", 2),
    counted("refused"),
    counted("late"),
    counted("crashed", client="", service="", candidate_software="", candidate_knowledge=""),
    counted("dropped", 7),
    counted("same", 50, client="other"),
    counted("same", 50, day="2026-11-19"),
    counted("same", 50, candidate_knowledge="k1"),
)
CARDS = (
    counted("gone", topic="lifestyle"),
    counted("less urgent", topic="abnormal-lab"),
    counted("new", 3, topic="data-gap"),
    counted("reworded", topic="abnormal-lab", service=SIGN),
    counted("gone", topic="abnormal-lab", reason="potassium"),
)


@pytest.fixture(autouse=True)
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of the service whose files lie in the folder of the test."""
    for name, value in {"DATA_DIR": str(tmp_path), "HASH_KEY": KEY, "TIME_ZONE": "Europe/Berlin"}.items():
        monkeypatch.setenv(f"TWITCH_CDS_{name}", value)


def verdict(folder: Path, *counts: Sequence[Tallied]) -> list[str]:
    """What the gates say; the counts came in this order."""
    (folder / "golive.toml").write_text(FILE, "utf-8")
    with opened(folder, "") as site:
        for some in counts:
            site.wait(1)
            site.memory.shadowed(some)
        assert site.memory.flush(600)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        command.run(command.Options(**options("golive", folder / "golive.toml")), known_key, lambda: NOON)
    return [line.strip() for line in out.getvalue().splitlines() if "candidate" in line or "answer" in line]


def test_the_gates_see_the_newest_candidate_of_the_client_in_the_period(tmp_path: Path) -> None:
    """Four compared, two of them different; two cards gone or less urgent; three of seven refused or failed."""
    assert [
        "go                   calls that a candidate answered too: 4 (at least 4)",
        "go                   of these with another answer, %: 50 (at most 50)",
        "go                   cards gone or less urgent under the candidate: 2 (at most 2)",
        "not yet              failures of the candidate, %: 42.86 (at most 40)",
    ] == verdict(tmp_path, [counted("same", 50, candidate_knowledge="k1")], [*EVENTS[:-1], *CARDS])


def test_without_a_candidate_there_are_no_figures(tmp_path: Path) -> None:
    """Nor with one that has answered nothing: that nothing is gone, nobody knows."""
    none = verdict(tmp_path)
    dead = verdict(tmp_path, [counted("crashed", 3)])
    resting = verdict(tmp_path, [counted("crashed", 3), counted("skipped", day="2026-11-21", client="other")])

    assert 4 == sum(line.startswith("not yet: no figures") for line in none)
    assert (
        [False, True, True, False]
        == [line.startswith("not yet: no figures") for line in dead]
        == [line.startswith("not yet: no figures") for line in resting]
    )


def page(folder: Path, counts: Sequence[Tallied], query: str = "") -> str:
    """The governance page as text."""
    with opened(folder, "", governance_token=TOKEN) as site:
        if counts:
            site.memory.shadowed(counts)
            assert site.memory.flush(600)
        text = site.fetch("GET", f"/governance{query}", credential=TOKEN).text
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def test_the_governance_page_tells_what_a_candidate_would_change(tmp_path: Path) -> None:
    """By card, and by flag and tag; of one service if that is chosen. Without a candidate it says nothing of one."""
    whole = page(tmp_path, [*EVENTS, *CARDS])
    some = page(tmp_path, [], f"?service={SIGN}")
    ever = page(tmp_path, [], "?since=all")
    none = page(tmp_path / "other", [])

    assert "Version 1.1.0, knowledge k2: 104 calls compared, 2 of them with a different answer." in whole
    assert "1 refused, 2 failed 7 were not compared." in whole
    assert "Abnormal laboratory result 0 0 0 1 1" in whole
    assert "Abnormal laboratory result potassium 0 1" in whole
    assert "104 calls compared" in ever
    assert "0 calls compared" in some
    assert "Abnormal laboratory result 0 0 0 0 1" in some
    assert "candidate" not in none


def test_the_page_says_where_nothing_differs(tmp_path: Path) -> None:
    """Calls compared, and no table; a day outside the period is not in it."""
    text = page(tmp_path, [counted("same", 3), counted("different", 1, day="2020-01-01")], "?days=30")

    assert "3 calls compared, 0 of them with a different answer." in text
    assert "Cards that a candidate" not in text
    assert NOON == datetime(2026, 11, 22, 12, tzinfo=UTC)
