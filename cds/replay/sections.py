"""The sections of the page: each a question to the files, its rows as they may be disclosed, and a picture or none."""

import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from cds.replay.figures import (
    AGE,
    BY,
    BY_CARD,
    CALLS,
    CARDS,
    CLINIC,
    DAYS,
    EMERGENCIES,
    KNOWN_THEN,
    LISTED,
    MISSED,
    MONTH,
    MONTHS,
    NOT_CHECKED,
    PAIRS,
    RULES_OFF,
    SHARES,
    YEAR,
    Bar,
    Section,
    drawn,
    share,
    told,
)
from cds.replay.losses import LOSSES
from cds.replay.manifest import Manifest
from cds.replay.tables import Tables

MONTHS_MAX = 36  # more of them are told by year
PLACES = 5
with Path(__file__).with_name("words.toml").open("rb") as _file:
    WORDS: dict[str, dict[str, str]] = tomllib.load(_file)


def sections(database: Tables, manifest: Manifest) -> Iterator[Section]:
    """All of them, in the order of the page."""
    ((calls,),) = database.rows("SELECT count(*) FROM visits")
    yield _lost(manifest)
    yield _calls(database, calls)
    yield _cards(database, calls)
    ((months,),) = database.rows(MONTHS)
    yield _by(
        database,
        "By month" if months <= MONTHS_MAX else "By year",
        MONTH if months <= MONTHS_MAX else YEAR,
        upright=True,
    )
    yield _by(database, "By clinic", CLINIC, order="calls DESC, what")
    yield _by(database, "By age at the visit", AGE, order="min(age) NULLS LAST")
    yield _days(database)
    yield _pairs(database)
    yield _rules_off(database, manifest)
    yield _emergencies(database)
    yield _not_checked(database)
    yield _known_then(database, calls)
    yield _understood(database)
    yield _missed(database)


def _lost(manifest: Manifest) -> Section:
    lost = manifest.lost
    losses = {reason.value for reason in LOSSES}
    rows = [
        (
            "lost" if reason in losses else "counted",
            WORDS["reasons"][reason],
            told(count),
            ", ".join(lost.places.get(reason, [])[:PLACES]),
        )
        for reason, count in sorted(lost.counts.items(), key=lambda item: (item[0] not in losses, item[0]))
    ]
    text = (
        "Parts of the export that are missing from the figures below, or were changed. “Lost” marks "
        "missing parts of the denominators; mention them whenever the figures are quoted."
    )
    return Section("What is missing", text, ("", "what", "how many", "where, at first"), tuple(rows))


def _calls(database: Tables, calls: int) -> Section:
    rows = [
        (hook, WORDS["outcomes"][outcome], told(count), share(count, calls))
        for outcome, hook, count in database.rows(CALLS)
    ]
    text = f"{told(calls)} calls. patient-view: a chart is opened at a visit; order-sign: medicines are signed."
    return Section("Outcomes of the calls", text, ("hook", "outcome", "calls", "per 100 calls (95 %)"), tuple(rows))


def _cards(database: Tables, calls: int) -> Section:
    cards = list(database.rows(CARDS))
    rows = [
        (card, indicator, told(total), share(total, calls), told(first), told(again), told(silenced), told(patients))
        for card, indicator, total, first, again, silenced, patients in cards
    ]
    bars = tuple(
        Bar(card, (("first", drawn(first)), ("again", drawn(again))))
        for card, _, total, first, again, *_ in cards
        if total
    )
    text = (
        "First: this patient had no such card before in this history. Again: shown once more, because it is not known "
        "whether it was answered. Suppressed: a repeat that the service does not show."
    )
    head = ("card", "urgency", "shown", "per 100 calls (95 %)", "first", "again", "suppressed", "patients")
    return Section("Cards", text, head, tuple(rows), bars)


def _by(database: Tables, title: str, grouping: str, order: str = "what", *, upright: bool = False) -> Section:
    cards: dict[str, dict[str, int]] = defaultdict(dict)
    for group, card, count in database.rows(BY_CARD.format(what=grouping)):
        if count:
            cards[group][card] = count
    groups = list(database.rows(BY.format(what=grouping, order=order)))
    rows = [
        (
            group,
            told(calls),
            told(count),
            share(having, calls),
            ", ".join(
                f"{card} {told(count)}" for card, count in sorted(cards[group].items(), key=lambda item: -item[1])
            ),
        )
        for group, calls, having, count in groups
    ]
    text = "" if len(rows) <= LISTED else f"The first {LISTED} of {len(rows)}; the file visits.parquet has all."
    bars = tuple(Bar(group, (("first", drawn(count)),)) for group, _, _, count in groups) if upright else ()
    head = (title.removeprefix("By "), "calls", "cards", "calls with a card per 100 (95 %)", "which")
    return Section(title, text, head, tuple(rows) if upright else tuple(rows[:LISTED]), bars, upright=upright)


