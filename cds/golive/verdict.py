"""Go, or not yet: every gate with its number; a number that there is not is never go."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from cds.golive.calls import Calls
from cds.golive.feedback import Feedback
from cds.golive.gates import GATES, Gates
from cds.golive.replayed import Replayed
from cds.golive.shadow import shadow_figures
from cds.report.shadow import Shadow
from cds.review.agreement import HARMFUL, Judged, kappa
from cds.review.results import Results


class Row(Struct, frozen=True, kw_only=True):
    """One gate; without a `value` there are no figures for it."""

    gate: str
    source: str
    title: str
    value: float | None = None
    limit: float
    is_least: bool = False

    @property
    def is_met(self) -> bool:
        """Whether there is a number, and it is on the right side of the limit."""
        if self.value is None:
            return False
        return self.value >= self.limit if self.is_least else self.value <= self.limit

    @property
    def said(self) -> str:
        """The state, in words."""
        if self.is_met:
            return "go"
        return "not yet" if self.value is not None else "not yet: no figures"


class Verdict(Struct, frozen=True, kw_only=True):
    """All gates of a file, and what the file leaves out."""

    gates: Gates
    time_zone: str
    rows: tuple[Row, ...]

    @property
    def is_go(self) -> bool:
        """Whether every gate is met."""
        return all(row.is_met for row in self.rows)

    @property
    def missed(self) -> int:
        """How many are not."""
        return sum(not row.is_met for row in self.rows)


def verdict(
    gates: Gates,
    time_zone: str,
    calls: Calls | None,
    feedback: Feedback | None,
    reviews: Sequence[Judged],
    beside: Shadow | None = None,
    replay: Replayed | None = None,
) -> Verdict:
    """Set the figures against the limits; None is a source that cannot be read."""
    figures = {
        **_of_calls(calls),
        **_of_reviews(calls, reviews),
        **_of_feedback(feedback),
        **shadow_figures(beside),
        **(_of_replay(replay.figures) if replay else {}),
        **(_of_review(replay.review) if replay and replay.review else {}),
    }
    rows = (
        Row(
            gate=name,
            source=gate.source,
            title=gate.title,
            value=figures.get(name),
            limit=gates.limit(name),
            is_least=gate.is_least,
        )
        for name, gate in gates.asked.items()
    )
    return Verdict(gates=gates, time_zone=time_zone, rows=tuple(rows))


def _of_calls(calls: Calls | None) -> dict[str, float | None]:
    """Shares of no calls are no figures; how many there were is one."""
    if calls is None:
        return {}
    return {
        "calls_seen": float(calls.count),
        "cards_per_100_calls": _percent(calls.cards, calls.count),
        "not_checked_percent": _percent(calls.not_checked, calls.count),
        "unread_percent": _percent(calls.unread, calls.count),
        "open_questions_percent": _percent(calls.open_questions, calls.count),
        "p99_ms": calls.p99,
        "failures_percent": _percent(calls.failures, calls.count),
        "audit_findings": float(calls.findings),
    }


def _of_reviews(calls: Calls | None, reviews: Sequence[Judged]) -> dict[str, float | None]:
    """An emergency is reviewed when everybody who was named has judged it; harmful, if anybody says so.

    Only emergencies that the audit has are counted: of none that were seen, none is unreviewed.
    """
    if calls is None or not calls.count or not reviews:
        return {}
    reviewed = [
        {card: judgement for card, judgement in review.items() if card in calls.emergencies} for review in reviews
    ]
    by_all = set.intersection(*(set(verdicts) for verdicts in reviewed))
    harmful = {card for verdicts in reviewed for card, judgement in verdicts.items() if judgement == HARMFUL}
    return {
        "emergencies_reviewed_percent": _percent(len(by_all), len(calls.emergencies)) if calls.emergencies else 100.0,
        "emergencies_harmful": float(len(harmful)) if by_all or not calls.emergencies else None,
        "agreement": kappa(reviewed[0], reviewed[1]) if len(reviewed) == 2 else None,
    }


def _of_feedback(feedback: Feedback | None) -> dict[str, float | None]:
    if feedback is None:
        return {}
    return {
        "cards_answered": float(feedback.answers),
        "overridden_percent": _percent(feedback.overridden, feedback.answers),
    }


def _of_replay(figures: Mapping[str, int]) -> dict[str, float | None]:
    """Shares of all calls of the replay; one of an older version has no figures."""
    if not figures:
        return {}
    calls = figures["calls"]
    return {
        "replay_calls": float(calls),
        "replay_cards_per_100_calls": _percent(figures["cards"], calls),
        "replay_not_checked_percent": _percent(figures["not_checked"], calls),
        "replay_unread_percent": _percent(figures["unread"], calls),
        "replay_not_answered_percent": _percent(figures["not_answered"], calls),
        "replay_lost": float(figures["lost"]),
    }


def _of_review(results: Results) -> dict[str, float | None]:
    """Of a review; while neither has judged any item of a card, the weakest is unknown."""
    count = sum(line.judged for line in results.lines)
    silent = sum(line.judged for line in results.silences)
    return {
        "review_judged_percent": _percent(count, results.items),
        "review_agreement": results.agreement.kappa if results.agreement else None,
        "review_ppv_percent": _least_percent([line.share for line in results.cards]),
        "review_ppv_low_percent": _least_percent([line.low for line in results.cards]),
        "review_silent_right_percent": _percent(sum(line.right for line in results.silences), silent),
        "review_harmful": float(sum(line.harmful for line in results.lines)) if count else None,
    }


def _least_percent(shares: Sequence[float | None]) -> float | None:
    known_shares = [share for share in shares if share is not None]
    return min(known_shares) * 100 if known_shares and len(known_shares) == len(shares) else None


def _percent(part: int, total: int) -> float | None:
    return part / total * 100 if total else None


def left_out(gates: Gates) -> Iterator[str]:
    """What the file leaves out, in words."""
    titles: Mapping[str, str] = {name: gate.title for name, gate in GATES.items()}
    return (titles.get(name, f"all figures of {name}") for name in gates.without)
