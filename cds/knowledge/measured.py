"""Which languages are on: those whose words are recognised precisely enough, as measured (second edition N14)."""

from collections.abc import Mapping

from msgspec import Struct

from cds.knowledge.spoken import LANGUAGES

MEASURED, DEFAULT = "words/measured.toml", "words/default.toml"


class Counted(Struct, frozen=True, forbid_unknown_fields=True):
    """What was recognised correctly, of all that was recognised, on the sealed half of the test set."""

    right: int
    heard: int


class Precision(Struct, frozen=True, forbid_unknown_fields=True):
    """How precisely a language is read: the gate, and the signs."""

    gate: Counted
    flags: Counted

    def reaches(self, least: float) -> bool:
        """Whether both are precise enough; without any text they are not."""
        return all(counted.heard and counted.right / counted.heard >= least for counted in (self.gate, self.flags))


class Default(Struct, frozen=True, forbid_unknown_fields=True):
    """The least precision, and the languages that are on below it."""

    least: float
    excepted: list[str]


def on_by_default(measured: Mapping[str, Precision], default: Default) -> list[str]:
    """The languages that the record allows, and those excepted; what was not measured counts as below."""
    allowed = {name for name, precision in measured.items() if precision.reaches(default.least)}
    return [name for name in LANGUAGES if name in allowed or name in default.excepted]
