"""The order hooks: which drafts are looked at, which are new, which one card they get (4d, 4e ORDERS, N51)."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from cards.advice import Advice, Note
from cards.topics import Topic
from cds.chart.facts import Drug
from cds.knowledge.codes import Concept
from cds.knowledge.load import Knowledge
from cds.rules import advise_orders, advise_risk, order_risk, order_sign, unworded
from cds.rules.advise_orders import Beginning
from cds.rules.assess import Questions
from cds.rules.doses import Dose
from cds.rules.flags import Raised
from cds.rules.medication import Entry, matcher_of
from cds.rules.order_risk import Draft
from cds.rules.picture import Picture
from cds.rules.rulebook import rulebook_of
from cds.rules.runner import RuleRunner
from cds.rules.view import View

STEROID, ESTROGEN = "corticosteroid", "estrogen"


class Drafted(Struct, frozen=True):
    """The drafts of each class of N51, each with the code that shows it; renewals are among them.

    `classes` are those that ORD-RISK has a word for, in its order.
    """

    of: dict[str, tuple[Draft, ...]]
    classes: tuple[str, ...] = ()

    @property
    def steroids(self) -> tuple[Draft, ...]:
        """Those of systemic steroids."""
        return self.of.get(STEROID, ())

    @property
    def estrogens(self) -> tuple[Draft, ...]:
        """Those of systemic estrogens."""
        return self.of.get(ESTROGEN, ())

    @property
    def tags(self) -> tuple[str, ...]:
        """The drafted classes in the words of ORD-RISK, in their order."""
        return self.classes or (order_risk.SEROTONERGIC,)  # of the agents that count beside another one only

    @property
    def others(self) -> tuple[Beginning, ...]:
        """All but estrogens, each once: an emergency meets them."""
        drafts_of_others = (draft for tag, drafts in self.of.items() if tag != ESTROGEN for draft in drafts)
        # By identity: one draft stands under several tags and counts once; two drafts that are equal count twice.
        return tuple(
            Beginning(*draft) for draft in {id(drug): (drug, concept) for drug, concept in drafts_of_others}.values()
        )


def wanted(drafts: Sequence[Drug], knowledge: Knowledge) -> Drafted | None:
    """N60 ORDERS a and b: the drafts that can lead to a card, or None, and then nothing of the chart need be read."""
    if not drafts:
        return None
    matcher = matcher_of(knowledge)
    matched = [(tag, (drug, concept)) for drug in drafts for tag, concept in matcher.matches(drug)]
    by_tag = {
        kind: tuple(draft for tag, draft in matched if tag == kind) for kind in knowledge.listed(order_risk.CLASSES)
    }
    tags = tuple(tag for tag in knowledge.listed(order_risk.TAGS) if by_tag.get(tag))
    return Drafted(by_tag, tags) if any(by_tag.values()) else None


def decide_orders(
    drafted: Drafted, picture: Picture, runner: RuleRunner, *, emergency_cards: bool = True
) -> tuple[Advice, ...]:
    """N60 ORDERS d to g, for a chart that shows a twitch: one card at most."""
    book = rulebook_of(picture.knowledge)
    is_known = _is_known(picture)
    steroids = _beginnings(STEROID, drafted.steroids, picture, runner)
    estrogens = _estrogens(drafted, picture, runner, silent=is_known and not steroids)
    beginnings = drafted.others
    severe = book.ask(book.rules["ORD-EMERG"], picture, runner) if beginnings else ()
    if severe and emergency_cards:
        return _made(Topic.EMERG, lambda: advise_orders.emergency(severe, beginnings, estrogens, picture), runner)
    if severe:
        place = Topic.ORD_STEROID if drafted.steroids else Topic.ORD_RISK
        return _made(place, lambda: _unsaid(severe, drafted, beginnings, estrogens, picture), runner)
    of_drafts = order_risk.rule_of(drafted.of, picture.knowledge.rules.diuretic_limits)
    risks = book.ask(book.rules["ORD-RISK"], picture, runner, how=of_drafts)
    if risks:
        return _made(Topic.ORD_RISK, lambda: advise_risk.risk(risks, drafted.others, picture), runner)
    return _ordinary(steroids, estrogens, picture, runner) or _unseen(drafted, picture, runner)


def _unsaid(
    severe: tuple[Raised, ...],
    drafted: Drafted,
    beginnings: tuple[Beginning, ...],
    estrogens: tuple[Beginning, ...],
    picture: Picture,
) -> Advice:
    """In the place of an emergency that the site does not show: the card of the steroid, else that of the draft."""
    advice = advise_orders.unsaid(severe, beginnings, estrogens, picture)
    return advice if drafted.steroids else replace(advice, topic=Topic.ORD_RISK, tags=drafted.tags)


def _ordinary(
    steroids: tuple[Beginning, ...],
    estrogens: tuple[Beginning, ...],
    picture: Picture,
    runner: RuleRunner,
) -> tuple[Advice, ...]:
    """A steroid or an estrogen that begins or is raised (4d ORD-STEROID, ORD-ESTROGEN)."""
    book, is_known = rulebook_of(picture.knowledge), _is_known(picture)
    signs = _signs(picture, runner) if steroids or estrogens else ()
    treated = [beginning for beginning in steroids if not _replaces(beginning, picture)]
    low = book.ask(book.rules["ORD-STEROID"], picture, runner) if treated else ()
    if low or (treated and not is_known):
        return _made(Topic.ORD_STEROID, lambda: advise_orders.steroid(treated, low, estrogens, signs, picture), runner)
    if steroids and not _is_all_seen(picture, runner):
        return _made(Topic.ORD_STEROID, lambda: advise_orders.unseen(steroids, estrogens, picture), runner)
    if estrogens and not is_known:
        return _made(Topic.ORD_ESTROGEN, lambda: advise_orders.estrogen(estrogens, signs, picture), runner)
    return ()


def _is_known(picture: Picture) -> bool:
    """Whether a neuromuscular disease is known; what did not arrive may refute it."""
    return bool(picture.diseases) and picture.complete.has("Condition")


def _unseen(drafted: Drafted, picture: Picture, runner: RuleRunner) -> tuple[Advice, ...]:
    """A rule that failed is said on any draft; what did not arrive, where the silence on a draft would rest on it."""
    checked = {tag for tag in picture.knowledge.listed(order_risk.CHECKED) if drafted.of.get(tag)}
    rests = checked and not _is_all_known(checked, picture)
    if not (rests or runner.failed):
        return ()
    return _made(Topic.ORD_RISK, lambda: advise_risk.unseen(drafted.others, drafted.tags, picture), runner)


def _is_all_known(checked: Collection[str], picture: Picture) -> bool:
    """Beside a serotonergic draft what was given counts too: linezolid and methylene blue are often only given."""
    unread = picture.laboratory.unread.keys() & {*rulebook_of(picture.knowledge).rules["ORD-RISK"].reads.analytes}
    missing = ("MedicationAdministration",) if order_risk.SEROTONERGIC in checked else ()
    return picture.complete.has("Observation", "MedicationRequest", *missing) and not unread


def _signs(picture: Picture, runner: RuleRunner) -> tuple[Note, ...]:
    """Urgent signs that no later examination answers and no request covers, as lines."""
    questions = Questions(picture, runner)
    questions.set_aside((), ())
    return order_sign.lines(questions.at_order("ORD-SIGN"), picture)


def _made(topic: Topic, advise: Callable[[], Advice], runner: RuleRunner) -> tuple[Advice, ...]:
    """The one card; if it cannot be made, what stands in its place."""
    return (runner.card(topic, advise) or unworded.instead(topic) or unworded.alone(),)


def _is_all_seen(picture: Picture, runner: RuleRunner) -> bool:
    """Whether all was seen that could break the silence on a steroid (4d ORD-STEROID: Observations did not arrive)."""
    unread = picture.laboratory.unread.keys() & set(picture.knowledge.listed("steroid-electrolytes"))
    return picture.complete.has("Observation") and not runner.failed and not unread


def _estrogens(drafted: Drafted, picture: Picture, runner: RuleRunner, *, silent: bool) -> tuple[Beginning, ...]:
    """The estrogens that begin; not asked where no answer could bring a card (4d ORD-ESTROGEN: known disease)."""
    if not silent:
        return _beginnings(ESTROGEN, drafted.estrogens, picture, runner)
    if drafted.estrogens:
        runner.note(f"ORD-RENEWAL {ESTROGEN}", "suppressed", "draft-in-known-disease")
    return ()


def _beginnings(
    tag: str, drafts: tuple[tuple[Drug, Concept], ...], picture: Picture, runner: RuleRunner
) -> tuple[Beginning, ...]:
    """The drafts that begin or raise something; should the rule fail, each counts as new."""

    def begin(view: View) -> Iterator[Beginning]:
        entries = list(view.entries(tag))
        beginnings = (_beginning(drug, concept, entries, view) for drug, concept in drafts)
        return (beginning for beginning in beginnings if beginning is not None)

    book, name = rulebook_of(picture.knowledge), f"ORD-RENEWAL {tag}"
    beginnings = book.ask(book.rules[name], picture, runner, how=begin) if drafts else ()
    return tuple(Beginning(*draft) for draft in drafts) if name in runner.failed else beginnings


def _beginning(drug: Drug, concept: Concept, entries: Iterable[Entry], view: View) -> Beginning | None:
    """None for a renewal: the same ingredient taken, or ended lately, at this daily dose or more (4d Renewal)."""
    same = [entry for entry in entries if _name(entry.concept) == _name(concept) and _is_recent(entry, view)]
    dose = view.daily(drug, concept)
    if not same:
        return Beginning(drug, concept, dose)
    before = _before(same, view)
    raise_ = dose is not None and before is not None and dose.exceeds(before)
    return Beginning(drug, concept, dose, before) if raise_ else None


def _name(concept: Concept) -> str:
    """The ingredient; a code that names none stands for itself."""
    return concept.ingredient or concept.code


def _is_recent(entry: Entry, view: View) -> bool:
    """Active, or ended within the window; what does not say when it ended cannot have ended before it began."""
    ended = entry.drug.end or entry.drug.start
    return entry.is_active or (ended is not None and view.today - ended.last <= view.days("renewal"))


def _before(same: list[Entry], view: View) -> Dose | None:
    """The dose so far: the highest of the active entries that tell one, else of the ended ones; None if none does."""
    for active in (True, False):
        of_state = (entry for entry in same if entry.is_active is active)
        read = [dose for entry in of_state if (dose := view.daily(entry.drug, entry.concept)) is not None]
        if read:
            return _highest(read)
    return None


def _highest(read: list[Dose]) -> Dose | None:
    """Doses in different units cannot be compared."""
    units = {dose.unit for dose in read}
    return max(read, key=lambda dose: dose.value) if len(units) == 1 else None


def _replaces(beginning: Beginning, picture: Picture) -> bool:
    """Physiological replacement: hydrocortisone or cortisone where the glands are known to fail (4d ORD-STEROID)."""
    medicine = picture.knowledge.medicines[STEROID]
    problems = (problem for problem in picture.chart.problems if medicine.replacement_for in problem.named.sets)
    return beginning.concept.ingredient in medicine.replacement and any(
        problem.is_active and problem.is_confirmed for problem in problems
    )
