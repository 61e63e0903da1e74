"""The words of one language, as its file states them (second edition N14-N19)."""

from msgspec import Struct

LANGUAGES = ("en", "de", "es", "fr")


class Cues(Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """What is said around a phrase, by what it does (N14). `pre` stands before the phrase, `post` after it.

    `pseudo` looks like a cue and is none; `enders` end the scope of what stands before them; `far` reach past a comma;
    `end` counts only as the last word of a clause, `instruction`, `patient` and `pronoun` only as the first ones, and a
    `heading` only before a colon.
    """

    absent: list[str]
    absent_far: list[str]
    absent_post: list[str]
    absent_end: list[str]
    absent_all: list[str]
    absent_list: list[str]
    not_over: list[str]
    doubt: list[str]
    doubt_post: list[str]
    doubt_all: list[str]
    unknown: list[str]
    about_cause: list[str]
    cause: list[str]
    hypothetical: list[str]
    hypothetical_far: list[str]
    hypothetical_all: list[str]
    heading: list[str]
    instruction: list[str]
    topic: list[str]
    affirmed: list[str]
    screen: list[str]
    own: list[str]
    yes: list[str]
    history: list[str]
    history_post: list[str]
    history_year: list[str]
    history_all: list[str]
    still: list[str]
    until: list[str]
    person: list[str]
    person_verbs: list[str]
    person_never: list[str]
    person_post: list[str]
    person_always: list[str]
    person_all: list[str]
    patient: list[str]
    first_person: list[str]
    pronoun: list[str]
    pseudo: list[str]
    enders: list[str]
    openers: list[str]
    speakers: list[str]
    joiners: list[str]
    also: list[str]
    beside: list[str]
    new: list[str]
    timed: list[str]
    sudden: list[str]


class Twitches(Struct, frozen=True, forbid_unknown_fields=True):
    """The phrases of the gate, by where the twitch is (N15)."""

    anywhere: list[str]
    bare: list[str]
    eyelid: list[str]
    tongue: list[str]
    face: list[str]


class LookAlikes(Struct, frozen=True, forbid_unknown_fields=True):
    """What closes the gate beside a twitch (N18): any twitch, or only one that nothing says to be of a muscle."""

    fit: list[str]
    far: list[str]
    firm: list[str]
    loose: list[str]
    other: list[str]


class Durations(Struct, frozen=True, forbid_unknown_fields=True):
    """How long something has lasted: units in days, numbers in words, and what stands before or after it."""

    units: dict[str, int]
    numbers: dict[str, int]
    before: list[str]
    after: list[str]


class Misspellings(Struct, frozen=True, forbid_unknown_fields=True):
    """Words of which one letter may be wrong, and words of their own that look so."""

    of: list[str]
    never: list[str]


class SiteWords(Struct, frozen=True, forbid_unknown_fields=True):
    """What one language calls the places that matter (N15), and what beside an eyelid names no other place."""

    tongue: list[str]
    face: list[str]
    eyelid: list[str]
    beside: list[str]


class Headings(Struct, frozen=True, forbid_unknown_fields=True):
    """Whole headings of a form: its items are a relative's, past or denied.

    `example` is a twitch as a form asks for it, `child` the patient as a relative calls it who fills in the form.
    """

    example: str
    child: list[str]
    person: list[str]
    history: list[str]
    absent: list[str]

    @property
    def lists(self) -> dict[str, list[str]]:
        """What an item below them is, each with its headings, and who the child is."""
        return {"child": self.child, "person": self.person, "history": self.history, "absent": self.absent}


class Diseases(Struct, frozen=True, forbid_unknown_fields=True):
    """Names that rule out reassurance if only words state them (N24), by the value set whose codes do so.

    `to_exclude` asks for it to be ruled out: unclear of a diagnosis (N14); `of_twitches` are no cues of one. `none`
    holds a name and means something else. `small` are short names that count in small letters too, `kin` relatives
    whose disease counts, `kin_by_birth` what may stand before one.
    """

    names: dict[str, list[str]]
    to_exclude: list[str]
    of_twitches: list[str]
    none: list[str]
    small: list[str]
    kin_by_birth: list[str]
    kin: list[str]

    @property
    def beside(self) -> dict[str, list[str]]:
        """The lists beside the names, each by its name."""
        return {
            "to_exclude": self.to_exclude,
            "of_twitches": self.of_twitches,
            "none": self.none,
            "small": self.small,
            "kin_by_birth": self.kin_by_birth,
            "kin": self.kin,
        }


class LanguageWords(Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """The words of one language. `additional` are the signs that are symptoms only (ADD); all others are R4 (N17)."""

    words: dict[str, list[str]]
    twitch: Twitches
    signs: dict[str, list[str]]
    additional: list[str]
    family: list[str]
    diseases: Diseases
    look_alikes: LookAlikes
    headings: Headings
    cues: Cues
    durations: Durations
    misspelt: Misspellings
