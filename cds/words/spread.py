"""Whether an eyelid is the only place that twitches: one that stands in a row with a limb is not (N15)."""

from collections.abc import Iterable

from cds.words.masks import places
from cds.words.patterns import Match, Phrases
from cds.words.tokens import Kind, Token

PASSED = frozenset({Kind.COMMA, Kind.LOOSE})  # marks within a row of places
ENDS = frozenset({Kind.COMMA, Kind.COLON, Kind.STOP, Kind.LOOSE, Kind.NUMBER, Kind.BOX})


def is_beyond(at: Match, tokens: list[Token], phrases: Phrases, signs: Iterable[Match]) -> bool:
    """Whether a limb or the trunk stands in the phrase of an eyelid, or in the row of places before or behind it.

    "Eyelid and calf twitching", "eyelid twitching, now also in the arms"; but not "eyelid twitch, leg pain", where the
    leg has a word of its own.
    """
    sign_places = places(signs)
    before, behind = range(at.first - 1, -1, -1), range(at.end, len(tokens))
    if any(place not in sign_places and phrases.is_beyond(tokens[place]) for place in range(at.first, at.end)):
        return True
    return any(_in_row(row, tokens, phrases, sign_places) for row in (before, behind))


def _in_row(row: range, tokens: list[Token], phrases: Phrases, sign_places: frozenset[int]) -> bool:
    for place in row:
        token = tokens[place]
        if place in sign_places:
            return False
        if phrases.is_beyond(token):
            last = place + 1
            return row.step < 0 or last == len(tokens) or tokens[last].kind in ENDS or phrases.is_filler(tokens[last])
        if token.kind not in PASSED and not phrases.is_filler(token):
            return False
    return False
