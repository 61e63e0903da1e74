"""A replay and its review as gates of a go-live: a figure that is not there is never go."""

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest
from golive_kit import opened
from test_golive_verdict import TOKEN, gates, judged, printed, service

from cds.errors import UsageError

__all__ = ["service"]
Json = dict[str, Any]
WITHOUT = ("silent", "feedback", "shadow")
FIGURES = {"calls": 2000, "cards": 60, "not_checked": 100, "unread": 20, "not_answered": 4, "lost": 0}


def replayed(folder: Path, **changes: Any) -> Path:
    """The folder of a replay that is finished, with changes of its manifest."""
    out = folder / "replay"
    out.mkdir(exist_ok=True)
    (out / "manifest.json").write_text(json.dumps({"format": 1, "done": True, "figures": FIGURES} | changes), "utf-8")
    return out


def reviewed(out: Path, anna: str, ben: str) -> None:
    """A review of four cards of two kinds and four silences: r, w, h or nothing (.) of each by both."""
    words = {"r": "right", "w": "wrong", "h": "harmful"}
    strata = ["data-gap", "data-gap", "lifestyle", "lifestyle", "", "", "", ""]
    items = [
        {"id": str(number), "visit": f"v{number}", "card": card, "outcome": "" if card else "gate"}
        for number, card in enumerate(strata)
    ]
    given = {
        name: {str(place): {"verdict": words[one]} for place, one in enumerate(verdicts) if one in words}
        for name, verdicts in (("Anna", anna), ("Ben", ben))
    }
    review = {"format": 1, "seed": 1, "asked": 8, "items": items, "judged": given, "changed": {}}
    (out / "review.json").write_text(json.dumps(review), "utf-8")


def figures(path: Path, *arguments: object) -> dict[str, float | None]:
    """The numbers of the gates of a replay and its review."""
    return {name: row["value"] for name, row in judged(path, *arguments).items()}


def test_the_figures_of_a_replay_are_gates(tmp_path: Path) -> None:
    """As its manifest has them; without a review there are no figures of one."""
    replayed(tmp_path)
    found = judged(gates(tmp_path, WITHOUT, 'replay = "replay"\n'))

    assert [2000, 3, 5, 1, 0.2, 0] == [row["value"] for name, row in found.items() if name.startswith("replay_")]
    assert {"go"} == {row["state"] for name, row in found.items() if name.startswith("replay_")}
    assert {"not yet: no figures"} == {row["state"] for name, row in found.items() if name.startswith("review_")}


def test_what_two_reviewers_say_are_gates(tmp_path: Path) -> None:
    """The weakest card counts, and the lowest end of its interval; one is enough for a harm."""
    reviewed(replayed(tmp_path), "rrrhrrrr", "rrrwrrrw")
    found = figures(gates(tmp_path, WITHOUT, 'replay = "replay"\n'))

    assert (100, 50, 75, 1) == tuple(
        found[f"review_{name}"] for name in ("judged_percent", "ppv_percent", "silent_right_percent", "harmful")
    )
    assert pytest.approx(9.45, abs=0.01) == found["review_ppv_low_percent"]
    assert pytest.approx(0.2727, abs=0.0001) == found["review_agreement"]


def test_a_card_of_which_nothing_was_judged_leaves_the_weakest_unknown(tmp_path: Path) -> None:
    """However good the others are; nor is there a share of silences that nobody judged."""
    reviewed(replayed(tmp_path), "rr......", "rr......")
    found = figures(gates(tmp_path, WITHOUT, 'replay = "replay"\n'))

    assert (25, 1, 0) == tuple(found[f"review_{name}"] for name in ("judged_percent", "agreement", "harmful"))
    assert {None} == {found[f"review_{name}_percent"] for name in ("ppv", "ppv_low", "silent_right")}


def test_all_gates_of_a_replay_can_be_met(tmp_path: Path) -> None:
    """With the limits of the committee; on the governance page too, with the same numbers."""
    reviewed(replayed(tmp_path), "rrrrrrrr", "rrrrrrrr")
    path = gates(tmp_path, WITHOUT, 'replay = "replay"\n', review_ppv_low_percent="least = 30")
    with opened(tmp_path, "", governance_token=TOKEN, golive=str(path), time_zone="Europe/Berlin") as site:
        text = site.fetch("GET", "/governance", credential=TOKEN).text
    page = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))

    assert (0, "GO: all 12 gates are met.") == (printed(path)[0], printed(path)[1].splitlines()[-1])
    assert "GO: all 12 gates are met." in page
    assert "replay: cards per 100 calls 3 at most 5 go" in page
    assert "review: positive predictive value of the weakest card, % 100 at least 80 go" in page


@pytest.mark.parametrize("changes", [{"done": False}, {"figures": {}}])
def test_a_replay_without_figures_is_not_yet(tmp_path: Path, changes: Json) -> None:
    """One that is under way, and one of an older version."""
    replayed(tmp_path, **changes)

    assert {None} == set(figures(gates(tmp_path, WITHOUT, 'replay = "replay"\n')).values())


def test_a_replay_of_nobody_has_no_shares(tmp_path: Path) -> None:
    """How many calls there were is a figure."""
    replayed(tmp_path, figures=dict.fromkeys(FIGURES, 0))
    found = figures(gates(tmp_path, WITHOUT, 'replay = "replay"\n'))

    assert (0, 0, None) == (found["replay_calls"], found["replay_lost"], found["replay_cards_per_100_calls"])


def test_a_replay_is_named_in_the_file_or_by_option(tmp_path: Path) -> None:
    """The option is asked first; where neither names one there are no figures."""
    (tmp_path / "other").mkdir()
    other = replayed(tmp_path / "other", figures=FIGURES | {"calls": 7})
    replayed(tmp_path)

    assert 7 == figures(gates(tmp_path, WITHOUT, 'replay = "replay"\n'), "--replay", other)["replay_calls"]
    assert None is figures(gates(tmp_path, WITHOUT))["replay_calls"]


def test_a_review_is_left_out_with_its_replay_or_alone(tmp_path: Path) -> None:
    """By name."""
    replayed(tmp_path)
    alone = gates(tmp_path, (*WITHOUT, "review"), 'replay = "replay"\n')

    assert {"replay_"} == {name[:7] for name in judged(alone)}
    assert "  left out             all figures of review" in printed(alone)[1].splitlines()


@pytest.mark.parametrize(
    ("text", "words"),
    [(None, "manifest.json: cannot be read: No such file"), ("{", "manifest.json: is not the manifest of a replay")],
)
def test_a_folder_that_holds_no_replay_is_refused(tmp_path: Path, text: str | None, words: str) -> None:
    """A name that is misspelt is no figure that is missing."""
    path = replayed(tmp_path) / "manifest.json"
    path.unlink()
    if text is not None:
        path.write_text(text, "utf-8")

    with pytest.raises(UsageError) as problem:
        printed(gates(tmp_path, WITHOUT, 'replay = "replay"\n'))
    assert words in problem.value.text
