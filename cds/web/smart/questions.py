"""The form as the page shows it: five groups of questions, each with its answers, and where an answer comes from."""

from collections.abc import Iterator, Mapping
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from cards.ask_words import AskWords
from cds.knowledge.form import Form, FormItem, OnlyIf, Option
from cds.smart.answers import DAY_PART, MONTH_PART, ROWS, YEAR_PART, row_name
from cds.smart.asked import NO, NONE, TOGETHER, YES, Person, asked_of, condition_of, is_together, options_of
from cds.smart.prefill import Origin
from cds.smart.session import Given

Kind = Literal["one", "several", "date", "number", "text"]


class Choice(Struct, frozen=True):
    """One answer that can be ticked. `alone`: no other answer goes with it."""

    code: str
    label: str
    chosen: bool
    alone: bool = False


class Question(Struct, frozen=True, kw_only=True):
    """One question. `follows` is the answer after which it is asked, `only_if` the same in words.

    `limits`: of whom it is asked, where it is not known whether this is somebody else.
    """

    name: str
    kind: Kind
    text: str
    choices: tuple[Choice, ...] = ()
    value: str = ""
    date: tuple[tuple[str, str, str], ...] = ()
    unit: str = ""
    origin: str = ""
    problem: str = ""
    follows: tuple[OnlyIf, ...] = ()
    only_if: str = ""
    limits: str = ""
    ends: bool = False


class Group(Struct, frozen=True):
    """Questions under one heading."""

    name: str
    title: str
    questions: tuple[Question, ...]


