"""Which drug classes are active, since when, and which fire (4b Drug, 5a)."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from msgspec import Struct

from cards.advice import Fact, Note
from cds.chart.facts import ENDED, SINCE, Drug, ReportedMedicine
from cds.fhir.dates import When
from cds.fhir.references import entry_type
from cds.knowledge.codes import Concept
from cds.knowledge.load import Knowledge
from cds.knowledge.model import MedicineClass
from cds.rules.gate import PATIENT_REPORTS

DOUBTFUL = frozenset({"unclear", "on-hold", "dispensed"})
DENOSUMAB = "denosumab"
TOLD, STARTED, STOPPED = "told", "started", "stopped"


class Course(Struct, frozen=True, kw_only=True):
    """One ingredient of one class that is taken now: all its active entries, and the start of the whole course.

    `cautions` are what makes its review a warning (N34), `reasons` why it counts whatever its timing (N49).
    `of_supplies`: it counts only by what was handed out. `reported`: only a patient tells of it.
    """

    tag: str
    ingredient: str
    groups: frozenset[str]
    concept: Concept
    refs: tuple[str, ...]
    start: When | None
    cautions: tuple[Note, ...] = ()
    reasons: tuple[Note, ...] = ()
    of_supplies: bool = False
    reported: bool = False
    start_means: str = SINCE

    def began(self, onset: When | None) -> When | None:
        """Its start as it is held against the onset of the twitch; None if that is unknown.

        A supply says that a medicine is taken, not since when: one of after the onset may be a further one.
        """
        if self.start is None or onset is None or (self.of_supplies and self.start.first > onset.last):
            return None
        return self.start

    @property
    def by_words(self) -> bool:
        """Whether no entry says by code what it is: it may not make the emergencies of drug levels (N34, N46)."""
        return self.concept.by_words

    def is_active_at(self, when: When | None) -> bool:
        """Whether it may have been taken then: it had begun, or nobody knows when it began."""
        return when is not None and (self.start is None or self.start.first <= when.last)

    @property
    def fact(self) -> Fact:
        """The medicine as a card and a verdict state it."""
        return Fact(
            resource=self.refs[0],
            label=self.ingredient,
            system=self.concept.system or None,
            code=self.concept.code or None,
            date=self.start.text if self.start else None,
            note=PATIENT_REPORTS if self.reported else None,
            date_means=self.start_means,
        )

    @property
    def facts(self) -> tuple[Fact, ...]:
        """The one fact it rests on."""
        return (self.fact,)


class Ended(Struct, frozen=True, kw_only=True):
    """A drug that is no longer taken. `name`: its ingredient, else that of its code, else its class."""

    tag: str
    ingredient: str
    name: str
    ref: str
    end: When | None

    @property
    def fact(self) -> Fact:
        """The medicine with the day on which it ended."""
        return Fact(resource=self.ref, label=self.name, date=self.end.text if self.end else None, date_means=ENDED)


class Doubtful(Struct, frozen=True):
    """A medicine of a class of which nobody knows whether it is taken now; `state` says why."""

    ingredient: str
    state: str
    date: str


class Entry(Struct, frozen=True, kw_only=True):
    """One record of a medicine of a class, taken now or ended."""

    drug: Drug
    concept: Concept
    is_active: bool


class Medication(Struct, frozen=True):
    """All courses, and what has ended. `history`: all that the chart says of each class of which it says anything."""

    courses: tuple[Course, ...]
    ended: tuple[Ended, ...]
    others: tuple[tuple[str, When | None], ...]
    replacements: tuple[tuple[str, When | None], ...]
    doubtful: tuple[Doubtful, ...] = ()
    reported: tuple[Course, ...] = ()
    history: dict[str, list[Entry]] = {}

    def entries(self, tag: str) -> Iterator[Entry]:
        """What the chart says of one class: its active entries and its ended ones."""
        return (entry for entry in self.history.get(tag, ()) if entry.is_active or _is_over(entry.drug))

    def of(self, *tags: str) -> tuple[Course, ...]:
        """The courses of some classes."""
        return tuple(course for course in self.courses if course.tag in tags)

    @property
    def names(self) -> Iterator[str]:
        """The classes and value sets of what is taken or has ended."""
        yield from (course.tag for course in self.courses)
        yield from (ended.tag for ended in self.ended)
        yield from (course.tag for course in self.reported)
        yield from (name for name, _ in self.others)


class Matcher:
    """Which class a drug entry belongs to, if it is given systemically (5a)."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._classes = tuple(knowledge.medicines.items())
        self._route_codes = _bare(
            token for medicine_class in knowledge.medicines.values() for token in medicine_class.stated_route
        )
        self._codes = {tag: _bare(medicine_class.codes) for tag, medicine_class in knowledge.medicines.items()}
        # Which classes to look at for a group or a code of an entry, by their place among the classes.
        self._of_group: dict[str, list[int]] = {}
        self._of_code: dict[str, list[int]] = {}
        for place, (tag, medicine) in enumerate(self._classes):
            for group in {tag, *medicine.groups, *medicine.check_route}:
                self._of_group.setdefault(group, []).append(place)
            for code in self._codes[tag]:
                self._of_code.setdefault(code, []).append(place)

    def matches(self, drug: Drug) -> Iterator[tuple[str, Concept]]:
        """The classes of an entry, each with the code that shows it."""
        places: set[int] = set()
        for concept_named in drug.concepts:
            places.update(self._of_code.get(concept_named.code, ()))
            for group in concept_named.groups:
                places.update(self._of_group.get(group, ()))
        for place in sorted(places):
            tag, medicine = self._classes[place]
            concept = self._concept(drug, tag, medicine)
            if concept is not None:
                yield tag, concept

    def _concept(self, drug: Drug, tag: str, medicine: MedicineClass) -> Concept | None:
        hits = [concept for concept in drug.concepts if self._is_in(concept, tag, medicine)]
        if hits:
            return self._by_product(drug, hits, medicine)
        never = any(concept.groups & set(medicine.never) for concept in drug.concepts)
        return None if never else self._by_route(drug, medicine)

    def _is_in(self, concept: Concept, tag: str, medicine: MedicineClass) -> bool:
        groups = concept.groups
        is_named = tag in groups or not groups.isdisjoint(medicine.groups) or concept.code in self._codes[tag]
        return is_named and concept.ingredient not in medicine.never_ingredients

    def _by_product(self, drug: Drug, hits: list[Concept], medicine: MedicineClass) -> Concept | None:
        is_systemic = _is_systemic(drug, medicine)
        if is_systemic is not None:
            return hits[0] if is_systemic else None
        routes = _routes(drug, hits)
        local = bool(routes) and routes <= set(medicine.local_routes)
        unstated = not routes and all(hit.code in self._route_codes for hit in hits)
        return None if local or unstated else hits[0]

    def _by_route(self, drug: Drug, medicine: MedicineClass) -> Concept | None:
        """What names no route counts by the route stated, or for a few ingredients without one."""
        is_systemic = _is_systemic(drug, medicine)
        if is_systemic is False:
            return None
        for concept in drug.concepts:
            groups_to_check = concept.groups & set(medicine.check_route)
            if not groups_to_check or concept.ingredient in medicine.never_ingredients:
                continue
            routes = _routes(drug, [concept])
            routeless = not routes and concept.ingredient in medicine.routeless
            if is_systemic or routes & set(medicine.check_routes) or routeless:
                return concept
        return None


