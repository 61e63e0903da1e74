"""The wording: complete, short enough, honest, and refused at the start when it is not."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from charts.book import FLAGS, TAGS, VARIANTS

from cards.errors import WordingError
from cards.proofreading import PHRASES, REASONS, load_words, references
from cards.template import fields
from cards.topics import Topic

WORDS = load_words()


def sentences(part: Any) -> Iterator[str]:
    """Every text in the wording, however deep."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict):
        for value in part.values():
            yield from sentences(value)
    elif isinstance(part, (list, tuple)):
        for value in part:
            yield from sentences(value)


SPOKEN = list(
    sentences(
        [
            msgspec.to_builtins(part)
            for part in (WORDS.topics, WORDS.tags, WORDS.flags, WORDS.notes, WORDS.book.phrases, WORDS.book.orders)
        ]
    )
)


@pytest.mark.parametrize(
    "banned",
    [
        r"caused by",
        r"nothing to worry",
        r"\bdiscontinue",
        r"\bexcluded\b",
        r"all clear",
        r"^stop |: stop |, stop |; stop |should stop|must stop",
        r"switch to|replace the drug",
    ],
)
def test_no_sentence_promises_or_orders(banned: str) -> None:
    """Wording rules of the clinical knowledge: never a cause, a promise, or a drug stopped."""
    assert [] == [text for text in SPOKEN if re.search(banned, text, re.IGNORECASE)]


def test_stopping_a_drug_is_only_mentioned_to_prevent_it() -> None:
    """Where stopping is named at all it is "do not stop abruptly", or smoking."""
    named = [text for text in SPOKEN if re.search(r"\bstop(?!-smoking)", text, re.IGNORECASE)]

    assert named
    # what the chart says of a medicine that ended (N28), and the patient of a medicine or alcohol (N22)
    told = r"not stop (it )?abruptly|not stopped abruptly|recorded as stopped|stopped [^.]*: withdrawal\?"
    assert [] == [text for text in named if not re.search(told, text, re.IGNORECASE)]


def test_only_what_needs_a_normal_examination_denies_red_flags() -> None:
    """N24: the words stand only in summaries of REASSURE and LIFESTYLE, and in none for a chart without examination."""
    denying = {
        (topic, name)
        for topic, entry in WORDS.topics.items()
        for name, variant in entry.variants.items()
        if re.search(r"no (new )?red flag|no alarm|usually benign", variant.summary, re.IGNORECASE)
    }

    assert {Topic.REASSURE, Topic.LIFESTYLE} == {topic for topic, _ in denying}
    assert not {"unexamined", "open-item"} & {name for _, name in denying}


def test_the_article_date_is_on_every_card() -> None:
    """Statement S1: the source label shows when the article was reviewed."""
    assert "01/05/2021" in WORDS.phrase("source_label", guideline="x")


def test_the_evidence_on_persistence_is_told() -> None:
    """Clinical knowledge 2c: advice "may ease", and benign twitches persisted in 93 to 98 %."""
    for topic in (Topic.LIFESTYLE, Topic.REASSURE):
        text = " ".join(sentences(msgspec.to_builtins(WORDS.topics[topic])))

        assert "93–98 %" in text
        assert "may ease" in text


def test_every_name_of_the_contract_has_words() -> None:
    """Cards, variants, tags, flags and reasons are worded, each once."""
    assert set(Topic) == set(WORDS.topics)
    assert {topic: set(names) for topic, names in VARIANTS.items()} == {
        topic: set(entry.variants) for topic, entry in WORDS.topics.items()
    }
    assert {topic: set(names) for topic, names in TAGS.items()} == {
        topic: set(entries) for topic, entries in WORDS.tags.items()
    }
    assert set(FLAGS) == set(WORDS.flags)
    assert set(REASONS) == set(WORDS.book.reasons)


def test_every_statement_of_the_article_points_at_something_said_or_decided() -> None:
    """S1 to S47 are there, and each but the page furniture has at least one sentence behind it."""
    known = references(WORDS)
    said = {key for key, statement in WORDS.statements.items() if known & set(statement.realised_by)}

    assert {f"S{number}" for number in range(1, 47)} == said


def test_sources_carry_their_mark_and_review_date() -> None:
    """A secondary source is never shown as one that was read."""
    marks = {key: WORDS.citations[key].mark for key in ("nice-ng127", "sfe-2016", "folate-default", "project")}

    assert {"nice-ng127": "V2", "sfe-2016": "V", "folate-default": "V2", "project": "P"} == marks
    assert {"2026-11-22", "2026-11-29"} == {citation.reviewed for citation in WORDS.citations.values()}


def test_no_citation_is_left_unused() -> None:
    """Every source is named by a card, a tag, a flag or a statement."""
    used = {entry.guideline for entry in WORDS.topics.values()}
    used |= {key for entry in WORDS.topics.values() for key in entry.citations}
    variants = [one for entry in WORDS.topics.values() for one in entry.variants.values()]
    used |= {key for one in variants for key in one.citations}
    used |= {key for flag in WORDS.flags.values() for key in flag.citations}
    used |= {key for _, _, tag in WORDS.tagged for key in tag.citations}
    cited = {
        reference.partition(":")[2]
        for statement in WORDS.statements.values()
        for reference in statement.realised_by
        if reference.startswith("citation:")
    }
    limits = {"aaa-2022", "infant-2019", "nhs-tayside", "kroenke-2001", "kroenke-2007", "st-george-calcium"}

    assert limits == set(WORDS.citations) - used - cited


@pytest.mark.parametrize(
    ("look", "file"),
    [
        (lambda: WORDS.variant(Topic.EMERG, "nonsense"), "cards.toml"),
        (lambda: WORDS.tag(Topic.EMERG, "nonsense"), "tags.toml"),
        (lambda: WORDS.flag("U99"), "flags.toml"),
        (lambda: WORDS.note("nonsense", {}), "notes.toml"),
        (lambda: WORDS.note("ended_drug", {"drug": "x"}), "notes.toml"),
        (lambda: WORDS.reason("nonsense"), "phrases.toml"),
        (lambda: WORDS.order("nonsense"), "phrases.toml"),
        (lambda: WORDS.gap("nonsense"), "phrases.toml"),
        (lambda: WORDS.test_name("nonsense"), "phrases.toml"),
    ],
)
def test_an_unknown_key_is_named_with_its_file(look: Any, file: str) -> None:
    """A key that nothing words is an error that says where it was sought."""
    with pytest.raises(WordingError) as raised:
        look()

    assert file == raised.value.file


def test_where_a_limit_comes_from_is_worded() -> None:
    """Known sources and citations have names; other words stay as given."""
    assert "the laboratory's range" == WORDS.source_name("laboratory")
    assert "RCEM Learning" == WORDS.source_name("rcem")
    assert "local table" == WORDS.source_name("local table")
    assert "SfE 2016" == WORDS.source_name("sfe-2016")
    assert WORDS.source_name(None) is None


def test_a_remark_on_a_fact_may_be_a_note() -> None:
    """A note's key is worded; other words stay as given."""
    assert WORDS.notes["timing_uncertain"] == WORDS.fact_note("timing_uncertain")
    assert "computed" == WORDS.fact_note("computed")
    assert WORDS.fact_note(None) is None


def test_phrases_use_every_value_they_are_given() -> None:
    """No phrase drops a value that the code hands to it."""
    assert {key: set(names) for key, names in PHRASES.items()} == {
        key: set(fields(text)) for key, text in WORDS.book.phrases.items()
    }
