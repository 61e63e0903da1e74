"""What an evidence page says, as data: the page and its JSON twin are two forms of the same."""

from msgspec import Struct

from cds.knowledge.basis import Row


class Rule(Struct, frozen=True, omit_defaults=True, rename="camel", kw_only=True):
    """One rule behind a card: what it looks for; of a red flag also why, how soon and who."""

    id: str
    title: str
    looks_for: tuple[str, ...] = ()
    why: str = ""
    urgency: str = ""
    who: str = ""
    children: bool = False
    sources: tuple[str, ...] = ()


class Source(Struct, frozen=True, omit_defaults=True, rename="camel", kw_only=True):
    """One source, how far the project has checked it, and when."""

    key: str
    label: str
    short: str
    checked: str
    reviewed: str
    year: int | None = None
    doi: str | None = None
    pmid: str | None = None
    url: str | None = None


class Limit(Struct, frozen=True, omit_defaults=True, rename="camel"):
    """One limit or window, and where it comes from."""

    what: str
    limit: str
    effect: str
    source: str

    @classmethod
    def of(cls, row: Row, source: str) -> "Limit":
        """A row of the knowledge, its source named."""
        return cls(row.what, row.limit, row.effect, source)


class Saying(Struct, frozen=True, omit_defaults=True, rename="camel", kw_only=True):
    """What a card says in particular: a variant of its summary, or a tag such as one laboratory test."""

    id: str
    text: str
    article: str = ""
    consider: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


class Outcome(Struct, frozen=True, omit_defaults=True, rename="camel"):
    """One row of the decision table: what a chart shows beside the twitch, and the cards that follow, in order."""

    found: str
    cards: dict[str, str]


class Statement(Struct, frozen=True, rename="camel"):
    """A statement of the article, in our own words."""

    id: str
    text: str


class Attribute(Struct, frozen=True, omit_defaults=True, rename="camel", kw_only=True):
    """One of the 13 source attributes of 45 CFR 170.315(b)(11); `used` is None where the question is none of use."""

    number: int
    name: str
    value: str
    used: bool | None = None


class LocalCode(Struct, frozen=True, rename="camel"):
    """One of the site's own codes or units, what it is read as, and the file that says so."""

    local: str
    read_as: str
    name: str
    file: str


class LocalCodes(Struct, frozen=True, rename="camel"):
    """The site's own codes and units that matter here: the first of them, and how many there are."""

    files: tuple[str, ...]
    total: int
    first: tuple[LocalCode, ...]


class Versions(Struct, frozen=True, rename="camel"):
    """What is described: software, clinical knowledge, and the day of the last review of its sources."""

    software: str
    knowledge: str
    reviewed: str


class CardEvidence(Struct, frozen=True, rename="camel", kw_only=True):
    """Everything about one kind of card."""

    topic: str
    title: str
    summaries: tuple[Saying, ...]
    consider: tuple[str, ...]
    rules: tuple[Rule, ...]
    limits: tuple[Limit, ...]
    decisions: tuple[Outcome, ...]
    article: str
    statements: tuple[Statement, ...]
    known_limits: str
    grade: str
    particulars: tuple[Saying, ...]
    sources: tuple[Source, ...]
    attributes: tuple[Attribute, ...]
    decision: str
    versions: Versions
    switched_off: bool
    local_codes: LocalCodes | None = None


class Summary(Struct, frozen=True, rename="camel"):
    """One line of the index; what is switched off is not shown at this site."""

    topic: str
    title: str
    means: str
    url: str
    switched_off: bool


class Index(Struct, frozen=True, rename="camel", kw_only=True):
    """All cards, all red flags, the decision table of single findings, and the attributes of the whole service."""

    cards: tuple[Summary, ...]
    flags: tuple[Rule, ...]
    decisions: tuple[Outcome, ...]
    sources: tuple[Source, ...]
    attributes: tuple[Attribute, ...]
    decision: str
    versions: Versions
    local_codes: LocalCodes | None = None