def _is_systemic(drug: Drug, medicine: MedicineClass) -> bool | None:
    """N47: a coded systemic route, then systemic words, then local ones; None if nothing of that is stated.

    Local comes before systemic words where a class says so: a vaginal tablet of an estrogen is local.
    """
    systemic, local = set(medicine.check_routes), (drug.routes | drug.said_routes) & set(medicine.local_routes)
    if drug.routes & systemic:
        return True
    if local and medicine.local_first:
        return False
    if drug.said_routes & (systemic | set(medicine.systemic_words)):
        return True
    return False if local else None


@lru_cache(maxsize=4)
def matcher_of(knowledge: Knowledge) -> Matcher:
    """The matcher, made once for the knowledge of the service."""
    return Matcher(knowledge)


def _bare(tokens: Iterable[str]) -> frozenset[str]:
    """The codes of tokens such as `atc:M05BX04`."""
    return frozenset(token.partition(":")[2] for token in tokens)


def _routes(drug: Drug, hits: list[Concept]) -> frozenset[str]:
    """The routes stated on the entry; else those of the products."""
    return drug.routes or frozenset(hit.route for hit in hits if hit.route and hit.route != "injectable")


def _ended(tag: str, concept: Concept, drug: Drug, knowledge: Knowledge) -> Ended:
    name = concept.ingredient or knowledge.display(concept) or tag
    return Ended(tag=tag, ingredient=concept.ingredient, name=name, ref=drug.ref, end=drug.end)


