"""The one sentence of a card, under 140 characters whatever fills it (CDS Hooks 2.0, `summary`; N58)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from cards.advice import Advice
from cards.gap_lengths import gap_lengths
from cards.markdown import plain, to_length
from cards.printed import day
from cards.template import fill
from cards.topics import Topic
from cards.wire import SUMMARY_LIMIT
from cards.words import Words

COUNTED = frozenset({"test", "diagnosis"})  # gaps in which "+n more" counts what only the detail names
SECOND = "also"
SHORT_SIGN = 25  # a longer name of a sign says itself what it is, and needs the space


def summarise(advice: Advice, words: Words) -> str:
    """The summary, each gap filled no longer than its cap; one without a cap takes all that the others leave."""
    variant = words.variant(advice.topic, advice.variant)
    caps = _rooms(words, advice.topic, advice.variant)
    free = [gap for gap in caps if gap not in variant.caps and words.book.placeholders[gap].longest is None]
    filled = {gap: _value(gap, advice, words, room) for gap, room in caps.items() if gap not in free}
    for gap in free:
        remaining = SUMMARY_LIMIT - len(fill(variant.summary, filled | {gap: ""}))
        filled[gap] = _value(gap, advice, words, remaining)
    text = fill(variant.summary, filled)
    return f"{text[:1].upper()}{text[1:]}"


@lru_cache(maxsize=256)
def _rooms(words: Words, topic: Topic, variant: str) -> Mapping[str, int]:
    """How long each gap of a summary may be."""
    return gap_lengths(words.variant(topic, variant), words.book.placeholders)


def join(names: Sequence[str], words: Words, count: int) -> str:
    """The first names, and how many more there are."""
    if len(names) > count:
        return words.phrase("more", names=words.phrase("comma").join(names[:count]), n=str(len(names) - count))
    if len(names) == 2:
        return words.phrase("pair", first=names[0], second=names[1])
    return words.phrase("comma").join(names)


class Name(NamedTuple):
    """What can stand in a gap: a name that may be cut, and what stands around it that may not, such as its date."""

    text: str
    around: Callable[[str], str] = str

    def shown(self, room: int = SUMMARY_LIMIT) -> str:
        """The name with what stands around it, no longer than the room, cut at the end of a word."""
        return self.around(to_length(self.text, room - len(self.around(""))))


def _value(gap: str, advice: Advice, words: Words, room: int) -> str:
    """What stands in a gap: the rule's own value, names found in the advice, or the fallback; "+n more" inside."""
    placeholder = words.book.placeholders[gap]
    names = [name for name in _names(gap, advice, words) if plain(name.text)]
    if placeholder.longest is not None:
        text = day(plain(names[0].text)) if names else placeholder.fallback
        return text if len(text) <= room else placeholder.fallback
    if not names:
        return placeholder.fallback
    most = placeholder.shown or words.book.layout.named_in_summary
    uncut, more = [name.shown() for name in names], advice.more if gap == _counting(advice, gap) else 0
    for count in range(most, 0, -1):
        if len(text := _listed(uncut, words, count, more)) <= room:
            return text
    tail = len(_listed(["", *uncut[1:]], words, 1, more))
    return _listed([names[0].shown(room - tail), *uncut[1:]], words, 1, more)


def _counting(advice: Advice, gap: str) -> str | None:
    """The gap that counts: where a second result is named, behind that."""
    return SECOND if SECOND in advice.values else gap if gap in COUNTED else None


def _listed(names: Sequence[str], words: Words, count: int, more: int) -> str:
    """The first names, and how many others there are, those without a name among them."""
    return join([*names, *([""] * more)], words, min(count, len(names)))


def _names(gap: str, advice: Advice, words: Words) -> Sequence[Name]:
    """The names a gap can show, the most telling first: those that a rule gives, else what the advice holds."""
    if value := advice.values.get(gap):
        return (Name(value),)
    tags = advice.named or advice.tags
    match gap:
        case "dated_sign":
            return [_dated(sign, advice, words) for sign in advice.signs]
        case "finding":
            return [_finding(tag, advice, words) for tag in tags]
        case "value":
            return _plain(advice.values[tag] for tag in tags[:1] if tag in advice.values)
    return _plain(_undated(gap, advice, words))


def _undated(gap: str, advice: Advice, words: Words) -> Iterable[str]:
    """The names without a date."""
    drugs = advice.signs if advice.topic is Topic.MED_REV else ()
    match gap:
        case "sign" | "medicine" | "types":
            return advice.signs
        case "drug":
            return drugs[:1] or _tag_names(advice, words)[:1]
        case "drugs":
            return drugs or _tag_names(advice, words)
        case "factors" | "test":
            return _tag_names(advice, words)
        case "due_tests":
            return [words.test_name(key) for key in advice.missing]
        case "tests":
            return filter(None, (words.tag(advice.topic, tag).tests for tag in advice.tags))
    return ()


def _plain(names: Iterable[str]) -> list[Name]:
    """Names without a date."""
    return [Name(name) for name in names]


def _dated(sign: str, advice: Advice, words: Words) -> Name:
    """A sign with the day that the rule gives under its name."""
    date = plain(advice.values.get(sign, "")) or words.book.placeholders["date"].fallback
    return Name(sign, lambda text: words.phrase("dated_sign", sign=text, date=day(date)))


def _tag_names(advice: Advice, words: Words) -> list[str]:
    """The names of the card's tags, or what a rule calls them."""
    return [advice.values.get(tag) or words.tag(advice.topic, tag, high=tag in advice.high).name for tag in advice.tags]


def _finding(tag: str, advice: Advice, words: Words) -> Name:
    """What makes an emergency: its value, else what the chart calls it, else what we call it; with its day."""
    entry = words.tag(advice.topic, tag, high=tag in advice.high)
    value, reported = advice.values.get(tag), advice.told.get(tag)
    asked = entry.question if reported and 0 < len(reported.text) <= SHORT_SIGN else None
    trigger = entry.trigger if value and entry.trigger else asked or "{value}"
    text = value if value and entry.trigger else (reported and reported.text) or entry.plain or entry.name
    date = day(plain(reported.date)) if reported else ""

    def around(text: str) -> str:
        sentence = fill(trigger, {"value": text})
        return words.phrase("dated_sign", sign=sentence, date=date) if date else sentence

    return Name(text, around)
