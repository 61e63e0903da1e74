"""What was typed and ticked, read strictly: answers by linkId, and what is wrong with the rest. Nothing is guessed."""

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator
from datetime import date

from cds.knowledge.form import Form, FormItem
from cds.smart.asked import NO, NONE, TOGETHER, YES, Person, asked_of, group_of, is_together, options_of
from cds.smart.session import Given

ROWS = 3
LONGEST = 200
FIRST_YEAR = 1900  # nothing that is asked began earlier
SIGNS = "signs"  # a No to the twitch ends the form, but never takes away a sign or a place that was ticked
NUMBER = re.compile(r"[0-9]{1,4}(?:[.,][0-9]{1,2})?", re.ASCII)
WHOLE = re.compile(r"[0-9]{1,4}", re.ASCII)
YEAR_PART, MONTH_PART, DAY_PART = ".year", ".month", ".day"
Fields = dict[str, list[str]]


def fields_of(pairs: Iterable[tuple[str, str]]) -> Fields:
    """The fields of a form by name; what is empty was not filled in."""
    fields: Fields = {}
    for name, value in pairs:
        if value.strip():
            fields.setdefault(name, []).append(value.strip())
    return fields


class Answers:
    """The answers of one form, and the words by which what is wrong is told, by item."""

    def __init__(self, form: Form, person: Person, today: date) -> None:
        self._form, self._person, self._today = form, person, today
        self._group = group_of(form, form.end)
        self.given: Given = {}
        self.problems: dict[str, str] = {}

    def read(self, fields: Fields) -> None:
        """Take what was sent."""
        items = list(asked_of(self._form, self._person))
        self._take_together([item for item in items if is_together(item)], fields)
        for item in items:
            if not is_together(item):
                self._take(item, item.id, fields)
            for part in item.parts:
                for name in _names(item, part):
                    self._take(part, name, fields)
        self._ask_what_is_followed(items)
        self._end()

    def _take(self, item: FormItem, name: str, fields: Fields) -> None:
        match item.type:
            case "choice":
                self._choose(item, name, fields.get(name, []))
            case "date":
                self._date(name, *(fields.get(name + part, [""])[0] for part in (YEAR_PART, MONTH_PART, DAY_PART)))
            case "string":
                for text in fields.get(name, [])[:1]:
                    self.given[name] = [" ".join(text.split())[:LONGEST]]
            case _:
                for text in fields.get(name, [])[:1]:
                    self._number(item, name, text)

    def _choose(self, item: FormItem, name: str, sent: list[str]) -> None:
        options = {option.code: option for option in options_of(self._form, item, self._person)}
        codes = [code for code in options if code in sent]
        if not codes:
            return
        self.given[name] = codes
        if len(codes) > 1 and (not item.repeats or any(options[code].exclusive for code in codes)):
            self.problems[item.id] = "contradiction"

    def _number(self, item: FormItem, name: str, text: str) -> None:
        self.given[name] = [text[:LONGEST]]
        pattern = WHOLE if item.type == "integer" else NUMBER
        if not pattern.fullmatch(text) or (item.most is not None and float(text.replace(",", ".")) > item.most):
            self.problems[item.id] = "number"
        else:
            self.given[name] = [text.replace(",", ".")]

    def _date(self, name: str, year: str, month: str, day: str) -> None:
        """A year, a month or a day, as far as it is known."""
        if not (year or month or day):
            return
        self.given[name] = ["-".join((year[:8], month[:8], day[:8])).rstrip("-")]
        text = _date_of(year, month, day)
        if text is None or text > self._today.isoformat()[: len(text)]:
            self.problems[name] = "date"
        else:
            self.given[name] = [text]

    def _take_together(self, items: list[FormItem], fields: Fields) -> None:
        """One list: a tick is a Yes, "none of these" a No to each; what is not ticked is not answered."""
        ticked = fields.get(TOGETHER, [])
        for item in items:
            if item.id in ticked and item.list is not None:
                self.given[item.id] = [YES]
            elif ticked == [NONE] and item.list is not None:
                self.given[item.id] = [NO]
        if NONE in ticked and len(ticked) > 1:
            self.problems[TOGETHER] = "contradiction"

    def _ask_what_is_followed(self, items: list[FormItem]) -> None:
        """What follows an answer that was not given says nothing alone; a No is left out, all else is asked again."""
        parts = [part for item in items for part in item.parts]
        for item in (*items, *parts):
            condition = item.only_if
            if condition is None or condition.answer in self.given.get(condition.item, []):
                continue
            self.problems.pop(item.id, None)
            if self.given.get(item.id) == [NO]:
                del self.given[item.id]
            elif item.id in self.given:
                self.problems[item.id] = "follows"

    def _end(self) -> None:
        """A No to the twitch ends the form (N22), unless its place or a sign was ticked: then it is asked again."""
        if self.given.get(self._form.end) != [NO]:
            return
        signs = [item for item in self._form.item if item.repeats and item.group in (SIGNS, self._group)]
        if any(set(self.given.get(item.id, [])) - self._exclusive(item) for item in signs):
            self.problems[self._form.end] = "signs-without-twitch"
        else:
            self.given = {self._form.end: [NO]}
            self.problems = {}

    def _exclusive(self, item: FormItem) -> set[str]:
        return {option.code for option in self._form.options(item) if option.exclusive}


def _names(item: FormItem, part: FormItem) -> Iterator[str]:
    """The fields of a part; a group that repeats has rows."""
    return (row_name(part, row) for row in range(1, ROWS + 1)) if item.repeats else iter((part.id,))


def row_name(part: FormItem, row: int) -> str:
    """The field of a part in one row."""
    return f"{part.id}.{row}"


def _date_of(year: str, month: str, day: str) -> str | None:
    """The date in FHIR's form; None if there is no such day, or a part is missing before one that is there."""
    parts = [part for part in (year, month, day) if part]
    if not all(WHOLE.fullmatch(part) for part in parts) or len(year) != 4 or (day and not month):
        return None
    if int(year) < FIRST_YEAR:
        return None
    if month and not 1 <= int(month) <= 12:
        return None
    if day and not 1 <= int(day) <= monthrange(int(year), int(month))[1]:
        return None
    return "-".join((year, *(f"{int(part):02d}" for part in parts[1:])))
