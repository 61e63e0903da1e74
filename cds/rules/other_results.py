"""Abnormal results that no rule judged or used: one line on whatever card comes first (second edition N35)."""

from collections.abc import Collection, Iterator

from msgspec import Struct

from cards.advice import Note
from cards.printed import number, plain_unit
from cards.template import fill
from cds.chart.facts import OtherResult
from cds.knowledge.load import Knowledge
from cds.rules import context, lab_status
from cds.rules.lab_limits import CRITICAL, Judged
from cds.rules.newest import newest
from cds.rules.other_tests import name_of, outside
from cds.rules.picture import Picture

FLAGS = {**CRITICAL, "L": "low", "H": "high", "A": "abnormal"}


class Line(Struct, frozen=True):
    """One result as the line tells it."""

    text: str
    is_critical: bool
    day: int


def of(picture: Picture, used: Collection[str] = ()) -> tuple[Note, ...]:
    """The line, and where a flag says something else than the range; `used` are results that a card rests on."""
    items = "; ".join(one.text for one in lines(picture, used)[: int(picture.knowledge.at("max_other_results"))])
    return (*((Note("other_results", {"items": items}),) if items else ()), *_disagreements(picture))


def lines(picture: Picture, used: Collection[str] = ()) -> list[Line]:
    """The results, what the laboratory calls critical first, then the newest."""
    found = [*_judged(picture, used), *_others(picture, used)]
    return sorted(found, key=lambda one: (not one.is_critical, -one.day, one.text))


def disagreeing(picture: Picture) -> Iterator[str]:
    """The tests with a normal number that the laboratory flagged."""
    for analyte, judged in _recent(picture):
        if judged.disagrees and not judged.is_abnormal:
            yield picture.knowledge.analytes[analyte].label


def _recent(picture: Picture) -> Iterator[tuple[str, Judged]]:
    for analyte, standing in picture.laboratory.standings.items():
        for judged in (standing.judged, standing.early):
            if judged is not None and judged.when and picture.is_within(judged.when, "flagged_lab"):
                yield analyte, judged


def _judged(picture: Picture, used: Collection[str]) -> Iterator[Line]:
    """Results of our analytes that are abnormal and make no card, such as a high phosphate or an albumin."""
    calcium = picture.laboratory.of("calcium").judged
    adjusts = calcium is not None and calcium.kind == "computed"
    for analyte, judged in _recent(picture):
        told = judged.result.ref in used or (analyte == "albumin" and adjusts)
        if (judged.effect == "quote" or _is_early(judged)) and not told:
            words = lab_status.quoted(judged, picture.knowledge)
            day = judged.when.first if judged.when else 0
            yield _line(picture, words, judged.result.flags, judged.side or "", day, early=judged.result.preliminary)


def _is_early(judged: Judged) -> bool:
    """Whether it is abnormal, and preliminary: it makes no card unless it is an emergency (2b Which count)."""
    return judged.result.preliminary and judged.is_abnormal and judged.effect != "emergency"


def _others(picture: Picture, used: Collection[str]) -> Iterator[Line]:
    """The newest result of each other test, if its laboratory calls it abnormal; of one moment the abnormal one.

    A preliminary one that is no older stands beside the newest final one: it takes nothing back.
    """
    tests: dict[str, list[OtherResult]] = {}
    for result in (one for one in picture.chart.others if one.trouble is None):
        tests.setdefault(result.key, []).append(result)
    for results in tests.values():
        final = newest((one for one in results if not one.preliminary), lambda one: one.when)
        early = [one for one in newest(results, lambda one: one.when) if one.preliminary]
        lines = [_other(one, picture) for one in (*final, *early) if one.ref not in used]
        told = sorted((line for line in lines if line is not None), key=lambda one: (not one.is_critical, one.text))
        yield from told[:1]


def _other(result: OtherResult, picture: Picture) -> Line | None:
    side = _side(result, picture)
    if not side or not picture.is_within(result.when, "flagged_lab"):
        return None
    values = {
        "test": context.cut(name_of(result, picture.knowledge)),
        "value": _shown(result, picture.knowledge),
        "date": result.when.text,
    }
    return _line(picture, values, result.flags, side, result.when.first, early=result.preliminary)


def _side(result: OtherResult, picture: Picture) -> str:
    """On which side it lies: by a critical flag, its own range, or any flag of a listed test; empty if on none."""
    flags = CRITICAL if result.concept is None else FLAGS
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
    flag = next((one for one in FLAGS if one in flags), names.sides.of(side))
    flag = f"{flag}, {names.preliminary}" if early else flag
    text = " ".join(fill(names.other_result, {**words, "flag": flag}).split())
    return Line(text, not CRITICAL.keys().isdisjoint(flags), day)


def _disagreements(picture: Picture) -> Iterator[Note]:
    """A normal number that the laboratory flagged: said, and no card of its own."""
    for _, judged in _recent(picture):
        if judged.disagrees and not judged.is_abnormal:
            yield Note("flag_disagrees", lab_status.quoted(judged, picture.knowledge))
