"""What a card proposes beside the tests that are due: tasks, what is repeated at once, and examinations (4a, 5a)."""

from collections.abc import Collection, Iterable

from cards.advice import ProposedOrder
from cds.knowledge.load import Knowledge


def in_emergency(tags: Collection[str], knowledge: Knowledge) -> tuple[ProposedOrder, ...]:
    """EMERG: contact the on-call team, ECG, repeat the level (4a EMERG)."""
    ecg = (ProposedOrder("task:ecg"),) if set(knowledge.listed("needs-ecg")).intersection(tags) else ()
    repeats = knowledge.rules.repeats.items()
    return (ProposedOrder("task:on-call"), *ecg, *(ProposedOrder(key) for tag, key in repeats if tag in tags))


def of_request(signs: tuple[str, ...]) -> tuple[ProposedOrder, ...]:
    """STATUS: nothing is ordered twice; somebody looks at what was asked."""
    return (ProposedOrder("task:check-request", about=signs),) if signs else ()


def of_medicines(names: Iterable[str]) -> tuple[ProposedOrder, ...]:
    """MED-REV: a review with the prescriber, never a change by a button (5a)."""
    return (ProposedOrder("task:review-medicine", about=tuple(dict.fromkeys(names))),)


def of_hyperexcitability(flags: Collection[str]) -> tuple[ProposedOrder, ...]:
    """R1: EMG and nerve conduction (S31); for other signs the specialist chooses them."""
    return (ProposedOrder("test:emg"), ProposedOrder("test:ncs")) if "R1" in flags else ()
