"""What the page of words says of each list of phrases that are heard in texts (second edition N14-N19)."""

from typing import Annotated

from msgspec import Meta, Struct

FILE = "heard.toml"


class HeardLists(Struct, frozen=True, forbid_unknown_fields=True):
    """The lists that are neither places, headings, look-alikes nor cues."""

    symptom: Annotated[str, Meta(pattern=r"\{sign\}")]
    sign: Annotated[str, Meta(pattern=r"\{sign\}")]
    family: str
    disease: Annotated[str, Meta(pattern=r"\{name\}")]
    cue: Annotated[str, Meta(pattern=r"\{text\}.*\{kind\}")]
    words: Annotated[str, Meta(pattern=r"\{name\}")]


class HeardWords(Struct, frozen=True, forbid_unknown_fields=True):
    """The file: languages by their code, and what each kind of phrase gives."""

    languages: dict[str, str]
    places: dict[str, str]
    headings: dict[str, str]
    diseases: dict[str, str]
    looks: dict[str, str]
    cues: dict[str, str]
    lists: HeardLists

    def cue(self, kind: str) -> str:
        """The listed cue that tells what this one says: its longest beginning; empty if there is none."""
        return max((cue for cue in self.cues if kind == cue or kind.startswith(f"{cue}-")), key=len, default="")
