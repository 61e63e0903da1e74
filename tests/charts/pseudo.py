"""A language made by a rule: every vowel of every sentence gets an accent, so that what is left in English is seen."""

import json
import tomllib
from pathlib import Path
from typing import Any

from cards.words import ENGLISH, LABELS
from cds.knowledge.load import Knowledge

ACCENTS = str.maketrans("aeiouAEIOU", "áéíóúÁÉÍÓÚ")
NAMES = frozenset(  # names of things in the files, and what is the same in every language
    {"citations", "guideline", "overrides", "realised_by", "mark", "doi", "pmid", "url", "reviewed", "placeholders"}
)


def said(text: str) -> str:
    """A sentence in this language; its gaps stay."""
    parts = text.replace("}", "}{").split("{")
    return "".join(f"{{{part}" if part.endswith("}") else part.translate(ACCENTS) for part in parts)


def write(folder: Path, knowledge: Knowledge) -> Path:
    """The folder of the language."""
    folder.mkdir()
    for path in ENGLISH.glob("*.toml"):
        table = tomllib.loads(path.read_text("utf-8"))
        (folder / path.name).write_text(_file(_translated(table)), "utf-8")
    codes = (one for name in knowledge.sets for one in knowledge.codes.members(name))
    labels = _translated(tomllib.loads((ENGLISH / LABELS).read_text("utf-8")))
    labels |= {"displays": {one.display: said(one.display) for one in codes if one.display}}
    (folder / LABELS).write_text(_file(labels), "utf-8")
    return folder


def _translated(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: item if _is_name(key, item) else _translated(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_translated(item) for item in value]
    return said(value) if isinstance(value, str) else value


def _is_name(key: str, value: Any) -> bool:
    return key in NAMES and not isinstance(value, dict)


def _file(table: dict[str, Any]) -> str:
    return "".join(f"{json.dumps(key)} = {_toml(value)}\n" for key, value in table.items())


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)
