"""The threat model and the hazard log name their proofs: each of them exists."""

import ast
import re
from pathlib import Path

import pytest

from cds import errors
from cds.errors import CallError

ROOT = Path(__file__).parents[1]
THREATS = (ROOT / "docs/security.md").read_text("utf-8")
HAZARDS = (ROOT / "docs/hazard-log.md").read_text("utf-8")
TABLES = {"security.md": (THREATS.partition("## Limits")[0], 3, 30, 40), "hazard-log.md": (HAZARDS, 6, 19, 25)}


def functions(path: Path) -> set[str]:
    """The names of the functions of a module; none if there is no such file."""
    tree = ast.parse(path.read_text("utf-8")) if path.is_file() else ast.Module([], [])
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize("document", TABLES)
def test_every_proof_exists(document: str) -> None:
    """File and function."""
    text, _, _, least = TABLES[document]
    proofs = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text)))

    assert [] == [f"{path}::{name}" for path, name in proofs if name not in functions(ROOT / path)]
    assert len(proofs) > least


@pytest.mark.parametrize("document", TABLES)
def test_every_row_has_all_its_columns_and_a_proof(document: str) -> None:
    """None is empty; the proof is a test."""
    text, columns, least, _ = TABLES[document]
    rows = [line for line in text.splitlines() if line.startswith("| ") and "| Proof" not in line]

    assert [] == [row for row in rows if len(cells(row)) != columns or not all(cells(row)) or "`tests/" not in row]
    assert len(rows) > least


def cells(row: str) -> list[str]:
    """The columns of a row."""
    return [cell.strip() for cell in row.strip("|").split(" | ")]


def test_hazards_are_numbered_and_graded() -> None:
    """From H1 on, each with a severity in the words of DCB0129."""
    rows = [cells(line) for line in HAZARDS.splitlines() if line.startswith("| H") and "| Proof" not in line]
    graded = {"minor", "significant", "considerable", "major", "catastrophic"}

    assert [f"H{number}" for number in range(1, len(rows) + 1)] == [row[0].split()[0] for row in rows]
    assert {row[2] for row in rows} <= graded


def test_every_limit_is_listed_with_its_status() -> None:
    """The reasons by which refusals are counted."""
    kinds = (one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, CallError))
    counted = {kind.reason: kind.status for kind in kinds if kind.reason}
    listed: dict[str, int] = {}
    for row in THREATS.partition("## Limits")[2].splitlines():
        if match := re.match(r"\| ((?:`[\w-]+`(?:, )?)+) \| ([\d, ]+) \|", row):
            names, statuses = re.findall(r"`([\w-]+)`", match[1]), re.findall(r"\d+", match[2])
            listed |= {name: int(statuses[min(at, len(statuses) - 1)]) for at, name in enumerate(names)}

    assert counted == listed
