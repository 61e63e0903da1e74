"""Every sentence a clinician can read, loaded once from the wording files of one language."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec
from msgspec import Struct

from cards.errors import WordingError
from cards.heard_words import FILE as HEARD
from cards.heard_words import HeardWords
from cards.template import fill
from cards.topics import Topic

LABELS = "labels.toml"
ARTICLE = "article"  # the citation of the article, which only info cards name (N59)
VISIT, UNDATED_VISIT = "visit", "visit-undated"
_SMALL = re.compile(r"^[a-z](?=[a-z]*[ :,;(])")  # a name without a capital may begin a sentence
ENGLISH = Path(__file__).parent / "wording" / "en"


class Variant(Struct, frozen=True, forbid_unknown_fields=True):
    """One summary of a card; its bullets and article, if any, replace those of the card, its citations join them.

    With its own article it has its own guidance.

    `caps` say how many characters each gap of the summary may take; a single gap without one takes what is left.
    """

    summary: str
    caps: dict[str, int] = {}
    consider: tuple[str, ...] = ()
    article: str = ""
    guidance: str = ""
    citations: tuple[str, ...] = ()


class TopicWords(Struct, frozen=True, forbid_unknown_fields=True):
    """What one card says whatever led to it (section 1, 2c, 4a).

    `background`, `limits` and `grade` stand on its evidence page only (N57).
    """

    title: str
    consider: tuple[str, ...]
    article: str
    limits: str
    grade: str
    guideline: str
    citations: tuple[str, ...]
    overrides: tuple[str, ...]
    variants: dict[str, Variant]
    guidance: str = ""
    background: str = ""


class TagWords(Struct, frozen=True, forbid_unknown_fields=True):
    """What one tag adds: a laboratory test, a drug class, a lifestyle factor, a kind of emergency.

    `high` stands in its place where the value is high, if that is said in other words. `guidance` is what guidelines
    say. `question` is what an emergency may be, before what the chart calls its sign. `tests` are the symbols of the
    tests that a medicine asks for.
    """

    name: str
    trigger: str | None = None
    question: str | None = None
    plain: str | None = None
    consider: tuple[str, ...] = ()
    article: str | None = None
    guidance: str | None = None
    tests: str | None = None
    citations: tuple[str, ...] = ()
    high: "TagWords | None" = None


class FlagReason(Struct, frozen=True, forbid_unknown_fields=True):
    """What a red flag is where the tag of the card tells which of its dangers it is."""

    title: str
    why: str


class FlagWords(Struct, frozen=True, forbid_unknown_fields=True):
    """A red flag: sign, why it matters, how soon, who (clinical knowledge 3); `by_tag`: for one tag of several."""

    title: str
    why: str
    urgency: str
    who: str
    citations: tuple[str, ...]
    by_tag: dict[str, FlagReason] = {}


class Citation(Struct, frozen=True, forbid_unknown_fields=True):
    """A source and how it was checked; `short` is what a card prints."""

    label: str
    short: str
    mark: Literal["V", "V2", "P"]
    reviewed: str
    year: int | None = None
    doi: str | None = None
    pmid: str | None = None
    url: str | None = None


class Statement(Struct, frozen=True, forbid_unknown_fields=True):
    """One statement of the article and what realises it here."""

    text: str
    kind: str
    realised_by: tuple[str, ...]


class Placeholder(Struct, frozen=True, forbid_unknown_fields=True):
    """A gap of a summary: a usual filler, and what stands there without a value.

    One with a `longest` is never cut: what is longer gives way to the fallback. `shown` are how many names it may show.
    """

    filler: str
    fallback: str
    longest: int | None = None
    shown: int | None = None


class Layout(Struct, frozen=True, forbid_unknown_fields=True):
    """How much of everything is shown; a sign beside others has less room."""

    named_in_summary: int
    sources_shown: int
    signs_in_reason: int
    quote_length: int


class Phrasebook(Struct, frozen=True, forbid_unknown_fields=True):
    """The file of short phrases and names."""

    phrases: dict[str, str]
    layout: Layout
    marks: dict[str, str]
    placeholders: dict[str, Placeholder]
    tests: dict[str, str]
    tests_short: dict[str, str]
    gaps: dict[str, str]
    limit_sources: dict[str, str]
    reasons: dict[str, str]
    places: dict[str, str]
    dates: dict[str, str]
    overrides: dict[str, str]
    rules: dict[str, str]
    orders: dict[str, str]


class Explanations(Struct, frozen=True, forbid_unknown_fields=True):
    """Why a card, an evaluation, or the outcome of a rule is not there."""

    left_out: dict[str, str]
    silence: dict[str, str]
    because: dict[str, str]
    against: dict[str, str]


class Labels(Struct, frozen=True, forbid_unknown_fields=True):
    """How a language calls value sets, analytes, their kinds, and what has no other name.

    `displays` are by the display of the terminology, in a language other than its own; a code without one is printed as
    the code.
    """

    sets: dict[str, str]
    analytes: dict[str, str]
    kinds: dict[str, dict[str, str]]
    names: dict[str, Any]
    displays: dict[str, str] | None = None


class Words(Struct, frozen=True, eq=False):
    """The whole wording of one language; compared by identity, so that it can be the key of a cache."""

    topics: dict[Topic, TopicWords]
    tags: dict[Topic, dict[str, TagWords]]
    flags: dict[str, FlagWords]
    notes: dict[str, str]
    note_placeholders: tuple[str, ...]
    book: Phrasebook
    citations: dict[str, Citation]
    statements: dict[str, Statement]
    explanations: Explanations
    labels: Labels
    meanings: HeardWords

    @property
    def content(self) -> tuple[object, ...]:
        """All that it holds, for a digest."""
        return msgspec.structs.astuple(self)

    @property
    def cited(self) -> frozenset[str]:
        """The citations that any words name."""
        topics = (key for entry in self.topics.values() for key in (entry.guideline, *entry.citations))
        tags = (key for _, _, entry in self.tagged for key in entry.citations)
        flags = (key for entry in self.flags.values() for key in entry.citations)
        variants = (variant for entry in self.topics.values() for variant in entry.variants.values())
        return frozenset((*topics, *tags, *flags, *(key for variant in variants for key in variant.citations)))

    @property
    def tagged(self) -> Iterator[tuple[Topic, str, TagWords]]:
        """The words of all tags; those of a high value under the same name."""
        for topic, tags in self.tags.items():
            for name, entry in tags.items():
                yield topic, name, entry
                if entry.high is not None:
                    yield topic, name, entry.high

    def phrase(self, key: str, /, **values: str) -> str:
        """A short phrase, filled."""
        return self.book.phrases[key].format_map(values)

    def variant(self, topic: Topic, name: str) -> Variant:
        """One of a card's summaries."""
        try:
            return self.topics[topic].variants[name]
        except KeyError:
            raise WordingError("cards.toml", f"{topic}.{name}", "no such variant") from None

    def tag(self, topic: Topic, tag: str, *, high: bool = False) -> TagWords:
        """What a tag adds to a card, or what its high value adds."""
        try:
            entry = self.tags[topic][tag]
        except KeyError:
            raise WordingError("tags.toml", f"{topic}.{tag}", "no such tag") from None
        return entry.high or entry if high else entry

    def flag(self, identifier: str) -> FlagWords:
        """A red flag's words."""
        return _known(self.flags, identifier, "flags.toml")

    def note(self, key: str, values: Mapping[str, str]) -> str:
        """A sentence of the detail, its placeholders filled with text that is already escaped."""
        try:
            sentence = fill(_known(self.notes, key, "notes.toml"), values)
        except KeyError as missing:
            raise WordingError("notes.toml", key, f"no value for {missing}") from None
        return _SMALL.sub(lambda first: first.group().upper(), sentence)

    def test_name(self, key: str) -> str:
        """A test's name, short enough for a summary."""
        return _known(self.book.tests_short, key, "phrases.toml")

    def gap(self, key: str) -> str:
        """What other data are called whose absence is named."""
        return _known(self.book.gaps, key, "phrases.toml")

    def source_name(self, source: str | None) -> str | None:
        """Where a limit comes from: a known source or a citation by its key, else the words given."""
        if source in self.citations:
            return self.dated(source)
        return self.book.limit_sources.get(source or "", source)

    def dated(self, key: str) -> str:
        """A citation's short name with its year, if that is known."""
        cited = self.citations[key]
        return cited.short if cited.year is None else self.phrase("dated", label=cited.short, year=str(cited.year))

    def checked(self, key: str) -> str:
        """A citation, dated, and how it was checked unless it was read itself (N59)."""
        how = self.book.marks.get(self.citations[key].mark)
        return self.phrase("citation_checked", label=self.dated(key), checked=how) if how else self.dated(key)

    def fact_note(self, note: str | None) -> str | None:
        """A remark on a fact: a note without placeholders by its key, else the words given."""
        return self.notes.get(note or "", note)

    def place(self, key: str, *, is_dated: bool) -> str:
        """Where an entry of the chart stands; of a visit its day, if that is known."""
        return _known(self.book.places, key if is_dated or key != VISIT else UNDATED_VISIT, "phrases.toml")

    def reason(self, key: str) -> str:
        """Why something was not checked."""
        return _known(self.book.reasons, key, "phrases.toml")

    def title(self, rule: str) -> str:
        """What a rule is called: by its flag, tag or card, else by a name of its own; unnamed ones by their id."""
        if rule in self.flags:
            return self.flags[rule].title
        for topic in (Topic.LIFESTYLE, Topic.MED_REV, Topic.KNOWN):
            if rule in self.tags[topic]:
                return self.tags[topic][rule].name
        if rule in self.topics:
            return self.topics[Topic(rule)].title
        return self.topics[Topic.LAB_ABN].title if rule == "LAB" else self.book.rules.get(rule, rule)

    def left_out(self, key: str) -> str:
        """Why a card is not shown."""
        return _known(self.explanations.left_out, key, "explanations.toml")

    def silence(self, key: str) -> str:
        """Why nothing was evaluated."""
        return _known(self.explanations.silence, key, "explanations.toml")

    def because(self, key: str) -> str:
        """What is said of a verdict; nothing where there is nothing to say."""
        return _known(self.explanations.because, key, "explanations.toml") if key else ""

    def against(self, key: str, values: Mapping[str, str]) -> str:
        """Why something did not count for a rule that reads it."""
        return fill(_known(self.explanations.against, key, "explanations.toml"), values)

    def order(self, key: str, about: str = "") -> str:
        """What a proposed order is called; a task says what it is about."""
        return fill(_known(self.book.orders, key, "phrases.toml"), {"about": about})


