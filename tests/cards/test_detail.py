"""The detail of a card: everything that led to it, in one order, and the chart's text harmless."""

import re
from datetime import date

import pytest
from card_showcase import EVERY, POTASSIUM, detail, show
from charts.book import in_order
from hypothesis import given
from hypothesis import strategies as st

from cards.advice import Fact, NotChecked, Note, Occasion
from cards.printed import number
from cards.topics import Topic


def test_the_detail_begins_with_the_facts() -> None:
    """First what was read: label, value, unit, date, limit with its source."""
    expected = "- **Potassium:** 2.3 mmol/L (2026-11-21, limit &lt; 2.5 mmol/L by RCEM Learning)"

    assert expected == detail(show(Topic.EMERG, tags=("potassium",), facts=(POTASSIUM,))).split("\n")[0]


@pytest.mark.parametrize(
    ("expected", "fact"),
    [
        ("- **Twitch**", Fact(resource="Condition/1", label="Twitch")),
        (
            "- **&lt;b&gt;x&lt;/b&gt; \\*y\\*** (2026-11-21, visit 2026-11-20)",
            Fact(
                resource="Condition/1",
                label="Twitch",
                quoted="<b>x</b>\n*y*",
                date="2026-11-21T08:00:00Z",
                place="visit",
                visit="2026-11-20",
            ),
        ),
        (
            "- **arm weakness** (visit)",
            Fact(resource="Encounter/1", label="weakness", quoted="arm weakness", place="visit", visit=""),
        ),
        (
            "- **arm weakness** (2026-11-21, problem list)",
            Fact(
                resource="Condition/1", label="weakness", quoted="arm weakness", date="2026-11-21", place="problem-list"
            ),
        ),
        (
            "- **TSH:** flagged high (limit 4)",
            Fact(resource="Observation/1", label="TSH", value="flagged high", limit="4"),
        ),
        (
            "- **CK:** 0 U/L (Timing uncertain: a date on the chart is partial)",
            Fact(resource="Observation/1", label="CK", value=0.0, unit="U/L", note="timing_uncertain"),
        ),
        (
            "- **TSH:** high (the laboratory's flag)",
            Fact(resource="Observation/1", label="TSH", value="high", limit_source="laboratory-flag"),
        ),
        (
            "- **GAD-7:** 14 score (limit &gt;= 10)",
            Fact(resource="Observation/1", label="GAD-7", value=14.0, unit="{score}", limit=">= 10"),
        ),
        (
            "- **TSH:** 12 mIU/L",
            Fact(resource="Observation/1", label="TSH", value=12.0, unit="m[IU]/L"),
        ),
    ],
)
def test_a_fact_shows_what_is_known_of_it(expected: str, fact: Fact) -> None:
    """Absent members leave no trace; a fact has the words of the chart, escaped, its day and where it stands."""
    assert expected == detail(show(Topic.DATA_GAP, facts=(fact,))).split("\n")[0]


@pytest.mark.parametrize(
    ("expected", "value"),
    [
        ("2.3", 2.30),
        ("2400", 2400.0),
        ("0", 0.0),
        ("0.05", 0.05),
        ("1000000", 1e6),
        ("0.00007", 7e-5),
        ("-0.5", -0.5),
        ("0", -1e-13),
    ],
)
def test_numbers_are_printed_as_a_laboratory_prints_them(expected: str, value: float) -> None:
    """No exponent, no trailing zeros."""
    assert expected == number(value)


def everywhere(text: str) -> str:
    """The detail of a card with the same text in every place that a chart or a request can reach."""
    places = ("resource", "label", "value", "unit", "date", "limit", "limit_source", "quoted", "note")
    fact = Fact(**dict.fromkeys(places, text))
    occasion = Occasion("p-1", date(2026, 11, 22), "1", "https://cds.example.org", (NotChecked(text, "failed", text),))
    notes = (Note("matched_on_text", {"phrase": text}),)
    return detail(show(Topic.DATA_GAP, occasion=occasion, facts=(fact,), notes=notes))


@given(st.text(alphabet=st.sampled_from("a1.<>&*_[]()#-\n\r\u2028\u202e`|~:/@ "), min_size=1, max_size=30))
def test_no_text_of_the_chart_changes_the_detail(text: str) -> None:
    """Whatever stands in the chart: no HTML, no link, no further line or list."""
    shown, plain = everywhere(text), everywhere("x")

    assert "<" not in shown
    assert "//" not in shown
    assert re.sub(r"(?m)[^\n]+", "", plain) == re.sub(r"(?m)[^\n]+", "", shown)


