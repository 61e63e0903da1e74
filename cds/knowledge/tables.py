"""The CSV files of the knowledge: the terminology, and the words of ingredients."""

import csv
from collections.abc import Mapping
from pathlib import Path

from cds.errors import KnowledgeError
from cds.knowledge.codes import Row
from cds.knowledge.compile import rows_of
from cds.knowledge.ingredients import Ingredient

INGREDIENTS = "ingredients.csv"


def rows(folder: Path, systems: Mapping[str, str]) -> list[Row]:
    """The rows of the terminology; one that is incomplete or of an unknown system raises KnowledgeError."""
    table_rows = [row for path in sorted((folder / "codes").glob("*.csv")) for row in _rows_of(path, systems)]
    if not table_rows:
        raise KnowledgeError("codes/*.csv", "-", "no terminology file was found")
    return table_rows


def ingredients(folder: Path) -> list[Ingredient]:
    """The words of ingredients; an incomplete row raises KnowledgeError."""
    try:
        table = csv.DictReader((folder / INGREDIENTS).read_text("utf-8").splitlines())
        table_rows = [Ingredient(**record) for record in table]
    except (OSError, UnicodeDecodeError, TypeError) as problem:
        raise KnowledgeError(INGREDIENTS, "-", f"cannot be read: {problem}") from problem
    for row in table_rows:
        if not row.ingredient or not all(form.strip() for form in row.forms):
            raise KnowledgeError(INGREDIENTS, row.ingredient or row.words, "a row needs an ingredient and its words")
    return table_rows


def _rows_of(path: Path, systems: Mapping[str, str]) -> list[Row]:
    file = f"codes/{path.name}"
    try:
        table_rows = rows_of(csv.DictReader(path.read_text("utf-8").splitlines()))
    except (OSError, UnicodeDecodeError) as problem:
        raise KnowledgeError(file, "-", f"cannot be read: {problem}") from problem
    for row in table_rows:
        if not row.group or not row.code:
            raise KnowledgeError(file, row.code or row.group or "-", "a row needs a group and a code")
        if row.system not in systems.values():
            raise KnowledgeError(file, row.code, f"`{row.system}` is not a system of systems.toml")
    return table_rows
