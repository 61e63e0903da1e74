"""Every statement of the article is realised by words, rules and golden cases that exist and do what they claim."""

import pkgutil
import tomllib
from pathlib import Path
from typing import Any

import pytest
from charts.dates import TODAY
from charts.golden import Case, cases
from charts.notation import request_bytes
from charts.seam import evaluate

import cds.rules
from cards.proofreading import load_words, references
from cards.words import Words
from cds.knowledge.load import load
from cds.rules.rulebook import rulebook_of

MAP: dict[str, dict[str, Any]] = tomllib.loads(Path(__file__).with_name("statements.toml").read_text("utf-8"))
WORDS: Words = load_words()
STATEMENTS = [f"S{number}" for number in range(1, 48)]
CLINICAL = {f"S{n}" for n in (7, 11, *range(13, 26), *range(27, 35), *range(36, 46))}
CASES: dict[str, Case] = {case.id: case for case in cases()}
SHOWN = [(name, case, card) for name, some in MAP["cases"].items() for case, card in some.items()]
EVERY_REFERENCE = [(name, ref) for name, one in WORDS.statements.items() for ref in one.realised_by]
RULES = "\n".join(path.read_text("utf-8") for path in Path(cds.rules.__path__[0]).glob("*.py"))


def words_of(card: dict[str, Any]) -> set[str]:
    """Topic, indicator, tags and flags of a card."""
    basis = card["extension"]["org.twitch-cds.basis"]
    return {card["source"]["topic"]["code"], card["indicator"], *basis.get("tags", ()), *basis.get("flags", ())}


def test_all_statements_are_there() -> None:
    """The wording holds S1 to S47, each once, and nothing else."""
    assert sorted(WORDS.statements) == sorted(STATEMENTS)


@pytest.mark.parametrize(("name", "reference"), EVERY_REFERENCE, ids=[f"{n} {r}" for n, r in EVERY_REFERENCE])
def test_reference_resolves(name: str, reference: str) -> None:
    """Words are found in the wording, rules in the code; nothing needs nothing but a reason."""
    kind, _, key = reference.partition(":")

    if kind == "rule":
        assert pkgutil.resolve_name(MAP["rules"][key]), name
    elif kind == "nothing":
        assert key, name
    else:
        assert reference in references(WORDS)


def test_every_named_rule_is_used() -> None:
    """The map names no rule that no statement points to."""
    wanted = {ref.removeprefix("rule:") for _, ref in EVERY_REFERENCE if ref.startswith("rule:")}

    assert wanted == set(MAP["rules"])


@pytest.mark.parametrize("flag", sorted({ref for _, ref in EVERY_REFERENCE if ref.startswith("flag:")}))
def test_flag_has_a_rule(flag: str) -> None:
    """A flag that realises a statement is raised by a rule of that id."""
    assert flag.removeprefix("flag:") in rulebook_of(load()).rules


@pytest.mark.parametrize("note", sorted({ref for _, ref in EVERY_REFERENCE if ref.startswith("note:")}))
def test_note_is_said(note: str) -> None:
    """A remark that realises a statement is chosen by some rule."""
    key = note.removeprefix("note:")

    assert f'Note("{key}"' in RULES


@pytest.mark.parametrize("order", sorted({ref for _, ref in EVERY_REFERENCE if ref.startswith("order:")}))
def test_order_has_words(order: str) -> None:
    """A draft that realises a statement has a label."""
    assert order.removeprefix("order:") in WORDS.book.orders


def test_clinical_statements_have_cases() -> None:
    """No statement with clinical behaviour is without a golden case."""
    assert sorted(CLINICAL - set(MAP["cases"])) == []
    assert sorted(set(MAP["cases"]) - set(STATEMENTS)) == []


@pytest.mark.parametrize(("name", "case", "card"), SHOWN, ids=[f"{name} {case}" for name, case, _ in SHOWN])
def test_case_shows_the_card(name: str, case: str, card: str) -> None:
    """The answer to the case holds the card that realises the statement."""
    status, answer = evaluate(request_bytes(CASES[case].chart), TODAY)
    shown = [words_of(one) for one in answer["cards"]]

    found = not shown if card == "silence" else any(set(card.split()) <= one for one in shown)

    assert (status, found) == (200, True), (name, shown)


def test_the_article_is_dated() -> None:
    """S1: the citation says when the article was reviewed and that the order of day and month is unclear."""
    assert "01/05/2021 (day/month order unclear)" in WORDS.citations["article"].label
