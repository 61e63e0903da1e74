"""LAB-ABN: abnormal analytes in date, and deficiencies recorded without a current level (2a, 2d, 2e)."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from cards.advice import Fact, Note
from cards.topics import TAGS, Indicator, Topic
from cds.chart.facts import Problem
from cds.fhir.dates import When
from cds.rules import laboratory
from cds.rules.findings import Finding
from cds.rules.findings import fact as finding_fact
from cds.rules.laboratory import Standing
from cds.rules.labs import LAB_FLAG, LAB_RANGE, Judged
from cds.rules.picture import Picture

RECENT_WARNING = frozenset({"calcium", "potassium", "magnesium"})
SEARCHED = TAGS[Topic.LAB_ABN]
DEFICIENCY = "deficiency-"  # so the value sets of recorded deficiencies begin, followed by the analyte


class Abnormal(Struct, frozen=True, kw_only=True):
    """One tag of LAB-ABN. `value` is what its summary shows; a recorded deficiency has none."""

    tag: str
    indicator: Indicator
    facts: tuple[Fact, ...]
    side: str
    label: str
    date: str
    value: str | None = None
    kind: str | None = None
    notes: tuple[Note, ...] = ()


def read(picture: Picture) -> Iterator[Abnormal]:
    """All tags, in the order of 4a."""
    recorded = deficiencies(picture)
    for tag in SEARCHED:
        one = _measured(tag, picture) or _recorded(tag, recorded.get(tag, ()), picture)
        if one is not None:
            yield one


def _measured(tag: str, picture: Picture) -> Abnormal | None:
    standing = picture.laboratory.of(tag)
    judged = standing.abnormal
    if judged is None or (_is_replaced(tag, judged.when, picture) and judged.side == "low"):
        return None
    return Abnormal(
        tag=tag,
        indicator=_indicator(tag, judged, picture),
        facts=(laboratory.fact(judged, picture.knowledge),),
        side=judged.side or "",
        label=laboratory.lab_label(judged, picture.knowledge),
        date=judged.when.text if judged.when else "",
        value=laboratory.shown(judged, picture.knowledge),
        kind=judged.kind,
        notes=tuple(remarks(standing, judged, picture)),
    )


def _indicator(tag: str, judged: Judged, picture: Picture) -> Indicator:
    """Info or warning; B12 in pregnancy or on B12 is always info (2b, 2d). An emergency is EMERG's business."""
    if tag == "vitamin-b12" and (picture.pregnant or _replaces(tag, picture)):
        return Indicator.INFO
    return Indicator.INFO if judged.effect == "info" else Indicator.WARNING


def remarks(standing: Standing, judged: Judged, picture: Picture) -> Iterator[Note]:
    """What is to be said of an abnormal result."""
    label = laboratory.lab_label(judged, picture.knowledge)
    if standing.old_severe and judged.when:
        yield Note("old_severe_value", laboratory.quoted(judged, picture.knowledge))
    if judged.by_flag:
        yield Note("flagged_by_lab", {"test": label})
    if judged.kind == "unadjusted":
        yield Note("calcium_unadjusted")
    if judged.kind in ("adjusted", "computed") and _is_adjustment_unsafe(picture):
        yield Note("prefer_ionised")
    if standing.analyte == "vitamin-b12" and picture.pregnant:
        yield Note("pregnancy_b12")
    if standing.analyte == "creatine-kinase":
        yield Note("creatinekinase_exercise")
        if judged.limit_source not in (LAB_RANGE, LAB_FLAG):
            yield Note("ck_not_read")
    if standing.analyte == "tsh":
        yield Note("biotin")


def _is_adjustment_unsafe(picture: Picture) -> bool:
    lab = picture.laboratory
    albumin, egfr = lab.of("albumin").judged, lab.of("egfr").judged
    low = albumin is not None and lab.limits.exceeds(albumin, "albumin-unsafe")
    return low or (egfr is not None and lab.of("egfr").is_fresh and lab.limits.exceeds(egfr, "egfr-unsafe"))


def _recorded(tag: str, recorded: Sequence[Finding], picture: Picture) -> Abnormal | None:
    """A coded deficiency with no fresh readable result (2e); undated or of the last year."""
    found = [one for one in recorded if _is_recent(one, picture)]
    if not found or picture.laboratory.of(tag).is_fresh or all(_is_replaced(tag, one.when, picture) for one in found):
        return None
    newest = max(found, key=lambda one: one.day or 0)
    name = f"{DEFICIENCY}{tag}"
    group = Note("recorded_b_group") if "deficiency-b-group" in newest.sets else None
    return Abnormal(
        tag=tag,
        indicator=_recorded_indicator(tag, newest, picture),
        facts=(finding_fact(newest, (name,), picture.knowledge),),
        side="low",
        label=picture.knowledge.label("deficiency-b-group" if group else name),
        date=newest.when.text if newest.when else "",
        notes=(group,) if group else (),
    )


def deficiencies(picture: Picture) -> dict[str, list[Finding]]:
    """Coded deficiencies that nobody doubts, by analyte."""
    found: dict[str, list[Finding]] = {}
    for problem in picture.chart.problems:
        for name in problem.named.sets:
            if name.startswith(DEFICIENCY) and problem.is_active and problem.is_confirmed:
                found.setdefault(name.removeprefix(DEFICIENCY), []).append(_by_recording(problem))
    return found


def _by_recording(problem: Problem) -> Finding:
    """A deficiency is dated by when it was recorded, else by its onset (2e)."""
    named = problem.named
    return Finding(
        named=named, concepts=named.concepts, sets=named.sets, when=problem.recorded or problem.onset
    )  # fmt: skip


def _is_recent(finding: Finding, picture: Picture) -> bool:
    return finding.when is None or picture.is_within(finding.when, "deficiency")


def _recorded_indicator(tag: str, finding: Finding, picture: Picture) -> Indicator:
    recent = picture.is_within(finding.when, "deficiency_recent")
    return Indicator.WARNING if tag in RECENT_WARNING and recent else Indicator.INFO


def _is_replaced(tag: str, since: When | None, picture: Picture) -> bool:
    """Whether replacement was started on or after the low result or the diagnosis (2e)."""
    starts = [start for name, start in picture.medication.replacements if name == tag]
    return any(start is not None and since is not None and start.first >= since.last for start in starts)


def _replaces(tag: str, picture: Picture) -> bool:
    return any(name == tag for name, _ in picture.medication.replacements)


def replaced(picture: Picture) -> Iterator[Note]:
    """What to say of low values that are already being treated."""
    for tag in SEARCHED:
        judged = picture.laboratory.of(tag).abnormal
        if judged is not None and judged.side == "low" and judged.when and _is_replaced(tag, judged.when, picture):
            label = laboratory.lab_label(judged, picture.knowledge)
            yield Note("replacement_recheck", {"test": label, "date": judged.when.text})
