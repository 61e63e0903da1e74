"""A rule that fails is reported as not checked, never as silence: whichever rule it is, and wherever it is asked."""

import json
from collections.abc import Callable, Iterable

import pytest
from charts.book import BOOK, FLAGS, TAGS
from charts.dates import TODAY
from charts.notation import request
from charts.seam import engine, evaluate
from visits import Json, basis, seen

from cards.advice import Fact
from cards.topics import Topic
from cds.need import Recall
from cds.rules.runner import Found, P, RuleRunner, once, silent

ALS: Json = {"condition": "86044005 Amyotrophic lateral sclerosis", "recorded": "5 mo"}
TWITCH: Json = {"twitch": "5 w"}
PREDNISONE: Json = {"draft": "rx:198145 prednisone 10 MG Oral Tablet"}
HYDROCORTISONE: Json = {"draft": "rx:197782 hydrocortisone 10 MG Oral Tablet"}
ESTRADIOL: Json = {"draft": "rx:197658 estradiol 1 MG Oral Tablet"}
ADDISON: Json = {"condition": "E27.1 Primary adrenocortical insufficiency"}
ONE_OF_EACH_CLASS: list[Json] = [
    {"drug": code, "start": "3 y"}
    for code in (
        *("rx:8640 prednisone", "rx:197658 estradiol 1 MG Oral Tablet", "rx:7646 omeprazole"),
        *("rx:313988 furosemide 40 MG Oral Tablet", "rx:6448 lithium", "atc:N07AA02 pyridostigmine"),
        *("atc:M05BX04 denosumab", "rx:312961 simvastatin 20 MG Oral Tablet", "atc:R03AC02 salbutamol"),
        *("atc:R03DA04 theophylline", "rx:6901 methylphenidate", "rx:36437 sertraline"),
        *("rx:39786 venlafaxine", "atc:N06DA02 donepezil"),
    )
]
EXAMINED: list[Json] = [{"lab": kind, "interp": "N", "at": "5 d"} for kind in ("exam", "emg")]
ADULT: Json = {"age": "40 y", "sex": "F"}
OF_A_WORK_UP = ("most twitches are mild", "neurolog", "since onset", "not found on this chart (", "record onset")
CREATE, SIGN = "problem-list-item-create", "order-sign"
OF_CHART = tuple(rule.id for rule in BOOK.of_chart if rule.id != "KD")
FACTORS = tuple(rule.id for rule in BOOK.of_card(Topic.LIFESTYLE))
OF_STEROIDS = ("ORD-RENEWAL corticosteroid", "ORD-EMERG", "ORD-RISK", "ORD-SIGN", "ORD-STEROID")
OF_ESTROGENS = "ORD-RENEWAL estrogen"
REPLACED = [TWITCH, ADDISON]


def visit(*lines: Json, hook: str = "patient-view", **case: object) -> Json:
    """A call for somebody of unknown age, who takes one medicine of each class unless it is about drafts."""
    taken = ONE_OF_EACH_CLASS if hook != SIGN else []
    return {"patient": {"sex": "F"}, "resources": [*lines, *taken], "hook": hook} | case


ROUTES: dict[str, tuple[Json, tuple[str, ...]]] = {
    "no-disease": (visit(TWITCH), OF_CHART),
    "known-disease": (visit(TWITCH, ALS), OF_CHART),
    "problem-recorded": (visit(hook=CREATE, problems=[TWITCH]), OF_CHART),
    "problem-recorded-known-disease": (visit(ALS, hook=CREATE, problems=[TWITCH]), OF_CHART),
    "draft": (visit(TWITCH, hook=SIGN, drafts=[PREDNISONE, ESTRADIOL]), (*OF_STEROIDS, OF_ESTROGENS)),
    "draft-known-disease": (visit(TWITCH, ALS, hook=SIGN, drafts=[PREDNISONE]), OF_STEROIDS),
    "drafts-known-disease": (
        visit(TWITCH, ALS, hook=SIGN, drafts=[PREDNISONE, ESTRADIOL]),
        (*OF_STEROIDS, OF_ESTROGENS),
    ),
    "draft-replacement": (visit(*REPLACED, hook=SIGN, drafts=[HYDROCORTISONE]), OF_STEROIDS[:4]),
    "draft-renewal": (
        visit(TWITCH, {"drug": "rx:8640 prednisone"}, hook=SIGN, drafts=[{"draft": "rx:8640 prednisone"}]),
        OF_STEROIDS[:3],
    ),
    "estrogen-known-disease": (visit(TWITCH, ALS, hook=SIGN, drafts=[ESTRADIOL]), ("ORD-RISK",)),
}
SILENT = ("known-disease", "problem-recorded-known-disease", "draft-known-disease", "drafts-known-disease")
ASKED = [(route, rule) for route, (_, rules) in ROUTES.items() for rule in rules]
GUARDS = [rule for rule in OF_CHART if not BOOK.rules[rule].children]


