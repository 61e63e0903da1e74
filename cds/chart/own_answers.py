"""Answers to our own Questionnaire as its items ask for them, whatever type a form filler gave them (N22).

A form filler may send a text, a boolean or a number where a code is asked for. What is unambiguous is read, and what is
not is kept to be said: nothing is guessed, and nothing is lost without a word.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from cards.form_words import FormWords
from cds.fhir.datatypes import Coding, Quantity
from cds.fhir.dates import parse
from cds.fhir.forms import Answer, AnsweredItem
from cds.fhir.units import factor
from cds.knowledge.answers import Answers, fold
from cds.knowledge.codes import NOTHING
from cds.knowledge.form import NO, NOT_KNOWN, YES, Form, FormItem, Option

WORDS = {"present": YES, "absent": NO, "unknown": NOT_KNOWN}
EXCLUSIVE = {NO: "none", NOT_KNOWN: "unsure"}  # what a No or a "not known" chooses in a list that holds one for it
ONE = "1"
_SEVERAL = re.compile(r"\s*[,;\n]\s*")
_NUMBER = re.compile(r"(?P<number>[0-9]{1,5}(?:[.,][0-9]{1,3})?)\s*(?P<unit>[^\W\d_]{0,10})", re.ASCII)


class Put(NamedTuple):
    """One item with one of its answers, as the item asks for it."""

    item: AnsweredItem
    answer: Answer


class SortedAnswers(NamedTuple):
    """The answers of one response: those that are understood, those that are not, and numbers that are not possible."""

    understood: list[Put]
    strange: list[Put]
    implausible: list[tuple[FormItem, Quantity]]


class OwnAnswers:
    """Understands single answers, by the codes of an item, the words that it shows for them, and the lists of N2."""

    def __init__(self, form: Form, words: FormWords, lists: Answers) -> None:
        self._items = {item.id: item for item in form.every()}
        self._lists = lists
        self._options = {item.id: {option.code: option for option in form.options(item)} for item in form.every()}
        self._words = {
            item.id: {
                fold(name): option.code
                for option in form.options(item)
                for name in (option.code, words.answer(item.id, item.list, option.code))
            }
            for item in form.every()
        }

    def sort(self, answers: Iterable[tuple[AnsweredItem, Answer]]) -> SortedAnswers:
        """What each answer says."""
        result = SortedAnswers([], [], [])
        for response_item, answer in answers:
            item = self._items.get(response_item.link_id or "")
            if item is None:
                continue
            understood = self._read(item, answer)
            amount = understood[0].value_quantity if understood else None
            if amount is not None and not _is_possible(item, amount):
                result.implausible.append((item, amount))
            elif understood is None:
                result.strange.append(Put(response_item, answer))
            else:
                result.understood.extend(Put(response_item, plain) for plain in understood)
        return result

    def _read(self, item: FormItem, answer: Answer) -> list[Answer] | None:
        """The answer as the item asks for it; none if it is not understood, an empty list if it says nothing."""
        match item.type:
            case "choice":
                codes = self._codes(item, answer)
                return None if codes is None else [Answer(value_coding=Coding(code=code)) for code in codes]
            case "date":
                text = answer.value_date or answer.value_date_time or answer.value_string
                return None if parse(text) is None else [Answer(value_date=text)]
            case "integer" | "quantity":
                amount = _amount(answer, item.unit or ONE)
                return None if amount is None else [Answer(value_quantity=amount)]
            case _:
                coding = answer.value_coding
                text = answer.value_string or (coding.display if coding else None)
                return [Answer(value_string=text)] if text and text.strip() else None

    def _codes(self, item: FormItem, answer: Answer) -> list[str] | None:
        options = self._options[item.id]
        if answer.value_boolean is not None:
            return self._said(item, YES if answer.value_boolean else NO)
        if (number := _plain(answer)) is not None:
            return self._numbered(item, number)
        if answer.value_coding is not None:
            return self._coded(item, answer.value_coding)
        if answer.value_string is None:
            return None
        if (codes := self._worded(item, answer.value_string)) is not None or not item.repeats:
            return codes
        each = [self._worded(item, part) for part in _SEVERAL.split(answer.value_string) if part]
        codes = [code for part in each for code in part or ()]
        is_clear = (
            bool(codes) and None not in each and not (len(codes) > 1 and any(options[code].exclusive for code in codes))
        )
        return codes if is_clear else None

    def _coded(self, item: FormItem, coding: Coding) -> list[str] | None:
        if coding.code in self._options[item.id]:
            return [coding.code]
        if (word := self._lists.of_code(coding.system, coding.code)) is not None:
            return self._said(item, WORDS[word])
        return self._worded(item, coding.display) if coding.display else None

    def _worded(self, item: FormItem, text: str) -> list[str] | None:
        if (code := self._words[item.id].get(fold(text))) is not None:
            return [code]
        word = self._lists.of_text(text, NOTHING)
        return None if word is None else self._said(item, WORDS[word])

    def _said(self, item: FormItem, code: str) -> list[str] | None:
        """A Yes, a No or a "not known" in the answers of an item; a "not known" says nothing where none is listed."""
        options = self._options[item.id]
        if code in options:
            return [code]
        if (exclusive := _exclusive(options.values(), EXCLUSIVE.get(code))) is not None:
            return [exclusive]
        return [] if code == NOT_KNOWN else None

    def _numbered(self, item: FormItem, number: float) -> list[str] | None:
        """A number of a scale; 1 and 0 are a Yes and a No where these two are asked for (N2)."""
        options = self._options[item.id]
        by_number = [option.code for option in options.values() if option.number == number]
        if by_number:
            return by_number
        code = YES if number == 1 else NO if number == 0 else None
        return [code] if code is not None and code in options else None


def _exclusive(options: Iterable[Option], kind: str | None) -> str | None:
    return next((option.code for option in options if kind is not None and option.exclusive == kind), None)


def _plain(answer: Answer) -> float | None:
    """A number without a unit, or with one that counts."""
    if answer.value_integer is not None:
        return float(answer.value_integer)
    if answer.value_decimal is not None:
        return float(answer.value_decimal)
    quantity = answer.value_quantity
    is_count = quantity is not None and quantity.comparator is None and _counts(quantity.code or quantity.unit)
    return quantity.value if quantity is not None and is_count else None


def _counts(unit: str | None) -> bool:
    """Whether a unit says no more than that something is counted: none, 1, or an annotation of UCUM."""
    return unit in (None, "", ONE) or (unit.startswith("{") and unit.endswith("}"))


def _amount(answer: Answer, unit: str) -> Quantity | None:
    """A number in the unit of its item, where it states none itself; a text that is one, with or without that unit."""
    if (number := _plain(answer)) is not None:
        return Quantity(stated=number, code=unit)
    quantity = answer.value_quantity
    if quantity is None and answer.value_string is not None:
        match = _NUMBER.fullmatch(answer.value_string.strip())
        if match is None:
            return None
        quantity = Quantity(
            stated=float(match["number"].replace(",", ".")),
            unit=match["unit"] or None,
            code=None if match["unit"] else unit,
        )
    if quantity is None or quantity.value is None:
        return None
    return quantity if unit != ONE or _counts(quantity.code or quantity.unit) else None


def _is_possible(item: FormItem, amount: Quantity) -> bool:
    """Whether a number is not below zero and no more than the item allows, in its unit."""
    if amount.value is None or item.type not in ("integer", "quantity"):
        return True
    item_unit, unit = item.unit or ONE, amount.code or amount.unit or ONE
    times = 1.0 if unit == item_unit or _counts(unit) else factor(unit, item_unit)
    if times is None:
        return True  # its rule says that the unit is not known
    return 0 <= amount.value * times <= (item.most if item.most is not None else amount.value * times)
