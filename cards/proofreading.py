"""What the wording has to hold; checked once, when it is loaded."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from cards.errors import WordingError
from cards.gap_lengths import gap_lengths
from cards.orders import TASK
from cards.template import fields, fill
from cards.topics import Topic
from cards.vocabulary import Vocabulary
from cards.words import ENGLISH, Words, read_words

PHRASES: dict[str, tuple[str, ...]] = {
    "source_label": ("guideline",),
    "source_label_guideline": ("guideline",),
    "link_label": (),
    "ask_label": (),
    "pair": ("first", "second"),
    "comma": (),
    "semicolon": (),
    "more": ("names", "n"),
    "fact": ("label", "value"),
    "fact_bare": ("label",),
    "fact_extra": ("extras",),
    "flag": ("title", "why", "urgency", "who"),
    "limit": ("limit",),
    "limit_sourced": ("limit", "source"),
    "consider": (),
    "notes": (),
    "bullet": ("text",),
    "missing": ("names",),
    "gaps": ("names",),
    "not_checked": ("items",),
    "unchecked": ("type", "reason"),
    "unchecked_key": ("type", "key", "reason"),
    "unchecked_count": ("text", "n"),
    "sources": ("names",),
    "citation_checked": ("label", "checked"),
    "dated": ("label", "year"),
    "decision": (),
    "also_noted": ("names",),
    "switched_off": ("names",),
    "order_label": ("name",),
    "order_description": ("name",),
    "tests_label": ("n",),
    "task_label": ("name",),
    "task_description": ("name",),
    "order_reason": ("sign",),
    "order_reason_bare": (),
    "dated_sign": ("sign", "date"),
}

HIGH = ".high"  # so ends the key of a tag whose value is high
DATES = ("since", "ordered", "dispensed", "given", "ended")
PLACES = ("problem-list", "visit", "visit-undated", "form", "request", "appointment", "alert", "family")
REASONS = (
    *("absent", "failed", "unreadable", "partial", "rule-failed", "card-failed"),
    *("forbidden", "unauthorized", "not-granted", "partly-granted", "expired"),
    *("timed-out", "unreachable", "server-error", "busy", "not-found", "unsupported"),
    *("redirected", "page-limit", "too-large", "withheld", "incomplete", "unusable-authorization"),
    *("unit", "words", "number", "two-values", "no-value", "specimen", "implausible", "status", "date", "code"),
    *("too-many", "language", "partial-date", "ahead", "not-known"),
)

_UNRESOLVED = ("rule:", "nothing:")


def load_words(folder: Path = ENGLISH, vocabulary: Vocabulary | None = None) -> Words:
    """The wording of one language, proofread: what is missing or wrong stops the start.

    With a vocabulary also whether everything that the service can name has words.
    """
    words = read_words(folder)
    if vocabulary is not None:
        check_vocabulary(words, vocabulary)
    for check in _CHECKS:
        check(words)
    return words


def references(words: Words) -> frozenset[str]:
    """Everything in the wording that a statement of the article can point to."""
    tables: dict[str, Mapping[Any, object]] = {
        "detail": words.topics,
        "flag": words.flags,
        "note": words.notes,
        "citation": words.citations,
        "test": words.book.tests,
        "gap": words.book.gaps,
        "order": words.book.orders,
        "reason": words.book.reasons,
        "phrase": words.book.phrases,
    }
    plain = {f"{kind}:{key}" for kind, table in tables.items() for key in table}
    summaries = {f"summary:{topic}.{key}" for topic, entry in words.topics.items() for key in entry.variants}
    tags = {f"tag:{topic}.{key}" for topic, entries in words.tags.items() for key in entries}
    return frozenset(plain | summaries | tags)


def _complete(file: str, expected: Iterable[str], present: Iterable[str], prefix: str = "") -> None:
    """Exactly the wanted keys, no more and no fewer."""
    expected, present = set(expected), set(present)
    if missing := expected - present:
        raise WordingError(file, f"{prefix}{min(missing)}", "missing")
    if unknown := present - expected:
        raise WordingError(file, f"{prefix}{min(unknown)}", "not known to the service")


def _fields(file: str, key: str, text: str) -> tuple[str, ...]:
    """The placeholders of one sentence."""
    try:
        return fields(text)
    except ValueError as error:
        raise WordingError(file, key, str(error)) from None


def _placeholders(file: str, key: str, text: str, allowed: Iterable[str]) -> None:
    """Only placeholders that somebody fills, and our own words free of HTML and line breaks."""
    if unknown := set(_fields(file, key, text)) - set(allowed):
        raise WordingError(file, key, f"unknown placeholder {min(unknown)}")
    if not text.strip() or "<" in text or "\n" in text:
        raise WordingError(file, key, "empty, or holds HTML or a line break")


def check_vocabulary(words: Words, vocabulary: Vocabulary) -> None:
    """Everything that the service can name has words, and there are words for nothing else."""
    _complete("cards.toml", vocabulary.variants, words.topics)
    for topic, variants in vocabulary.variants.items():
        _complete("cards.toml", variants, words.topics[topic].variants, f"{topic}.")
    _complete("tags.toml", vocabulary.tags, words.tags)
    for topic, tags in vocabulary.tags.items():
        _complete("tags.toml", tags, words.tags[topic], f"{topic}.")
    _complete("flags.toml", vocabulary.flags, words.flags)
    for flag, entry in words.flags.items():
        if unknown := {tag.removesuffix(HIGH) for tag in entry.by_tag} - set(vocabulary.tags[Topic.EMERG]):
            raise WordingError("flags.toml", flag, f"no tag {min(unknown)}")
    _complete("phrases.toml", vocabulary.rules, words.book.rules)


def _check_keys(words: Words) -> None:
    """Every phrase and reason that the renderer uses has words."""
    _complete("phrases.toml", PHRASES, words.book.phrases)
    _complete("phrases.toml", words.book.tests, words.book.tests_short)
    _complete("phrases.toml", ("V2", "P"), words.book.marks)
    if min(msgspec.structs.astuple(words.book.layout)) < 1:
        raise WordingError("phrases.toml", "layout", "every number at least 1")
    _complete("phrases.toml", REASONS, words.book.reasons)
    _complete("phrases.toml", PLACES, words.book.places)
    _complete("phrases.toml", DATES, words.book.dates)


def _check_summaries(words: Words) -> None:
    """With its longest fillings every summary is one line under 140 characters, and no gap is too narrow (N58)."""
    gaps = words.book.placeholders
    for topic, entry in words.topics.items():
        for name, variant in entry.variants.items():
            key = f"{topic}.{name}"
            _placeholders("cards.toml", key, variant.summary, gaps)
            try:
                gap_lengths(variant, gaps)
            except ValueError as error:
                raise WordingError("cards.toml", key, f"summary: {error}") from None


def _check_sentences(words: Words) -> None:
    """Notes, phrases and triggers use only placeholders that are filled; the rest none."""
    for key, text in words.notes.items():
        _placeholders("notes.toml", key, text, words.note_placeholders)
    for key, text in words.book.phrases.items():
        _placeholders("phrases.toml", key, text, PHRASES[key])
    for topic, tag, entry in words.tagged:
        if topic is Topic.EMERG:
            _placeholders("tags.toml", f"emergency.{tag}", entry.trigger or "{value}", ("value",))
            _placeholders("tags.toml", f"emergency.{tag}", entry.question or "{value}", ("value",))
            _placeholders("tags.toml", f"emergency.{tag}", entry.plain or "", ())
    for key, text in words.book.orders.items():
        _placeholders("phrases.toml", key, text, ("about",) if key.startswith(TASK) else ())
    for key, text in words.book.places.items():
        _placeholders("phrases.toml", key, text, ("date",) if key == "visit" else ())
    for key, text in words.book.dates.items():
        _placeholders("phrases.toml", f"dates.{key}", text, ("date",))
    for file, key, text in _fixed_sentences(words):
        _placeholders(file, key, text, ())


def _fixed_sentences(words: Words) -> Iterable[tuple[str, str, str]]:
    """Sentences that take no values."""
    for topic, entry in words.topics.items():
        bullets = (bullet for variant in entry.variants.values() for bullet in variant.consider)
        texts = (text for variant in entry.variants.values() for text in (variant.article, variant.guidance))
        articles = filter(None, (*texts, entry.guidance, entry.background))
        for text in (entry.title, entry.article, entry.limits, entry.grade, *entry.consider, *bullets, *articles):
            yield "cards.toml", str(topic), text
    for topic, tag, part in words.tagged:
        extra = (text for text in (part.article, part.guidance, part.tests) if text is not None)
        sentences = (part.name, *part.consider, *extra)
        yield from (("tags.toml", f"{topic}.{tag}", text) for text in sentences)
    for key, flag in words.flags.items():
        reasons = (text for reason in flag.by_tag.values() for text in (reason.title, reason.why))
        yield from (("flags.toml", key, text) for text in (flag.title, flag.why, flag.urgency, flag.who, *reasons))
    for key, citation in words.citations.items():
        yield from (("citations.toml", key, text) for text in (citation.label, citation.short))
    book = words.book
    short = (book.marks, book.tests, book.tests_short, book.gaps, book.limit_sources, book.reasons)
    explanations = words.explanations
    yield from (("explanations.toml", key, fill(text, {"n": "1"})) for key, text in explanations.against.items())
    for key, text in (*explanations.left_out.items(), *explanations.silence.items(), *explanations.because.items()):
        yield "explanations.toml", key, text
    for table in (*short, book.overrides, book.rules):
        yield from (("phrases.toml", key, text) for key, text in table.items())


def _check_citations(words: Words) -> None:
    """Every source and override reason that is named exists."""
    for topic, entry in words.topics.items():
        variant_citations = (key for variant in entry.variants.values() for key in variant.citations)
        _cited(words, "cards.toml", str(topic), (*entry.citations, entry.guideline, *variant_citations))
        for key in entry.overrides:
            if key not in words.book.overrides:
                raise WordingError("cards.toml", str(topic), f"no override reason {key}")
    for topic, tag, part in words.tagged:
        _cited(words, "tags.toml", f"{topic}.{tag}", part.citations)
    for key, flag in words.flags.items():
        _cited(words, "flags.toml", key, flag.citations)


def _cited(words: Words, file: str, key: str, citations: Iterable[str]) -> None:
    """At least one source, and each is known."""
    keys = tuple(citations)
    if not keys:
        raise WordingError(file, key, "no citation")
    for citation in keys:
        if citation not in words.citations:
            raise WordingError(file, key, f"no citation {citation}")


def _check_statements(words: Words) -> None:
    """Every statement of the article, S1 to S47, is realised by something that exists."""
    _complete("statements.toml", (f"S{number}" for number in range(1, 48)), words.statements)
    known_references = references(words)
    for key, statement in words.statements.items():
        if not statement.realised_by:
            raise WordingError("statements.toml", key, "realised by nothing")
        for reference in statement.realised_by:
            if reference not in known_references and not reference.startswith(_UNRESOLVED):
                raise WordingError("statements.toml", key, f"nothing is called {reference}")


_CHECKS: tuple[Callable[[Words], None], ...] = (
    _check_keys,
    _check_summaries,
    _check_sentences,
    _check_citations,
    _check_statements,
)
