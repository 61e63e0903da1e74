"""How much of a summary each of its gaps may take, so that no filling makes it too long (CDS Hooks 2.0, `summary`)."""

from collections.abc import Mapping

from cards.template import fields, fill
from cards.wire import SUMMARY_LIMIT
from cards.words import Placeholder, Variant


def gap_lengths(variant: Variant, placeholders: Mapping[str, Placeholder]) -> dict[str, int]:
    """The longest filling of each gap: its cap, its own limit, or what is left where one gap alone has neither.

    A ValueError says what is wrong with the caps.
    """
    gaps = fields(variant.summary)
    if unknown := variant.caps.keys() - set(gaps):
        raise ValueError(f"a cap for {min(unknown)}, which is not a gap of the summary")
    caps = {gap: variant.caps.get(gap) or placeholders[gap].longest for gap in gaps}
    remaining = SUMMARY_LIMIT - len(fill(variant.summary, dict.fromkeys(gaps, ""))) - sum(filter(None, caps.values()))
    free = [gap for gap, room in caps.items() if room is None]
    if len(free) > 1:
        raise ValueError(f"no caps for {' and '.join(free)}")
    result = {gap: remaining if room is None else room for gap, room in caps.items()}
    if remaining < 0:
        raise ValueError(f"{SUMMARY_LIMIT - remaining} characters with its longest fillings")
    for gap, room in result.items():
        if room < len(placeholders[gap].fallback):
            raise ValueError(f"{room} characters for {gap} are too few for `{placeholders[gap].fallback}`")
    return result
