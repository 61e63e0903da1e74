"""The detail of a card: Markdown that is read in ten seconds, every text of the chart escaped."""

from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct

from cards.advice import OF_TODAY, Advice, Fact, NotChecked, Note, Occasion
from cards.markdown import escape
from cards.printed import day, number, plain_unit
from cards.summary import join
from cards.template import fill
from cards.topics import Indicator, Topic
from cards.words import ARTICLE, TagWords, Words

UNSPECIFIC = "R4"  # its routine says the wrong thing beside a sign of today
SYMPTOM = "ADD"  # its notes have a sentence for each symptom (N58)
FAILED = ("rule-failed", "card-failed")  # of the service itself, and named by its own words


def detail(advice: Advice, occasion: Occasion, words: Words) -> str:
    """Facts and signs, why, what to do, what was not found or not received, notes, and the source (N57)."""
    kind = (advice.topic, advice.variant, advice.indicator is Indicator.INFO)
    tag_parts = _standing(words, kind, (advice.tags, advice.high), advice.flags)
    paragraphs = (
        "\n".join((*_facts(advice, words), *tag_parts.flags)),
        tag_parts.why,
        _list("consider", (*_sentences(advice.first, words), *tag_parts.consider), words),
        *_missing(advice, words),
        _not_checked(occasion.not_checked, words),
        _notes(advice.notes, words),
        *_titled("switched_off", occasion.switched_off, words),
        tag_parts.source,
        words.phrase("decision"),
        *_titled("also_noted", advice.also_noted, words),
    )
    return "\n\n".join(filter(None, paragraphs))


Kind = tuple[Topic, str, bool]  # card and variant, and whether it is an info card: only these cite the article (N59)


class Standing(Struct, frozen=True):
    """What the detail says of a card with these tags and flags, whoever the patient."""

    flags: tuple[str, ...]
    why: str
    consider: tuple[str, ...]
    source: str


@lru_cache(maxsize=512)
def _standing(
    words: Words, kind: Kind, tags: tuple[tuple[str, ...], tuple[str, ...]], flags: tuple[str, ...]
) -> Standing:
    """Worded once; the same few combinations come again and again. `tags`: all of them, and those of a high value."""
    topic, variant, _ = kind
    tagged = [words.tag(topic, tag, high=tag in tags[1]) for tag in tags[0]]
    variant_words = words.variant(topic, variant)
    considered = variant_words.consider or words.topics[topic].consider
    bullets = dict.fromkeys((*considered, *(bullet for tag in tagged for bullet in tag.consider)))
    return Standing(
        flags=tuple(
            line for name in flags if not _is_left_out(name, topic, variant) for line in _flag(name, tags, words)
        ),
        why=_why(words, kind, tagged),
        consider=tuple(bullets),
        source=_source(words, kind, tagged, flags),
    )


def _is_left_out(flag: str, topic: Topic, variant: str) -> bool:
    """Whether its line would say another urgency than the summary of the card, or what a note says of it."""
    return flag == SYMPTOM or topic is Topic.NEW_SIGN or (flag == UNSPECIFIC and variant in OF_TODAY)


def _facts(advice: Advice, words: Words) -> Iterable[str]:
    """One bullet per fact: in the chart's own words, value and unit, then date, where, limit with its source (N59)."""
    lines = dict.fromkeys(_line(fact, words) for fact in _once(advice.facts))
    heads = {line[0] for line in lines if line[1]}
    for head, extras in lines:  # the same line twice is one line, and one that adds nothing to another is none
        if extras:
            yield f"{head} {words.phrase('fact_extra', extras=extras)}"
        elif head not in heads:
            yield head


def _line(fact: Fact, words: Words) -> tuple[str, str]:
    label, value = _called(fact, words), _value(fact)
    head = words.phrase("fact", label=label, value=value) if value else words.phrase("fact_bare", label=label)
    return head, words.phrase("comma").join(filter(None, _extras(fact, words)))


def _once(facts: Iterable[Fact]) -> Iterable[Fact]:
    """The same words in several fields of a chart are one fact to a reader: the first one stands."""
    texts: set[str] = set()
    for fact in facts:
        text = "" if fact.code else (fact.quoted or "").casefold()
        if text not in texts:
            yield fact
        texts |= {text} - {""}


_our = lru_cache(maxsize=1024)(escape)  # labels and units: the same few again and again


def _called(fact: Fact, words: Words) -> str:
    """What the chart calls it, else what we do."""
    # The chart's own words go to cards and their basis only, escaped: never to logs, audit, metrics or the database.
    return escape(fact.quoted, words.book.layout.quote_length) if fact.quoted else _our(fact.label)


def _value(fact: Fact) -> str:
    """What was read: the value with its unit."""
    value = number(fact.value) if isinstance(fact.value, float | int) else fact.value
    return " ".join(filter(None, (value and escape(value), _our(plain_unit(fact.unit)))))


def _extras(fact: Fact, words: Words) -> Iterable[str]:
    """Date, where it stands, limit and its source, remark: whatever is known."""
    yield _date(day(fact.date), fact.date_means, words) if fact.date else ""
    if fact.place:
        where = words.place(fact.place, is_dated=bool(fact.visit))
        yield escape(fill(where, {"date": day(fact.visit or "")}))
    yield from _standard(fact.limit or "", fact.limit_source, fact.note, words)


