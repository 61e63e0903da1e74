"""Valid requests that reach the rules: the charts of the golden cases under any hook, with up to two nodes changed."""

from functools import cache
from typing import Any

from charts.golden import cases
from charts.notation import request
from hypothesis import strategies as some
from mutations import changed
from nodes import Way, places

CALLS = "/cds-services/muscle-twitch-"
DRAFTED = ("draftOrders", "medications", "medication", "conditions")
KEPT = (("resourceType",), ("entry",))  # of what stands in the context: it must be a Bundle, or a MedicationRequest
MOST_CHANGES = 2


@cache
def golden() -> tuple[dict[str, Any], ...]:
    """The requests of all golden cases; they are all about one patient."""
    return tuple(request(case.chart) for case in cases())


@cache
def contexts(hook: str) -> tuple[dict[str, Any], ...]:
    """Every context that a golden case has for a hook."""
    return tuple(one["context"] for one in golden() if one["hook"] == hook)


def free(value: dict[str, Any]) -> list[Way]:
    """The nodes that may be anything: what is inside a prefetched value, a draft, a new problem."""
    return [
        way
        for way in places(value)
        if len(way) > 2
        and (way[0] == "prefetch" or (way[0] == "context" and way[1] in DRAFTED and way[2:] not in KEPT))
    ]


@some.composite
def requests(draw: some.DrawFn, hook: str) -> dict[str, Any]:
    """A request of a hook: the chart of one case in the context of another, then changed here and there."""
    chart = draw(some.sampled_from(golden()))
    made = {**chart, "hook": hook, "context": draw(some.sampled_from(contexts(hook)))}
    for _ in range(draw(some.integers(0, MOST_CHANGES))):
        if ways := free(made):
            made = draw(changed(made, ways))
    return made
