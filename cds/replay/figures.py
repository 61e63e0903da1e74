"""The figures of the page, asked of the Parquet files. Whatever counts fewer than five people or visits says "<5"."""

from msgspec import Struct

from cds.report.wilson import rate

ENOUGH = 5
FEW = f"<{ENOUGH}"

LISTED = 40

# What `twitch-cds golive` reads of a replay, by the names that it knows.
FIGURES = """
    SELECT count(*) AS calls, coalesce(sum(cards), 0)::BIGINT AS cards,
           count(*) FILTER (not_checked > 0) AS not_checked, count(*) FILTER (unread > 0) AS unread,
           count(*) FILTER (outcome IN ('refused', 'failed', 'two-patients')) AS not_answered FROM visits
"""
FIGURE_NAMES = ("calls", "cards", "not_checked", "unread", "not_answered")
CALLS = """
    SELECT outcome, hook, count(*) FROM visits GROUP BY ALL ORDER BY count(*) DESC, outcome, hook
"""
CARDS = """
    SELECT card, indicator, count(*) FILTER (shown) AS shown, count(*) FILTER (shown AND first),
           count(*) FILTER (shown AND NOT first), count(*) FILTER (NOT shown), count(DISTINCT patient)
    FROM cards GROUP BY ALL ORDER BY shown DESC, card, indicator
"""
BY = """
    SELECT {what} AS what, count(*) AS calls, count(*) FILTER (cards > 0) AS with_cards, coalesce(sum(cards), 0)::BIGINT
    FROM visits WHERE outcome <> 'two-patients' GROUP BY what ORDER BY {order}
"""
BY_CARD = """
    SELECT {what} AS what, c.card, count(*) FILTER (c.shown) FROM visits JOIN cards c USING (visit) GROUP BY ALL
"""
MONTH, YEAR = "strftime(visits.day, '%Y-%m')", "strftime(visits.day, '%Y')"
MONTHS = "SELECT count(DISTINCT strftime(day, '%Y-%m')) FROM visits"
CLINIC = "coalesce(clinic, 'not recorded')"
AGE = """CASE WHEN age IS NULL THEN 'not recorded' WHEN age < 1 THEN '0' WHEN age < 16 THEN '1-15'
    WHEN age < 45 THEN '16-44' WHEN age < 65 THEN '45-64' WHEN age < 80 THEN '65-79' ELSE '80 and more' END"""
DAYS = """
    SELECT count(*), count(*) FILTER (cards = 0), count(*) FILTER (cards = 1), count(*) FILTER (cards = 2),
           count(*) FILTER (cards > 2), coalesce(quantile_disc(cards, 0.5), 0), coalesce(quantile_disc(cards, 0.95), 0)
    FROM (SELECT clinician, day, sum(cards)::BIGINT AS cards FROM visits WHERE clinician IS NOT NULL GROUP BY ALL)
"""
PAIRS = """
    SELECT a.card, b.card, count(DISTINCT a.visit) AS visits FROM cards a JOIN cards b USING (visit)
    WHERE a.shown AND b.shown AND a.card < b.card GROUP BY ALL ORDER BY visits DESC, a.card, b.card
"""
RULES_OFF = """
    SELECT split_part(change, '|', 1) AS rule, split_part(change, '|', 2) AS card,
           count(*) FILTER (change LIKE '%|gone') AS gone, count(*) FILTER (change LIKE '%|less-urgent') AS less,
           count(*) FILTER (change LIKE '%|more-urgent') AS more, count(*) FILTER (change LIKE '%|new') AS added
    FROM (SELECT unnest(changes) AS change FROM visits) GROUP BY ALL ORDER BY count(*) DESC, rule, card
"""
EMERGENCIES = """
    SELECT c.day, c.visit, c.patient, tags, flags, ages, undated_facts, c.not_checked, hook,
           first FROM cards c JOIN visits USING (visit)
    WHERE card = 'emergency' AND shown ORDER BY c.day, c.visit, number
"""
NOT_CHECKED = """
    SELECT what, count(DISTINCT visit) AS visits FROM (SELECT visit, unnest(not_checked) AS what FROM cards WHERE shown)
    GROUP BY what ORDER BY visits DESC, what
"""
KNOWN_THEN = """
    SELECT count(*) FILTER (later > 0), count(*) FILTER (undated > 0), count(*) FILTER (unknown_then > 0),
           sum(later)::BIGINT, sum(undated)::BIGINT, sum(unknown_then)::BIGINT FROM visits
"""
SHARES = "SELECT type, read, entries FROM unread WHERE line = 'share' AND system = 'all' ORDER BY type"
MISSED = """
    SELECT type, kind, system, code, text, entries, patients, may_be FROM unread WHERE line = 'not-understood'
    ORDER BY entries DESC, type, kind, system, code, text
"""


class Bar(Struct, frozen=True):
    """One bar of a picture: how long each part is, none shorter than what may be disclosed."""

    label: str
    parts: tuple[tuple[str, int], ...]


class Section(Struct, frozen=True):
    """One table of the page, with a picture beside it if it has one."""

    title: str
    text: str
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    bars: tuple[Bar, ...] = ()
    upright: bool = False


def told(count: int) -> str:
    """A count as it may be disclosed."""
    return FEW if 0 < count < ENOUGH else f"{count:,}"


def drawn(count: int) -> int:
    """The same as a length: few are drawn as long as the fewest that may be disclosed."""
    return ENOUGH if 0 < count < ENOUGH else count


def share(count: int, total: int) -> str:
    """Per hundred, with its interval; nothing that would tell what few are."""
    if not total or 0 < count < ENOUGH or 0 < total < ENOUGH:
        return "–"
    interval = rate(min(count, total), total)
    if interval.share is None or count > total:
        return f"{100 * count / total:.2f}"
    return f"{100 * interval.share:.2f} ({100 * (interval.low or 0):.2f}–{100 * (interval.high or 0):.2f})"
