"""NEWSIGN: a new sign in a disease that is known, or in which twitching is expected (second edition N52 to N54)."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from cards.advice import Fact
from cards.topics import Indicator
from cds.knowledge.load import Knowledge
from cds.knowledge.rule_data import NewSignKind
from cds.rules.findings import Finding, label
from cds.rules.flag_rows import FLAGS
from cds.rules.flags import Flags, Raised, raised
from cds.rules.known_disease import Disease
from cds.rules.own_words import first_of_sentence
from cds.rules.picture import Picture
from cds.rules.reads import WHILE_TREATED
from cds.rules.reported import sign_today
from cds.rules.view import View

NEW, OF_LIMBS = "new-in-disease", "of-limbs"  # lists of rules of the data
TONGUE = "tongue"  # a group of the data
Sets = Mapping[str, tuple[str, ...]]  # those of the signs of each flag
OTHER_KIND = NewSignKind(kind="other", sets=frozenset())
STIFFNESS, DOUBTED = "stiffness", "sign-in-doubt"


class NewSign(Struct, frozen=True, kw_only=True):
    """One sign, its flag if it has one, and the disease in which it is new."""

    kind: NewSignKind
    label: str
    date: str
    day: int
    finding: Finding
    fact: Fact
    disease: Disease
    flag: str = ""

    @property
    def facts(self) -> tuple[Fact, ...]:
        """The one fact it rests on."""
        return (self.fact,)

    @property
    def is_same_day(self) -> bool:
        """Whether the team is to be told the same day."""
        return self.kind.same_day or self.is_today

    @property
    def is_today(self) -> bool:
        """Whether somebody reported it, and it is to be examined today (N17)."""
        return self.finding.doubt is not None and self.finding.doubt.today

    @property
    def indicator(self) -> Indicator:
        """Info for what is neither breathing, swallowing, weight, strength nor sight; a warning in MS."""
        mild = self.kind is OTHER_KIND and self.disease.name != "kd-ms" and not self.is_today
        return Indicator.INFO if mild else Indicator.WARNING


@lru_cache(maxsize=8)
def sets_of(knowledge: Knowledge) -> Sets:
    """The value sets of the signs of each flag, those of its groups too."""
    return {row.id: row.reads.listed(knowledge).sets for row in FLAGS}


class _Sign(NamedTuple):
    """A finding, the flag that it raises if it does, and the value sets that may name it."""

    flag: str
    sets: tuple[str, ...]
    finding: Finding


def rule_of(knowledge: Knowledge) -> Callable[[View], Iterator[NewSign]]:
    """The rule: every new sign once, the most dangerous first."""
    sets = sets_of(knowledge)
    kinds = (*knowledge.rules.new_signs, OTHER_KIND)

    def rule(view: View) -> Iterator[NewSign]:
        known_diseases, expected = view.known, view.expected
        signs = (
            _of_known(view, known_diseases, sets)
            if known_diseases
            else _of_expected(view, expected, sets)
            if expected
            else ()
        )
        by_entry: dict[str, NewSign] = {}
        for sign in signs:
            old = by_entry.setdefault(sign.finding.named.ref, sign)
            by_entry[sign.finding.named.ref] = old if old.flag else replace(old, flag=sign.flag)
        yield from sorted(by_entry.values(), key=lambda sign: (kinds.index(sign.kind), -sign.day))

    return rule


def _of_known(view: View, diseases: tuple[Disease, ...], sets: Sets) -> Iterator[NewSign]:
    """N52: of the last 30 days, and after a disease was known."""
    for candidate in (*_grave(view), *_today(view, sets), *_flagged(view, view.flags(NEW), sets)):
        before = next((disease for disease in diseases if _precedes(disease, candidate.finding)), None)
        sign = _sign(view, candidate, before, view.days("new_sign")) if before else None
        if sign is not None:
            yield sign


def _precedes(disease: Disease, finding: Finding) -> bool:
    return disease.since is None or (finding.day is not None and finding.day > disease.since)


def _of_expected(view: View, diseases: tuple[Disease, ...], sets: Sets) -> Iterator[NewSign]:
    """N53: breathing, swallowing and weight of the last 30 days; of an adult also the weakness that belongs to it."""
    belongs = _flagged(view, (*view.flags(OF_LIMBS), *_bulbar(diseases)), sets) if _is_adult(view) else ()
    new_signs = (
        *(
            _sign(view, candidate, diseases[0], view.days("new_sign"))
            for candidate in (*_grave(view), *_today(view, sets))
        ),
        *(_sign(view, candidate, diseases[0], view.days("new_sign_expected")) for candidate in belongs),
    )
    tongue = view.value_group(TONGUE)
    yield from (sign for sign in new_signs if sign is not None and sign.finding.sets.isdisjoint(tongue))


def _is_adult(view: View) -> bool:
    """A child's signs go to paediatric neurology whatever is expected."""
    return view.age is None or view.age >= view.at("adult_years")


