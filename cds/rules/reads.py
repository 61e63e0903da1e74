"""What a rule, a card or the gate reads of a chart, by the names of the data files."""

from functools import reduce
from operator import or_
from typing import Literal

from msgspec import Struct

from cds.knowledge.load import Knowledge

DISEASES, EXPECTED = "known-diseases", "expected-diseases"  # groups of the data
WHILE_TREATED = "kdn-myasthenia"
SOCIAL, ASSESSED = "social-determinants", "health-assessments"  # groups of the data, for the evidence pages
Attribute = Literal["age", "pregnancy", "diseases", "twitch", "onset"]


class Reads(Struct, frozen=True, kw_only=True):
    """Everything that a rule reads, each by its name in the data files.

    `sets`: signs, on problems, Observations and visits; `values`: what a problem or the coded value of an Observation
    says; `answers`: what Observations answer or measure; `problems`, `drugs`, `relatives`, `reports`: value sets that
    are read on one type only. `medicines` are classes, `limits` those that decide with a sign, `attributes` what is
    derived of the person, `outcomes` what other rules found. `groups` are those of value sets (`value_groups`,
    `problem_groups` and `answer_groups` of what is read as `values`, `problems` and `answers`), `classes` of medicines,
    `tests`, `tags` of emergencies and `flags` (whose outcomes are read) are lists of the data; `sources` the citations
    of numbers.
    """

    sets: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    drugs: tuple[str, ...] = ()
    relatives: tuple[str, ...] = ()
    reports: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    analytes: tuple[str, ...] = ()
    medicines: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    windows: tuple[str, ...] = ()
    thresholds: tuple[str, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    outcomes: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    value_groups: tuple[str, ...] = ()
    problem_groups: tuple[str, ...] = ()
    answer_groups: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()

    def listed(self, knowledge: Knowledge) -> "Reads":
        """With the members of its groups and lists."""
        return self | Reads(
            sets=tuple(name_of_set for name in self.groups for name_of_set in knowledge.group(name)),
            values=tuple(medicine for name in self.value_groups for medicine in knowledge.group(name)),
            problems=tuple(analyte for name in self.problem_groups for analyte in knowledge.group(name)),
            answers=tuple(question for name in self.answer_groups for question in knowledge.group(name)),
            outcomes=tuple(rule for name in self.flags for rule in knowledge.flags(name)),
            medicines=tuple(member for name in self.classes for member in knowledge.listed(name)),
            analytes=tuple(member for name in self.tests for member in knowledge.listed(name)),
        )

    def whole(self, knowledge: Knowledge) -> "Reads":
        """With what the attributes of the person are derived from."""
        return reduce(or_, (DERIVED[name].listed(knowledge) for name in self.attributes), self)

    @property
    def observed(self) -> tuple[str, ...]:
        """The value sets by which Observations are asked for."""
        return (*self.sets, *self.answers, *self.reports)

    @property
    def value_sets(self) -> tuple[str, ...]:
        """All value sets, wherever they are read."""
        return (*self.sets, *self.values, *self.answers, *self.problems, *self.drugs, *self.relatives, *self.reports)

    def __or__(self, reads: "Reads") -> "Reads":
        """What both read together, each name once."""
        both = {name: tuple(dict.fromkeys((*getattr(self, name), *getattr(reads, name)))) for name in FIELDS}
        return Reads(**both)

    @property
    def on_chart(self) -> frozenset[str]:
        """The names of which at least one must be on a chart before the rule can fire."""
        return frozenset((*self.value_sets, *self.phrases, *self.analytes, *self.medicines))


FIELDS = Reads.__struct_fields__
DERIVED: dict[Attribute, Reads] = {
    "age": Reads(),
    "pregnancy": Reads(
        problems=("pregnancy", "gestation-code", "third-trimester"), answers=("ask-gestation", "ask-due-date")
    ),
    "diseases": Reads(problem_groups=(DISEASES,)),
    "twitch": Reads(),  # on every chart that rules are asked about
    "onset": Reads(),
}
