"""KNOWN and NEWSIGN as advice: a cause on file that is examined first (N26), a new sign in known disease (N52)."""

from cards.advice import Advice, ProposedOrder
from cards.topics import Topic
from cds.rules import context, tests_due
from cds.rules.assess import Assessment
from cds.rules.choice import Choice
from cds.rules.flag_rows import FLAG_IDS
from cds.rules.new_signs import NewSign
from cds.rules.rulebook import rulebook_of


def cause(choice: Choice, assessment: Assessment) -> Advice:
    """One card for all causes, in the order of N25, with the tests that they ask for and those that are due anyway."""
    causes, due = choice.causes, context.missing_tests(assessment, of_child=True)
    cause_tests = [test for cause in causes for test in cause.tests]
    due = tuple(sorted(due, key=lambda test: cause_tests.index(test) if test in cause_tests else len(cause_tests)))
    return Advice(
        topic=Topic.KNOWN,
        indicator=choice.indicator,
        variant=causes[0].sentence or "default",
        values={"diagnosis": causes[0].label, **dict(causes[0].values)},
        tags=rulebook_of(assessment.picture.knowledge).in_order(Topic.KNOWN, {cause.tag for cause in causes}),
        signs=tuple(cause.label for cause in causes),
        facts=(*assessment.picture.twitch_facts, *(fact for cause in causes for fact in cause.facts)),
        notes=(*tests_due.stale(assessment.picture), *context.notes(assessment)),
        missing=due,
        orders=tuple(ProposedOrder(f"lab:{test}") for test in due),
    )


def new_sign(choice: Choice, assessment: Assessment) -> Advice:
    """The most dangerous sign with its day and the disease; the others stand among the facts."""
    signs, first = choice.new_signs, choice.new_signs[0]
    values = {"sign": first.label, "date": first.date, "disease": first.disease.label}
    ids = {sign.flag for sign in signs}
    return Advice(
        topic=Topic.NEW_SIGN,
        indicator=choice.indicator,
        variant=_variant(first),
        values=values,
        flags=tuple(name for name in FLAG_IDS if name in ids),
        signs=tuple(dict.fromkeys(sign.label for sign in signs)),
        facts=(*assessment.picture.twitch_facts, *(fact for new_sign in signs for fact in new_sign.facts)),
        notes=context.notes(assessment),
        orders=(ProposedOrder("task:tell-team-today" if first.is_same_day else "task:tell-team"),),
    )


def _variant(first: NewSign) -> str:
    """Breathing and swallowing ask for the same day, in multiple sclerosis too."""
    if first.is_same_day:
        return "same-day"
    return "sclerosis" if first.disease.name == "kd-ms" else "default"
