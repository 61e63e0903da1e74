"""Which items of the form are asked of whom, and what follows from what (second edition N22)."""

from collections.abc import Iterator

from msgspec import Struct

from cds.knowledge.form import Form, FormItem, OnlyIf, Option

YES, NO, NOT_KNOWN = "Y", "N", "UNK"
TOGETHER = "background"  # its yes-or-no items are one list on the page: what does not fit needs no answer of its own
NONE = "none"


class Person(Struct, frozen=True):
    """Whom the form is about, as far as it decides what is asked; None where the EHR does not say."""

    age: int | None = None
    sex: str | None = None


def asked_of(form: Form, person: Person) -> Iterator[FormItem]:
    """The items for one person. Somebody of unknown age or sex is asked everything; the reading decides what counts."""
    return (item for item in form.item if _fits(item.years, person.age) and not _is_excepted(item, person))


def options_of(form: Form, item: FormItem, person: Person) -> tuple[Option, ...]:
    """The answers that one person is offered."""
    return tuple(option for option in form.options(item) if _fits(option.years, person.age))


def condition_of(form: Form, item: FormItem) -> tuple[OnlyIf, ...]:
    """The answers that an item follows, any of them; what more is asked of a twitch follows each answer but No."""
    if item.only_if is None and item.id != form.end and item.group == group_of(form, form.end):
        first = next(candidate for candidate in form.item if candidate.id == form.end)
        return tuple(OnlyIf(form.end, option.code) for option in form.options(first) if option.code != NO)
    return (item.only_if,) if item.only_if is not None else ()


def is_together(item: FormItem) -> bool:
    """Whether an item is one line of a list on the page."""
    return item.group == TOGETHER


def group_of(form: Form, name: str) -> str:
    """The group of an item."""
    return next(item.group for item in form.item if item.id == name)


def _is_excepted(item: FormItem, person: Person) -> bool:
    return item.except_sex is not None and item.except_sex == person.sex


def _fits(years: tuple[int, ...], age: int | None) -> bool:
    if not years or age is None:
        return True
    return years[0] <= age and (len(years) == 1 or age <= years[1])