def test_the_detail_has_its_parts_in_order() -> None:
    """Facts, signs, why, what to do, what was not found or not received, notes, source, decision, also noted (N57)."""
    occasion = Occasion(
        patient_id="p-1",
        today=date(2026, 11, 22),
        knowledge_version="1",
        evidence_url="https://cds.example.org/e/",
        not_checked=(
            NotChecked("Observation", "absent", "labs"),
            NotChecked("MedicationRequest", "unreadable", count=3),
        ),
    )
    card = show(
        Topic.LAB_ABN,
        "one",
        occasion,
        tags=("potassium",),
        flags=("ADD",),
        facts=(POTASSIUM,),
        notes=(Note("reassess"), Note("medicines_unchecked", {"n": "3", "m": "2", "items": "drops, pills"})),
        missing=("calcium", "examination", "vitamin-d"),
        also_noted=(Topic.LIFESTYLE, Topic.MED_REV),
    )
    expected = [
        "- **Potassium:**",
        "Article: low vitamin D",
        "**Consider**",
        "- repeat with magnesium and kidney function",
        "**Not on file or out of date:** calcium (with albumin or ionised), vitamin D",
        "**Not found here, which is not “absent”:** neurological examination since onset",
        "**Not checked:** Observation (labs): not received; MedicationRequest: could not be read, 3 entries",
        "**Notes**",
        "- Reassess 8–12 weeks after correction",
        "- 3 medicines on file, 2 could not be checked: drops, pills.",
        "**Source:** RCEM Learning",
        "The decision stays with the clinician.",
        "Also noted: Lifestyle advice, Medication review.",
    ]
    lines = [line for line in detail(card).split("\n") if line]

    assert len(expected) == len(lines)
    assert [] == [(want, got) for want, got in zip(expected, lines, strict=True) if not got.startswith(want)]
    assert "https://cds.example.org/e/abnormal-lab" == card.links[0].url


@pytest.mark.parametrize("chosen", EVERY)
def test_every_card_says_what_was_not_checked_and_who_decides(chosen: tuple[Topic, str]) -> None:
    """Clinical knowledge D17 and section 6: on every card."""
    occasion = Occasion(
        "p-1", date(2026, 11, 22), "1", "https://cds.example.org", (NotChecked("Observation", "failed"),)
    )
    text = detail(show(*chosen, occasion))

    assert "**Not checked:** Observation: the server reported an error" in text
    assert "The decision stays with the clinician." in text
    assert "**Source:** " in text
    assert "Article" in text


def test_a_secondary_source_is_said_to_be_one() -> None:
    """Sources are printed with year and in words how they were checked; of one that was read itself nothing is said."""
    text = detail(show(Topic.NEURO_URG, flags=("U4",)))

    assert "**Source:** Turner 2022 +" in text
    assert "**Source:** NICE NG127 2019 (read in a summary)" in detail(show(Topic.NEURO_URG, flags=("U1",)))
    assert "this project (our own limit)" in detail(show(Topic.EMERG))
    assert "- **Upper motor neuron sign:** " in text
    assert "(neurology: within 2 weeks)" in text


def test_many_sources_are_counted() -> None:
    """The detail names the first source and how many more there are."""
    tags = in_order(
        Topic.LAB_ABN, {"vitamin-d", "calcium", "vitamin-b12", "magnesium", "potassium", "phosphate", "tsh"}
    )

    assert re.search(r"\*\*Source:\*\* .* \+\d+ more\.", detail(show(Topic.LAB_ABN, "one", tags=tags)))


def test_a_card_without_bullets_has_no_empty_heading() -> None:
    """ "Consider" stands only above something to consider."""
    assert "**Consider**" not in detail(show(Topic.LIFESTYLE, "several"))


def test_values_of_a_note_are_escaped() -> None:
    """Text of the chart inside our sentences stays text."""
    text = detail(show(Topic.DATA_GAP, notes=(Note("matched_on_text", {"phrase": "[x](http://evil.example)"}),)))

    assert "“\\[x\\](http:/ /evil. example)”" in text


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("E1", "Breathless at rest"),
        ("corticosteroid", "corticosteroid"),
        ("sleep", "short sleep"),
        ("LAB", "Abnormal laboratory"),
        ("ORD-EMERG", "A result at an emergency limit"),
        ("a-rule-without-words", "a-rule-without-words"),
    ],
)
def test_a_rule_that_failed_is_named_in_words(rule: str, said: str) -> None:
    """A clinician need not know the ids of rules; what has no words is named by its id rather than not at all."""
    failed = (NotChecked(rule, "rule-failed"),)
    text = detail(show(Topic.LIFESTYLE, "sleep", Occasion("p-1", date(2026, 11, 22), "1", "https://x.example", failed)))

    assert f"**Not checked:** {said}".lower() in text.lower()
    assert ": a check of this service failed" in text


def test_in_known_disease_nothing_is_said_of_a_work_up() -> None:
    """The variant has its own article and its own bullets: no mild course, no referral, no history to take."""
    known, usual = (detail(show(Topic.DATA_GAP, variant)) for variant in ("known-disease", "default"))

    assert all(word in usual for word in ("not routinely referred", "ask onset"))
    assert [] == [word for word in ("not routinely referred", "neurolog", "ask onset") if word in known.lower()]
    assert "Article: twitching is not an emergency in itself" in known
