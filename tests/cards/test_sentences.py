"""The summaries, word for word as the clinical knowledge has them."""

import pytest
from card_showcase import WORDS

from cards.template import fill
from cards.topics import Topic

SUMMARIES = [
    ("emergency.default", "Possible emergency with twitching: <finding>. Consider same-day assessment."),
    (
        "paediatric-neurology.default",
        "Child with twitching plus <sign>: consider urgent paediatric neurology; SMA is treatable and time-critical.",
    ),
    (
        "neurology-urgent.default",
        "Twitching with <dated_sign>: examine; if new and unexplained, neurology within 2 weeks.",
    ),
    (
        "neurology-urgent.motor-neuron-disease",
        "Twitching with <dated_sign>: examine; if new and unexplained, neurology within 2 weeks (MND?).",
    ),
    (
        "work-up-status.default",
        "Neurology/EMG already requested (<date>). Check that the request mentions <sign>.",
    ),
    (
        "neurology-evaluation.default",
        "Persistent or frequent twitching plus <sign>: consider a complete neurological evaluation.",
    ),
    (
        "neurology-evaluation.hyperexcitability",
        "Widespread twitching with stiffness or sweating: consider nerve hyperexcitability work-up.",
    ),
    ("neurology-evaluation.central", "Twitching plus <sign>: consider complete neurological evaluation."),
    (
        "neurology-evaluation.eyelid",
        "Eyelid twitching for over 3 months: consider neurology or eye clinic review.",
    ),
    (
        "abnormal-lab.one",
        "<test> <value> (<date>) is <side> with twitching: review and treat the cause, then reassess.",
    ),
    (
        "abnormal-lab.vitamin-d",
        "Low 25-OH vitamin D <value> (<date>) with twitching: review, replace per local policy.",
    ),
    (
        "abnormal-lab.calcium",
        "Adjusted calcium <value> (<date>) is low with twitching: check Mg, PTH, ECG and symptoms today.",
    ),
    (
        "abnormal-lab.vitamin-b12",
        "B12 <value> (<date>) with twitching: treat or confirm with MMA; examine for neuropathy.",
    ),
    (
        "abnormal-lab.recorded",
        "Recorded deficiency: <diagnosis> (<date>), no current level on file: consider checking it.",
    ),
    (
        "medication-review.corticosteroid",
        "<drug> (<dose>) since <date>: check K and Ca; review need and dose. Do not stop it abruptly.",
    ),
    (
        "medication-review.estrogen",
        "Twitching on estrogen therapy: evidence for a link is limited; review timing and options with patient.",
    ),
    (
        "medication-review.one",
        ("<drug> started before the twitching: could it contribute? Check <tests>; review with the prescriber."),
    ),
    ("lab-order.default", "Twitching <reason>: <due_tests> not on file or out of date. Consider ordering."),
    (
        "reassurance.default",
        "Normal exam and EMG on file (<dates>), no new red flags recorded: findings favour a benign cause.",
    ),
    (
        "lifestyle.several",
        "Twitching with <factors> recorded and no red flags found on chart: lifestyle advice may help.",
    ),
    (
        "lifestyle.stress",
        "Twitching with anxiety/stress recorded, no red flags on chart: offer stress management; may ease twitching.",
    ),
    (
        "lifestyle.sleep",
        "Sleep <hours> h/night recorded with twitching, no red flags on chart: offer sleep advice.",
    ),
    (
        "lifestyle.exertion",
        (
            "Twitching after exertion with no red flags on chart: rest, fluids, graded return; "
            "check CK if pain or dark urine."
        ),
    ),
    ("lifestyle.caffeine", "Caffeine <mg> mg/day recorded with twitching: consider cutting down gradually."),
    ("lifestyle.dehydration", "Dehydration recorded with twitching: rehydrate and recheck electrolytes."),
    ("lifestyle.smoking", "Current smoker with twitching: offer stop-smoking support."),
    (
        "lifestyle.diet",
        "Diet risk recorded with twitching: offer balanced-diet advice; consider B12, vitamin D, Ca.",
    ),
    (
        "lifestyle.unexamined",
        (
            "Twitching with <factors> recorded; no normal examination found here: examine first, "
            "then lifestyle advice may help."
        ),
    ),
    (
        "lifestyle.open-item",
        "Twitching with <factors> recorded: check <item> first, then lifestyle advice may help.",
    ),
    (
        "steroid-order.default",
        "Twitching is active on this chart: check K, Ca, Mg before or soon after starting <drug>.",
    ),
    (
        "estrogen-order.default",
        (
            "Twitching is active on this chart before starting <drug>: note it as baseline; "
            "evidence for a link is limited."
        ),
    ),
    (
        "data-gap.default",
        (
            "Twitching recorded: examine strength, wasting, reflexes, tongue. "
            "If normal and isolated, no referral needed (NICE NG127)."
        ),
    ),
]


@pytest.mark.parametrize(("key", "expected"), SUMMARIES)
def test_summaries_are_worded_as_the_clinical_knowledge_words_them(key: str, expected: str) -> None:
    """Sections 1, 4a and 4c fix these sentences; gaps are shown in angle brackets."""
    topic, variant = key.split(".")
    summary = WORDS.variant(Topic(topic), variant).summary
    gaps = {name: f"<{name}>" for name in WORDS.book.placeholders}

    assert expected == fill(summary, gaps)