def _grave(view: View) -> Iterator[_Sign]:
    """What counts without a flag of its own: breathing, swallowing and weight loss."""
    sets = (*view.group("breathing"), "feeding-difficulty", "weight-loss")
    return (_Sign("", sets, finding) for finding in view.of(*sets))


def _today(view: View, sets: Sets) -> Iterator[_Sign]:
    """What somebody reported and is to be examined today (N52)."""
    return (_Sign("R4", sets["R4"], finding) for finding in sign_today(view.of(DOUBTED)))


def _flagged(view: View, flags: Iterable[str], sets: Sets) -> list[_Sign]:
    return [_Sign(name, sets[name], finding) for name in flags for flag in view.outcome(name) for finding in flag.found]


def _sign(view: View, candidate: _Sign, disease: Disease, window: int) -> NewSign | None:
    """The finding, if it is dated within the window."""
    finding = candidate.finding
    if finding.when is None or view.today - finding.when.last > window:
        return None
    sign_sets = (finding.doubt or finding).sets
    return NewSign(
        kind=next((kind for kind in view.new_sign_kinds if kind.sets & sign_sets), OTHER_KIND),
        label=view.name(finding, *candidate.sets),
        date=finding.when.text,
        day=finding.when.last,
        finding=finding,
        fact=view.fact(finding, *candidate.sets),
        disease=disease,
        flag=candidate.flag,
    )


def _bulbar(diseases: Iterable[Disease]) -> tuple[str, ...]:
    """Speech and swallowing belong to myasthenia only."""
    return ("U3",) if any(disease.name == WHILE_TREATED for disease in diseases) else ()


def left(flags: Flags, picture: Picture) -> Flags:
    """Step 21: the flags without what N53 lists as known or new, and without symptoms; undated signs stay."""
    if not picture.expected or picture.is_child:
        return flags
    theirs = {*picture.knowledge.flags(OF_LIMBS), *_bulbar(picture.expected)}
    return tuple(remaining for flag in flags if flag.id != "ADD" for remaining in _without(flag, theirs, picture))


def _without(flag: Raised, theirs: set[str], picture: Picture) -> Flags:
    knowledge = picture.knowledge
    tongue = knowledge.group(TONGUE)
    if flag.id in theirs:
        gone = [finding for finding in flag.found if finding.day is not None and finding.sets.isdisjoint(tongue)]
    else:
        gone = [finding for finding in flag.found if flag.id == "R1" and STIFFNESS in finding.sets]
    if not gone:
        return (flag,)
    reduced = raised(
        flag.id, knowledge, (finding for finding in flag.found if finding not in gone), sets_of(knowledge)[flag.id]
    )
    return (reduced,) if reduced else ()


def unexplained(flags: Flags, picture: Picture) -> dict[str, str] | None:
    """The first sign that an expected disease does not bring, as the card names it (N53)."""
    if not picture.expected or picture.is_child:
        return None
    strange = ("U4",) if _bulbar(picture.expected) else ("U3", "U4")
    knowledge = picture.knowledge
    tongue = knowledge.group(TONGUE)
    pairs = ((flag.id, finding) for flag in flags for finding in flag.found)
    for ident, finding in pairs:
        if ident in strange or not finding.sets.isdisjoint(tongue):
            sign = label(finding, sets_of(knowledge)[ident], knowledge)
            day = {"date": finding.when.text} if finding.when else {}
            return {"sign": first_of_sentence(sign), "disease": picture.expected[0].label, **day}
    return None
