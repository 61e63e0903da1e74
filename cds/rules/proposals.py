"""What a card proposes beside the tests that are due: tasks, what is repeated at once, and examinations (4a, 5a)."""

from collections.abc import Collection, Iterable

from cards.advice import ProposedOrder
from cds.knowledge.load import Knowledge
from cds.rules.abnormal_labs import Abnormal
from cds.rules.picture import Picture

OF_INFANT = "infant-tests"  # a list of the data


def in_emergency(tags: Collection[str], knowledge: Knowledge) -> tuple[ProposedOrder, ...]:
    """EMERG: contact the on-call team, ECG, repeat the level (4a EMERG)."""
    ecg = (ProposedOrder("task:ecg"),) if set(knowledge.listed("needs-ecg")).intersection(tags) else ()
    repeats = dict.fromkeys(key for tag, key in knowledge.rules.repeats.items() if tag in tags)
    return (ProposedOrder("task:on-call"), *ecg, *map(ProposedOrder, repeats))


def of_request(signs: tuple[str, ...]) -> tuple[ProposedOrder, ...]:
    """STATUS: nothing is ordered twice; somebody looks at what was asked."""
    return (ProposedOrder("task:check-request", about=signs),) if signs else ()


def of_medicines(names: Iterable[str]) -> tuple[ProposedOrder, ...]:
    """MED-REV: a review with the prescriber, never a change by a button (5a)."""
    return (ProposedOrder("task:review-medicine", about=tuple(dict.fromkeys(names))),)


def of_hyperexcitability(flags: Collection[str]) -> tuple[ProposedOrder, ...]:
    """R1: EMG and nerve conduction (S31); for other signs the specialist chooses them."""
    return (ProposedOrder("test:emg"), ProposedOrder("test:ncs")) if "R1" in flags else ()


def of_infant(picture: Picture) -> tuple[ProposedOrder, ...]:
    """P4: calcium and glucose, each unless a fresh result is on file (N41)."""
    tests = picture.knowledge.listed(OF_INFANT)
    return tuple(ProposedOrder(f"lab:{test}") for test in tests if not picture.laboratory.of(test).is_whole)


def of_thyroid(picture: Picture, labs: Iterable[Abnormal]) -> tuple[ProposedOrder, ...]:
    """An abnormal TSH asks for free T4, unless a fresh one is on file (2d TSH)."""
    is_due = any(lab.tag == "tsh" and lab.value for lab in labs) and not picture.laboratory.of("free-t4").is_fresh
    return (ProposedOrder("lab:free-t4"),) if is_due else ()
