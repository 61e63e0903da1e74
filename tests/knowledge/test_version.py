"""The knowledge version: all that a clinician reads and what decides on it, by content and not by layout."""

from pathlib import Path

import pytest
from charts.dates import TODAY
from charts.files import Files
from charts.seam import engine

from cds.knowledge.version import of_code

BEFORE = engine(TODAY).knowledge_version


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """The files of the package, copied."""
    return Files(tmp_path)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("limits.toml", '"mmol/L" = 2.20, "mg/dL" = 8.8', '"mmol/L" = 2.21, "mg/dL" = 8.8'),
        ("rules.toml", "persistent = 28 ", "persistent = 29 "),
        ("valuesets.toml", '"cm:R29.0", ', ""),
        ("codes/labs.csv", "Calcidiol", "calcidiol"),
        ("en/cards.toml", "Possible emergency", "Possible urgency"),
        ("en/flags.toml", 'why = "', 'why = "Note: '),
        ("en/explanations.toml", "no emergency rule fired", "no emergency was found"),
    ],
)
def test_a_change_of_content_is_another_version(files: Files, file: str, old: str, new: str) -> None:
    """A number, a code or a word, whichever file it is in."""
    assert BEFORE == files.engine().knowledge_version
    files.change(file, old, new)

    assert BEFORE != files.engine().knowledge_version


@pytest.mark.parametrize("file", ["limits.toml", "rules.toml", "en/cards.toml", "en/notes.toml"])
def test_a_change_of_layout_is_none(files: Files, file: str) -> None:
    """Comments, empty lines and spaces say nothing."""
    files.change(file, " = ", "  =   ")
    files.add(file, "\n\n# reviewed\n")

    assert BEFORE == files.engine().knowledge_version


def test_rules_count_by_what_they_do(tmp_path: Path) -> None:
    """A changed comparison is another version; a comment, a line break or a trailing comma is not."""
    module = tmp_path / "rule.py"

    def version(source: str) -> str:
        module.write_text(source, "utf-8")
        return of_code([tmp_path])

    first = version("def fires(a, b):\n    return a < b\n")

    assert first == version("# why\ndef fires(\n    a,\n    b,\n):\n    return a < b  # for a reason\n")
    assert first != version("def fires(a, b):\n    return a <= b\n")
