"""Why nothing can tell a mutant: by a pattern of `survivors.toml`, or computed.

What is computed is worked out anew from what the rows declare, so that it ends to be a reason where a row changes.
"""

import re
import tomllib
from functools import reduce
from operator import or_
from pathlib import Path

from charts.dates import TODAY
from charts.seam import engine
from msgspec.structs import replace

from cards.topics import Topic
from cds.knowledge.load import Knowledge
from cds.rules import gate
from cds.rules.cardbook import CARDS, CardRow
from cds.rules.checks import CHART
from cds.rules.reads import FIELDS, Reads
from cds.rules.rule import Rule
from cds.rules.rulebook import UNJUDGED, rulebook_of

LISTED = tomllib.loads((Path(__file__).parent / "survivors.toml").read_text("utf-8"))["survivor"]
SIGNS = ("sets", "values", "phrases")  # what a finding is found by
OF_SETS = ("sets", "values", "answers", "problems", "drugs", "relatives", "reports")


def reason(mutant: str) -> str:
    """Why a mutant cannot be told; empty if nothing is known."""
    listed = (row["reason"] for row in LISTED if re.match(row["name"], mutant))
    return next(filter(None, (*listed, _computed(mutant))), "")


def _computed(mutant: str) -> str:
    """By what the changed row declares."""
    knowledge = engine(TODAY).knowledge
    ident, _, changed = mutant.rpartition(".")
    rule = rulebook_of(knowledge).rules.get(ident)
    card = next((row for row in CARDS if row.topic.value == ident), None)
    if rule is not None:
        return _of_rule(rule, changed, knowledge)
    return _of_card(card, changed, knowledge) if card is not None else ""


def _of_rule(row: Rule, changed: str, knowledge: Knowledge) -> str:
    field, _, left_out = changed.partition("-")
    if field in FIELDS and left_out:
        less = _without(row.reads, field, left_out).listed(knowledge)
        if left_out in getattr(less, field):
            return "equivalent: a group or a list that the row reads holds it too"
        return "" if row.ask else _of_other_rows(row, field, left_out, knowledge)
    if changed == "order":
        return _of_order(row, knowledge)
    return _of_view(row, changed.removeprefix("sees="), knowledge) if changed.startswith("sees=") else ""


def _of_order(row: Rule, knowledge: Knowledge) -> str:
    """Another place among the rules."""
    if row.ask is None or row.at_order:
        return "equivalent: its caller asks it by its name, in an order of its own"
    of_card = rulebook_of(knowledge).of_card(row.card) if row.card else (row,)
    return "equivalent: it is the last of its card already" if of_card[-1].id == row.id else ""


def _of_view(row: Rule, other: str, knowledge: Knowledge) -> str:
    """Other findings: those that emergencies used, that time lowers, that are preliminary, or that are answered."""
    if row.ask is None:
        return "equivalent: the row has no function of its own; its caller asks in an order of its own"
    reads = row.reads.listed(knowledge)
    signs = {name for kind in SIGNS for name in getattr(reads, kind)}
    if not signs:
        return "equivalent: what it may see differs in signs only, and it reads none"
    if not signs.isdisjoint(knowledge.group("answered")):
        return ""
    if "all" not in (row.sees, other):
        return "equivalent: a normal examination answers weakness only, and it reads none"
    if row.card is Topic.LIFESTYLE and signs.isdisjoint(knowledge.signs.every):
        return (
            "equivalent: it reads nothing that time lowers or of which a preliminary entry tells (`signs.toml`); what "
            "an emergency used has no lifestyle card beside it (N24, tests/proof)"
        )
    return ""


def _of_card(row: CardRow, changed: str, knowledge: Knowledge) -> str:
    field, _, left_out = changed.partition("-")
    if field in FIELDS and left_out:
        return _of_card_reads(row, field, left_out, knowledge)
    if field == "orders" and left_out in {f"lab:{test}" for test in knowledge.orderable}:
        return "equivalent: declared twice; any card may propose a test that can be ordered"
    after = CARDS[(CARDS.index(row) + 1) % len(CARDS)]
    if changed == "rank" and not (row.advise and after.advise):
        return "equivalent: one of the two is a card of drafts, which stands alone (N60 ORDERS)"
    return ""


def _of_card_reads(row: CardRow, field: str, left_out: str, knowledge: Knowledge) -> str:
    """What a card reads beside its rules is asked for (`of_chart`); only windows and thresholds stand on its page."""
    return "" if field in ("windows", "thresholds") else _of_other_rows(row, field, left_out, knowledge)


def _of_other_rows(row: Rule | CardRow, field: str, left_out: str, knowledge: Knowledge) -> str:
    """Whether what a row reads without a function that is held to it is asked of a chart for others anyway."""
    rules = (*rulebook_of(knowledge).rules.values(), UNJUDGED)
    less = _without(row.reads, field, left_out)
    rows = (
        *((less if rule is row else rule.reads).whole(knowledge) for rule in rules),
        *((less if card is row else card.reads).listed(knowledge) for card in CARDS),
    )
    of_all = Reads(tests=knowledge.rules.asked_of_all)
    asked = reduce(or_, rows, gate.READS | CHART.listed(knowledge) | of_all)
    fields = OF_SETS if field in OF_SETS else (field,)
    is_there = any(left_out in getattr(asked, name) for name in fields)
    return "equivalent: declared twice; another row reads it too, so that it is asked for anyway" if is_there else ""


def _without(reads: Reads, field: str, left_out: str) -> Reads:
    return replace(reads, **{field: tuple(name for name in getattr(reads, field) if name != left_out)})
