"""What the hooks other than patient-view put into their context: drafts, selections, new problems, the visit."""

from charts.resources import Json, Line, build

PATIENT_VIEW = "patient-view"
ENCOUNTER = "golden-visit"
VERIFY = "medication-verify"
DRAFTS = {"order-select": "draftOrders", "order-sign": "draftOrders", "medication-refill": "medications"}
VISITS = ("encounter-start", "encounter-discharge")
HOOKS = frozenset({PATIENT_VIEW, *VISITS, "problem-list-item-create", VERIFY, *DRAFTS})


def context(case: Line, patient: str) -> Json:
    """The members that the hook of a case adds to its context."""
    hook = case.get("hook", PATIENT_VIEW)
    if hook not in HOOKS:
        raise ValueError(f"{hook!r} is no hook")
    made: Json = {"encounterId": ENCOUNTER} if hook in VISITS else {}
    if hook == "problem-list-item-create":
        made["conditions"] = collected(case.get("problems", []), patient, "p")
    if hook in DRAFTS:
        made[DRAFTS[hook]] = collected(case.get("drafts", []), patient, "d")
    if hook == VERIFY:
        made["medication"] = collected(case["drafts"], patient, "d")["entry"][0]["resource"]
    if hook == "order-select":
        made["selections"] = case.get("selections", _all(made["draftOrders"]))
    return made


def collected(lines: list[Line], patient: str, letter: str) -> Json:
    """Lines as a Bundle, their ids d1, d2 and so on, unless a line names its own."""
    named = [{**line, "id": line.get("id", f"{letter}{number}")} for number, line in enumerate(lines, 1)]
    built = [build(line, patient, 0) for line in named]
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in built]}


def _all(drafts: Json) -> list[str]:
    """A reference to every draft."""
    resources = [entry["resource"] for entry in drafts["entry"]]
    return [f"{one.get('resourceType', 'MedicationRequest')}/{one['id']}" for one in resources if "id" in one]