class Sign(str):
    """Something with facts."""

    __slots__ = ()

    @property
    def facts(self) -> tuple[Fact, ...]:
        """One fact."""
        return (Fact(resource="Observation/x", label=self),)


def failing(subject: object) -> Iterable[Sign]:
    """A rule with a fault in it."""
    raise ZeroDivisionError(subject)


def cards(case: Json) -> list[Json]:
    """The cards of a call."""
    status, body = evaluate(json.dumps(request(case)).encode(), TODAY)
    assert status == 200, body
    found: list[Json] = body["cards"]
    return found


def not_checked(card: Json) -> list[str]:
    """The rules that a card says failed."""
    return [one["type"] for one in basis(card).get("notChecked", ()) if one["reason"] == "rule-failed"]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The rules that are asked from now on."""
    ask, names = RuleRunner.ask, list[str]()

    def noted(runner: RuleRunner, name: str, rule: Callable[[P], Iterable[Found]], subject: P) -> tuple[Found, ...]:
        names.append(name)
        return ask(runner, name, rule, subject)

    monkeypatch.setattr(RuleRunner, "ask", noted)
    return names


@pytest.fixture
def fail(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put a rule that raises in the place of one."""
    ask = RuleRunner.ask

    def broken(wanted: str) -> None:
        def instead(runner: RuleRunner, name: str, rule: Callable[[object], Iterable[Sign]], subject: object) -> object:
            return ask(runner, name, failing if name == wanted else rule, subject)

        monkeypatch.setattr(RuleRunner, "ask", instead)

    return broken


def test_a_failing_rule_is_named_and_the_others_go_on() -> None:
    """The verdicts hold the failure; what other rules raise is kept with its facts."""
    runner = RuleRunner()

    assert () == runner.ask("broken", failing, "chart")
    assert (Sign("sign"),) == runner.ask("sound", once(Sign), "sign")
    assert [("broken", "not-checked"), ("sound", "fired")] == [(one.rule, one.state) for one in runner.verdicts]
    assert Sign("sign").facts == runner.verdicts[1].facts
    assert [("broken", "rule-failed")] == [(one.type, one.reason) for one in runner.not_checked]


def test_a_rule_that_has_nothing_to_read_has_a_verdict_too() -> None:
    """It did not fire, and nobody had to ask; asked all the same, it raises nothing."""
    runner = RuleRunner()

    assert () == runner.ask("idle", silent, "chart")
    assert () == silent("chart")
    assert [("idle", "not-fired")] == [(one.rule, one.state) for one in runner.verdicts]


@pytest.mark.parametrize("route", ROUTES)
def test_the_rules_of_each_route_are_all_asked(route: str, asked: list[str]) -> None:
    """Of each route, so that no case below fails a rule that nobody asks."""
    case, rules = ROUTES[route]
    cards(case)

    assert set(rules) == set(asked)


@pytest.mark.parametrize("route", SILENT)
def test_the_routes_through_a_known_disease_are_silent_by_themselves(route: str) -> None:
    """So that the cards below are there because of the failure alone."""
    assert [] == cards(ROUTES[route][0])


@pytest.mark.parametrize(("route", "rule"), ASKED, ids=[f"{route}: {rule}" for route, rule in ASKED])
def test_a_rule_that_fails_is_never_an_empty_answer(route: str, rule: str, fail: Callable[[str], None]) -> None:
    """A twitch, and any one rule that raises: there is a card, and each names that rule as not checked."""
    fail(rule)
    found = cards(ROUTES[route][0])

    assert found
    assert [[rule]] * len(found) == [not_checked(card) for card in found]


