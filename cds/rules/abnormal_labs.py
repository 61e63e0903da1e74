"""LAB-ABN: abnormal analytes in date, and deficiencies recorded without a current level (2a, 2d, 2e)."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import Struct

from cards.advice import Fact, Note
from cards.topics import Indicator
from cds.fhir.dates import When
from cds.rules import lab_status
from cds.rules.findings import Finding
from cds.rules.lab_limits import LAB_FLAG, LAB_RANGE, Interpretation
from cds.rules.lab_status import Standing
from cds.rules.picture import Picture
from cds.rules.view import View

B_GROUP = "b-group-deficiency"
MUSCLE, DARK_URINE = "creatine-kinase", "dark-urine"


class Abnormal(Struct, frozen=True, kw_only=True):
    """One tag of LAB-ABN. `value` is what its summary shows; a recorded deficiency has none.

    One that is not `is_read` is abnormal by the laboratory's flag, and its number is not known.
    """

    tag: str
    indicator: Indicator
    facts: tuple[Fact, ...]
    side: str
    label: str
    date: str
    value: str | None = None
    distance: float = 0.0
    kind: str | None = None
    is_read: bool = True
    notes: tuple[Note, ...] = ()


def rule_of(deficiencies: Mapping[str, str], excess: Mapping[str, str]) -> Callable[[View], list[Abnormal]]:
    """The rule of all tags, each with the value sets of its recorded low and high values, if there are any.

    In the order of N36 (a): warnings first, then by the distance from the limit, then as in 2d.
    """

    def read(view: View) -> list[Abnormal]:
        present = view.present
        abnormals = [
            lab
            for tag, low in deficiencies.items()
            if not present.isdisjoint((tag, low, high := excess.get(tag, ""), DARK_URINE))
            and (lab := _one(tag, low, high, view)) is not None
        ]
        return sorted(abnormals, key=lambda lab: (lab.indicator is not Indicator.WARNING, -lab.distance))

    return read


def _one(tag: str, low: str, high: str, view: View) -> Abnormal | None:
    """The result that is abnormal, else what is recorded without a fresh one."""
    if tag == MUSCLE and (urine := _dark_urine(view)) is not None:
        return urine
    lab = _recorded(tag, low, view) if low else None
    return _measured(tag, view) or lab or (_recorded_high(tag, high, view) if high else None)


def _measured(tag: str, view: View) -> Abnormal | None:
    status = view.standing(tag)
    result = status.abnormal
    if result is None or (result.side == "low" and is_replaced(view.replacements(tag), result.when)):
        return None
    return Abnormal(
        tag=tag,
        indicator=_indicator(tag, result, view),
        facts=(view.lab_fact(result),),
        side=result.side or "",
        label=view.lab_label(result),
        date=result.when.text if result.when else "",
        value=view.lab_words(result)["value"],
        distance=result.distance,
        kind=result.kind,
        is_read=result.found is not None,
        notes=tuple(remarks(status, result, view)),
    )


def _dark_urine(view: View) -> Abnormal | None:
    """Dark urine of the last days and no CK on or after its day (N36 f); a preliminary entry does not count (N1)."""
    findings = [finding for finding in view.within("dark_urine", DARK_URINE) if not finding.preliminary]
    if not findings:
        return None
    newest = max(findings, key=lambda finding: finding.day or 0)
    measured = view.standing(MUSCLE).judged
    if measured is not None and measured.when and newest.when and measured.when.last >= newest.when.first:
        return None
    date = newest.when.text if newest.when else ""
    return Abnormal(
        tag=MUSCLE,
        indicator=Indicator.WARNING,
        facts=tuple(view.fact(finding, DARK_URINE) for finding in findings),
        side="",
        label=view.name(newest, DARK_URINE),
        date=date,
        kind=DARK_URINE,
        notes=(Note("dark_urine", {"date": date}),),
    )


def _indicator(tag: str, result: Interpretation, view: View) -> Indicator:
    """Info or warning; B12 in pregnancy or on B12 is always info (2b Pregnancy, 2d B12). EMERG is another card."""
    if tag == "vitamin-b12" and (view.pregnant or any(True for _ in view.replacements(tag))):
        return Indicator.INFO
    if result.side == "high" and tag in view.tests("high-warns"):
        return Indicator.WARNING
    return Indicator.INFO if result.effect == "info" else Indicator.WARNING


def remarks(status: Standing, result: Interpretation, view: View) -> Iterator[Note]:
    """What is to be said of an abnormal result."""
    words = view.lab_words(result)
    test = {"test": words["test"]}
    if status.old_severe and result.when:
        yield Note("old_severe_value", words)
    if result.by_flag and result.found is not None:
        yield Note("flagged_by_lab", test)
    if result.disagrees:
        yield Note("flag_disagrees", words)
    if result.found is None and result.result.quantity is not None:
        yield Note("no_unit", test)
    yield from _REMARKS.get(status.analyte, _nothing)(result, view)


def _nothing(result: Interpretation, view: View) -> Iterator[Note]:  # noqa: ARG001 - the signature of all remarks
    return iter(())


def _of_calcium(result: Interpretation, view: View) -> Iterator[Note]:
    if result.kind == "unadjusted":
        yield Note("calcium_unadjusted")
    if result.kind in ("adjusted", "computed") and is_adjustment_unsafe(view):
        yield Note("prefer_ionised")


def _of_sodium(result: Interpretation, view: View) -> Iterator[Note]:
    if view.exceeds(result, "sodium-with-sign"):
        yield Note("sodium_today", view.lab_words(result))


def _of_b12(result: Interpretation, view: View) -> Iterator[Note]:  # noqa: ARG001
    if view.pregnant:
        yield Note("pregnancy_b12")


def _of_ck(result: Interpretation, view: View) -> Iterator[Note]:  # noqa: ARG001
    yield Note("creatinekinase_exercise")
    if result.limit_source not in (LAB_RANGE, LAB_FLAG):
        yield Note("ck_not_read")


def _of_tsh(result: Interpretation, view: View) -> Iterator[Note]:  # noqa: ARG001
    yield Note("biotin")


_REMARKS = {
    "calcium": _of_calcium,
    "sodium": _of_sodium,
    "vitamin-b12": _of_b12,
    "creatine-kinase": _of_ck,
    "tsh": _of_tsh,
}


def is_adjustment_unsafe(view: View) -> bool:
    """Whether albumin is so low, or the kidney so weak, that only ionised calcium decides (2a Calcium adjustment)."""
    albumin, egfr = view.standing("albumin").judged, view.standing("egfr").judged
    low = albumin is not None and view.exceeds(albumin, "albumin-unsafe")
    return low or (egfr is not None and view.standing("egfr").is_fresh and view.exceeds(egfr, "egfr-unsafe"))


def _recorded(tag: str, name: str, view: View) -> Abnormal | None:
    """A coded deficiency with no fresh readable result (2e Decision); undated or of the last year."""
    deficiencies = [
        finding for finding in view.recorded(name) if finding.when is None or view.is_within(finding.when, "deficiency")
    ]
    if not deficiencies or view.standing(tag).is_fresh:
        return None
    starts = tuple(view.replacements(tag))
    if all(is_replaced(starts, finding.when) for finding in deficiencies):
        return None
    newest = max(deficiencies, key=lambda finding: finding.day or 0)
    of_group = B_GROUP in newest.sets
    return Abnormal(
        tag=tag,
        indicator=_recorded_indicator(tag, newest, view),
        facts=(view.fact(newest, name),),
        side="low",
        label=view.name(newest, name),
        date=newest.when.text if newest.when else "",
        notes=(Note("recorded_b_group"),) if of_group else (),
    )


def _recorded_high(tag: str, name: str, view: View) -> Abnormal | None:
    """A high value that was recorded within 30 days, with no fresh readable result (N60)."""
    excesses = [finding for finding in view.recorded(name) if view.is_within(finding.when, "deficiency_recent")]
    if not excesses or view.standing(tag).is_fresh:
        return None
    newest = max(excesses, key=lambda finding: finding.day or 0)
    return Abnormal(
        tag=tag,
        indicator=Indicator.WARNING if tag in view.tests("recorded-high-warns") else Indicator.INFO,
        facts=(view.fact(newest, name),),
        side="high",
        label=view.analyte(tag),
        date=newest.when.text if newest.when else "",
    )


def _recorded_indicator(tag: str, finding: Finding, view: View) -> Indicator:
    recent = view.is_within(finding.when, "deficiency_recent")
    return Indicator.WARNING if recent and tag in view.tests("recorded-warns") else Indicator.INFO


def is_replaced(starts: Iterable[When | None], since: When | None) -> bool:
    """Whether replacement was started on or after the low result or the diagnosis (2b Replacement, 2e Replacement)."""
    return any(start is not None and since is not None and start.first >= since.last for start in starts)


def replaced(picture: Picture) -> Iterator[Note]:
    """What to say of low values that are already being treated."""
    replacements: dict[str, list[When | None]] = {}
    for name, start in picture.medication.replacements:
        replacements.setdefault(name, []).append(start)
    for tag in picture.knowledge.lab_tags:
        result = picture.laboratory.of(tag).abnormal if tag in replacements else None
        if result is not None and result.side == "low" and is_replaced(replacements[tag], result.when):
            yield Note("replacement_recheck", lab_status.quoted(result, picture.knowledge))
