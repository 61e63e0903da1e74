"""The machine-readable basis of a card, `extension["org.twitch-cds.basis"]`."""

from msgspec import Struct

from cards.advice import Advice, Fact, NotChecked, Occasion
from cards.markdown import plain
from cards.topics import Topic
from cards.words import Words

BASIS = "org.twitch-cds.basis"


class BasisCode(Struct, frozen=True, omit_defaults=True):
    """The code that was read."""

    system: str | None = None
    code: str | None = None


class BasisFact(Struct, frozen=True, omit_defaults=True, rename="camel"):
    """One fact: its resource, what was read, the limit used and where that limit comes from."""

    resource: str
    label: str
    code: BasisCode | None = None
    value: float | str | None = None
    unit: str | None = None
    date: str | None = None
    limit: str | None = None
    limit_source: str | None = None
    quoted: str | None = None
    note: str | None = None


class Basis(Struct, frozen=True, omit_defaults=True, rename="camel", kw_only=True):
    """Why the card is shown; empty members are not sent."""

    tags: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    facts: tuple[BasisFact, ...] = ()
    not_checked: tuple[NotChecked, ...] = ()
    switched_off: tuple[Topic, ...] = ()
    knowledge_version: str


def basis(advice: Advice, occasion: Occasion, words: Words) -> Basis:
    """Tags, flags, facts with their limits, what was not checked or is switched off, the version."""
    return Basis(
        tags=advice.tags,
        flags=advice.flags,
        facts=tuple(_fact(fact, words) for fact in advice.facts),
        not_checked=(*occasion.not_checked, *occasion.unread),
        switched_off=occasion.switched_off,
        knowledge_version=occasion.knowledge_version,
    )


def _fact(fact: Fact, words: Words) -> BasisFact:
    """One fact, its sources worded, the chart's own text without control characters."""
    return BasisFact(
        resource=fact.resource,
        label=fact.label,
        code=BasisCode(fact.system, fact.code) if fact.code else None,
        value=fact.value,
        unit=fact.unit,
        date=fact.date,
        limit=fact.limit,
        limit_source=words.source_name(fact.limit_source),
        quoted=plain(fact.quoted, words.book.layout.quote_length) if fact.quoted else None,
        note=words.fact_note(fact.note),
    )
