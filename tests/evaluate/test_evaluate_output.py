"""What the command prints: for people, for programs, and why."""

import io
import sys
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from charts.dates import TODAY
from charts.golden import Case, cases, service_of
from charts.notation import bundle as golden_bundle
from charts.notation import request_bytes
from charts.people import SNOMED, bundle, person, problem, twitch, wasting
from charts.runs import Evaluate, Write
from charts.seam import engine

from cards.topics import Topic
from cds import cli
from cds.explain.explain import Why, explain
from cds.need import Done, Recall, advance
from cds.outcome import Outcome
from cds.rules.rulebook import rulebook_of

ENGINE = engine(TODAY)
BY_ID = {case.id: case for case in cases()}
ORDER_CARDS = {"risk-order", "steroid-order", "estrogen-order"}

LEFT_OUT = ENGINE.words.explanations.left_out
CHART_RULES = [rule.id for rule in rulebook_of(ENGINE.knowledge).of_chart]


def outcomes() -> Iterator[tuple[str, Outcome]]:
    """Every golden case about a whole chart that is answered."""
    for case in cases():
        if case.status == 200 and case.chart.get("hook", "patient-view") == "patient-view":
            yield case.id, called(case)


def called(case: Case) -> Outcome:
    """The outcome of a golden case at its own hook."""
    return ENGINE.call(service_of(case), request_bytes(case.chart))


@cache
def explained() -> tuple[tuple[str, Outcome, Why], ...]:
    """Every golden case with its reasons."""
    return tuple((case, outcome, explain(outcome, ENGINE)) for case, outcome in outcomes())


def why(case: str) -> Why:
    """The reasons behind a golden case."""
    return explain(called(BY_ID[case]), ENGINE)


def test_cards_as_text(evaluate: Evaluate, write: Write) -> None:
    """Topic, indicator, summary, tags, flags and facts with their limits, wrapped, without colour."""
    chart = write("v.json", golden_bundle(BY_ID["V04"].chart))
    run = evaluate(chart)

    assert run.out.startswith(f"{chart}: patient golden\n\n  medication-review  WARNING\n    Predniso")
    assert "    tags: potassium\n" in run.out
    assert "- potassium 3.1 mmol/L (Observation/" in run.out
    assert "2026-11-18, limit <3.5 mmol/L by RCEM" in run.out
    assert "\x1b" not in run.out
    assert all(len(line) <= 100 for line in run.out.splitlines()[1:])


def test_flags_and_quotations_as_text(evaluate: Evaluate, write: Write) -> None:
    """A flag comes with its title, a phrase of the chart in quotation marks."""
    text: dict[str, Any] = {"code": {"text": "muscle twitching"}}
    run = evaluate(write("v.json", bundle(person(), twitch(**text), wasting())))

    assert "    flag U2: Muscle wasting\n" in run.out
    assert "“muscle twitching”" in run.out


