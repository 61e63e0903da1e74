"""The decision table of the order hooks: small charts with a draft, given to the function that decides on drafts."""

from collections.abc import Iterator

from msgspec import Struct

from cards.topics import Topic
from cds.chart.facts import Chart, Drug, LabResult, Meaning, Problem
from cds.fhir import dates
from cds.fhir.datatypes import Quantity
from cds.knowledge.codes import Concept
from cds.knowledge.load import Knowledge
from cds.rules.gate import Twitch
from cds.rules.orders import decide_orders, wanted
from cds.rules.picture import Completeness
from cds.rules.picture import read as read_picture
from cds.rules.runner import RuleRunner
from cds.web.evidence.card_evidence import Outcome
from cds.web.evidence.circumstances import DAY

COLUMNS = (Topic.EMERG, Topic.ORD_RISK, Topic.ORD_STEROID, Topic.ORD_ESTROGEN)
MMOL_L = "mmol/L"
ADRENAL = "adrenal-insufficiency"


class Situation(Struct, frozen=True, kw_only=True):
    """What is drafted, what is taken already, and what else the chart shows."""

    words: str
    drafts: tuple[str, ...]
    medicines: tuple[str, ...] = ()
    potassium: float | None = None
    problem: str = ""
    disease: str = ""


def _situations(knowledge: Knowledge) -> Iterator[Situation]:
    example_drafts = knowledge.rules.example_drafts
    yield Situation(words="a draft of no class that is looked at", drafts=(example_drafts.unlisted,))
    yield Situation(
        words="a loop diuretic, and potassium is 2.8 mmol/L", drafts=(example_drafts.diuretic,), potassium=2.8
    )
    yield Situation(words="a loop diuretic, and potassium is normal", drafts=(example_drafts.diuretic,), potassium=4.2)
    yield Situation(
        words="a renewal of a loop diuretic, and potassium is at an emergency limit",
        drafts=(example_drafts.diuretic,),
        medicines=(example_drafts.diuretic,),
        potassium=2.0,
    )
    yield Situation(words="a new corticosteroid", drafts=(example_drafts.corticosteroid,))
    yield Situation(
        words="a renewal of a corticosteroid that is taken now",
        drafts=(example_drafts.corticosteroid,),
        medicines=(example_drafts.corticosteroid,),
    )
    yield Situation(
        words="a new corticosteroid, and potassium is low", drafts=(example_drafts.corticosteroid,), potassium=3.2
    )
    yield Situation(
        words="a new corticosteroid, and potassium is at an emergency limit",
        drafts=(example_drafts.corticosteroid,),
        potassium=2.0,
    )
    yield Situation(
        words="hydrocortisone that replaces what the glands do not make",
        drafts=(example_drafts.replacement,),
        problem=ADRENAL,
    )
    yield Situation(
        words="a new corticosteroid in a known neuromuscular disease",
        drafts=(example_drafts.corticosteroid,),
        disease="kd-als",
    )
    yield Situation(words="a new estrogen", drafts=(example_drafts.estrogen,))
    yield Situation(
        words="a renewal of an estrogen that is taken now",
        drafts=(example_drafts.estrogen,),
        medicines=(example_drafts.estrogen,),
    )
    yield Situation(
        words="a new estrogen in a known neuromuscular disease", drafts=(example_drafts.estrogen,), disease="kd-als"
    )
    yield Situation(
        words="a new corticosteroid and a new estrogen", drafts=(example_drafts.corticosteroid, example_drafts.estrogen)
    )


def table(knowledge: Knowledge) -> tuple[Outcome, ...]:
    """One row for each situation."""
    return tuple(Outcome(situation.words, _cards(situation, knowledge)) for situation in _situations(knowledge))


def _cards(situation: Situation, knowledge: Knowledge) -> dict[str, str]:
    drafted = wanted([_drug(code, "draft", knowledge) for code in situation.drafts], knowledge)
    if drafted is None:
        return {}
    today = dates.parse(DAY)
    twitches = (Twitch(named=Meaning("")),)
    picture = read_picture(
        _chart(situation, knowledge), twitches, knowledge, Completeness(), today.first if today else 0
    )
    return {choice.topic.value: choice.indicator.value for choice in decide_orders(drafted, picture, RuleRunner())}


def _chart(situation: Situation, knowledge: Knowledge) -> Chart:
    """An adult's chart with just what the row says."""
    names = (name for name in (situation.problem, situation.disease) if name)
    return Chart(
        birth=dates.parse("1980-01-01"),
        problems=[Problem(named=Meaning("", sets=frozenset({name})), clinical="active") for name in names],
        labs=[_potassium(situation.potassium, knowledge)] if situation.potassium else [],
        drugs=[_drug(code, "active", knowledge) for code in situation.medicines],
    )


def _drug(code: str, state: str, knowledge: Knowledge) -> Drug:
    short, _, number = code.partition(":")
    system = knowledge.systems[short]
    concept = knowledge.codes.find(system, number) or Concept(system, number, "")
    return Drug(ref="", concepts=(concept,), state=state, start=dates.parse("2025-01-01"))


def _potassium(value: float, knowledge: Knowledge) -> LabResult:
    concept = knowledge.codes.of_analyte("potassium")[0]
    quantity = Quantity(stated=value, unit=MMOL_L, system="http://unitsofmeasure.org", code=MMOL_L)
    return LabResult(ref="", analyte="potassium", concept=concept, when=dates.parse(DAY), quantity=quantity)
