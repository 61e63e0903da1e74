"""Which courses of a class of medicines make a card (5a)."""

from collections.abc import Callable, Iterator

from msgspec.structs import replace

from cds.knowledge.model import MedicineClass
from cds.rules import added_classes
from cds.rules.added_classes import Conditions
from cds.rules.medication import Course
from cds.rules.view import View


def rule_of(
    tag: str, medicine: MedicineClass, cautions: Conditions, reasons: Conditions
) -> Callable[[View], Iterator[Course]]:
    """The rule of a class: its courses whose timing fits, where it needs one only beside a muscle sign.

    Whatever the onset, what may explain an abnormal result and was taken when its sample was (N36 b), and what a class
    has reasons of its own for (N49).
    """

    def rule(view: View) -> Iterator[Course]:
        if medicine.needs_muscle_sign and not _has_muscle_sign(view):
            return
        if medicine.needs_eyelid and not added_classes.is_eyelid_only(view):
            return
        for course in (*view.courses(tag), *view.reported(tag)):
            warned = tuple(cautions(course, view))
            why = tuple(reasons(course, view))
            if warned or why or view.fires(course) or _explains(course, medicine, view):
                yield replace(course, cautions=warned, reasons=why)

    return rule


def _explains(course: Course, medicine: MedicineClass, view: View) -> bool:
    moved = (view.standing(analyte).moved(side) for analyte, side in medicine.moved_by(course.groups))
    return any(result is not None and course.is_active_at(result.when) for result in moved)


def _has_muscle_sign(view: View) -> bool:
    """What a statin needs to fire: U1 or U8, cramps or myalgia, raised CK, or the emergency of weakness (5a Statin)."""
    high = view.standing("creatine-kinase").abnormal
    return (
        bool(view.outcome("U1") or view.outcome("U8") or view.outcome("E2"))
        or bool(view.of("cramps"))
        or (high is not None and high.side == "high")
    )
