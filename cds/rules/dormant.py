"""DORMANT: a twitch of which the chart has said nothing for a year (second edition N7).

It hides only what is routine, and only where all was seen that could speak of the twitch or break the silence.
"""

from collections.abc import Iterable, Iterator

from cards.topics import Indicator, Topic
from cds.chart.facts import Problem
from cds.rules.assess import Assessment
from cds.rules.choice import Choice
from cds.rules.flags import Raised, is_today
from cds.rules.gate import is_twitch, shows_twitch
from cds.rules.mentions import days_of
from cds.rules.picture import Picture

RETURNED = frozenset({"recurrence", "relapse"})
ROUTINE = "routine-if-dormant"  # a list of rules of the data


def hidden(choices: Iterable[Choice], assessment: Assessment) -> tuple[Choice, ...]:
    """The cards that a dormant twitch leaves out."""
    newest = _newest(assessment.picture) if _may_sleep(assessment) else None
    if newest is None or assessment.picture.today - newest <= assessment.picture.knowledge.days("dormant"):
        return ()
    return tuple(
        choice for choice in choices if _is_routine(choice) and not _is_new(choice, newest, assessment.picture)
    )


def _may_sleep(assessment: Assessment) -> bool:
    """Whether silence would hide nothing: no known disease, nothing missing, failed or unread."""
    picture = assessment.picture
    return not (
        assessment.hides
        or picture.is_known
        or assessment.failed
        or not picture.complete.all
        or picture.laboratory.unread
        or picture.others_unread
        or picture.unclear
    )


def _newest(picture: Picture) -> int | None:
    """The day of the newest evidence of the twitch; None where one has come back, or has no date at all."""
    active = {twitch.named.ref for twitch in picture.twitches}
    same_problems = [
        problem for problem in picture.chart.problems if is_twitch(problem.named) and problem.verification != "refuted"
    ]
    counted = [problem for problem in same_problems if problem.named.ref in active]
    if any(problem.clinical in RETURNED or not list(days_of(problem, picture.chart)) for problem in counted):
        return None
    return max(_evidence(same_problems, picture), default=None)


def _evidence(problems: Iterable[Problem], picture: Picture) -> Iterator[int]:
    chart = picture.chart
    for problem in problems:
        yield from days_of(problem, chart)
    days_seen = (entry.when for entry in chart.seen if shows_twitch(entry))
    visits = (visit.start for visit in chart.visits if is_twitch(visit.named))
    days_told = (entry.when for entry in chart.told if is_twitch(entry.named))
    day_asked = (picture.request.when if picture.request else None,)
    yield from (when.last for when in (*days_seen, *visits, *days_told, *day_asked) if when is not None)
    yield from (done.day for done in (picture.any_exam, picture.any_emg) if done is not None)


def _is_routine(choice: Choice) -> bool:
    """Information, and the routine neurology card. STATUS is never asked about: its request is evidence."""
    return choice.topic is Topic.NEURO_EVAL or choice.indicator is Indicator.INFO


def _is_new(choice: Choice, newest: int, picture: Picture) -> bool:
    """Whether a sign of the routine neurology card is newer than the twitch, or new; one without a date may be."""
    since = min(newest + 1, picture.today - picture.knowledge.days("dormant_sign"))
    if is_today(choice.flags):
        return True
    return any(
        _counts(flag, picture) and any(day is None or day >= since for day in flag.days) for flag in choice.flags
    )


def _counts(flag: Raised, picture: Picture) -> bool:
    return flag.id in picture.knowledge.flags(ROUTINE) or any("weight-loss" in finding.sets for finding in flag.found)
