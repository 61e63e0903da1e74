"""The order hooks: which drafts are looked at, which of them are new, and which one card they get (4d, 4e ORDERS)."""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from cards.advice import Advice
from cds.chart.facts import Drug
from cds.knowledge.codes import Concept
from cds.knowledge.load import Knowledge
from cds.rules import advise_orders, doses, laboratory
from cds.rules.advise_orders import Beginning, Low
from cds.rules.doses import Dose
from cds.rules.flags import Raised, raised
from cds.rules.medication import Entry, entries, matcher_of
from cds.rules.picture import Picture
from cds.rules.trial import Trial

STEROID, ESTROGEN = "corticosteroid", "estrogen"
FLAGS = {"calcium": "E3", "potassium": "E4", "magnesium": "E4"}


class Drafted(Struct, frozen=True):
    """The drafts of systemic steroids and estrogens, each with the code that shows it; renewals are among them."""

    steroids: tuple[tuple[Drug, Concept], ...]
    estrogens: tuple[tuple[Drug, Concept], ...]


def wanted(drafts: Sequence[Drug], knowledge: Knowledge) -> Drafted | None:
    """Steps a and b: the drafts that can lead to a card, or None, and then nothing of the chart need be read."""
    if not drafts:
        return None
    matcher = matcher_of(knowledge)
    matched = [(tag, (drug, concept)) for drug in drafts for tag, concept in matcher.matches(drug)]
    steroids, estrogens = (tuple(one for tag, one in matched if tag == kind) for kind in (STEROID, ESTROGEN))
    return Drafted(steroids, estrogens) if steroids or estrogens else None


def decide_orders(
    drafted: Drafted, picture: Picture, trial: Trial, *, emergency_cards: bool = True
) -> tuple[Advice, ...]:
    """Steps d to f, for a chart that shows a twitch: one card at most."""
    known = bool(picture.diseases) and picture.complete.has("Condition")  # what did not arrive may refute it
    steroids = _beginnings(STEROID, drafted.steroids, picture, trial)
    estrogens = _estrogens(drafted, picture, trial, silent=known and not steroids)
    severe = trial.ask("ORD-EMERG", _severe, picture) if steroids else ()
    if severe:
        told = advise_orders.emergency if emergency_cards else advise_orders.unsaid
        return (told(severe, steroids, estrogens, picture),)
    treated = [one for one in steroids if not _replaces(one, picture)]
    low = trial.ask("ORD-STEROID", _low, picture) if treated else ()
    if low or (treated and not known):
        return (advise_orders.steroid(treated, low, estrogens, picture),)
    if steroids and not _is_all_seen(picture, trial):
        return (advise_orders.unseen(steroids, estrogens, picture),)
    return (advise_orders.estrogen(estrogens, picture),) if estrogens and not known else ()


def _is_all_seen(picture: Picture, trial: Trial) -> bool:
    """Whether all was seen that could break the silence on a steroid (4d: "if Observations did not arrive: info")."""
    return picture.complete.has("Observation") and not trial.failed


def _estrogens(drafted: Drafted, picture: Picture, trial: Trial, *, silent: bool) -> tuple[Beginning, ...]:
    """The estrogens that begin; not asked where no answer could bring a card (4d: silent in known disease)."""
    if not silent:
        return _beginnings(ESTROGEN, drafted.estrogens, picture, trial)
    if drafted.estrogens:
        trial.note(f"ORD-RENEWAL {ESTROGEN}", "suppressed", "known neuromuscular disease (4d)")
    return ()


def _beginnings(
    tag: str, drafts: tuple[tuple[Drug, Concept], ...], picture: Picture, trial: Trial
) -> tuple[Beginning, ...]:
    """The drafts that begin or raise something; should the rule fail, each counts as new."""

    def rule(picture: Picture) -> Iterator[Beginning]:
        taken = list(entries(picture.chart.drugs, tag, picture.knowledge, picture.today))
        begun = (_beginning(drug, concept, taken, picture) for drug, concept in drafts)
        return (one for one in begun if one is not None)

    name = f"ORD-RENEWAL {tag}"
    begun = trial.ask(name, rule, picture) if drafts else ()
    return tuple(Beginning(*draft) for draft in drafts) if name in trial.failed else begun


def _beginning(drug: Drug, concept: Concept, taken: Iterable[Entry], picture: Picture) -> Beginning | None:
    """None for a renewal: the same ingredient is taken, or ended lately, at this daily dose or a higher one (4d)."""
    same = [one for one in taken if _name(one.concept) == _name(concept) and _is_recent(one, picture)]
    dose = doses.daily(drug.dosages, concept, picture.knowledge)
    if not same:
        return Beginning(drug, concept, dose)
    before = _before(same, picture.knowledge)
    raise_ = dose is not None and before is not None and dose.exceeds(before)
    return Beginning(drug, concept, dose, before) if raise_ else None


def _name(concept: Concept) -> str:
    """The ingredient; a code that names none stands for itself."""
    return concept.ingredient or concept.code


def _is_recent(entry: Entry, picture: Picture) -> bool:
    """Active, or ended within the window; what does not say when it ended cannot have ended before it began."""
    ended = entry.drug.end or entry.drug.start
    window = picture.knowledge.days("renewal")
    return entry.is_active or (ended is not None and picture.today - ended.last <= window)


def _before(same: list[Entry], knowledge: Knowledge) -> Dose | None:
    """The dose so far: the highest of the active entries that tell one, else of the ended ones; None if none does."""
    for active in (True, False):
        of_state = (one for one in same if one.is_active is active)
        read = [dose for one in of_state if (dose := doses.daily(one.drug.dosages, one.concept, knowledge)) is not None]
        if read:
            return _highest(read)
    return None


def _highest(read: list[Dose]) -> Dose | None:
    """Doses in different units cannot be compared."""
    units = {one.unit for one in read}
    return max(read, key=lambda one: one.value) if len(units) == 1 else None


def _replaces(begun: Beginning, picture: Picture) -> bool:
    """Physiological replacement: hydrocortisone or cortisone where the glands are known to fail (4d)."""
    medicine = picture.knowledge.medicines[STEROID]
    known = (one for one in picture.chart.problems if medicine.replacement_for in one.named.sets)
    return begun.concept.ingredient in medicine.replacement and any(one.is_active and one.is_confirmed for one in known)


def _severe(picture: Picture) -> Iterator[Raised]:
    """Calcium, potassium or magnesium at an emergency limit by its value alone (3a E3, E4)."""
    for analyte, flag in FLAGS.items():
        judged = picture.laboratory.of(analyte).emergency
        found = raised(flag, picture, (), (), tag=analyte, judged=(judged,)) if judged else None
        if found is not None:
            yield found


def _low(picture: Picture) -> Iterator[Low]:
    """Fresh potassium, calcium or magnesium that is low."""
    for analyte in advise_orders.TESTS:
        standing = picture.laboratory.of(analyte)
        judged = standing.abnormal
        if judged is not None and judged.side == "low":
            yield Low(standing, judged, (laboratory.fact(judged, picture.knowledge),))
