"""What a view says of what it shows: the names and facts that cards have of signs, results and medicines."""

from collections.abc import Iterable

from cards.advice import Fact
from cards.template import fill
from cds.chart.facts import Report
from cds.fhir.datatypes import Quantity
from cds.knowledge.codes import Concept
from cds.rules import findings as signs
from cds.rules import gate, lab_status
from cds.rules.access import Access
from cds.rules.amount import ucum
from cds.rules.findings import Finding
from cds.rules.flags import Raised, raised
from cds.rules.gate import Twitch
from cds.rules.lab_limits import Interpretation
from cds.rules.medication import Course
from cds.rules.own_words import in_sentence, of_report, own
from cds.rules.picture import Picture


class Words:
    """How one rule names what it found."""

    __slots__ = ("_access", "_picture")

    def __init__(self, access: Access, picture: Picture) -> None:
        self._access = access
        self._picture = picture

    def label(self, name: str) -> str:
        """How a card names a value set."""
        return self._access.knowledge.label(name)

    def abnormal_name(self, test: str) -> str:
        """How a card names an abnormal test."""
        return fill(self._access.knowledge.names.abnormal, {"test": test})

    def side(self, name: str) -> str:
        """How a card says low, high, abnormal or normal."""
        return self._access.knowledge.names.sides.of(name)

    def analyte(self, name: str) -> str:
        """How a card names an analyte."""
        return self._access.knowledge.analytes[name].label

    def short(self, name: str) -> str:
        """The one word that a summary has for a value set or an analyte."""
        return self._access.knowledge.names.short[name]

    def risk(self, name: str) -> str:
        """How a card words what speaks against a draft (N51)."""
        return self._access.knowledge.names.order_risk[name]

    def low_name(self, result: Interpretation) -> str:
        """How a card names a low result, with its number if it has one."""
        knowledge = self._access.knowledge
        number = f" {lab_status.shown(result, knowledge)}" if result.found else ""
        return fill(knowledge.names.low, {"test": f"{lab_status.lab_label(result, knowledge)}{number}"})

    def unit(self, quantity: Quantity) -> str | None:
        """The UCUM unit of a quantity."""
        return ucum(quantity, self._access.knowledge)

    def unit_of(self, question: str) -> str | None:
        """The unit in which a question is read; None for a score."""
        self._access.check("answers", question)
        return self._access.knowledge.answers.questions.units.get(question)

    def is_less_worse(self, question: str) -> bool:
        """Whether of two answers of a day the smaller number is the worse one."""
        self._access.check("answers", question)
        return question in self._access.knowledge.answers.questions.less_is_worse

    def threshold(self, question: str, unit: str) -> str | None:
        """The threshold of a question that has one in each unit."""
        self._access.check("answers", question)
        return self._access.knowledge.answers.questions.limits[question].get(unit)

    def limit_text(self, limit: str) -> str:
        """A limit that counts only with a sign, as a fact shows it."""
        self._access.check("limits", limit)
        return self._picture.laboratory.limits.limit_text(limit)

    def name(self, finding: Finding, *sets: str) -> str:
        """How a card names a finding that is in one of these sets."""
        return signs.label(finding, sets, self._access.knowledge)

    def own(self, words: str | None, *concepts: Concept) -> str:
        """What the chart calls something, else the name of its code."""
        return own(words, concepts, self._access.knowledge)

    def report_name(self, report: Report) -> str:
        """What the chart calls an examination or an EMG, else its kind."""
        return of_report(report, self._access.knowledge)

    def twitch_name(self, twitch: Twitch) -> str:
        """How a card names a twitch inside a sentence."""
        self._access.check("attributes", "twitch")
        return in_sentence(gate.words(twitch, self._access.knowledge))

    def relative_name(self, words: str) -> str:
        """How a card names what a relative has."""
        return fill(self._access.knowledge.names.in_family, {"sign": words})

    def twitch_fact(self, twitch: Twitch) -> Fact:
        """A twitch as a fact."""
        self._access.check("attributes", "twitch")
        return gate.fact(twitch, self._access.knowledge)

    def fact(self, finding: Finding, *sets: str) -> Fact:
        """A finding as a fact."""
        return signs.fact(finding, sets, self._access.knowledge)

    def lab_fact(self, result: Interpretation) -> Fact:
        """A result as a fact."""
        return lab_status.fact(result, self._access.knowledge)

    def lab_label(self, result: Interpretation) -> str:
        """What a result is called."""
        return lab_status.lab_label(result, self._access.knowledge)

    def lab_words(self, result: Interpretation) -> dict[str, str]:
        """Name, number and day of a result, for a note about it."""
        return lab_status.quoted(result, self._access.knowledge)

    def flag(
        self,
        findings: Iterable[Finding],
        sets: Iterable[str],
        *,
        tag: str | None = None,
        judged: Iterable[Interpretation] = (),
        limit: str | None = None,
        courses: Iterable[Course] = (),
        extra: Iterable[Fact] = (),
        critical: bool = False,
        used: bool = False,
    ) -> Raised | None:
        """The rule's flag with its facts, or None if nothing was found."""
        access = self._access
        return raised(
            access.rule,
            access.knowledge,
            findings,
            sets,
            tag=tag,
            judged=judged,
            limit=limit,
            courses=courses,
            extra=extra,
            critical=critical,
            used=used,
        )
