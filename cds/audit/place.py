"""Where the audit lies: the log, its head, and the older logs beside it."""

import re
from pathlib import Path

from cds.settings import Settings

NAME = "audit.jsonl"
HEAD = ".head"
_OLD = re.compile(r"[0-9]|\.gz$")


def log_of(settings: Settings) -> Path:
    """The log that this service writes."""
    return Path(settings.audit_file or Path(settings.data_dir, NAME))


def head_of(log: Path) -> Path:
    """The file that holds the last number and hash of a log: `audit.head` beside `audit.jsonl`."""
    return log.with_suffix(HEAD) if log.suffix != HEAD else log.with_name(log.name + HEAD)


def is_old(log: Path) -> bool:
    """Whether a file has a name that rotation gives (`.1`, `-20261123`, `.gz`): nothing is written to it any more."""
    return bool(_OLD.search(log.suffix))


def all_of(log: Path) -> list[Path]:
    """A log and the older ones that rotation left beside it."""
    current = {log, head_of(log)}
    rotated = {path for path in log.parent.glob(f"{_literal(log.name)}*") if is_old(path)} - current
    return sorted(rotated | {path for path in (log,) if path.exists()})


def _literal(name: str) -> str:
    return re.sub(r"([*?[])", r"[\1]", name)
