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
    return (item for item in form.item if _fits(item.years, person.age) and _is_of(item.sexes, person.sex))


def options_of(form: Form, item: FormItem, person: Person) -> tuple[Option, ...]:
    """The answers that one person is offered."""
    return tuple(option for option in form.options(item) if _fits(option.years, person.age))


def condition_of(form: Form, item: FormItem) -> OnlyIf | None:
    """The answer that an item follows; what more is asked of a twitch follows its Yes."""
    if item.only_if is None and item.id != form.end and item.group == _group_of(form, form.end):
        return OnlyIf(form.end, YES)
    return item.only_if


def is_together(item: FormItem) -> bool:
    """Whether an item is one line of a list on the page."""
    return item.group == TOGETHER


def _group_of(form: Form, name: str) -> str:
    return next(item.group for item in form.item if item.id == name)


def _fits(years: tuple[int, ...], age: int | None) -> bool:
    if not years or age is None:
        return True
    return years[0] <= age and (len(years) == 1 or age <= years[1])


def _is_of(sexes: tuple[str, ...], sex: str | None) -> bool:
    return not sexes or (sex or "unknown") in sexes
