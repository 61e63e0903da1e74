"""Reads a short text: which twitches and signs it mentions, and what it says of each (second edition N13-N19)."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from cds.knowledge.spoken import LanguageWords
from cds.words.cues import Cues
from cds.words.lists import compiled, stems_of_signs, stems_of_twitches
from cds.words.masks import CUE
from cds.words.mention import Field, Mention, Polarity
from cds.words.patterns import OTHER, Match, Phrases
from cds.words.quick import Quick
from cds.words.sentences import WINDOW, Sentences
from cds.words.spread import is_beyond
from cds.words.tokens import Kind, Token, tokens
from cds.words.understood import Understood

QUOTED = 60
NEAR_TWINS = 8  # the mentions that may stand between two of the same in two languages
LONGEST_ABBREVIATION = 4
TWITCH, SIGN, FAMILY, LOOKS = "twitch", "sign:", "family", "look:"
EYELID = "eyelid"
FAR, FIT = "look:far", "look:fit"
WEAKNESS, FATIGUE = "sign:weakness", "sign:fatigue"  # "weak" without a place is fatigue (N16)
SURE_BEFORE, SURE_AFTER = 6, 4
# Of two languages that both know a phrase, the one that silences it is right: it knows the cue (N14).
SILENCING = (
    *(Polarity.PERSON, Polarity.HYPOTHETICAL, Polarity.LOOK_ALIKE, Polarity.ABSENT, Polarity.HISTORY),
    *(Polarity.UNKNOWN, Polarity.DOUBT, Polarity.PRESENT),
)


class Heard(Struct, frozen=True):
    """What a text mentions, in its order, and how many steps it took to read."""

    mentions: tuple[Mention, ...] = ()
    steps: int = 0


class _Language:
    """One language. Its phrases are compiled when they are first needed: a megabyte and a half."""

    def __init__(self, name: str, spoken: LanguageWords) -> None:
        self.name, self.spoken = name, spoken
        self.of_twitches, self.of_signs = stems_of_twitches(spoken), stems_of_signs(spoken)

    @cached_property
    def phrases(self) -> Phrases:
        return compiled(self.name, self.spoken)


class Hearing:
    """The words of all languages; `small` are short names of diseases that count in small letters."""

    def __init__(self, languages: Mapping[str, LanguageWords], small: frozenset[str] = frozenset()) -> None:
        self._small = small
        self._languages = {name: _Language(name, words) for name, words in languages.items()}
        self._quick: dict[tuple[str, ...], Quick] = {}

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages whose words are known."""
        return tuple(self._languages)

    def may_twitch(self, text: str, languages: Collection[str]) -> bool:
        """A quick look: whether a text may mention a twitch. Most texts end here."""
        return self._look(("twitch", *languages)).may(text)

    def may_mention(self, text: str, languages: Collection[str]) -> bool:
        """The same, for a twitch or a sign."""
        return self._look(("all", *languages)).may(text)

    def mentioned_in(self, text: str, languages: Collection[str]) -> list[str]:
        """In which languages a text may mention a twitch or a sign."""
        if not self.may_mention(text, languages):
            return []
        return [name for name in languages if self.may_mention(text, (name,))]

    def _look(self, key: tuple[str, ...]) -> Quick:
        quick = self._quick.get(key)
        if quick is None:
            languages = [self._languages[name] for name in key[1:]]
            signs = (
                frozenset[str]()
                if key[0] == "twitch"
                else frozenset().union(*(language.of_signs for language in languages))
            )
            quick = self._quick[key] = Quick(signs.union(*(language.of_twitches for language in languages)))
        return quick

    def hear(self, text: str, languages: Collection[str], field: Field) -> tuple[Mention, ...]:
        """What a text mentions, and what it says of each mention."""
        return self.read(text, languages, field).mentions

    def read(self, text: str, languages: Collection[str], field: Field) -> Heard:
        """The same, with the steps it took."""
        words = tokens(text)
        sentences = Sentences(words)
        mentions: list[Mention] = []
        steps = 0
        matched = {
            name: language.phrases.find(words) for name, language in self._languages.items() if name in languages
        }
        excluding = [match for matches, _ in matched.values() for match in matches if match.meaning == OTHER]
        for name, (matches, took) in matched.items():
            cues = Cues(sentences, matches)
            relevant = [match for match in matches if not _is_other(match, excluding)]
            mentions += _mentions(relevant, name, self._languages[name], text, cues, self._small)
            steps += took + cues.steps
        understood = Understood(
            sentences,
            [self._languages[name].phrases for name in matched],
            [match for matches, _ in matched.values() for match in matches],
        )
        merged = [_as_understood(mention, understood) for mention in _merged(mentions)]
        return Heard(tuple(_wanted(merged, field)), steps)