def read(
    drugs: list[Drug], knowledge: Knowledge, today: int, reported_medicines: Iterable[ReportedMedicine] = ()
) -> Medication:
    """Courses of all classes of 5a, what has ended, and what only a patient tells of."""
    matcher = matcher_of(knowledge)
    matched = [(tag, concept, drug) for drug in drugs for tag, concept in matcher.matches(drug)]
    denied = _denials(drugs)
    live: list[tuple[str, Concept, Drug]] = []
    history: dict[str, list[Entry]] = {}
    for tag, concept, drug in matched:
        is_active = _is_live(tag, drug, denied, knowledge, today)
        history.setdefault(tag, []).append(Entry(drug=drug, concept=concept, is_active=is_active))
        if is_active:
            live.append((tag, concept, drug))
    courses = tuple(_courses(live, matched, knowledge))
    over = (match for match in matched if _is_over(match[2]) or match[2].was_stopped)
    active = [drug for drug in drugs if _is_live("", drug, denied, knowledge, today)]
    return Medication(
        courses=courses,
        ended=tuple(_ended(*match, knowledge) for match in over),
        others=tuple((name, drug.start) for drug in active for concept in drug.concepts for name in concept.sets),
        replacements=tuple(_replacements(active)),
        doubtful=tuple(dict.fromkeys(_doubtful(matched))),
        history=history,
        reported=tuple(_told(reported_medicines, courses, knowledge)),
    )


def _told(
    reported_medicines: Iterable[ReportedMedicine], courses: Iterable[Course], knowledge: Knowledge
) -> Iterator[Course]:
    """What a patient says was started or changed, and no list holds (N22). It takes nothing from any list."""
    listed_courses, matcher = {(course.tag, course.ingredient) for course in courses}, matcher_of(knowledge)
    for told_medicine in reported_medicines:
        if told_medicine.change == STOPPED:
            continue
        for tag, concept in matcher.matches(Drug(ref=told_medicine.ref, concepts=told_medicine.concepts, state=TOLD)):
            if (tag, concept.ingredient or tag) not in listed_courses:
                start = told_medicine.start if told_medicine.change == STARTED else None
                yield Course(
                    tag=tag,
                    ingredient=concept.ingredient or tag,
                    groups=concept.groups,
                    concept=concept,
                    refs=(told_medicine.ref,),
                    start=start,
                    reported=True,
                )


def _doubtful(matched: list[tuple[str, Concept, Drug]]) -> Iterator[Doubtful]:
    for tag, concept, drug in matched:
        if drug.state in DOUBTFUL:
            when = drug.start or drug.dated
            yield Doubtful(concept.ingredient or tag, drug.state, when.text if when else "")


def fires(course: Course, knowledge: Knowledge, last: When | None) -> bool:
    """Whether the timing of a course lets its class fire (5a); unknown timing fires except for `recent` classes."""
    timing, start = knowledge.medicines[course.tag].timing, course.began(last)
    if timing == "asked":
        return False
    if start is None or last is None:
        return timing != "recent"
    lead = last.last - start.first
    if timing == "recent":
        return 0 <= lead <= knowledge.days("recent_drug")
    return lead >= (knowledge.days("ppi_exposure") if timing == "exposure" else 0)


