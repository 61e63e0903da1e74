"""Advice: what is to be said, before it is worded. The input of this package."""

from datetime import date

from msgspec import Struct

from cards.topics import Indicator, Topic

SWITCHED_OFF = "switched-off"  # the variant of a card in the place of one that the site does not show


UNWORDED = "unworded"  # the variant of an emergency of which nothing more could be said
TODAY = "today"  # the variant of a sign that is to be asked and examined today (N17)
TODAY_CODED = "today-coded"  # the same of one that is coded, as the reason of a visit or a request
TODAY_REASON = "today-reason"  # such a reason that is neither breathing, swallowing nor strength
OF_TODAY = (TODAY, TODAY_CODED, TODAY_REASON)
RULE_FAILED = "rule-failed"  # the variant of what stands alone where a card could not be made


class Fact(Struct, frozen=True, omit_defaults=True):
    """One thing read on the chart, with the limit it was held against and where that limit comes from.

    `label` and `value` are our own words and numbers: by the label it is known again, whatever the chart calls it.
    `quoted` is what the chart calls it, which the renderer escapes; `place` is where it stands there, a key of the
    wording, with the day of a `visit` (N59). `date_means` is what its date is of a medicine, a key of the wording.
    """

    resource: str
    label: str
    system: str | None = None
    code: str | None = None
    value: float | str | None = None
    unit: str | None = None
    date: str | None = None
    limit: str | None = None
    limit_source: str | None = None
    quoted: str | None = None
    note: str | None = None
    place: str | None = None
    visit: str | None = None
    date_means: str | None = None

    @property
    def words(self) -> str:
        """What a card calls it."""
        return self.quoted or self.label


class ChartName(Struct, frozen=True):
    """What the chart calls a finding, and its day."""

    text: str
    date: str


class Note(Struct, frozen=True):
    """A sentence of the detail, by its key in the wording file, with its placeholders."""

    key: str
    values: dict[str, str] = {}


class NotChecked(Struct, frozen=True, omit_defaults=True):
    """What could not be seen: the FHIR type, the prefetch key if one, and a reason key of the wording file."""

    type: str
    reason: str
    key: str | None = None
    count: int | None = None


class ProposedOrder(Struct, frozen=True):
    """A resource to propose: a template's key in the orders file, and what a task is about, where its name tells it."""

    key: str
    about: tuple[str, ...] = ()


class Advice(Struct, frozen=True, kw_only=True):
    """One card to be: everything the wording needs, nothing worded yet.

    `variant` chooses among the summaries that the wording file holds for this topic;
    `values` fills its placeholders; `signs` are display names, the most telling first. `first` are sentences that lead
    what is to be considered. `high` are the tags whose value is high; `named` are the tags in the order in which a
    summary names them, where that is not their usual order. `told` is what the chart calls what is behind a tag; `more`
    are the results that a summary counts and only the detail names.
    """

    topic: Topic
    indicator: Indicator
    variant: str = "default"
    values: dict[str, str] = {}
    signs: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    high: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    told: dict[str, ChartName] = {}
    more: int = 0
    flags: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    first: tuple[Note, ...] = ()
    notes: tuple[Note, ...] = ()
    missing: tuple[str, ...] = ()
    orders: tuple[ProposedOrder, ...] = ()
    also_noted: tuple[Topic, ...] = ()


class Occasion(Struct, frozen=True):
    """The circumstances that all cards of one call share.

    `unread` is what arrived and could not be read; the detail says it in sentences of its own.
    `many_actions`: the client carries out several actions of one suggestion.
    `ask_url` is where our SMART app is launched, for a client that has registered it.
    """

    patient_id: str
    today: date
    knowledge_version: str
    evidence_url: str
    not_checked: tuple[NotChecked, ...] = ()
    unread: tuple[NotChecked, ...] = ()
    switched_off: tuple[Topic, ...] = ()
    many_actions: bool = False
    ask_url: str | None = None
