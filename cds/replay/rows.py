"""The rows of a replay's tables: keyed hashes, days, codes and counts; nothing that a chart says in words."""

from msgspec import Struct

from cds.recall.rows import Row

# Outcomes of a call, beside the silences of `cds.call.Silence`.
GATE, CARDS, REPEATED, SILENT, REFUSED, FAILED = "gate", "cards", "repeated", "silent", "refused", "failed"
TWO_PATIENTS = "two-patients"
SHARE, MISSED = "share", "not-understood"


class VisitRow(Struct, kw_only=True):
    """One call of a hook, and what it came to.

    `later`, `undated` and `unknown_then`: resources that were not known yet, that name no day and count as known, and
    whose status on that day cannot be known. `changes`: rule, card and what becomes of it without that rule.
    """

    visit: str
    patient: str
    clinician: str
    hook: str
    day: str
    clinic: str = ""
    day_only: bool = False
    outcome: str = GATE
    reason: str = ""
    cards: int = 0
    silenced: int = 0
    not_checked: int = 0
    unread: int = 0
    later: int = 0
    undated: int = 0
    unknown_then: int = 0
    changes: tuple[str, ...] = ()


class CardRow(Struct, kw_only=True):
    """One card, shown or silenced as a repeat. `first`: the patient had no such card before in this replay.

    `ages`: days between each fact and the visit; those without a date are counted in `undated_facts`. `words`: a hash
    of what it says.
    """

    visit: str
    patient: str
    number: int
    day: str
    card: str
    indicator: str
    shown: bool
    first: bool
    tags: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    ages: tuple[int, ...] = ()
    undated_facts: int = 0
    not_checked: tuple[str, ...] = ()
    fingerprint: str = ""
    words: str = ""


class PersonRow(Struct, kw_only=True):
    """One Patient resource, for the ages of the tables and to tell two people under one id."""

    owner: str
    born: str = ""
    sex: str = ""


class OwnerRow(Struct, kw_only=True):
    """What the gate found of one patient in one part: whether anything may say a twitch, and how much there is."""

    owner: str
    patient: str
    suspect: bool = False
    entries: int = 0
    size: int = 0


class EventRow(Struct, kw_only=True):
    """One call that would have been made, as the gate met it; `why` says what is the matter with it.

    `source` is the resource that says so.
    """

    owner: str
    patient: str
    visit: str
    source: str
    hook: str
    day: str = ""
    moment: str = ""
    why: str = ""
    clinician: str = ""
    clinic: str = ""
    day_only: bool = False


class UnreadRow(Struct, kw_only=True):
    """One line of what `twitch-cds recall` says: a share of what is read, or something that was not understood."""

    line: str
    type: str
    kind: str = ""
    system: str = ""
    code: str = ""
    text: str = ""
    about: str = ""
    entries: int = 0
    read: int = 0
    patients: int = 0
    why: str = ""
    may_be: str = ""

    @classmethod
    def of_share(cls, kind: str, source: str, read: int, total: int, why: str) -> "UnreadRow":
        """How many entries of a type and source are read."""
        return cls(line=SHARE, type=kind, system=source, read=read, entries=total, why=why)

    @classmethod
    def of_row(cls, row: Row) -> "UnreadRow":
        """Something that was not understood, by volume."""
        may_be = f"{row.suggestion.system}|{row.suggestion.code} {row.suggestion.display}" if row.suggestion else ""
        return cls(
            line=MISSED,
            type=row.type,
            kind=row.kind,
            system=row.system,
            code=row.code,
            text=row.text,
            about=row.about,
            entries=row.count,
            patients=row.patients,
            may_be=may_be,
        )
