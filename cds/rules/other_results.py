"""Abnormal results that no rule judged or used: one line on whatever card comes first (second edition N35)."""

from collections.abc import Collection, Iterator

from msgspec import Struct

from cards.advice import Note
from cards.printed import number, plain_unit
from cards.template import fill
from cds.chart.facts import OtherResult
from cds.knowledge.load import Knowledge
from cds.rules import context, lab_status
from cds.rules.findings import Finding
from cds.rules.lab_limits import CRITICAL, Interpretation
from cds.rules.newest import newest
from cds.rules.other_tests import name_of, outside
from cds.rules.own_words import own
from cds.rules.picture import Picture
from cds.rules.uncertain import ANTIBODY

FLAGS = {**CRITICAL, "L": "low", "H": "high", "A": "abnormal"}


class Line(Struct, frozen=True):
    """One result as the line tells it."""

    text: str
    is_critical: bool
    day: int


def of(picture: Picture, used_refs: Collection[str] = ()) -> tuple[Note, ...]:
    """The line, and where a flag says something else than the range; `used_refs` are results that a card rests on."""
    items = "; ".join(line.text for line in lines(picture, used_refs)[: int(picture.knowledge.at("max_other_results"))])
    return (
        *((Note("other_results", {"items": items}),) if items else ()),
        *_disagreements(picture),
        *_antibodies(picture, used_refs),
    )


def lines(picture: Picture, used_refs: Collection[str] = ()) -> list[Line]:
    """The results, what the laboratory calls critical first, then the newest."""
    all_lines = [*_judged(picture, used_refs), *_others(picture, used_refs)]
    return sorted(all_lines, key=lambda line: (not line.is_critical, -line.day, line.text))


def disagreeing(picture: Picture) -> Iterator[str]:
    """The tests with a normal number that the laboratory flagged."""
    for analyte, result in _recent(picture):
        if result.disagrees and not result.is_abnormal:
            yield picture.knowledge.analytes[analyte].label


def antibodies(picture: Picture) -> tuple[Finding, ...]:
    """The positive antibodies of N43: alone they make no card, and rule out reassurance."""
    return picture.findings.of(ANTIBODY)


def _antibodies(picture: Picture, used_refs: Collection[str]) -> Iterator[Note]:
    for finding in antibodies(picture):
        if finding.named.ref not in used_refs:
            test = own(finding.named.words, finding.concepts, picture.knowledge)
            day = finding.when.text if finding.when else picture.knowledge.names.undated
            yield Note("antibody_positive", {"test": test, "date": day})


def _recent(picture: Picture) -> Iterator[tuple[str, Interpretation]]:
    for analyte, status in picture.laboratory.standings.items():
        for result in (status.judged, status.early):
            if result is not None and result.when and picture.is_within(result.when, "flagged_lab"):
                yield analyte, result


def _judged(picture: Picture, used_refs: Collection[str]) -> Iterator[Line]:
    """Results of our analytes that are abnormal and make no card, such as a high phosphate or an albumin."""
    calcium = picture.laboratory.of("calcium").judged
    adjusts = calcium is not None and calcium.kind == "computed"
    for analyte, result in _recent(picture):
        is_told = result.result.ref in used_refs or (analyte == "albumin" and adjusts)
        if (result.effect == "quote" or _is_early(result)) and not is_told:
            words = lab_status.quoted(result, picture.knowledge)
            day = result.when.first if result.when else 0
            yield _line(picture, words, result.result.flags, result.side or "", day, early=result.result.preliminary)


def _is_early(result: Interpretation) -> bool:
    """Whether it is abnormal, and preliminary: it makes no card unless it is an emergency (2b Which count)."""
    return result.result.preliminary and result.is_abnormal and result.effect != "emergency"


def _others(picture: Picture, used_refs: Collection[str]) -> Iterator[Line]:
    """The newest result of each other test, if its laboratory calls it abnormal; of one moment the abnormal one.

    A preliminary one that is no older stands beside the newest final one: it takes nothing back.
    """
    tests: dict[str, list[OtherResult]] = {}
    for result in (other_result for other_result in picture.chart.others if other_result.trouble is None):
        tests.setdefault(result.key, []).append(result)
    for results in tests.values():
        final = newest(
            (other_result for other_result in results if not other_result.preliminary),
            lambda other_result: other_result.when,
        )
        early = [
            other_result
            for other_result in newest(results, lambda other_result: other_result.when)
            if other_result.preliminary
        ]
        lines = [
            _other(other_result, picture) for other_result in (*final, *early) if other_result.ref not in used_refs
        ]
        sorted_lines = sorted(
            (line for line in lines if line is not None), key=lambda line: (not line.is_critical, line.text)
        )
        yield from sorted_lines[:1]


def _other(result: OtherResult, picture: Picture) -> Line | None:
    side = _side(result, picture)
    if not side or picture.today - result.when.last > picture.knowledge.days("flagged_lab"):
        return None
    values = {
        "test": context.cut(name_of(result, picture.knowledge)),
        "value": _shown(result, picture.knowledge),
        "date": result.when.text,
    }
    return _line(picture, values, result.flags, side, result.when.first, early=result.preliminary)


def _side(result: OtherResult, picture: Picture) -> str:
    """On which side it lies: by a critical flag, its own range, or any flag of a listed test; empty if on none.

    Any flag counts too where no number tells how far it is off (N24: it calms nothing).
    """
    has_number = result.quantity is not None and result.quantity.value is not None
    flags = CRITICAL if result.concept is None and has_number else FLAGS
    flagged = next((side for flag, side in flags.items() if flag in result.flags), "")
    return flagged or outside(result, picture.knowledge, picture.laboratory.limits.person)


def _shown(result: OtherResult, knowledge: Knowledge) -> str:
    """Number and unit, or that there is none."""
    quantity = result.quantity
    if quantity is None or quantity.value is None:
        return ""
    unit = plain_unit(quantity.unit or quantity.code) or f"({knowledge.names.no_unit})"
    return f"{quantity.comparator or ''}{number(quantity.value)} {unit}"


def _line(picture: Picture, words: dict[str, str], flags: Collection[str], side: str, day: int, *, early: bool) -> Line:
    names = picture.knowledge.names
    flag = next((text for text in FLAGS if text in flags), names.sides.of(side))
    flag = f"{flag}, {names.preliminary}" if early else flag
    text = " ".join(fill(names.other_result, {**words, "flag": flag}).split())
    return Line(text, not CRITICAL.keys().isdisjoint(flags), day)


def _disagreements(picture: Picture) -> Iterator[Note]:
    """A normal number that the laboratory flagged: said, and no card of its own."""
    for _, result in _recent(picture):
        if result.disagrees and not result.is_abnormal:
            yield Note("flag_disagrees", lab_status.quoted(result, picture.knowledge))
