"""What the files of a site say: codes, names of units, and what is wrong with them."""

from msgspec import Struct

from cds.knowledge.codes import Concept


class Fault(Struct, frozen=True):
    """Something that stops the start; the line is 0 where the whole file is meant."""

    file: str
    line: int
    reason: str

    @property
    def text(self) -> str:
        """File, line and reason."""
        return f"{self.file}, line {self.line}: {self.reason}" if self.line else f"{self.file}: {self.reason}"


class Entry(Struct, frozen=True, kw_only=True):
    """One line: a code of the site, and the code that it is to be read as. `names` are what the site calls it."""

    file: str
    line: int
    system: str
    code: str
    target_system: str
    target_code: str
    names: tuple[str, ...] = ()


class Alias(Struct, frozen=True, kw_only=True):
    """One line: how the site writes a unit, and its UCUM code."""

    file: str
    line: int
    text: str
    unit: str


class Parsed(Struct, frozen=True):
    """All lines of one file or more."""

    entries: tuple[Entry, ...] = ()
    aliases: tuple[Alias, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def rows(self) -> int:
        """How many lines count."""
        return len(self.entries) + len(self.aliases)


class MapFile(Struct, frozen=True):
    """One file that is in force."""

    name: str
    codes: int
    units: int


class SiteCode(Struct, frozen=True):
    """A code of the site and what it is read as."""

    system: str
    code: str
    concept: Concept
    file: str


class SiteMaps(Struct, frozen=True):
    """Everything of a site that is in force."""

    files: tuple[MapFile, ...] = ()
    codes: tuple[SiteCode, ...] = ()
    units: tuple[Alias, ...] = ()


NO_MAPS = SiteMaps()
