"""An answer as text for a person at a terminal."""

from collections.abc import Iterable, Iterator
from textwrap import wrap

from cards.advice import Fact, NotChecked
from cards.basis import BASIS, Basis, BasisFact
from cards.markdown import plain
from cards.topics import Indicator
from cards.wire import Card
from cards.words import Words
from cds.evaluate.inputs import Result
from cds.explain.explain import RuleExplanation, Why, why_silent
from cds.rules.why import Trace

COLOURS = {Indicator.CRITICAL: "\x1b[1;31m", Indicator.WARNING: "\x1b[1;33m", Indicator.INFO: "\x1b[1;36m"}
PLAIN = "\x1b[0m"
ID_LENGTH = 64


class Printer:
    """Lays answers out: wrapped to a width, in colour only if asked to."""

    def __init__(self, words: Words, width: int, colour: bool) -> None:
        self._words = words
        self._width = width
        self._colour = colour

    def result(self, result: Result, why: Why | None) -> str:
        """All lines of one answer."""
        lines = [f"{result.input}: patient {plain(result.patient, ID_LENGTH)}"]
        for card in result.outcome.cards:
            lines += ["", *self._card(card)]
        if not result.outcome.cards:
            lines += self._wrapped(f"no cards: {why_silent(result.outcome, self._words)}", 2)
        if why is not None:
            lines += ["", *self._why(why)]
        return "\n".join([*lines, "", ""])

    def _card(self, card: Card) -> Iterator[str]:
        topic = card.source.topic.code if card.source.topic else ""
        yield f"  {topic}  {self._loud(card.indicator)}"
        yield from self._wrapped(card.summary, 4)
        basis: Basis = (card.extension or {})[BASIS]
        if basis.tags:
            yield from self._wrapped(f"tags: {', '.join(basis.tags)}", 4)
        for flag in basis.flags:
            yield from self._wrapped(f"flag {flag}: {self._words.flag(flag).title}", 4)
        for fact in basis.facts:
            yield from self._wrapped(f"- {_fact(fact)}", 4)
        for item in basis.not_checked:
            yield from self._wrapped(f"not checked: {self._unchecked(item)}", 4)
        for topic in basis.switched_off:
            yield from self._wrapped(f"switched off at this site: {self._words.topics[topic].title}", 4)

    def _loud(self, indicator: Indicator) -> str:
        word = indicator.upper()
        return f"{COLOURS[indicator]}{word}{PLAIN}" if self._colour else word

    def _unchecked(self, item: NotChecked) -> str:
        count = f" ({item.count})" if item.count else ""
        return f"{item.type}{count}: {self._words.reason(item.reason)}"

    def _why(self, why: Why) -> Iterator[str]:
        if not why.twitch:
            yield from self._traces("seen, but no active twitch", why.near_misses)
            return
        yield "  rules:"
        for rule in why.rules:
            yield from self._told(rule)
        yield "  cards not shown:"
        for topic, reason in why.cards_left_out.items():
            yield from self._wrapped(f"{topic}: {reason}", 4)

    def _told(self, rule: RuleExplanation) -> Iterator[str]:
        because = f" ({rule.because})" if rule.because else ""
        yield from self._wrapped(f"{rule.rule} {rule.title}: {rule.state.replace('-', ' ')}{because}", 4)
        for fact in rule.facts:
            yield from self._wrapped(f"- {_fact(fact)}", 6)
        if rule.looks_for:
            yield from self._wrapped(f"looks for {', '.join(rule.looks_for)}", 6)
            yield from self._traces("on the chart, but did not qualify", rule.not_qualified)

    def _traces(self, title: str, traces: Iterable[Trace]) -> Iterator[str]:
        for trace in traces:
            extras = ", ".join(
                part for part in (trace.value, trace.date or "undated", trace.note, trace.because) if part
            )
            yield from self._wrapped(f"- {title}: {plain(f'{trace.label} ({trace.resource}): {extras}')}", 6)

    def _wrapped(self, text: str, indent: int) -> list[str]:
        room = max(self._width, indent + 20)
        margin = " " * indent
        return wrap(
            text,
            room,
            initial_indent=margin,
            subsequent_indent=margin + "  ",
            break_on_hyphens=False,
            break_long_words=False,
        )


def _fact(fact: BasisFact | Fact) -> str:
    value = "" if fact.value is None else f" {fact.value}{f' {fact.unit}' if fact.unit else ''}"
    limit = f"limit {fact.limit}{f' by {fact.limit_source}' if fact.limit_source else ''}" if fact.limit else None
    quoted = f"“{fact.quoted}”" if fact.quoted else None
    extras = [part for part in (fact.date, limit, quoted, fact.note) if part]
    return plain(f"{fact.label}{value} ({fact.resource}){': ' if extras else ''}{', '.join(extras)}")