_Part = TypeVar("_Part")


def _known(table: Mapping[str, _Part], key: str, file: str) -> _Part:
    """The entry, or an error that names the file and the key."""
    try:
        return table[key]
    except KeyError:
        raise WordingError(file, key, "no such key") from None


def read_words(folder: Path = ENGLISH) -> Words:
    """The wording files as they are, in the right shape but not yet proofread."""
    notes = _table(folder, "notes.toml")
    return Words(
        topics=_convert(_table(folder, "cards.toml"), "topic", dict[Topic, TopicWords], "cards.toml"),
        tags=_convert(_table(folder, "tags.toml"), "tag", dict[Topic, dict[str, TagWords]], "tags.toml"),
        flags=_convert(_table(folder, "flags.toml"), "flag", dict[str, FlagWords], "flags.toml"),
        notes=_convert(notes, "notes", dict[str, str], "notes.toml"),
        note_placeholders=_convert(notes, "placeholders", tuple[str, ...], "notes.toml"),
        book=_whole(folder, "phrases.toml", Phrasebook),
        citations=_citations(_table(folder, "citations.toml")),
        statements=_convert(_table(folder, "statements.toml"), "statement", dict[str, Statement], "statements.toml"),
        explanations=_whole(folder, "explanations.toml", Explanations),
        labels=read_labels(folder),
        meanings=_whole(folder, HEARD, HeardWords),
    )


def read_labels(folder: Path = ENGLISH) -> Labels:
    """The names that a language has for what the data files hold."""
    return _whole(folder, LABELS, Labels)


def _citations(table: dict[str, Any]) -> dict[str, Citation]:
    """The citations, each with the date on which the file was last reviewed."""
    reviewed = table.get("reviewed")
    entries = {key: {"reviewed": reviewed, **entry} for key, entry in table.get("citation", {}).items()}
    return _convert({"citation": entries}, "citation", dict[str, Citation], "citations.toml")


def _table(folder: Path, file: str) -> dict[str, Any]:
    """One TOML file."""
    try:
        return tomllib.loads((folder / file).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WordingError(file, "file", str(error)) from error


def _whole(folder: Path, file: str, kind: type[_Part]) -> _Part:
    """A file that is one thing as a whole."""
    key = file.removesuffix(".toml")
    return _convert({key: _table(folder, file)}, key, kind, file)


def _convert(table: dict[str, Any], key: str, kind: type[_Part], file: str) -> _Part:
    """One member of a file in its shape."""
    try:
        return msgspec.convert(table[key], kind)
    except KeyError:
        raise WordingError(file, key, "missing") from None
    except msgspec.ValidationError as error:
        raise WordingError(file, key, str(error)) from None
