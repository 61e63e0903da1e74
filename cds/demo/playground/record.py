"""One chart as a clinician's screen shows it: problems, medicines, findings, work-up."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from msgspec import Struct

from cards.printed import plain_unit
from cds.demo.fhir.charts import Resource
from cds.demo.playground.reading import day, moment, one, shown, some, status, text, words

JUDGED = {"N": "normal", "A": "abnormal", "L": "low", "H": "high", "LL": "very low", "HH": "very high"}
ACTIVE = frozenset({"active", "recurrence", "relapse"})
OPEN = frozenset({"active", "on-hold", "draft", "completed"})


class Item(Struct, frozen=True, kw_only=True):
    """One line of a list; `lives` means that it is current."""

    what: str
    detail: str = ""
    when: str = ""
    lives: bool = True
    ref: str = ""


class Record(Struct, frozen=True, kw_only=True):
    """The lists of a chart."""

    problems: tuple[Item, ...]
    past: tuple[Item, ...]
    medicines: tuple[Item, ...]
    ended: tuple[Item, ...]
    findings: tuple[Item, ...]
    work_up: tuple[Item, ...]
    visits: int


def read(chart: Iterable[Resource], is_result: Callable[[Resource], bool]) -> Record:
    """The lists of one patient, the newest first; laboratory results are drawn elsewhere."""
    by_type: dict[str, list[Resource]] = {}
    for resource in chart:
        by_type.setdefault(text(resource.get("resourceType")), []).append(resource)
    problems = _sorted(_problem(resource) for resource in by_type.get("Condition", ()))
    requests = [*by_type.get("MedicationRequest", ()), *by_type.get("MedicationStatement", ())]
    medicines = _sorted(_medicine(request) for request in requests)
    return Record(
        problems=tuple(item for item in problems if item.lives),
        past=tuple(item for item in problems if not item.lives),
        medicines=tuple(item for item in medicines if item.lives),
        ended=tuple(item for item in medicines if not item.lives),
        findings=tuple(_findings(resource for resource in by_type.get("Observation", ()) if not is_result(resource))),
        work_up=tuple(_sorted(_work_up(by_type))),
        visits=len(by_type.get("Encounter", ())),
    )


def _sorted(items: Iterable[Item]) -> list[Item]:
    return sorted(items, key=lambda item: item.when, reverse=True)


def _reference(resource: Resource) -> str:
    return f"{resource.get('resourceType')}/{resource.get('id')}"


def _problem(resource: Resource) -> Item:
    clinical, sure = status(resource.get("clinicalStatus")), status(resource.get("verificationStatus"))
    onset, recorded_date = day(resource.get("onsetDateTime")), day(resource.get("recordedDate"))
    lives = clinical in (*ACTIVE, "") and sure not in ("refuted", "entered-in-error")
    doubts = [sure] if sure not in ("confirmed", "") else []
    return Item(
        what=words(resource.get("code")),
        detail=", ".join([*(code for code, _ in [_first_code(resource.get("code"))] if code), *doubts]),
        when=f"since {onset}" if onset else f"recorded {recorded_date}" if recorded_date else "",
        lives=lives,
        ref=_reference(resource),
    )


def _first_code(concept: object) -> tuple[str, str]:
    coding = one(one(concept).get("coding"))
    return text(coding.get("code")), text(coding.get("system"))


def medicine(resource: Resource) -> str:
    """What a request or statement calls its medicine."""
    name = words(resource.get("medicationCodeableConcept")) or text(
        one(resource.get("medicationReference")).get("display")
    )
    return name or "a medicine without a name"


def _medicine(resource: Resource) -> Item:
    began = day(resource.get("authoredOn")) or day(resource.get("effectiveDateTime"))
    instructions = [
        _instruction(dosage) for dosage in some(resource.get("dosageInstruction") or resource.get("dosage"))
    ]
    return Item(
        what=medicine(resource),
        detail="; ".join(filter(None, instructions)),
        when=f"since {began}" if began else "",
        lives=text(resource.get("status")) in ("active", ""),
        ref=_reference(resource),
    )


def _instruction(dosage: dict[str, Any]) -> str:
    return text(dosage.get("text")) or words(dosage.get("route"))


def _findings(observations: Iterable[Resource]) -> Iterator[Item]:
    """The newest of each kind that is not a laboratory result: vital signs, scores, answers, signs."""
    newest: dict[str, Resource] = {}
    for resource in sorted(observations, key=moment):
        newest[words(resource.get("code"))] = resource
    items = (
        Item(what=name, detail=value(resource), when=moment(resource), ref=_reference(resource))
        for name, resource in newest.items()
    )
    return iter(_sorted(items))


def value(resource: Resource) -> str:
    """What was observed, in words."""
    quantity = one(resource.get("valueQuantity"))
    if quantity:
        return _quantity(quantity)
    parts = [_quantity(one(part.get("valueQuantity"))) for part in some(resource.get("component"))]
    if parts:
        return " / ".join(filter(None, parts))
    return words(resource.get("valueCodeableConcept")) or text(resource.get("valueString")) or _said(resource)


def _said(resource: Resource) -> str:
    value = resource.get("valueBoolean")
    if isinstance(value, bool):
        return "yes" if value else "no"
    interpretation = status(one(resource.get("interpretation")))
    return JUDGED.get(interpretation, interpretation) or "recorded"


def _quantity(quantity: dict[str, Any]) -> str:
    return f"{shown(quantity.get('value'))} {plain_unit(text(quantity.get('unit')))}".strip()


def _work_up(by_type: dict[str, list[Resource]]) -> Iterator[Item]:
    """Referrals, orders, examinations and reports that are not a laboratory panel."""
    for resource in by_type.get("ServiceRequest", ()):
        if text(resource.get("status")) in OPEN:
            yield Item(
                what=words(resource.get("code")),
                detail=f"request, {text(resource.get('status'))}",
                when=day(resource.get("authoredOn")),
                ref=_reference(resource),
            )
    for resource in by_type.get("DiagnosticReport", ()):
        if status(one(resource.get("category"))) != "LAB":
            yield Item(
                what=words(resource.get("code")),
                detail=words(resource.get("conclusionCode")) or text(resource.get("conclusion")) or "report",
                when=moment(resource),
                ref=_reference(resource),
            )
