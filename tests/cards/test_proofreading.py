"""A wording that is incomplete, too long or dishonest stops the start."""

import re
import shutil
from pathlib import Path

import pytest
from charts.book import proofread

from cards.errors import WordingError
from cards.words import ENGLISH


@pytest.mark.parametrize(
    ("file", "old", "new", "key", "reason"),
    [
        ("cards.toml", "[topic.data-gap]", "[topic.data-gaps]", "topic", "Invalid enum value"),
        (
            "cards.toml",
            "[topic.steroid-order.variants.raised]",
            "[topic.steroid-order.variants.other]",
            "steroid-order.raised",
            "missing",
        ),
        ("cards.toml", 'grade = "project choice"\n', "", "topic", "grade"),
        ("cards.toml", "[topic.emergency]", "[topic.emergency", "file", "line"),
        ("cards.toml", "{finding}", "{nonsense}", "emergency.default", "unknown placeholder nonsense"),
        ("cards.toml", "{finding}", "{trigger!r}", "emergency.default", "not a plain name"),
        ("cards.toml", "{finding}", "{}", "emergency.default", "not a plain name"),
        ("cards.toml", "{finding}", "{trigger", "emergency.default", "expected '}'"),
        (
            "cards.toml",
            "{finding}",
            "{finding}" + " x" * 40,
            "emergency.default",
            "characters with its longest fillings",
        ),
        ("cards.toml", "{finding}", "{finding}<br>", "emergency.default", "HTML"),
        ("cards.toml", "caps = { finding = 60 }", "caps = { sign = 60 }", "emergency.default", "not a gap of"),
        ("cards.toml", "caps = { finding = 60 }", "caps = { finding = 6 }", "emergency.default", "too few for"),
        ("cards.toml", "caps = { sign = 36, drug = 30 }", "", "neurology-urgent.medicine", "no caps for sign and drug"),
        ("phrases.toml", 'visit = "visit {date}"', 'visit = "visit {day}"', "visit", "unknown placeholder day"),
        ("phrases.toml", 'form = "form"', 'sheet = "form"', "form", "missing"),
        ("cards.toml", 'guideline = "sfe-2016"', 'guideline = "nowhere"', "emergency", "no citation nowhere"),
        ("cards.toml", '"known-chronic"', '"whatever"', "emergency", "no override reason whatever"),
        ("cards.toml", 'title = "Possible emergency"', 'title = ""', "emergency", "empty"),
        ("tags.toml", "[tag.lifestyle.stress]", "[tag.lifestyle.strain]", "lifestyle.stress", "missing"),
        (
            "tags.toml",
            "[tag.lifestyle.stress]",
            "[tag.lifestyle.x]\nname='x'\n[tag.lifestyle.stress]",
            "x",
            "not known",
        ),
        ("tags.toml", "calcium {value}", "calcium {number}", "emergency.calcium", "unknown placeholder number"),
        ("tags.toml", 'plain = "possible pre-eclampsia"\n', "", "emergency.pre-eclampsia", "empty"),
        ("tags.toml", 'citations = ["rcem"]', "citations = []", "emergency.potassium", "no citation"),
        ("tags.toml", "relaxation or meditation", "{relaxation}", "lifestyle.stress", "unknown placeholder"),
        ("tags.toml", "Stress: article", "<b>Stress: article", "lifestyle.stress", "HTML"),
        ("flags.toml", "[flag.U1]", "[flag.U99]", "U1", "missing"),
        ("flags.toml", 'citations = ["turner-2022"]', 'citations = ["x"]', "U4", "no citation x"),
        ("notes.toml", "{items}", "{things}", "already_on_problem_list", "unknown placeholder things"),
        ("notes.toml", "[notes]", "[remarks]", "notes", "missing"),
        ("phrases.toml", 'decision = "', 'choice = "', "decision", "missing"),
        ("phrases.toml", '"{first} and {second}"', '"{first} and {third}"', "pair", "unknown placeholder third"),
        ("phrases.toml", "[marks]", "[remarks]", "phrases", "marks"),
        ("phrases.toml", 'V2 = "', 'V3 = "', "V2", "missing"),
        ("phrases.toml", 'absent = "', 'missing = "', "absent", "missing"),
        ("phrases.toml", 'busy = "', 'lazy = "', "busy", "missing"),
        ("phrases.toml", 'absent = "', 'bored = "x"\nabsent = "', "bored", "not known"),
        ("phrases.toml", 'ORD-EMERG = "', 'ORD-CALM = "', "ORD-EMERG", "missing"),
        ("phrases.toml", 'KD = "Known neuromuscular disease"', 'KD = " "', "KD", "empty"),
        ("phrases.toml", 'tsh = "TSH"\n', "", "tsh", "not known"),
        ("phrases.toml", "named_in_summary = 2", "named_in_summary = 0", "layout", "at least 1"),
        ("phrases.toml", 'onset = "onset', 'onset = "" # ', "onset", "empty"),
        ("citations.toml", 'mark = "P"', 'mark = "X"', "citation", "Invalid enum value"),
        ("citations.toml", 'reviewed = "2026-11-22"', "", "citation", "reviewed"),
        ("citations.toml", 'short = "Turner"', 'short = " "', "turner-2022", "empty"),
        ("statements.toml", "[statement.S47]", "[statement.S48]", "S47", "missing"),
        ("statements.toml", '"nothing:no clinical content"', "", "S47", "realised by nothing"),
        ("statements.toml", "note:site_calf", "note:site_shin", "S23", "nothing is called note:site_shin"),
    ],
)
def test_a_broken_wording_stops_the_start(tmp_path: Path, file: str, old: str, new: str, key: str, reason: str) -> None:
    """What is missing or wrong is refused by file, key and reason."""
    folder = tmp_path / "en"
    shutil.copytree(ENGLISH, folder)
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")

    with pytest.raises(WordingError, match=re.escape(reason)) as raised:
        proofread(folder)

    assert file == raised.value.file
    assert raised.value.key.endswith(key)


@pytest.mark.parametrize(
    ("file", "table", "key"),
    [("cards.toml", "[topic.data-gap]", "data-gap"), ("tags.toml", "[tag.lifestyle.stress]", "lifestyle")],
)
def test_a_card_without_words_stops_the_start(tmp_path: Path, file: str, table: str, key: str) -> None:
    """A file cut short lacks a card of the contract, and the card is named."""
    folder = tmp_path / "en"
    shutil.copytree(ENGLISH, folder)
    text = (folder / file).read_text(encoding="utf-8")
    (folder / file).write_text(text[: text.index(table)], encoding="utf-8")

    with pytest.raises(WordingError, match="missing") as raised:
        proofread(folder)

    assert (file, key) == (raised.value.file, raised.value.key)


def test_a_missing_file_stops_the_start(tmp_path: Path) -> None:
    """A folder without wording is refused with the name of the file that is sought."""
    with pytest.raises(WordingError, match=r"notes\.toml"):
        proofread(tmp_path)
