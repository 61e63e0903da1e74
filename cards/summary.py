"""The one sentence of a card, under 140 characters whatever fills it (CDS Hooks 2.0, `summary`)."""

from collections.abc import Sequence

from cards.advice import Advice
from cards.markdown import plain, to_length
from cards.template import fields, fill
from cards.topics import Topic
from cards.wire import SUMMARY_LIMIT
from cards.words import Words


def summarise(advice: Advice, words: Words) -> str:
    """The summary: at most two names and "+n more", then one, then names cut."""
    template = words.variant(advice.topic, advice.variant).summary
    gaps = fields(template)
    for shown in range(words.book.layout.named_in_summary, 0, -1):
        values = {gap: _value(gap, advice, words, shown) for gap in gaps}
        if len(text := fill(template, values)) <= SUMMARY_LIMIT:
            return text
    return _cut(template, values, words)


def join(names: Sequence[str], words: Words, shown: int) -> str:
    """The first names, and how many more there are."""
    if len(names) > shown:
        return words.phrase("more", names=words.phrase("comma").join(names[:shown]), n=str(len(names) - shown))
    if len(names) == 2:
        return words.phrase("pair", first=names[0], second=names[1])
    return words.phrase("comma").join(names)


def _value(gap: str, advice: Advice, words: Words, shown: int) -> str:
    """What stands in a gap: the rule's own value, names found in the advice, or the fallback."""
    names = [text for name in _names(gap, advice, words) if (text := plain(name))]
    return join(names, words, shown) if names else words.book.placeholders[gap].fallback


def _names(gap: str, advice: Advice, words: Words) -> Sequence[str]:
    """The names a gap can show, the most telling first."""
    if given := advice.values.get(gap):
        return (given,)
    drugs = advice.signs if advice.topic is Topic.MED_REV else ()
    match gap:
        case "sign" | "medicine":
            return advice.signs
        case "dated_sign":
            return [_dated(sign, advice, words) for sign in advice.signs]
        case "drug":
            return drugs[:1] or _tag_names(advice, words)[:1]
        case "drugs":
            return drugs or _tag_names(advice, words)
        case "factors" | "test":
            return _tag_names(advice, words)
        case "tests" if advice.topic is Topic.LAB_ORDER:
            return [words.test_name(key) for key in advice.missing]
        case "tests" | "trigger":
            return [_valued(tag, advice, words) for tag in advice.named or advice.tags]
        case "value":
            return [advice.values[tag] for tag in advice.tags if tag in advice.values][:1]
    return ()


def _dated(sign: str, advice: Advice, words: Words) -> str:
    """A sign with the day that the rule gives under its name."""
    layout = words.book.layout
    room = layout.sign_length if len(advice.signs) == 1 else layout.sign_length_of_many
    date = plain(advice.values.get(sign, "")) or words.book.placeholders["date"].fallback
    return words.phrase("dated_sign", sign=to_length(sign, room), date=date)


def _tag_names(advice: Advice, words: Words) -> list[str]:
    """The names of the card's tags."""
    return [words.tag(advice.topic, tag, high=tag in advice.high).name for tag in advice.tags]


def _valued(tag: str, advice: Advice, words: Words) -> str:
    """A tag with its value where the rule gives one under the tag's name."""
    entry = words.tag(advice.topic, tag, high=tag in advice.high)
    value = advice.values.get(tag)
    if advice.topic is Topic.EMERG:
        return fill(entry.trigger, {"value": value}) if value and entry.trigger else entry.plain or entry.name
    return f"{entry.name} {value}" if value else entry.name


def _cut(template: str, values: dict[str, str], words: Words) -> str:
    """Names cut with "…", the longest first; a number or date is never cut but replaced whole."""
    for gap in sorted(values, key=lambda name: -len(values[name])):
        over = len(fill(template, values)) - SUMMARY_LIMIT
        placeholder = words.book.placeholders[gap]
        if over > 0:
            room = max(len(values[gap]) - over, len(placeholder.filler))
            values[gap] = placeholder.fallback if placeholder.whole else plain(values[gap], room)
    return fill(template, values)