@pytest.mark.parametrize("rule", GUARDS)
def test_nothing_reassures_where_a_rule_failed(rule: str, fail: Callable[[str], None]) -> None:
    """A normal examination and EMG reassure, unless any one rule could not be asked: it might have spoken."""
    case = visit({"twitch": "2 w"}, *EXAMINED, patient=ADULT)
    assert "reassurance info" in seen(cards(case))
    fail(rule)

    assert "reassurance" not in str(seen(cards(case)))


@pytest.mark.parametrize("rule", [rule for rule in GUARDS if rule not in TAGS[Topic.MED_REV]])
def test_no_general_advice_where_a_rule_failed(rule: str, fail: Callable[[str], None]) -> None:
    """After a normal examination alone: general advice, unless any one rule could not be asked."""
    case: Json = {"patient": ADULT, "resources": [{"twitch": "2 w"}, EXAMINED[0]]}
    assert ["lifestyle info general"] == seen(cards(case))
    fail(rule)

    assert ["data-gap info"] == seen(cards(case))


@pytest.mark.parametrize("rule", [*FACTORS, "E1", "U1", "R1", "R4", "ADD"])
def test_lifestyle_advice_speaks_of_red_flags_only_if_they_were_asked(rule: str, fail: Callable[[str], None]) -> None:
    """Another factor that fails leaves the advice standing; a red flag that could not be asked takes it away."""
    fail(rule)
    found = cards({"patient": {"age": "40 y"}, "resources": [{"twitch": "2 w"}, {"lab": "sleep", "value": "5 h"}]})

    assert ("data-gap info" if rule in FLAGS or rule == "sleep" else "lifestyle info sleep") == seen(found)[0]


@pytest.mark.parametrize(
    ("lines", "rule", "called", "summary"),
    [
        ([TWITCH], "U1", "Limb or neck weakness", "Twitching recorded, but a check of this service failed"),
        (
            [TWITCH, ALS],
            "E1",
            "Breathless at rest or lying flat, or stridor",
            "Twitching in known neuromuscular disease: not all could be checked",
        ),
    ],
)
def test_the_card_says_what_failed(
    lines: list[Json], rule: str, called: str, summary: str, fail: Callable[[str], None]
) -> None:
    """In words a clinician knows, and in known disease without a word of a referral or of a mild course."""
    fail(rule)
    (card,) = cards({"patient": {"age": "40 y"}, "resources": [*lines, {"normal_labs": "3 d"}]})

    assert card["summary"].startswith(summary)
    assert f"**Not checked:** {called}: " in card["detail"]
    assert ALS not in lines or [] == [word for word in OF_A_WORK_UP if word in card["detail"].lower()]


def fingerprints(case: Json) -> tuple[str, ...]:
    """By what the cards of a call are known again."""
    made = engine(TODAY)
    body = json.dumps(request(case)).encode()
    asked = next(made.steps(made.read("muscle-twitch-patient-view", body)))
    assert isinstance(asked, Recall)
    return asked.fingerprints


def test_no_answer_silences_a_failure(fail: Callable[[str], None]) -> None:
    """A card that was answered while all was well is another card when a rule fails: it is shown (4d Repeats)."""
    case: Json = {"patient": ADULT, "resources": [{"twitch": "2 w"}, {"lab": "sleep", "value": "5 h"}]}
    well = fingerprints(case)
    fail("stress")

    assert len(well) == len(fingerprints(case))
    assert not set(well) & set(fingerprints(case))


def test_another_failure_in_known_disease_is_another_card() -> None:
    """Answered for the labs, it is shown again when the medicines fail too."""
    case: Json = {"patient": ADULT, "resources": [TWITCH, ALS]}
    failed = [case | {"missing": dict.fromkeys(keys, "operation-outcome")} for keys in (["labs"], ["labs", "patient"])]

    assert 1 == len(fingerprints(failed[0]))
    assert fingerprints(failed[0]) == fingerprints(failed[0])
    assert fingerprints(failed[0]) != fingerprints(failed[1])
