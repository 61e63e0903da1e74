"""What the settings name as the candidate, and with which environment it runs."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from cds.errors import SettingsError
from cds.settings import PREFIX, Settings

NAME = PREFIX + "SHADOW"
KNOWLEDGE = "rules.toml"
ANSWERING = ("-P", "-m", "cds.shadow.answering")
# What decides on cards, or is needed to start Python at all. No secret, and no address of any other system.
HANDED_ON = frozenset(
    {"PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TZ", "TZDIR"}
    | {f"{PREFIX}{name}" for name in ("TIME_ZONE", "EMERGENCY_CARDS", "LANGUAGES", "MAX_DEPTH", "MAX_ENTRIES")}
    | {f"{PREFIX}{name}" for name in ("PUBLIC_URL", "CONCEPT_MAPS")}
)


def command(settings: Settings) -> tuple[str, ...]:
    """What is run: this version with a folder of knowledge, or another version; raises SettingsError for neither."""
    path = Path(settings.shadow)
    installed = path / "bin" / "python"
    if (path / KNOWLEDGE).is_file():
        return (sys.executable, *ANSWERING, str(path.absolute()))
    for python in (installed, path):
        if python.is_file() and os.access(python, os.X_OK):
            return (str(python.absolute()), *ANSWERING)
    raise SettingsError(
        NAME, f"names neither a knowledge folder (with {KNOWLEDGE}) nor the Python of an installed version"
    )


def environment_of(environment: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """What a candidate is told: not more than it needs to decide as this service does."""
    handed_on = {name: value for name, value in environment.items() if name in HANDED_ON}
    added = {f"{PREFIX}PUBLIC_URL": settings.public_url, f"{PREFIX}MAX_DEPTH": str(settings.max_depth)}
    return {**handed_on, **added, "PYTHONDONTWRITEBYTECODE": "1", "MALLOC_ARENA_MAX": "2"}
