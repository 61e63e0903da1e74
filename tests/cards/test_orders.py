"""Draft requests: valid FHIR R4, verified codes, and nothing that stops a drug."""

from datetime import date
from pathlib import Path

import pytest
from fhir.resources.R4B.servicerequest import ServiceRequest

from cards.errors import WordingError
from cards.orders import ORDERS, load_orders
from cards.proofreading import load_words

NAMES = load_words().book.orders
BOOK = load_orders(NAMES)
DAY = date(2026, 11, 22)

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


@pytest.mark.parametrize("key", sorted(NAMES))
def test_every_draft_is_a_valid_resource_about_the_patient(key: str) -> None:
    """The R4B model accepts each draft; it is a draft order for this patient, dated today, with its reason."""
    draft = BOOK.draft(key, "p-1", DAY, "Muscle twitching with hand weakness")
    model = ServiceRequest.model_validate(draft)

    assert ("draft", "order") == (model.status, model.intent)
    assert "Patient/p-1" == model.subject.reference
    assert DAY == model.authoredOn
    assert [{"text": "Muscle twitching with hand weakness"}] == draft["reasonCode"]
    assert NAMES[key] == draft["code"]["text"]


@pytest.mark.parametrize("key", sorted(NAMES))
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


def test_only_urgent_referrals_carry_a_priority() -> None:
    """Urgency is said only where a time frame demands it."""
    urgent = {key for key, template in BOOK.templates.items() if template.get("priority")}

    assert {"referral:neurology-urgent", "referral:paediatric-neurology"} == urgent


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
        ('priority = "urgent"', 'priority = "soon"', "referral:neurology-urgent: priority"),
        ('["lab:tsh"]', '["lab:tsh"', "file"),
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


def test_a_missing_order_file_stops_the_start(tmp_path: Path) -> None:
    """No order file, no start."""
    with pytest.raises(WordingError, match="file"):
        load_orders(NAMES, tmp_path / "nowhere.toml")
