"""Issue "second edition": one datum of a golden chart changed, 2,000 seeded times: what may calm, and what is said.

A datum is lost (unreadable or UNKNOWN), not the patient's (of another person, entered in error), old, or ABSENT.

`removed` is a type that did not arrive: an entry that a server does not send cannot be told from one that is not there.
"""

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from random import Random
from typing import Any, NamedTuple

import pytest
from charts.dates import TODAY
from charts.golden import Case, cases, service_of
from charts.notation import request
from charts.seam import engine

Json = dict[str, Any]
SEED, COUNT = 20261130, 2000
SAID_SINCE = re.compile("10202-0|18749-2|373067005|260385009|refuted|[Nn]ormal|QuestionnaireResponse|false")
# What is over, denied or an examination, and the question about tobacco: nothing is said of one that is unreadable.
OVER = re.compile(
    "refuted|entered-in-error|resolved|inactive|stopped|completed|false|373067005|2667000|10202-0|8705-6|18749-2|72166-2"
)
LATE = "2026-10-23"  # 30 days before the day of the golden cases: what is older may be out of date
NOT_SAID = (
    "labs_reading/counts/newer-unitless",  # a newer result of the test is unreadable too, and told
    "n48_unread/N48/name-only-beside-a-low-one",  # the same
    "edges_more/edges-windows/gait-absent-later",  # a routine sign (R2) that a later No denies; N1 names U, E and P
    "edges_more/edges-windows/optic-absent-later",  # the same
    "n01_n05_polarity/N4/central-stays",  # the same
    "n01_n05_polarity/N2-twitch/often",  # a symptom (ADD): N1 names U, E and P
    "n43_encephalitis/N43/hallucinations-antibody",  # an antibody is neither a sign nor a test that N64 lists
    "n48_unread/N48-medicines/of-no-class",  # its code says that it is of no class that a rule reads, taken or not
    "edges_preliminary/N1-preliminary-beside-habits",  # a cause in daily life: N1 names U, E and P
    "members/order-of-flags/factors",  # the same
    "n56_lab_order/N56/daily",  # how often it twitches decides about tests only; the twitch itself is on the chart
)
OTHER_VERSION = (
    "dates_and_dialects/versions/untold",  # nothing tells which is newer: the other version stands
    "second_reading/deficiency-certainty/no-ids",  # without ids all its entries are one to this test
)
DORMANT = "n07_dormant"  # what did not arrive may hold news of the twitch (N7): then advice is due as of any twitch
# How much a card calms; the words of N24 stand beside the first two only.
CALMING = {"lifestyle": 1, "reassurance": 2}
WORDS = ("no red flag", "no alarm sign", "usually benign")
BASIS = "org.twitch-cds.basis"
URGENCY = {"info": 1, "warning": 2, "critical": 3}


class Answer(NamedTuple):
    """What came back: the status, the cards, and all their text."""

    status: int
    cards: tuple[tuple[str, str], ...]
    text: str
    not_checked: frozenset[str]

    @property
    def calm(self) -> int:
        """How much the answer calms."""
        return max((CALMING.get(topic, 0) for topic, _ in self.cards), default=0)

    @property
    def calms_in_words(self) -> bool:
        """Whether it says that there is nothing to fear."""
        return any(word in self.text.lower() for word in WORDS)

    @property
    def urgency(self) -> int:
        """The most urgent card."""
        return max((URGENCY[indicator] for _, indicator in self.cards), default=0)


class Variant(NamedTuple):
    """A chart before and after, and what was changed."""

    name: str
    before: Json
    after: Json
    service: str
    changed: Json

    @property
    def answers(self) -> tuple[Answer, Answer]:
        """The answers to both."""
        return answer(self.before, self.service), answer(self.after, self.service)


@cache
def charts() -> tuple[Case, ...]:
    """The golden charts of a chart that is opened, with an answer."""
    return tuple(case for case in cases() if case.status == 200 and "hook" not in case.chart)


def answer(body: Json, service: str) -> Answer:
    """The answer to one request."""
    status, raw = engine(TODAY).answer(service, json.dumps(body).encode())
    cards = json.loads(raw).get("cards", ())
    said = (one["type"] for card in cards for one in card["extension"][BASIS].get("notChecked", ()))
    return Answer(
        status,
        tuple((card["source"]["topic"]["code"], card["indicator"]) for card in cards),
        " ".join(card["summary"] + " " + card["detail"] for card in cards),
        frozenset(said),
    )


def entries(body: Json) -> Iterator[Json]:
    """All resources of the prefetch but the Patient."""
    for held in body["prefetch"].values():
        if isinstance(held, dict) and held.get("resourceType") == "Bundle":
            yield from (one["resource"] for one in held.get("entry", ()))


def unit_unknown(resource: Json) -> bool:
    """A unit that is none."""
    quantity = resource.get("valueQuantity")
    if not isinstance(quantity, dict):
        return False
    for name in ("code", "system"):
        quantity.pop(name, None)
    quantity["unit"] = "furlong"
    return True