def _days(database: Tables) -> Section:
    (days,) = database.rows(DAYS)
    total, none, single, two, more, median, most = days
    rows = [
        ("no card", told(none), share(none, total)),
        ("one card", told(single), share(single, total)),
        ("two cards", told(two), share(two, total)),
        ("more than two", told(more), share(more, total)),
    ]
    text = (
        f"{told(total)} days of individual clinicians with at least one call. Half of them have at most {median} "
        f"cards, 95 of 100 at most {most}. Calls without a named clinician are not included."
        if total
        else "The export names no clinicians."
    )
    return Section("Per clinician and day", text, ("", "days", "per 100 days (95 %)"), tuple(rows) if total else ())


def _pairs(database: Tables) -> Section:
    rows = [(card, companion, told(count)) for card, companion, count in database.rows(PAIRS)]
    return Section("Cards together", "Pairs of cards in the same call.", ("card", "with", "calls"), tuple(rows))


def _rules_off(database: Tables, manifest: Manifest) -> Section:
    head = ("without the rule", "card", "gone", "less urgent", "more urgent", "new")
    if not manifest.options.get("rules_off"):
        return Section("With one rule less", "Not requested (--no-rules-off).", head)
    rows = [
        (rule, card or "the call fails", told(gone), told(less), told(more), told(new))
        for rule, card, gone, less, more, new in database.rows(RULES_OFF)
    ]
    text = (
        "Each call with a card, repeated without each rule that fired: how its cards change. A rule that is "
        "not listed makes no difference."
    )
    return Section("With one rule less", text, head, tuple(rows))


def _emergencies(database: Tables) -> Section:
    rows = [
        (
            f"{day:%Y-%m}",
            visit[:12],
            hook,
            ", ".join((*tags, *flags)),
            ", ".join(f"{age} d" for age in ages) + (f", {undated} without a date" if undated else ""),
            ", ".join(not_checked),
            "first" if first else "again",
        )
        for day, visit, _, tags, flags, ages, undated, not_checked, hook, first in database.rows(EMERGENCIES)
    ]
    text = "All emergency cards, for review. The visit is the beginning of a keyed hash; cards.parquet has all of it."
    head = ("month", "visit", "hook", "tags and flags", "age of the facts", "not checked", "")
    return Section("Emergencies", text, head, tuple(rows))


def _not_checked(database: Tables) -> Section:
    rows = [(gap, told(count)) for gap, count in database.rows(NOT_CHECKED)]
    return Section("Not checked", "What the cards reported as not checked.", ("what", "calls"), tuple(rows))


def _known_then(database: Tables, calls: int) -> Section:
    (counts,) = database.rows(KNOWN_THEN)
    names = (
        "not known yet on the day: ignored",
        "without any date: treated as known",
        "with unknown status on that day: used as in the export",
    )
    rows = [
        (f"resources {name}", told(count or 0), share(count or 0, calls), told(resources or 0))
        for name, count, resources in zip(names, counts[:3], counts[3:], strict=True)
    ]
    text = "Charts are evaluated with what was known on the day, as far as the export shows. Of the evaluated calls:"
    return Section(
        "What was known then", text, ("", "calls", "per 100 calls (95 %)", "resources, all calls"), tuple(rows)
    )


def _understood(database: Tables) -> Section:
    rows = [(kind, told(read), told(total), share(read, total)) for kind, read, total in database.rows(SHARES)]
    text = "Shares of all entries in the export that a rule could use (`twitch-cds recall`)."
    return Section("Understood", text, ("type", "read", "of", "per 100 (95 %)"), tuple(rows))


def _missed(database: Tables) -> Section:
    rows = [
        (kind, problem, f"{system} {code}".strip(), text, told(count), told(patients), may_be)
        for kind, problem, system, code, text, count, patients, may_be in database.rows(MISSED)
    ][:LISTED]
    head = ("type", "", "code", "text", "entries", "patients", "may be")
    return Section("Not understood", "The most frequent first; unread.parquet has all.", head, tuple(rows))
