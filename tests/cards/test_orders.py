"""Draft requests: valid FHIR R4, verified codes, and nothing that stops a drug."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from charts.fhir_r4 import faults

from cards import order_models
from cards.errors import WordingError
from cards.orders import ORDERS, OrderBook, load_orders
from cards.proofreading import load_words

NAMES = load_words().book.orders
BOOK = load_orders(NAMES)
DAY = date(2026, 11, 22)
TASKS = sorted(key for key in NAMES if key.startswith("task:"))
ORDERED = sorted(NAMES.keys() - set(TASKS))
SODIUM = {"code": {"coding": [{"code": "25197003"}]}}  # repeated at once, and not ordered otherwise
WEAKNESS = {"coding": [{"system": "http://snomed.info/sct", "code": "298283006"}], "text": "hand muscle weakness"}

D5 = (
    *("0123456789", "1234067895", "2340178956", "3401289567", "4012395678"),
    *("5987604321", "6598710432", "7659821043", "8765932104", "9876543210"),
)
PERMUTATION = (
    "0123456789",
    "1576283094",
    "5803796142",
    "8916043527",
    "9453126870",
    "4286573901",
    "2793806415",
    "7046913258",
)


def verhoeff(number: str) -> bool:
    """Whether the check digit of a SNOMED CT identifier is right."""
    check = "0"
    for place, digit in enumerate(reversed(number)):
        check = D5[int(check)][int(PERMUTATION[place % 8][int(digit)])]
    return check == "0"


def modulus_10(code: str) -> bool:
    """Whether the check digit of a LOINC code is right."""
    body, check = code.split("-")
    doubled = sum(sum(map(int, str(int(digit) * 2))) for digit in body[::-1][::2])
    return (doubled + sum(int(digit) for digit in body[::-1][1::2]) + int(check)) % 10 == 0


@pytest.mark.parametrize("key", ORDERED)
def test_every_draft_order_is_a_valid_resource_about_the_patient(key: str) -> None:
    """Four judges of FHIR R4 accept each draft; it is a draft order for this patient, dated today, with its reason."""
    draft = BOOK.draft(key, "p-1", DAY, "Muscle twitching with hand weakness", [WEAKNESS])

    assert [] == faults(draft)
    assert ("ServiceRequest", "draft", "order") == (draft["resourceType"], draft["status"], draft["intent"])
    assert ("Patient/p-1", "2026-11-22") == (draft["subject"]["reference"], draft["authoredOn"])
    assert [{"text": "Muscle twitching with hand weakness"}, WEAKNESS] == draft["reasonCode"]
    assert NAMES[key] == draft["code"]["text"]


@pytest.mark.parametrize("key", TASKS)
def test_every_draft_task_is_a_valid_resource_about_the_patient(key: str) -> None:
    """A task is a draft proposal in words, for this patient, with its reason in words; it has no place for codes."""
    draft = BOOK.draft(key, "p-1", DAY, "Muscle twitching", [WEAKNESS], "look at it")

    assert [] == faults(draft)
    assert ("Task", "draft", "proposal") == (draft["resourceType"], draft["status"], draft["intent"])
    assert ("Patient/p-1", "2026-11-22") == (draft["for"]["reference"], draft["authoredOn"])
    assert ("look at it", {"text": "Muscle twitching"}) == (draft["description"], draft["reasonCode"])


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"status": "ready"}, "code: status"),
        ({"status": "active"}, "drafts only"),
        ({"intent": "wish"}, "code: intent"),
        ({"priority": "soon"}, "code: priority"),
        ({"priority": 1}, "schema"),
        ({"subject": {"reference": "Practitioner/p-1"}}, "about no patient"),
        ({"subject": None}, "is empty"),
        ({"code": "TSH"}, "model"),
        ({"basedOn": [{"reference": "CarePlan/1"}]}, "leads elsewhere"),
        ({"contained": [{"resourceType": "Patient", "id": "x"}]}, "contained"),
        ({"id": "new"}, "id has no place"),
        ({"note": []}, "is empty"),
        ({"stopped": True}, "schema"),
        ({"authoredOn": "22/11/2026"}, "schema"),
        ({"code": {"coding": [{"system": "http://loinc.org", "code": "24 321 -2 "}]}}, "is no code"),
        ({"resourceType": "MedicationRequest"}, "nothing that we propose"),
    ],
)
def test_the_judges_find_what_is_wrong(wrong: dict[str, Any], reason: str) -> None:
    """Each judge can refuse: what is wrong in a draft is named."""
    draft = BOOK.draft("lab:tsh", "p-1", DAY, "x") | wrong

    assert any(reason in fault for fault in faults(draft))


@pytest.mark.parametrize("key", ORDERED)
def test_codes_have_valid_check_digits(key: str) -> None:
    """A mistyped code does not pass: Verhoeff for SNOMED CT, modulus 10 for LOINC."""
    coding = BOOK.templates[key]["code"]["coding"][0]
    checks = {"http://snomed.info/sct": verhoeff, "http://loinc.org": modulus_10}

    assert checks[coding["system"]](coding["code"])


@pytest.mark.parametrize("code", ["59573006", "183521008"])
def test_the_check_digit_test_can_fail(code: str) -> None:
    """A changed last digit is noticed."""
    assert not verhoeff(code)
    assert not modulus_10("24321-3")


def test_tests_that_may_be_missing_can_be_ordered() -> None:
    """Every test that a card can name as missing has a draft."""
    assert {f"lab:{key}" for key in load_words().book.tests} <= set(BOOK.templates)


def test_only_what_cannot_wait_carries_a_priority() -> None:
    """Urgency is said only where a time frame demands it: urgent referrals, and what stands beside an emergency."""
    hurried = {key: template["priority"] for key, template in BOOK.templates.items() if template.get("priority")}
    repeats = {key for key in NAMES if key.startswith("repeat:")}

    assert {"referral:neurology-urgent", "referral:paediatric-neurology"} == _of("urgent", hurried)
    assert repeats == _of("stat", hurried)
    assert {"task:on-call", "task:ecg", "task:examine-today", "task:tell-team-today"} == _of("asap", hurried)


def _of(priority: str, hurried: dict[str, str]) -> set[str]:
    return {key for key, given in hurried.items() if given == priority}


@pytest.mark.parametrize("key", sorted(key for key in NAMES if key.startswith("repeat:")))
def test_a_repeat_asks_for_the_same_test(key: str) -> None:
    """What is repeated at once carries the code under which it is ordered otherwise."""
    test = key.removeprefix("repeat:")

    usual = BOOK.templates.get(f"lab:{test}", SODIUM)

    assert usual["code"]["coding"][0]["code"] == BOOK.templates[key]["code"]["coding"][0]["code"]


def test_only_a_task_has_a_place_for_what_it_is_about() -> None:
    """Orders have fixed names; a task names its drug or sign."""
    assert {"task:check-request", "task:review-medicine"} == {key for key, name in NAMES.items() if "{" in name}


def test_a_draft_does_not_change_its_template() -> None:
    """Two drafts of one template are independent of each other."""
    BOOK.draft("lab:tsh", "p-1", DAY, "x")

    assert "subject" not in BOOK.templates["lab:tsh"]


def test_an_unknown_order_is_named() -> None:
    """An order that the book does not hold is an error with its key."""
    with pytest.raises(WordingError, match="lab:nonsense"):
        BOOK.draft("lab:nonsense", "p-1", DAY, "x")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('["lab:tsh"]', '["lab:thyroid"]', "lab:thyroid: in the orders or in the wording"),
        ('code = "61167004"', "", "Object missing required field `code`"),
        ('code = "61167004"', 'code = "61 167 004 "', "lab:tsh"),
        ('priority = "urgent"', 'priority = "soon"', "referral:neurology-urgent: Invalid enum value"),
        ('["lab:tsh"]', '["lab:tsh"', "file"),
        ('resource = "Task"', 'resource = "Communication"', "Invalid enum value"),
        ('resource = "Task"', 'system = "http://loinc.org"\ncode = "1-8"\ndisplay = "x"', "task:on-call: a task"),
    ],
)
def test_a_broken_order_file_stops_the_start(tmp_path: Path, old: str, new: str, reason: str) -> None:
    """What is wrong in the order file is refused with the key and the reason."""
    path = tmp_path / "orders.toml"
    text = ORDERS.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")

    with pytest.raises(WordingError, match=reason):
        load_orders(NAMES, path)


def test_the_models_accept_every_draft_that_we_ship() -> None:
    """What `twitch-cds knowledge check` asks of fhir.resources."""
    assert [] == list(order_models.faults(BOOK))


def test_the_models_refuse_a_draft_that_is_wrong() -> None:
    """It is named."""
    wrong = OrderBook({"lab:x": BOOK.templates["lab:tsh"] | {"code": "TSH"}, "lab:tsh": BOOK.templates["lab:tsh"]})

    (fault,) = order_models.faults(wrong)
    assert fault.startswith("lab:x: ")


def test_a_missing_order_file_stops_the_start(tmp_path: Path) -> None:
    """No order file, no start."""
    with pytest.raises(WordingError, match="file"):
        load_orders(NAMES, tmp_path / "nowhere.toml")
