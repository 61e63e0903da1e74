"""Our own Questionnaire (second edition N22) as data: its items, and what each answer means."""

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from cds.errors import KnowledgeError

FILE = "questionnaire.toml"
ItemType = Literal["choice", "date", "integer", "quantity", "string", "group"]
Exclusive = Literal["none", "unsure"]
YES, NO, NOT_KNOWN = "Y", "N", "UNK"
OFTEN = "q.often"  # how often it twitches: part of the twitch, no finding of its own
YES_NO = dict.fromkeys((YES, NO, NOT_KNOWN), "http://terminology.hl7.org/CodeSystem/v2-0532")  # where they are coded


class OnlyIf(Struct, frozen=True, forbid_unknown_fields=True):
    """The answer to another item that this one is asked after."""

    item: str
    answer: str


class Option(Struct, frozen=True, forbid_unknown_fields=True):
    """One answer of a list: the sign that it affirms, the value sets it puts a finding into, or where the twitch is.

    One that is `exclusive` rules out every other answer of its item. `years`: the ages for which it counts.
    """

    code: str
    asks: str | None = None
    sets: frozenset[str] = frozenset()
    site: str | None = None
    number: int | None = None
    exclusive: Exclusive | None = None
    years: tuple[int, ...] = ()


class FormItem(Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """One item. `asks` is the sign that its Yes affirms, `caffeine` the mg in one of what it counts.

    `years` are the least age and, if there are two, the greatest; `except_sex` is the recorded sex that is not asked;
    `period`: for how many days an Observation answers it.
    """

    id: str
    type: ItemType
    group: str = ""
    code: str | None = None
    asks: str | None = None
    sets: frozenset[str] = frozenset()
    repeats: bool = False
    list: str | None = None
    answers: tuple[Option, ...] = ()
    parts: "tuple[FormItem, ...]" = ()
    only_if: OnlyIf | None = None
    unit: str | None = None
    most: int | None = None
    caffeine: int | None = None
    period: int | None = None
    years: tuple[int, ...] = ()
    except_sex: str | None = None


class Form(Struct, frozen=True, forbid_unknown_fields=True):
    """The Questionnaire. `end` is the item whose No ends it; `path` its place below the base of the service."""

    version: str
    path: str
    end: str
    lists: dict[str, tuple[Option, ...]]
    item: tuple[FormItem, ...]

    def options(self, item: FormItem) -> tuple[Option, ...]:
        """The answers that an item lists."""
        return self.lists[item.list] if item.list else item.answers

    def every(self) -> Iterator[FormItem]:
        """All items, the parts after their whole."""
        for item in self.item:
            yield item
            yield from item.parts

    def own_codes(self) -> Iterator[str]:
        """What the answers say that no terminology codes, as our own list codes it: a card has a name for each."""
        for item in self.every():
            if item.caffeine is not None or (item.sets and item.asks is None):
                yield item.id
            for option in self.options(item) if item.id != OFTEN else ():
                if option.sets and (item.code is None or option.site is not None):
                    yield f"{item.id}.{option.code}"

    def limited(self) -> "Iterator[FormItem | Option]":
        """Items and answers, of which some are for some people only."""
        for item in self.every():
            yield item
            yield from self.options(item)

    def check(self) -> None:
        """Raise KnowledgeError for an item that is there twice, or names what is not there."""
        items: dict[str, FormItem] = {}
        for item in self.every():
            if items.setdefault(item.id, item) is not item:
                raise KnowledgeError(FILE, item.id, "is there twice")
            if item.list is not None and item.list not in self.lists:
                raise KnowledgeError(FILE, item.id, f"there is no list `{item.list}`")
            if item.only_if is not None and not self._has(items.get(item.only_if.item), item.only_if.answer):
                raise KnowledgeError(FILE, item.id, "is asked after what is not asked before it")
        if self.end not in items:
            raise KnowledgeError(FILE, "end", f"there is no item `{self.end}`")

    def _has(self, item: FormItem | None, answer: str) -> bool:
        return item is not None and answer in {option.code for option in self.options(item)}
