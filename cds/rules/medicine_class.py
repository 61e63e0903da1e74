"""Which courses of a class of medicines make a card (5a)."""

from collections.abc import Callable, Iterator

from cds.rules.medication import Course
from cds.rules.view import View


def rule_of(tag: str, *, needs_muscle_sign: bool) -> Callable[[View], Iterator[Course]]:
    """The rule of a class: its courses whose timing fits, where it needs one only beside a muscle sign."""

    def rule(view: View) -> Iterator[Course]:
        if needs_muscle_sign and not _has_muscle_sign(view):
            return
        yield from (course for course in view.courses(tag) if view.fires(course))

    return rule


def _has_muscle_sign(view: View) -> bool:
    """What a statin needs to fire: U1 or U8, cramps or myalgia, raised CK, or the emergency of weakness (5a)."""
    high = view.standing("creatine-kinase").abnormal
    return (
        bool(view.outcome("U1") or view.outcome("U8") or view.outcome("E2"))
        or bool(view.of("cramps"))
        or (high is not None and high.side == "high")
    )