def _is_live(tag: str, drug: Drug, denied: Mapping[str, When], knowledge: Knowledge, today: int) -> bool:
    if drug.state != "active" or _is_denied(drug, denied):
        return False
    if entry_type(drug.ref) == "MedicationAdministration":
        window = knowledge.days("denosumab" if tag == DENOSUMAB else "administration")
        return drug.given is not None and today - drug.given.last <= window
    return True


def _denials(drugs: list[Drug]) -> dict[str, When]:
    """The newest dated statement that an ingredient is not taken, by ingredient."""
    newest: dict[str, When] = {}
    for drug in drugs:
        if drug.state == "denied" and drug.dated is not None:
            for name in _ingredients(drug):
                if name not in newest or _is_newer(drug.dated, newest[name]):
                    newest[name] = drug.dated
    return newest


def _is_denied(drug: Drug, denied: Mapping[str, When]) -> bool:
    """A newer statement that the same ingredient is not taken cancels an entry (4b Drug)."""
    return any(name in denied and _is_newer(denied[name], drug.dated) for name in _ingredients(drug))


def _ingredients(drug: Drug) -> set[str]:
    """The ingredients of an entry; a code that names none stands for itself."""
    return {concept.ingredient or concept.code for concept in drug.concepts}


def _is_over(drug: Drug) -> bool:
    return drug.state == "ended" or drug.was_taken


def _is_newer(first: When, second: When | None) -> bool:
    return second is None or first.last > second.last


def _courses(
    live: list[tuple[str, Concept, Drug]],
    matched: list[tuple[str, Concept, Drug]],
    knowledge: Knowledge,
) -> Iterator[Course]:
    alike = _by_ingredient(matched)
    for (tag, ingredient), pairs in _by_ingredient(live).items():
        same = [drug for _, drug in alike[tag, ingredient]]
        start = start_of([drug for _, drug in pairs], same, knowledge)
        yield Course(
            tag=tag,
            ingredient=ingredient or tag,
            groups=frozenset().union(*(concept.groups for concept, _ in pairs)),
            concept=min((concept for concept, _ in pairs), key=lambda concept: concept.by_words),
            refs=tuple(dict.fromkeys(drug.ref for _, drug in pairs)),
            start=start,
            start_means=next((drug.start_means for drug in same if drug.start == start), SINCE),
            of_supplies=all(drug.supplied for _, drug in pairs),
        )


def _by_ingredient(matched: list[tuple[str, Concept, Drug]]) -> dict[tuple[str, str], list[tuple[Concept, Drug]]]:
    grouped: dict[tuple[str, str], list[tuple[Concept, Drug]]] = {}
    for tag, concept, drug in matched:
        grouped.setdefault((tag, concept.ingredient), []).append((concept, drug))
    return grouped


def start_of(active: list[Drug], same: list[Drug], knowledge: Knowledge) -> When | None:
    """The earliest active start, joined to entries that ended shortly before it (4b Drug)."""
    start = _earliest(active)
    if start is None:
        return None
    gap = knowledge.days("drug_gap")
    earlier = [(drug.start, drug.end) for drug in same if _is_over(drug) and drug.start and drug.end]
    while joined := [
        beginning for beginning, end in earlier if beginning.first < start.first and start.first - end.last <= gap
    ]:
        start = min(joined, key=lambda when: when.first)
    return start


def _earliest(drugs: Iterable[Drug]) -> When | None:
    return min((drug.start for drug in drugs if drug.start), key=lambda when: when.first, default=None)


def _replacements(active: list[Drug]) -> Iterator[tuple[str, When | None]]:
    for drug in active:
        for concept in drug.concepts:
            for name in concept.sets:
                if name.startswith("replacement-"):
                    yield name.removeprefix("replacement-"), drug.start
