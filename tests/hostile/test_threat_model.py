"""The threat model names its proofs: each of them exists."""

import ast
import re
from pathlib import Path

from cds import errors
from cds.errors import CallError

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/security.md").read_text("utf-8")
PROOFS = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)))
ROWS = [line for line in TEXT.partition("## Limits")[0].splitlines() if line.startswith("| ") and "---" not in line]


def test_every_proof_exists() -> None:
    """File and function."""
    missing = [f"{path}::{name}" for path, name in PROOFS if name not in functions(ROOT / path)]

    assert [] == missing
    assert len(PROOFS) > 40


def functions(path: Path) -> set[str]:
    """The names of the functions of a module; none if there is no such file."""
    tree = ast.parse(path.read_text("utf-8")) if path.is_file() else ast.Module([], [])
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_threat_has_a_defence_and_a_proof() -> None:
    """Three columns, the last with a test."""
    threats = [row for row in ROWS if not row.startswith("| Threat |")]

    assert [] == [row for row in threats if row.count(" | ") != 2 or "`tests/" not in row.rpartition(" | ")[2]]
    assert len(threats) > 30


def test_every_limit_is_listed_with_its_status() -> None:
    """The reasons by which refusals are counted."""
    kinds = (one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, CallError))
    counted = {kind.reason: kind.status for kind in kinds if kind.reason}
    listed: dict[str, int] = {}
    for row in TEXT.partition("## Limits")[2].splitlines():
        if match := re.match(r"\| ((?:`[\w-]+`(?:, )?)+) \| ([\d, ]+) \|", row):
            names, statuses = re.findall(r"`([\w-]+)`", match[1]), re.findall(r"\d+", match[2])
            listed |= {name: int(statuses[min(at, len(statuses) - 1)]) for at, name in enumerate(names)}

    assert counted == listed