def status_unknown(resource: Json) -> bool:
    """The status of FHIR that says that nobody knows it."""
    if resource["resourceType"] not in ("Observation", "MedicationRequest", "MedicationStatement"):
        return False
    resource["status"] = "unknown"
    return True


def code_unknown(resource: Json) -> bool:
    """A code of a system that nobody knows, without a word."""
    element = "code" if "code" in resource else "medicationCodeableConcept"
    if element not in resource or resource["resourceType"] not in ("Condition", "MedicationRequest"):
        return False
    resource[element] = {"coding": [{"system": "urn:oid:1.2.3.4.5", "code": "X-1"}]}
    return True


def value_unknown(resource: Json) -> bool:
    """An Observation whose value was not asked."""
    if resource["resourceType"] != "Observation":
        return False
    for name in [name for name in resource if name.startswith(("value", "interpretation", "component"))]:
        del resource[name]
    absent = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
    resource["dataAbsentReason"] = {"coding": [{"system": absent, "code": "unknown"}]}
    return True


def entered_in_error(resource: Json) -> bool:
    """What nobody should have entered."""
    if resource["resourceType"] == "Condition":
        codes = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
        resource["verificationStatus"] = {"coding": [{"system": codes, "code": "entered-in-error"}]}
    elif "status" in resource:
        resource["status"] = "entered-in-error"
    else:
        return False
    return True


def of_another(resource: Json) -> bool:
    """What belongs to somebody else."""
    owner = next((name for name in ("subject", "patient") if name in resource), None)
    if owner is None:
        return False
    resource[owner] = {"reference": "Patient/somebody-else"}
    return True


def made_old(resource: Json) -> bool:
    """A sign of a problem whose dates all lie seven years earlier; those of emergencies have windows of their own."""
    if resource["resourceType"] != "Condition" or not is_lasting_sign(resource):
        return False
    moved = False
    for name in ("onsetDateTime", "recordedDate"):
        if re.match(r"\d{4}", resource.get(name, "")):
            resource[name] = f"{int(resource[name][:4]) - 7}{resource[name][4:]}".replace("-02-29", "-02-28")
            moved = True
    return moved


def is_lasting_sign(resource: Json) -> bool:
    """Whether all that its codes mean are signs that no window ends: of U, P and R, but for the movements of P3."""
    codes, signs = engine(TODAY).knowledge.codes, engine(TODAY).knowledge.signs
    lasting = (signs.urgent | signs.central | signs.routine | signs.childhood) - signs.emergency - {"acute-movement"}
    concepts = [codes.find(one.get("system"), one.get("code")) for one in resource.get("code", {}).get("coding", ())]
    named = frozenset[str]().union(*(one.sets for one in concepts if one is not None))
    return bool(named & lasting) and not named & (signs.emergency | signs.additional)


LOST: tuple[Callable[[Json], bool], ...] = (unit_unknown, status_unknown, code_unknown, value_unknown)
NOT_HERS: tuple[Callable[[Json], bool], ...] = (entered_in_error, of_another)


def variants(changes: tuple[Callable[[Json], bool], ...], count: int = COUNT) -> Iterator[Variant]:
    """Seeded: a chart before and after one of its data was changed."""
    chance, made = Random(SEED), 0
    while made < count:
        case, change = chance.choice(charts()), chance.choice(changes)
        before = request(case.chart)
        after = json.loads(json.dumps(before))
        found = list(entries(after))
        if not found or not change(one := chance.choice(found)):
            continue
        made += 1
        yield Variant(f"{case.file}/{case.id} {change.__name__}", before, after, service_of(case), one)


def is_calmer(first: Answer, second: Answer) -> bool:
    """Whether the second calms where the first did not; 412 never does."""
    return second.status == 200 and (
        second.calm > first.calm or (second.calms_in_words and not first.calms_in_words and not first.calm)
    )


def test_what_was_made_unreadable_or_unknown_never_calms() -> None:
    """No calming card and no calming word that was not there before."""
    assert [] == [one.name for one in variants(LOST) if is_calmer(*one.answers)]


