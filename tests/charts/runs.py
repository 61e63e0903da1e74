"""What a run of `twitch-cds evaluate` gave."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple


class Run(NamedTuple):
    """What one run of the command gave."""

    status: int
    out: str
    err: str

    @property
    def answers(self) -> list[dict[str, Any]]:
        """The lines of `--json`."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def topics(self) -> list[list[str]]:
        """The topics of the cards of each answer."""
        return [[card["source"]["topic"]["code"] for card in answer["cards"]] for answer in self.answers]

    @property
    def patients(self) -> list[str]:
        """The patients in the order printed."""
        return [answer["patient"] for answer in self.answers]


Evaluate = Callable[..., Run]
Write = Callable[[str, object], Path]