def test_what_the_site_has_switched_off_as_text(
    evaluate: Evaluate, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under each card, as each card says it."""
    monkeypatch.setenv("TWITCH_CDS_EMERGENCY_CARDS", "false")
    run = evaluate(write("v.json", bundle(person(), twitch(), wasting())))

    assert "    switched off at this site: Possible emergency\n" in run.out


def test_silence_as_text(evaluate: Evaluate, write: Write) -> None:
    """A chart without a twitch gets one plain line and status 0."""
    chart = write("v.json", bundle(person()))
    run = evaluate(chart)

    assert (0, f"{chart}: patient p1\n  no cards: the chart shows no active muscle twitch\n\n") == (run.status, run.out)


@pytest.mark.parametrize(("no_colour", "coloured"), [(None, True), ("1", False)])
def test_colour_on_a_terminal_only(
    no_colour: str | None, coloured: bool, evaluate: Evaluate, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A terminal shows the indicator in colour, unless NO_COLOR is set."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    chart = write("v.json", bundle(person(), twitch(), wasting()))
    evaluate(chart)
    if no_colour:
        monkeypatch.setenv("NO_COLOR", no_colour)
    monkeypatch.setenv("COLUMNS", "10")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)

    assert 0 == cli.main(["evaluate", str(chart)])
    assert coloured is ("\x1b[1;33mWARNING\x1b[0m" in terminal.getvalue())


def test_json_is_one_object_a_line(evaluate: Evaluate, write: Write) -> None:
    """Input, patient and the cards as they go over the wire; `why` only if asked for."""
    chart = write("v.json", bundle(person(), twitch(), wasting()))
    plain, told = evaluate(chart, "--json"), evaluate(chart, chart, "--json", "--why")

    assert ["input", "patient", "cards"] == list(plain.answers[0])
    assert "summary" in plain.answers[0]["cards"][0]
    assert 2 == len(told.answers)
    assert {"twitch", "summary", "rules", "cardsLeftOut", "nearMisses"} == told.answers[0]["why"].keys()


def test_why_lists_every_rule_and_every_card() -> None:
    """Whatever the chart, no rule is left out, and each card is shown or has a reason."""
    for case, outcome, told in explained():
        shown = {card.source.topic.code for card in outcome.cards if card.source.topic}
        if told.twitch:
            assert [rule.id for rule in rulebook_of(ENGINE.knowledge).of_chart] == [one.rule for one in told.rules], (
                case
            )
            assert {topic.value for topic in Topic} - ORDER_CARDS == shown | told.cards_left_out.keys(), case
            assert not shown & told.cards_left_out.keys(), case
            assert all(told.cards_left_out.values()), case
        else:
            assert ((), {}) == (told.rules, told.cards_left_out), case


ORDERS = [case for case in cases() if case.status == 200 and case.chart.get("drafts")]


@pytest.mark.parametrize("case", ORDERS, ids=[case.id for case in ORDERS])
def test_why_of_an_order_names_what_was_asked_of_the_drafts(case: Case) -> None:
    """Order hooks ask few rules, each with a title, and none of a draft that names no medicine; else a sentence."""
    told = explain(called(case), ENGINE)
    is_unnamed = [card.topic for card in case.expect] == ["data-gap"]

    assert bool(told.rules) == (told.twitch and not is_unnamed)
    assert all(one.title and one.rule.startswith("ORD-") for one in told.rules)
    assert told.twitch or told.summary


def test_why_tells_a_card_that_was_answered_before() -> None:
    """Its place stays empty, and the reason is named (4d Repeats)."""
    for case in (BY_ID["V02"], BY_ID["V41"]):
        call = ENGINE.read(service_of(case), request_bytes(case.chart))
        steps = ENGINE.steps(call)
        asked = next(steps)
        assert isinstance(asked, Recall)
        step = advance(steps, dict.fromkeys(asked.fingerprints, ENGINE.now()))
        assert isinstance(step, Done)
        told = explain(step.value, ENGINE)

        assert () == step.value.cards
        assert {card.topic: LEFT_OUT["repeated"] for card in case.expect}.items() <= told.cards_left_out.items()


def test_every_reason_why_a_card_is_left_out_occurs() -> None:
    """The golden cases bring each sentence at least once."""
    reasons = {pair for *_, told in explained() for pair in told.cards_left_out.items()}

    assert 37 <= len(reasons)
    assert ("lab-order", "an abnormal-lab card lists the missing tests") in reasons
    assert ("lifestyle", "at most three cards are shown: it is listed under “Also noted”") in reasons


def test_a_rule_that_fired_in_vain_is_suppressed() -> None:
    """The reason is that of its card."""
    told = {one.rule: one for one in why("V02").rules}

    assert "fired" == told["U1"].state
    assert ("suppressed", "it is not shown together with a card about an examination or neurology") == (
        told["sleep"].state,
        told["sleep"].because,
    )
    assert ("suppressed", "applies to children only") == (told["P1"].state, told["P1"].because)


def test_a_rule_that_did_not_fire_tells_what_there_was(evaluate: Evaluate, write: Write) -> None:
    """Old, resolved, denied or harmless: what it looks for and what did not qualify, with dates."""
    resolved: dict[str, Any] = {"clinicalStatus": {"coding": [{"code": "resolved"}]}}
    doubted: dict[str, Any] = {"verificationStatus": {"coding": [{"code": "refuted"}]}}
    score = {
        "resourceType": "Observation",
        "id": "gad",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "70274-6"}]},
        "valueQuantity": {"value": 4, "code": "{score}"},
        "effectiveDateTime": "2026-11-01",
    }
    chart = bundle(
        person(),
        twitch(),
        wasting(**resolved),
        problem("M62.51", "w2", **doubted),
        problem("M62.52", "w3", clinicalStatus=None, abatementString="gone", recordedDate=None),
        score,
    )
    run = evaluate(write("v.json", chart), "--why")

    assert "U2 Muscle wasting: not fired\n      looks for muscle wasting\n" in run.out
    assert "- on the chart, but did not qualify: muscle wasting (Condition/w1): 2026-11-12, resolved" in run.out
    assert "- on the chart, but did not qualify: muscle wasting (Condition/w2): 2026-11-12, refuted" in run.out
    assert "- on the chart, but did not qualify: muscle wasting (Condition/w3): undated, abated" in run.out
    assert "- on the chart, but did not qualify: GAD-7 (Observation/gad): 4 score, 2026-11-01" in run.out
    assert "  cards not shown:\n    emergency: no emergency rule fired\n" in run.out


@pytest.mark.parametrize("died", [{"deceasedBoolean": True}, {"deceasedDateTime": "2026-11-01"}])
def test_why_of_a_patient_who_has_died(died: dict[str, Any], evaluate: Evaluate, write: Write) -> None:
    """No card, with a reason of its own, wherever in the file the Patient stands."""
    for chart in (bundle(person(**died), twitch(), wasting()), bundle(twitch(), wasting(), person(**died))):
        said = evaluate(write("v.json", chart), "--why").out

        assert "  no cards: the patient is recorded as deceased: no rule was evaluated\n" in said
        assert not {"neurology-urgent", "seen, but"} & set(said.split())


def test_why_of_an_estrogen_in_known_disease() -> None:
    """Only what could bring a card is asked; the draft has its reason."""
    rules = {one.rule: one for one in why("draft-known-disease/estrogen").rules}

    assert {"ORD-RENEWAL estrogen", "ORD-RISK"} == rules.keys()
    assert "suppressed" == rules["ORD-RENEWAL estrogen"].state
    assert "known neuromuscular disease (4d)" == rules["ORD-RENEWAL estrogen"].because


def test_why_nothing_reassures_after_a_failure(fail_rule: Callable[[str], None]) -> None:
    """A rule that failed is the reason why neither reassurance nor advice that speaks of red flags is shown."""
    normal = {"lab": "emg", "interp": "N"}
    lines = [{"twitch": "2 w"}, {"lab": "exam", "interp": "N"}, normal, {"lab": "sleep", "value": "5 h"}]
    chart = {"patient": {"age": "40 y"}, "resources": lines}

    fail_rule("E1")
    told = explain(ENGINE.call("muscle-twitch-patient-view", request_bytes(chart)), ENGINE).cards_left_out

    assert (LEFT_OUT["rule-failed"],) * 2 == (told["reassurance"], told["lifestyle"])


def test_near_misses_of_a_twitch(evaluate: Evaluate, write: Write) -> None:
    """Resolved, too old, another movement, a visit that is over: seen, and said."""
    visit = {
        "resourceType": "Encounter",
        "id": "e",
        "status": "finished",
        "subject": {"reference": "Patient/p1"},
        "reasonCode": [{"text": "muscle twitching"}],
        "period": {"start": "2026-01-01"},
    }
    tremor: dict[str, Any] = {"code": {"coding": [{"system": SNOMED, "code": "26079004"}]}}
    gone: dict[str, Any] = {"clinicalStatus": {"coding": [{"code": "resolved"}]}}
    chart = bundle(person(), twitch(**gone), problem("", "c", **tremor), {**visit, "status": None, "id": "f"}, visit)
    run = evaluate(write("v.json", chart), "--why")

    assert "  no cards: the chart shows no active muscle twitch\n" in run.out
    said = " ".join(run.out.split())
    assert "- seen, but no active twitch: muscle twitching (Condition/t1): 2026-11-12, resolved" in said
    assert "- seen, but no active twitch: cramp, spasm, tremor or dystonia (Condition/c): 2026-11-12, active" in said
    assert "(Encounter/e): 2026-01-01, visit finished" in said
    assert "(Encounter/f): 2026-01-01, visit without status" in said