def _as_understood(mention: Mention, understood: Understood) -> Mention:
    """A twitch in a sentence that is not understood is unclear; a sign is not: it is shown and asked about (R4)."""
    is_open = mention.concept == TWITCH and mention.polarity is Polarity.PRESENT
    return (
        replace(mention, polarity=Polarity.UNKNOWN)
        if is_open and understood.is_lost(mention.start, mention.end)
        else mention
    )


def _is_other(match: Match, excluding: list[Match]) -> bool:
    """Whether words are part of a phrase, in any language, that means something else."""
    is_cue = match.meaning.startswith((CUE, LOOKS))
    return not is_cue and any(exclusion.first < match.end and match.first < exclusion.end for exclusion in excluding)


def _mentions(
    matches: list[Match], name: str, language: _Language, text: str, cues: Cues, small: frozenset[str]
) -> Iterator[Mention]:
    sentences = cues.sentences
    signs = [match for match in matches if match.meaning.startswith(SIGN)]
    looks: dict[int, list[Match]] = {}
    for match in matches:
        if match.meaning.startswith(LOOKS):
            looks.setdefault(match.first, []).append(match)
    for match in _longest(match for match in matches if not match.meaning.startswith((CUE, LOOKS))):
        concept, _, place = match.meaning.removeprefix(SIGN).partition(":")
        is_sign = match.meaning.startswith(SIGN)
        first, last = sentences.tokens[match.first], sentences.tokens[match.end - 1]
        if concept == FAMILY and _is_lower(text[first.start : last.end], small):
            continue
        around = cues.around(match)
        polarity = around.polarity(is_sign=is_sign)
        if concept == TWITCH and polarity is Polarity.PRESENT and _looks_else(match, looks, cues):
            polarity = Polarity.LOOK_ALIKE
        if place == EYELID and is_beyond(match, sentences.tokens, language.phrases, signs):
            place = ""
        yield Mention(
            concept=concept,
            polarity=polarity,
            start=first.start,
            end=last.end,
            quote=_quote(text, first.start, last.end),
            languages=frozenset({name}),
            place="" if place == "bare" else place,
            days=_days(match, sentences, language.spoken),
            sudden=around.is_sudden,
            additional=concept in language.spoken.additional,
        )


def _is_lower(words: str, small: frozenset[str]) -> bool:
    """Whether a word is as short as the abbreviation of a disease and not written like one: "als" is no ALS (N19)."""
    return len(words) <= LONGEST_ABBREVIATION and not words.isupper() and words.lower() not in small


def _longest(matches: Iterable[Match]) -> list[Match]:
    """Of the matches of one concept that overlap, the longest; of two as long, the one listed first.

    A weakness that has a place is no fatigue.
    """
    longest: list[Match] = []
    occupied: set[tuple[str, int]] = set()
    for match in sorted(matches, key=lambda match: (match.first - match.end, match.first)):
        concept, places = _concept(match), range(match.first, match.end)
        if any((concept, place) in occupied for place in places):
            continue
        if match.meaning == FATIGUE and any((WEAKNESS, place) in occupied for place in places):
            continue
        occupied.update((concept, place) for place in places)
        longest.append(match)
    return sorted(longest, key=lambda match: (match.first, match.end))


def _concept(match: Match) -> str:
    return match.meaning.partition(":")[0] if match.meaning.startswith(TWITCH) else match.meaning


