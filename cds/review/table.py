"""The results as lines of text."""

from collections.abc import Iterator

from cds.review.agreement import Agreement
from cds.review.results import Line, Results


def lines(results: Results) -> Iterator[str]:
    """What both came to, and how far they have come."""
    yield f"Blinded review of {results.items} items (seed {results.seed})"
    for progress in results.reviewers:
        yield f"  {progress.reviewer}: {progress.judged} judged, {progress.left} left"
    if not results.is_done:
        yield "  not finished: two people have to judge everything"
    if results.changed:
        yield f"  {results.changed} cannot be judged: the export or the version has changed since the replay"
    yield ""
    yield f"Agreement: {_agreement(results.agreement)}"
    for title, share, rows in (
        ("Card", "positive predictive value", results.cards),
        ("Silent visits", "rightly silent", results.silences),
    ):
        yield ""
        yield f"{title:<24} {'judged':>10} {'right':>6} {'disagreed':>10} {'harmful':>8}  {share} (95 %)"
        for line in rows:
            count = f"{line.judged} of {line.drawn}"
            counts = f"{count:>10} {line.right:>6} {line.disagreed:>10} {line.harmful:>8}"
            yield f"{line.stratum:<24} {counts}  {_share(line)}"
    yield ""
    yield "An item is right if both reviewers say so, and harmful if one does. Intervals: Wilson; kappa: Fleiss 1969."


def _agreement(agreement: Agreement | None) -> str:
    if agreement is None or agreement.kappa is None:
        return "no figure: no item was judged by both"
    interval = f", 95 % interval {agreement.low:.2f} to {agreement.high:.2f}" if agreement.low is not None else ""
    return f"kappa {agreement.kappa:.2f}{interval}; the same verdict on {agreement.agreed} of {agreement.both}"


def _share(line: Line) -> str:
    if line.share is None:
        return "–"
    return f"{100 * line.share:.0f} % ({100 * (line.low or 0):.0f} to {100 * (line.high or 0):.0f} %)"
