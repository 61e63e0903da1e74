"""Why and why not, sorted for reading: what fired, what was held back, what could not be asked, what found nothing."""

from collections.abc import Mapping

from msgspec import Struct

from cds.explain.explain import RuleExplanation, Why
from cds.rules.flag_rows import FLAG_IDS
from cds.rules.why import Trace

STATES = (
    ("fired", "fired", "Fired", "info", "These rules found something that is shown on a card."),
    (
        "suppressed",
        "held back",
        "Held back",
        "",
        "Something was found, or might have been, but it is not shown on a card.",
    ),
    (
        "not-checked",
        "not checked",
        "Not checked",
        "warning",
        "These rules could not be evaluated. That never counts as having found nothing.",
    ),
    ("not-fired", "silent", "Silent", "", "These rules were evaluated and found nothing that counts."),
)


class Pile(Struct, frozen=True, kw_only=True):
    """The rules that ended in one state."""

    state: str
    word: str
    title: str
    level: str
    lead: str
    rules: tuple[RuleExplanation, ...]


class Looking(Struct, frozen=True, kw_only=True):
    """The whole explanation of one answer."""

    twitch: bool
    summary: str
    piles: tuple[Pile, ...]
    left_out: tuple[tuple[str, str], ...]
    near_misses: tuple[Trace, ...]
    red_flags: tuple[RuleExplanation, ...]

    @property
    def asked(self) -> int:
        """How many rules were asked."""
        return sum(len(pile.rules) for pile in self.piles)


def look(why: Why, titles: Mapping[str, str]) -> Looking:
    """Sort an explanation; cards are called by their titles."""
    piles = (
        Pile(
            state=state,
            word=word,
            title=title,
            level=level,
            lead=lead,
            rules=tuple(rule for rule in why.rules if rule.state == state),
        )
        for state, word, title, level, lead in STATES
    )
    return Looking(
        twitch=why.twitch,
        summary=why.summary,
        piles=tuple(pile for pile in piles if pile.rules),
        left_out=tuple((titles.get(topic, topic), reason) for topic, reason in why.cards_left_out.items()),
        near_misses=why.near_misses,
        red_flags=tuple(rule for rule in why.rules if rule.rule in FLAG_IDS and rule.facts),
    )