def _looks_else(match: Match, looks: Mapping[int, list[Match]], cues: Cues) -> bool:
    """Whether an affirmed look-alike stands beside a twitch (N18).

    One that may come with a twitch closes the gate only where nothing says that a muscle twitches.
    """
    sentences = cues.sentences
    near_by = range(match.first - WINDOW, match.end + WINDOW)
    for look in (candidate for place in near_by for candidate in looks.get(place, ())):
        if look.meaning == OTHER or (look.meaning == "look:loose" and match.meaning != "twitch:bare"):
            continue
        if look.meaning in (FAR, FIT):
            near = True
        elif look.end <= match.first:
            near = sentences.words(look.end, match.first) <= SURE_BEFORE
        elif look.first >= match.end:
            near = sentences.words(match.end, look.first) <= SURE_AFTER
        else:
            near = not _is_part(look, match)
        first, end = min(look.first, match.first), max(look.end, match.end)
        if (
            near
            and (sentences.is_one_sentence(first, end) or _is_in_fit(look, match, cues))
            and cues.around(look).polarity(is_sign=False) is Polarity.PRESENT
        ):
            return True
    return False


def _is_in_fit(look: Match, match: Match, cues: Cues) -> bool:
    """Whether a fit is told before a semicolon and the twitch behind it, or the other way round, as of one event."""
    first, end = min(look.first, match.first), max(look.end, match.end)
    return look.meaning == FIT and cues.sentences.is_one_row(first, end) and not cues.around(match).is_tied


def _is_part(look: Match, match: Match) -> bool:
    """Whether a look-alike is a part of what names a muscle: "muscles jumping in my legs"."""
    return match.first <= look.first and look.end <= match.end and look.end - look.first < match.end - match.first


def _days(match: Match, sentences: Sentences, language_words: LanguageWords) -> int | None:
    """For how many days it has been so, as the sentence says: "for 3 weeks", "3 week history of" (N17)."""
    begin, last = sentences.limits(match.first, match.end)
    words = sentences.tokens
    for place in range(begin, last - 1):
        number = _number(words[place], language_words)
        unit = language_words.durations.units.get(words[place + 1].text) if number is not None else None
        if number is None or unit is None:
            continue
        before = words[place - 1].text if place > begin else ""
        after = words[place + 2].text if place + 2 < last else ""
        if before in language_words.durations.before or after in language_words.durations.after:
            return number * unit
    return None


def _number(token: Token, language_words: LanguageWords) -> int | None:
    if token.kind is Kind.NUMBER and token.text.isdecimal() and len(token.text) <= 3:
        return int(token.text)
    return language_words.durations.numbers.get(token.text)


def _quote(text: str, start: int, end: int) -> str:
    """The phrase with words around it, at most so many characters, on one line."""
    if len(excerpt := " ".join(text.split())) <= QUOTED:
        return excerpt
    before = after = max(0, QUOTED - (end - start) - 2) // 2
    first, last = max(0, start - before), min(len(text), end + after)
    while first < start and first > 0 and not text[first - 1].isspace():
        first += 1
    while last > end and last < len(text) and not text[last].isspace():
        last -= 1
    return " ".join(text[first:last].split())[:QUOTED]


def _merged(mentions: list[Mention]) -> list[Mention]:
    """Of the mentions of one concept in two languages one, with what silences it."""
    merged: list[Mention] = []
    for mention in sorted(mentions, key=lambda mention: (mention.start, mention.end)):
        last = range(max(0, len(merged) - NEAR_TWINS), len(merged))
        twin = next((place for place in last if _are_same(mention, merged[place])), None)
        if twin is None:
            merged.append(mention)
            continue
        earlier = merged[twin]
        first = min(mention, earlier, key=lambda mention: SILENCING.index(mention.polarity))
        longer = max(mention, earlier, key=lambda mention: mention.end - mention.start)
        merged[twin] = replace(longer, polarity=first.polarity, languages=mention.languages | earlier.languages)
    return merged


def _are_same(first: Mention, second: Mention) -> bool:
    return first.concept == second.concept and first.start < second.end and second.start < first.end


def _wanted(mentions: Iterable[Mention], field: Field) -> Iterator[Mention]:
    """A note of a problem tells signs only, a history of the family its diseases only (N13, N19)."""
    for mention in mentions:
        if (mention.concept == FAMILY) != (field is Field.FAMILY):
            continue
        if field is Field.NOTE and mention.concept == TWITCH:
            continue
        yield mention
