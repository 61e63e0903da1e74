"""From a chart to advice: the gate first, and nothing beyond it when there is no twitch (4e)."""

from msgspec import Struct

from cards.advice import Advice
from cds.chart.facts import Chart
from cds.knowledge.load import Knowledge
from cds.rules import picture as pictures
from cds.rules.advise import advise
from cds.rules.assess import Assessment, assess
from cds.rules.decide import Decision, decide
from cds.rules.gate import Twitch
from cds.rules.picture import Completeness
from cds.rules.trial import Trial


class Consultation(Struct, frozen=True):
    """What the rules said of one chart, and how they came to it."""

    advice: tuple[Advice, ...]
    found: Assessment
    decision: Decision
    trial: Trial


def consult(
    chart: Chart, twitches: tuple[Twitch, ...], knowledge: Knowledge, complete: Completeness, today: int
) -> Consultation:
    """Advice on a chart that shows a twitch."""
    trial = Trial()
    found = assess(pictures.read(chart, twitches, knowledge, complete, today), trial)
    decision = decide(found, trial)
    return Consultation(advise(decision, found), found, decision, trial)
