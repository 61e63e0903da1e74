"""Serotonin toxicity by the Hunter rules (second edition N37).

The charts do not say whether clonus was spontaneous or induced, and no code of ocular clonus is verified: any clonus
counts as spontaneous, so that rules 2 and 3 add nothing to rule 1. Rule 5 uses the rigidity that fulfilled it.
"""

from collections.abc import Iterator

from cards.advice import Fact
from cds.rules import fever
from cds.rules.findings import Finding
from cds.rules.flags import Raised
from cds.rules.medication import Course, Ended
from cds.rules.view import View

AGENT, SECOND = "serotonergic", "serotonergic-second"
CLASSES = "serotonergic-agents"  # a list of the data
USED = "serotonin-signs"  # a group of the data
TAG = "serotonin-toxicity"
LEAST = "serotonergic_agents"
SIGN, ENDED, STARTED = "serotonin_sign", "serotonin_ended", "serotonin_started"


def toxicity(view: View) -> Raised | None:
    """Clonus, or tremor with brisk reflexes, on an agent; where reflexes have no direction, on a new agent (ICD)."""
    agents = _agents(view)
    if not agents:
        return None
    tremor = view.within(SIGN, "tremor", undated=True)
    brisk = view.within(SIGN, "hyperreflexia", undated=True) if tremor else ()
    findings = (*_clonus(view), *brisk)
    if not findings and _is_new(agents, view):
        findings = _undirected(view)
    beside = (*(view.fact(finding, "tremor") for finding in tremor), *_beside(view), *(agent.fact for agent in agents))
    return view.flag(findings, view.group(USED), tag=TAG, extra=beside, used=True) if findings else None


def possible(view: View) -> Iterator[Course]:
    """Tremor and an abnormal reflex of unknown direction on agents that are not new: is there clonus?"""
    agents = _agents(view)
    if any(view.within(SIGN, "tremor")) and _undirected(view) and not _is_new(agents, view):
        yield from (agent for agent in agents if isinstance(agent, Course) and agent.tag == AGENT)


def _agents(view: View) -> list[Course | Ended]:
    """What is taken, and what ended within 35 days; some count only beside another one."""
    drugs: list[Course | Ended] = [*view.courses(*view.classes(CLASSES))]
    names = {agent.ingredient for agent in drugs}
    ended = [
        agent
        for tag in view.classes(CLASSES)
        for agent in view.ended(tag)
        if _is_recent(agent, view) and agent.ingredient not in names
    ]
    agents = [*drugs, *ended]
    alone = len({agent.ingredient for agent in agents}) < view.at(LEAST)
    return [] if alone and all(agent.tag == SECOND for agent in agents) else agents


def _is_recent(ended: Ended, view: View) -> bool:
    return ended.end is not None and view.today - ended.end.last <= view.days(ENDED)


def _is_new(agents: list[Course | Ended], view: View) -> bool:
    """Whether an agent was started, or a second one added, within 35 days."""
    starts = (agent.start for agent in agents if isinstance(agent, Course) and agent.start)
    return any(view.today - start.last <= view.days(STARTED) for start in starts)


def _clonus(view: View) -> tuple[Finding, ...]:
    """Rule 1; with rigidity and a temperature above 38 degrees also rule 5."""
    clonus = view.within(SIGN, "clonus", undated=True)
    rigid = view.within(SIGN, "hypertonia", undated=True) if clonus else ()
    hot = any(fever.found(view, SIGN, undated=True)) if rigid else False
    return (*clonus, *(rigid if hot else ()))


def _undirected(view: View) -> tuple[Finding, ...]:
    """An abnormal reflex beside a tremor, both dated."""
    if not view.within(SIGN, "tremor"):
        return ()
    return view.within(SIGN, "abnormal-reflex")


def _beside(view: View) -> Iterator[Fact]:
    """Agitation, sweating and fever: told, and used by nothing."""
    for name in ("agitation", "sweating"):
        yield from (view.fact(finding, name) for finding in view.within(SIGN, name, undated=True))
    yield from fever.found(view, SIGN, undated=True)
