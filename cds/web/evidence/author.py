"""Writes the evidence pages: knowledge, rules and wording put together, nothing said twice."""

from collections.abc import Iterable, Mapping
from functools import reduce
from importlib.metadata import version
from operator import or_

from cards.topics import Topic
from cards.words import Citation, Words
from cds.knowledge.load import Knowledge
from cds.rules.cardbook import reads
from cds.rules.flag_rows import FLAG_IDS
from cds.rules.reads import Reads
from cds.rules.rule import Rule as Row
from cds.rules.rulebook import rulebook_of
from cds.rules.why import sought
from cds.web.evidence import decisions
from cds.web.evidence.attributes import attributes
from cds.web.evidence.card_evidence import (
    CardEvidence,
    Index,
    Limit,
    Rule,
    Saying,
    Source,
    Statement,
    Summary,
    Versions,
)
from cds.web.evidence.local import local_codes
from cds.web.pages import gaps
from cds.web.ports import Answering

CHECKED = {
    "V": "read by the project",
    "V2": "known from a secondary source",
    "P": "chosen by the project; no guideline sets it",
}
OWN_CHOICE = "project"


class Author:
    """Knows the wording and what the engine was built from."""

    def __init__(self, words: Words, engine: Answering) -> None:
        self._words = words
        self._engine = engine
        reviewed = max(citation.reviewed for citation in words.citations.values())
        self._versions = Versions(version("twitch-cds"), engine.knowledge_version, reviewed)

    @property
    def _knowledge(self) -> Knowledge:
        return self._engine.knowledge

    def card_evidence(self, topic: Topic) -> CardEvidence:
        """Everything about one kind of card."""
        entry, words = self._words.topics[topic], self._words
        rules = tuple(self._rule(rule) for rule in rulebook_of(self._knowledge).leading_to(topic))
        sources = self._sources(self._cited(topic))
        return CardEvidence(
            topic=topic.value,
            title=entry.title,
            summaries=tuple(
                Saying(id=name, text=gaps(variant.summary), consider=_gapped(variant.consider))
                for name, variant in entry.variants.items()
            ),
            consider=_gapped(entry.consider),
            rules=rules,
            limits=tuple(Limit.of(row, self._named(row.citation)) for row in self._engine.basis(topic)),
            decisions=decisions.beside(topic, self._knowledge),
            article=_said(entry.article, entry.guidance, entry.background),
            statements=tuple(self._statements(topic, rules)),
            known_limits=entry.limits,
            grade=entry.grade,
            particulars=tuple(self._particulars(topic)),
            sources=sources,
            attributes=attributes(reads(topic, self._knowledge), sources, self._versions, self._knowledge),
            decision=words.phrase("decision"),
            versions=self._versions,
            switched_off=topic in self._engine.switched_off,
            local_codes=local_codes(self._knowledge, reads(topic, self._knowledge)),
        )

    def index(self) -> Index:
        """What is common to all cards."""
        all_reads = reduce(or_, (reads(topic, self._knowledge) for topic in self._words.topics), Reads())
        sources = self._sources(self._words.citations)
        return Index(
            cards=tuple(self._summary(topic) for topic in self._words.topics),
            flags=tuple(self._rule(rulebook_of(self._knowledge).rules[flag]) for flag in FLAG_IDS),
            decisions=decisions.alone(self._knowledge),
            sources=sources,
            attributes=attributes(all_reads, sources, self._versions, self._knowledge),
            decision=self._words.phrase("decision"),
            versions=self._versions,
            local_codes=local_codes(self._knowledge),
        )

    def titles(self) -> Mapping[str, str]:
        """What each card is called."""
        return {topic.value: entry.title for topic, entry in self._words.topics.items()}

    def _summary(self, topic: Topic) -> Summary:
        entry = self._words.topics[topic]
        means = next(iter(entry.variants.values())).summary
        off = topic in self._engine.switched_off
        return Summary(topic.value, entry.title, gaps(means), f"/evidence/{topic.value}", off)

    def _rule(self, rule: Row) -> Rule:
        looks_for = sought(rule.reads.whole(self._knowledge), self._knowledge)
        if rule.id not in self._words.flags:
            return Rule(id=rule.id, title=self._words.title(rule.id), looks_for=looks_for)
        flag = self._words.flag(rule.id)
        return Rule(
            id=rule.id,
            title=flag.title,
            looks_for=looks_for,
            why=flag.why,
            urgency=flag.urgency,
            who=flag.who,
            children=rule.children,
            sources=tuple(self._words.citations[key].short for key in flag.citations),
        )

    def _particulars(self, topic: Topic) -> Iterable[Saying]:
        """What the tags of a card add, such as one laboratory test or one class of medicines."""
        for _, tag, wording in (entry for entry in self._words.tagged if entry[0] is topic):
            yield Saying(
                id=tag,
                text=wording.name,
                article=gaps(_said(wording.article, wording.guidance)),
                consider=_gapped(wording.consider),
                sources=tuple(self._words.citations[key].short for key in wording.citations),
            )

    def _statements(self, topic: Topic, rules: Iterable[Rule]) -> Iterable[Statement]:
        """The statements of the article that this card realises: by its words, its tags or its red flags."""
        flags = {rule.id for rule in rules}
        for key, statement in self._words.statements.items():
            references = [reference.partition(":") for reference in statement.realised_by]
            if any(_is_about(kind, name, topic, flags) for kind, _, name in references):
                yield Statement(key, statement.text)

    def _cited(self, topic: Topic) -> Iterable[str]:
        """The sources of the card, its tags, its red flags and its limits."""
        entry = self._words.topics[topic]
        yield from entry.citations
        yield from (key for variant in entry.variants.values() for key in variant.citations)
        for card, _, wording in self._words.tagged:
            yield from wording.citations if card is topic else ()
        for rule in rulebook_of(self._knowledge).leading_to(topic):
            yield from self._words.flag(rule.id).citations if rule.id in FLAG_IDS else ()
        yield from (row.citation for row in self._engine.basis(topic) if row.citation)

    def _sources(self, keys: Iterable[str]) -> tuple[Source, ...]:
        """Each source once, in the order in which it is named."""
        return tuple(_source(key, self._words.citations[key]) for key in dict.fromkeys(keys))

    def _named(self, citation: str | None) -> str:
        return self._words.citations[citation or OWN_CHOICE].short


def _is_about(kind: str, name: str, topic: Topic, flags: set[str]) -> bool:
    if kind == "flag":
        return name in flags
    return kind in ("summary", "detail", "tag") and name.partition(".")[0] == topic


def _source(key: str, cited: Citation) -> Source:
    return Source(
        key=key,
        label=cited.label,
        short=cited.short,
        checked=CHECKED[cited.mark],
        reviewed=cited.reviewed,
        year=cited.year,
        doi=cited.doi,
        pmid=cited.pmid,
        url=cited.url,
    )


def _said(*texts: str | None) -> str:
    """What the article and the guidelines say, as one paragraph."""
    return " ".join(filter(None, texts))


def _gapped(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(gaps(line) for line in lines)
