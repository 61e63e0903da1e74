"""Check boxes: which box is a phrase's, and whether it is ticked ("[ ] twitching  [x] cramps"; second edition N14)."""

from enum import Enum, auto

from cds.words.sentences import Sentences
from cds.words.tokens import EMPTY, Kind, Token


class Ticked(Enum):
    """What the box of a phrase says: of an empty one nothing can be told, for nobody wrote a no."""

    YES = auto()
    NO = auto()
    EMPTY = auto()


def ticked(sentences: Sentences, first: int, end: int, yes: frozenset[int], no: frozenset[int]) -> Ticked | None:
    """What the box of the tokens from `first` to before `end` says; none, if they have no box.

    `yes` and `no` are the places of the words that answer: boxes of their own may stand beside them
    ("twitching: [ ] yes [x] no").
    """
    tokens = sentences.tokens
    if (ticked := _chosen(tokens, end, yes, no)) is not None:
        return ticked
    place = _behind(tokens, end) if _is_behind(tokens, first) else _before(tokens, first)
    if place is None:
        return None
    return Ticked.EMPTY if tokens[place].text == EMPTY else Ticked.YES


def _chosen(tokens: list[Token], end: int, yes: frozenset[int], no: frozenset[int]) -> Ticked | None:
    """Which answer is ticked, where the next words are answers with a box each."""
    place = end
    while place < len(tokens) and tokens[place].kind in (Kind.COLON, Kind.ASKED, Kind.LOOSE):
        place += 1
    options: list[tuple[int, int]] = []  # a box and its answer
    while place + 1 < len(tokens):
        here, behind = tokens[place], tokens[place + 1]
        if here.kind is Kind.BOX and place + 1 in yes | no:
            options.append((place, place + 1))
        elif place in yes | no and behind.kind is Kind.BOX:
            options.append((place + 1, place))
        else:
            break
        place += 2
    if not options:
        return None
    answers = [answer for box, answer in options if tokens[box].text != EMPTY]
    if len(answers) != 1:
        return Ticked.EMPTY
    return Ticked.YES if answers[0] in yes else Ticked.NO


def _is_behind(tokens: list[Token], first: int) -> bool:
    """Whether the boxes of a line stand behind their words: words before the first one, none behind the last."""
    begin, last = first, first
    while begin > 0 and not _ends_line(tokens[begin - 1]):
        begin -= 1
    while last < len(tokens) and not _ends_line(tokens[last]):
        last += 1
    boxes = [place for place in range(begin, last) if tokens[place].kind is Kind.BOX]
    if not boxes or boxes[0] == begin:
        return False
    behind = boxes[-1] + 1
    return tokens[boxes[0] - 1].counts and (behind == last or not tokens[behind].counts)


def _ends_line(token: Token) -> bool:
    return token.text in "\r\n"


def _before(tokens: list[Token], first: int) -> int | None:
    """The box right before the words that a phrase stands in."""
    place = first - 1
    while place >= 0 and tokens[place].kind not in (Kind.STOP, Kind.BOX):
        place -= 1
    return place if place >= 0 and tokens[place].kind is Kind.BOX else None


def _behind(tokens: list[Token], end: int) -> int | None:
    """The box right behind the words that a phrase stands in."""
    place = end
    while place < len(tokens) and tokens[place].kind not in (Kind.STOP, Kind.BOX):
        place += 1
    return place if place < len(tokens) and tokens[place].kind is Kind.BOX else None
