"""The TOML files of a folder of facts, each read once."""

import tomllib
from pathlib import Path
from typing import Any

from cds.errors import KnowledgeError


class Folder:
    """The data files; `tables` holds those that were read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tables: dict[str, dict[str, Any]] = {}

    def toml(self, file: str) -> dict[str, Any]:
        """One file, parsed."""
        self.tables[file] = self._parsed(file)
        return self.tables[file]

    def _parsed(self, file: str) -> dict[str, Any]:
        try:
            return tomllib.loads((self.path / file).read_text("utf-8"))
        except (OSError, UnicodeDecodeError) as problem:
            raise KnowledgeError(file, "-", f"cannot be read: {problem}") from problem
        except tomllib.TOMLDecodeError as problem:
            raise KnowledgeError(file, "-", f"is not valid TOML: {problem}") from problem