class Sheet:
    """Lays the form out for one person, with the answers that are there already."""

    def __init__(
        self,
        form: Form,
        words: AskWords,
        person: Person,
        answers: Given,
        *,
        origins: Mapping[str, Origin] | None = None,
        problems: Mapping[str, str] | None = None,
    ) -> None:
        self._form, self._words, self._person, self._answers = form, words, person, answers
        self._origins, self._problems = origins or {}, problems or {}

    def groups(self) -> tuple[Group, ...]:
        """All groups, in the order of the form."""
        items = list(asked_of(self._form, self._person))
        names = dict.fromkeys(item.group for item in items)
        return tuple(
            Group(name, self._words.pages.group[name], tuple(self._of_group([i for i in items if i.group == name])))
            for name in names
        )

    def _of_group(self, items: list[FormItem]) -> Iterator[Question]:
        together = [item for item in items if is_together(item)]
        if together:
            yield self._together(together)
        for item in items:
            if not is_together(item):
                yield self._question(item, item.id, condition_of(self._form, item))
            for row in range(1, (ROWS if item.repeats else 1) + 1):
                for part in item.parts:
                    yield self._part(item, part, row)

    def _part(self, item: FormItem, part: FormItem, row: int) -> Question:
        """A part of an item that is one line of a list: asked after that line was ticked."""
        if not item.repeats:
            return self._question(part, part.id, (OnlyIf(TOGETHER, item.id),))
        row_title = self._words.pages.page["row"].format(n=row)
        question = self._question(part, row_name(part, row), (OnlyIf(TOGETHER, item.id),))
        return replace(question, text=f"{row_title}: {question.text}")

    def _question(self, item: FormItem, name: str, follows: tuple[OnlyIf, ...]) -> Question:
        values = self._answers.get(name, [])
        return Question(
            name=name,
            kind=_kind(item),
            text=self._words.text(item.id),
            choices=tuple(
                Choice(
                    option.code,
                    self._limited(self._words.answer(item.id, item.list, option.code), option),
                    option.code in values,
                    bool(option.exclusive),
                )
                for option in options_of(self._form, item, self._person)
            ),
            value=values[0] if values and not self._form.options(item) else "",
            date=self._date(name, values) if item.type == "date" else (),
            unit=item.unit or "",
            origin=self._origin(name),
            problem=self._problem(name, item.id),
            follows=follows,
            only_if=self._only_if(follows),
            limits="; ".join(self._limits(item)),
            ends=item.id == self._form.end,
        )

    def _date(self, name: str, values: list[str]) -> tuple[tuple[str, str, str], ...]:
        """Year, month and day as fields of their own: how much of it is known is up to the patient."""
        page = self._words.pages.page
        parts = [*(values[0].split("-") if values else []), "", "", ""][:3]
        labels = (page["year"], page["month"], page["day"])
        suffixes = (YEAR_PART, MONTH_PART, DAY_PART)
        return tuple((name + suffix, label, part) for suffix, label, part in zip(suffixes, labels, parts, strict=True))

    def _together(self, items: list[FormItem]) -> Question:
        page = self._words.pages.page
        ticked = {item.id for item in items if self._answers.get(item.id) == [YES] or self._has_rows(item)}
        yes_or_no = [item for item in items if item.list]
        none = not ticked and bool(yes_or_no) and all(self._answers.get(item.id) == [NO] for item in yes_or_no)
        lines = tuple(
            Choice(item.id, self._limited(self._words.short(item.id), item), item.id in ticked) for item in items
        )
        return Question(
            name=TOGETHER,
            kind="several",
            text=page["together"],
            choices=(*lines, Choice(NONE, page["together_none"], none, alone=True)),
            problem=self._problem(TOGETHER, TOGETHER),
        )

    def _has_rows(self, item: FormItem) -> bool:
        names = (row_name(part, row) for part in item.parts for row in range(1, ROWS + 1))
        return item.repeats and any(self._answers.get(name) for name in names)

    def _origin(self, name: str) -> str:
        origin = self._origins.get(name)
        if origin is None:
            return ""
        key = "from_chart_dated" if origin.day else "from_chart"
        return self._words.pages.page[key].format(label=origin.label or self._words.short(name), day=origin.day)

    def _problem(self, name: str, item: str) -> str:
        key = self._problems.get(name) or self._problems.get(item)
        return self._words.pages.problem[key] if key else ""

    def _limited(self, label: str, of: FormItem | Option) -> str:
        """An answer with whom it is for."""
        limits = "; ".join(self._limits(of))
        return f"{label} ({limits})" if limits else label

    def _limits(self, of: FormItem | Option) -> Iterator[str]:
        """Whom a question or an answer is for, if the EHR does not say whether this is somebody else (N22)."""
        page = self._words.pages.page
        if of.years and self._person.age is None:
            yield page["between_years" if of.years[1:] else "from_years"].format(least=of.years[0], most=of.years[-1])
        if isinstance(of, FormItem) and of.except_sex is not None and self._person.sex is None:
            yield page[f"except_{of.except_sex}"]

    def _only_if(self, follows: tuple[OnlyIf, ...]) -> str:
        if not follows:
            return ""
        page = self._words.pages.page
        return page["only_if"].format(answer=page["or"].join(map(self._answer, follows)))

    def _answer(self, condition: OnlyIf) -> str:
        if condition.item == TOGETHER:
            return self._words.short(condition.answer)
        item = next(candidate for candidate in self._form.item if candidate.id == condition.item)
        return self._words.answer(item.id, item.list, condition.answer)


def told(form: Form, words: AskWords, answers: Given) -> list[tuple[str, str]]:
    """Questions and answers in words, for whoever copies them into the chart."""
    lines = []
    for item in form.every():
        for name in (item.id, *(row_name(item, row) for row in range(1, ROWS + 1))):
            values = answers.get(name)
            if values:
                has_list = bool(form.options(item))
                texts = [words.answer(item.id, item.list, value) if has_list else value for value in values]
                lines.append((words.text(item.id), "; ".join(texts)))
    return lines


def _kind(item: FormItem) -> Kind:
    match item.type:
        case "choice":
            return "several" if item.repeats else "one"
        case "date":
            return "date"
        case "string":
            return "text"
        case _:
            return "number"