def test_what_was_made_unreadable_is_said() -> None:
    """A late datum that changed the answer and can no longer be read: the cards say more than if it were not there."""
    silent = [
        variant.name
        for variant in variants(LOST, COUNT // 2)
        if not variant.name.startswith(NOT_SAID) and is_of_late(variant) and matters(variant) and not is_said(variant)
    ]
    assert [] == silent


def is_of_late(variant: Variant) -> bool:
    """Whether the datum was the patient's, affirmed, and no older than what is said of what could not be read.

    Left out: denials and what is over; examinations, whose own sentence stands where a card rests on them; "unknown" as
    an answer about tobacco.
    """
    changed = variant.changed
    before = next((one for one in entries(variant.before) if _name(one) == _name(changed)), changed)
    day = before.get("effectiveDateTime") or before.get("recordedDate") or "2026-11-19"
    owner = changed.get("subject", {}).get("reference", "Patient/golden")
    return owner == "Patient/golden" and day[:10] >= LATE and not OVER.search(json.dumps(before))


def matters(variant: Variant) -> bool:
    """Whether the answer was another one than without the datum."""
    first, gone = (
        answer(variant.before, variant.service),
        answer(without(variant.after, variant.changed), variant.service),
    )
    return (first.cards, first.text) != (gone.cards, gone.text)


def is_said(variant: Variant) -> bool:
    """Whether the answer tells of the datum: it is another one than without it, is refused, or is silence."""
    second, gone = (
        answer(variant.after, variant.service),
        answer(without(variant.after, variant.changed), variant.service),
    )
    if second.status != 200 or not second.cards:
        return True
    return (second.text, second.not_checked) != (gone.text, gone.not_checked)


def test_a_type_that_did_not_arrive_never_calms() -> None:
    """Each key of a chart that holds something is left out once: nothing calms, and the key is named or refused."""
    chance, found = Random(SEED), []
    for _ in range(COUNT // 4):
        case = chance.choice(charts())
        before = request(case.chart)
        held = [key for key, one in before["prefetch"].items() if key != "patient" and isinstance(one, dict)]
        if not held:
            continue
        key = chance.choice(held)
        after = {**before, "prefetch": {name: one for name, one in before["prefetch"].items() if name != key}}
        first, second = answer(before, service_of(case)), answer(after, service_of(case))
        is_said = second.status == 412 or not second.cards or second.not_checked
        was_dormant = case.file == DORMANT and not first.cards
        if (is_calmer(first, second) and not was_dormant) or not is_said:
            found.append(f"{case.file}/{case.id} {key}")

    assert [] == found


def test_what_is_of_another_person_or_entered_in_error_changes_nothing() -> None:
    """Entries of one chart are put into another as somebody else's or as errors: the answer has the same cards."""
    chance, found, made = Random(SEED), [], 0
    while made < COUNT:
        case, other, change = chance.choice(charts()), chance.choice(charts()), chance.choice(NOT_HERS)
        before, strange = request(case.chart), request(other.chart)
        key = chance.choice([name for name in strange["prefetch"] if name != "patient"])
        bundle, mine = strange["prefetch"][key], before["prefetch"].get(key)
        if not (isinstance(bundle, dict) and bundle.get("entry") and isinstance(mine, dict) and "entry" in mine):
            continue
        one = json.loads(json.dumps(chance.choice(bundle["entry"])))
        if not change(one["resource"]):
            continue
        made += 1
        one["resource"]["id"] = "strange"
        after = json.loads(json.dumps(before))
        after["prefetch"][key]["entry"].append(one)
        first, second = answer(before, service_of(case)), answer(after, service_of(case))
        if (first.status, first.cards) != (second.status, second.cards):
            found.append(f"{case.file}/{case.id} + {other.id} {change.__name__}")

    assert [] == found


@pytest.mark.parametrize("change", NOT_HERS)
def test_a_datum_that_is_not_the_patients_is_as_if_it_were_not_there(change: Callable[[Json], bool]) -> None:
    """One's own entry made somebody else's, or an error: the same cards as without it and its older versions."""
    found = []
    for one in variants((change,), COUNT // 8):
        if one.name.startswith(OTHER_VERSION):
            continue
        first, second = answer(without(one.after, one.changed), one.service), answer(one.after, one.service)
        if (first.status, first.cards) != (second.status, second.cards):
            found.append(one.name)

    assert [] == found


def without(body: Json, resource: Json) -> Json:
    """The request without one entry, whatever its version."""
    name = _name(resource)
    held = {
        key: {**one, "entry": [entry for entry in one["entry"] if _name(entry["resource"]) != name]}
        if isinstance(one, dict) and "entry" in one
        else one
        for key, one in body["prefetch"].items()
    }
    return {**body, "prefetch": held}


def _name(resource: Json) -> tuple[str, str | None]:
    return resource["resourceType"], resource.get("id")


def test_a_sign_made_old_never_calms() -> None:
    """A problem of seven years ago: what N6 to N11 make of it never calms, where no examination or No came later."""
    found = [
        one.name
        for one in variants((made_old,), COUNT // 4)
        if not SAID_SINCE.search(json.dumps(one.before)) and is_calmer(*one.answers)
    ]
    assert [] == found


@pytest.mark.parametrize("says", ["refuted", "no"])
def test_only_what_was_made_absent_may_calm(says: str) -> None:
    """Signs that were denied do calm some charts: the other tests are able to see it."""

    def absent(resource: Json) -> bool:
        if says == "refuted" and resource["resourceType"] == "Condition":
            codes = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
            resource["verificationStatus"] = {"coding": [{"system": codes, "code": "refuted"}]}
            return True
        if says == "no" and resource["resourceType"] == "Observation":
            for name in [name for name in resource if name.startswith(("value", "interpretation", "component"))]:
                del resource[name]
            resource["valueBoolean"] = False
            return True
        return False

    assert any(is_calmer(*one.answers) for one in variants((absent,), COUNT // 2))
