"""Copies of the data and of the wording that a test may change, and the engine made of them."""

import shutil
from datetime import UTC, datetime, time
from pathlib import Path

from cards.words import ENGLISH
from cds.call import Engine, build_engine
from cds.knowledge.load import DATA
from cds.settings import load
from charts.dates import TODAY


class Files:
    """A copy of the data and of the wording that a test may change."""

    def __init__(self, folder: Path) -> None:
        self.data, self.wording = folder / "data", folder / "en"
        shutil.copytree(DATA, self.data)
        shutil.copytree(ENGLISH, self.wording)

    def path(self, file: str) -> Path:
        """A file of either folder."""
        return self.wording / file.removeprefix("en/") if file.startswith("en/") else self.data / file

    def add(self, file: str, text: str) -> None:
        """Add lines to the end of a file."""
        path = self.path(file)
        path.write_text(path.read_text("utf-8") + text, "utf-8")

    def change(self, file: str, old: str, new: str) -> None:
        """Replace what stands once or more in a file."""
        path = self.path(file)
        text = path.read_text("utf-8")
        assert old in text, file
        path.write_text(text.replace(old, new), "utf-8")

    def engine(self) -> Engine:
        """An engine made of these files."""
        settings = load({"TWITCH_CDS_DEMO": "true"})
        noon = datetime.combine(TODAY, time(12), UTC)
        return build_engine(settings, now=lambda: noon, data=self.data, wording=self.wording)
