"""What is said of each thing that was not understood; words of few patients are kept back."""

import re
from collections.abc import Iterator

from msgspec import Struct

from cds.recall.model import NONE, Item, Key, Kind, Survey, Type
from cds.recall.suggest import Suggestion, Suggestions

ENOUGH = 5  # patients from whom a text must come to be printed
_PLAIN = re.compile(r"[A-Za-z0-9._^:/+%#~-]{1,64}", re.ASCII)
OURS = frozenset({Kind.VALUE, Kind.NAME})  # their words are the project's own


class Row(Struct, frozen=True, kw_only=True):
    """One line. `system` and `code` are those of the sender, `text` what it calls them, or all that it says."""

    type: Type
    kind: Kind
    system: str
    code: str
    text: str
    about: str
    count: int
    patients: int
    suggestion: Suggestion | None = None


class Rows(Struct, frozen=True):
    """The lines by volume, and how many entries are in lines that are kept back."""

    shown: tuple[Row, ...]
    kept_back: int
    kept_back_lines: int


def rows(survey: Survey, suggestions: Suggestions, *, every: bool) -> Rows:
    """All lines, the most frequent first; with `every` also texts of fewer than five patients."""
    visible: list[Row] = []
    hidden: list[int] = []
    for key, item in survey.items.items():
        if every or _may_be_shown(key, item):
            visible.append(_row(key, item, suggestions, every=every))
        else:
            hidden.append(item.count)
    visible.sort(key=lambda row: (-row.count, row.type, row.kind, row.system, row.code, row.text))
    return Rows(tuple(visible), sum(hidden), len(hidden))


def _may_be_shown(key: Key, item: Item) -> bool:
    """Codes that look like codes; everything else that a sender wrote only if enough patients have it."""
    if key.kind in OURS or len(item.patients - {""}) >= ENOUGH:
        return True
    if key.kind in (Kind.TEXT, Kind.UNIT):
        return key.text == NONE
    return all(map(_is_plain, (key.system, key.code, key.text)))


def _is_plain(text: str) -> bool:
    return text in ("", NONE) or _PLAIN.fullmatch(text) is not None


def _row(key: Key, item: Item, suggestions: Suggestions, *, every: bool) -> Row:
    displays = [
        text for text, whose in item.displays.items() if every or key.kind in OURS or len(whose - {""}) >= ENOUGH
    ]
    return Row(
        type=key.type,
        kind=key.kind,
        system=key.system,
        code=key.code,
        text=key.text or next(iter(displays), ""),
        about=key.about,
        count=item.count,
        patients=len(item.patients - {""}),
        suggestion=suggestions.of(key, item.displays),
    )


def shares(survey: Survey) -> Iterator[tuple[Type, str, int, int, str]]:
    """Type, source, read, all, and why the others were not read; the whole of each type first."""
    for kind in Type:
        by_source = {source: share for (of_kind, source), share in survey.shares.items() if of_kind is kind}
        if not by_source:
            continue
        yield (
            kind,
            "all",
            sum(share.read for share in by_source.values()),
            sum(share.total for share in by_source.values()),
            "",
        )
        for source, share in sorted(by_source.items(), key=lambda pair: (-pair[1].total, pair[0])):
            why = ", ".join(f"{reason} {count}" for reason, count in share.unread.most_common())
            yield kind, source, share.read, share.total, why
