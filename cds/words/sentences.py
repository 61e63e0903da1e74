"""The tokens of a text with their words, clauses and sentences: what a cue may reach (N13, N14)."""

from cds.words.tokens import Kind, Token

SEMICOLON = ";"
WINDOW = 48  # tokens: no cue reaches further


class Sentences:
    """The tokens of a text with their words, clauses and sentences counted."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self._words = [0]
        self._commas = [0]
        self._stops = [0]
        self._ends = [0]
        self.has_boxes = False
        for place, token in enumerate(tokens):
            stop = token.kind is Kind.STOP or (token.kind is Kind.ASKED and _ends(tokens, place))
            if token.kind is Kind.BOX:
                stop = self.has_boxes = True
            self._words.append(self._words[-1] + token.counts)
            self._commas.append(self._commas[-1] + (token.kind in (Kind.COMMA, Kind.COLON)))
            self._stops.append(self._stops[-1] + stop)
            self._ends.append(self._ends[-1] + (stop and token.text != SEMICOLON))

    def words(self, first: int, end: int) -> int:
        """How many words stand between."""
        return self._words[end] - self._words[first]

    def is_one_sentence(self, first: int, end: int) -> bool:
        """Whether no sentence ends between."""
        return self._stops[end] == self._stops[first]

    def is_one_row(self, first: int, end: int) -> bool:
        """Whether nothing more than a semicolon ends a sentence between."""
        return self._ends[end] == self._ends[first]

    def is_one_clause(self, first: int, end: int) -> bool:
        """Whether neither a sentence nor a clause ends between."""
        return self.is_one_sentence(first, end) and self._commas[end] == self._commas[first]

    def begins(self, place: int) -> bool:
        """Whether a clause begins at a token: at the begin of the text or behind a mark."""
        return place == 0 or self.is_mark(place - 1)

    def is_clause_end(self, end: int) -> bool:
        """Whether a clause or the text ends behind some tokens."""
        return end >= len(self.tokens) or self.is_mark(end)

    def clause(self, place: int) -> int:
        """Where the clause of a token begins: behind the mark before it, or at the begin of the text."""
        while place > 0 and not self.is_mark(place - 1):
            place -= 1
        return place

    def is_colon(self, place: int) -> bool:
        """Whether a token is a colon."""
        return self.tokens[place].kind is Kind.COLON

    def is_mark(self, place: int) -> bool:
        """Whether a token ends a clause."""
        token = self.tokens[place]
        return token.kind in (Kind.COMMA, Kind.COLON, Kind.STOP, Kind.BOX) or token.text in "()-"

    def limits(self, first: int, end: int) -> tuple[int, int]:
        """The sentence around some tokens, as far as a cue may reach."""
        begin = first
        while begin > max(0, first - WINDOW) and self._stops[begin] == self._stops[begin - 1]:
            begin -= 1
        last, most = end, min(len(self.tokens), end + WINDOW)
        while last < most and self._stops[last + 1] == self._stops[last]:
            last += 1
        return begin, last


def _ends(tokens: list[Token], place: int) -> bool:
    """Whether a question mark ends a sentence: nothing, or another mark, follows it, or it closes a longer question."""
    return place + 1 < len(tokens) and tokens[place + 1].kind in (Kind.STOP, Kind.ASKED)