def _date(date: str, meaning: str | None, words: Words) -> str:
    """The day of a fact; of a medicine what happened on it."""
    return escape(fill(words.book.dates[meaning], {"date": date}) if meaning else date)


@lru_cache(maxsize=1024)
def _standard(limit: str, source: str | None, note: str | None, words: Words) -> tuple[str, str]:
    """A limit with its source, and a remark, as facts about anybody state them."""
    limit, source = escape(limit), escape(words.source_name(source) or "")
    if limit and source:
        limit_text = words.phrase("limit_sourced", limit=limit, source=source)
    else:
        limit_text = words.phrase("limit", limit=limit) if limit else source
    return limit_text, escape((words.fact_note(note) or "").rstrip("."))


def _flag(identifier: str, tags: tuple[tuple[str, ...], tuple[str, ...]], words: Words) -> Iterable[str]:
    """A red flag: why it matters, who, how soon (clinical knowledge 3); a line for each danger that its tags name."""
    flag = words.flag(identifier)
    keys = (f"{tag}.high" if tag in tags[1] else tag for tag in tags[0])
    reasons = [(flag.by_tag[key].title, flag.by_tag[key].why) for key in keys if key in flag.by_tag]
    for title, why in reasons or [(flag.title, flag.why)]:
        yield words.phrase("flag", title=title, why=why, urgency=flag.urgency, who=flag.who)


def _list(heading: str, sentences: Iterable[str], words: Words) -> str:
    """A heading and its bullets, or nothing."""
    bullets = [words.phrase("bullet", text=sentence) for sentence in sentences]
    return "\n".join((words.phrase(heading), "", *bullets)) if bullets else ""


def _missing(advice: Advice, words: Words) -> Iterable[str]:
    """Tests that are missing or out of date, and other data that were not found."""
    tests = [key for key in advice.missing if key in words.book.tests]
    gaps = [key for key in advice.missing if key not in words.book.tests]
    comma = words.phrase("comma")
    if tests:
        yield words.phrase("missing", names=comma.join(words.book.tests[key] for key in tests))
    if gaps:
        yield words.phrase("gaps", names=comma.join(words.gap(key) for key in gaps))


def _notes(notes: Iterable[Note], words: Words) -> str:
    """The notes, each once."""
    return _list("notes", dict.fromkeys(_sentences(notes, words)), words)


def _sentences(notes: Iterable[Note], words: Words) -> Iterable[str]:
    """The sentences of notes, their values escaped."""
    return (words.note(note.key, {name: escape(day(text)) for name, text in note.values.items()}) for note in notes)


@lru_cache(maxsize=64)
def _not_checked(items: tuple[NotChecked, ...], words: Words) -> str:
    """Every type that could not be seen, with the reason (clinical knowledge D17)."""
    names = [_unchecked(item, words) for item in items]
    return words.phrase("not_checked", items=words.phrase("semicolon").join(names)) if names else ""


def _unchecked(item: NotChecked, words: Words) -> str:
    """One thing that could not be seen."""
    reason = words.reason(item.reason)
    if item.reason in FAILED:
        return words.phrase("unchecked", type=escape(words.title(item.type)), reason=reason)
    if item.key:
        text = words.phrase("unchecked_key", type=escape(item.type), key=escape(item.key), reason=reason)
    else:
        text = words.phrase("unchecked", type=escape(item.type), reason=reason)
    return words.phrase("unchecked_count", text=text, n=str(item.count)) if item.count else text


def _why(words: Words, kind: Kind, tagged: list[TagWords]) -> str:
    """Why the card is shown: of an info card what the article says, and what guidelines say of it or of its first tag.

    All else that is said of the card stands on its evidence page (N57: background is left out first).
    """
    topic, variant, cites_article = kind
    entry, variant_words = words.topics[topic], words.variant(topic, variant)
    guidance = next((tag.guidance for tag in tagged if tag.guidance), "")
    guidance = guidance or (variant_words.guidance if variant_words.article else entry.guidance)
    article = (variant_words.article or entry.article) if cites_article else ""
    return " ".join(filter(None, (article, guidance)))


def _source(words: Words, kind: Kind, tagged: list[TagWords], flags: tuple[str, ...]) -> str:
    """One line: the first source; the others stand on the evidence page."""
    topic, variant, cites_article = kind
    entry, variant_words = words.topics[topic], words.variant(topic, variant)
    flagged = (key for flag in flags for key in words.flag(flag).citations)
    citations = (
        *(key for tag in tagged for key in tag.citations),
        *flagged,
        *variant_words.citations,
        *entry.citations,
    )
    keys = [key for key in dict.fromkeys(citations) if key != ARTICLE] or [
        ARTICLE if cites_article else entry.guideline
    ]
    first, count = keys[0], words.book.layout.sources_shown
    if not cites_article and words.citations[first].year is None:  # N59: with a year
        guideline_key = next((key for key in keys if words.citations[key].year is not None), entry.guideline)
        keys, count = list(dict.fromkeys((first, guideline_key, *keys))), count + 1
    return words.phrase("sources", names=join([words.checked(key) for key in keys], words, count))


def _titled(phrase: str, topics: Iterable[Topic], words: Words) -> Iterable[str]:
    """Cards by their titles: those that found no place (4a Ranking), those that the site does not show."""
    titles = [words.topics[topic].title for topic in topics]
    if titles:
        yield words.phrase(phrase, names=words.phrase("comma").join(titles))
