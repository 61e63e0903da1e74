"""What a short text of the chart says, for the rules: phrases, signs, and since when (second edition N13-N17)."""

import re
import unicodedata
from collections.abc import Iterable
from functools import cached_property

from msgspec import Struct

from cds.knowledge.codes import NOTHING
from cds.knowledge.load import Knowledge
from cds.knowledge.model import Phrases
from cds.words.diseases import DiseaseNames
from cds.words.hearing import Hearing
from cds.words.lists import check
from cds.words.mention import Field, Mention, Polarity

TWITCH, EYELID = "twitch", "eyelid"
RED_FLAG, ADDED, UNSURE, UNREAD, DIET = "red-flag", "added", "unsure", "unread", "diet"
TWITCH_PHRASES = frozenset({TWITCH, EYELID})
TOLD = TWITCH_PHRASES | {RED_FLAG, ADDED, UNSURE}  # what a visit, a request, an alert or a text may say
KEPT = TOLD | {UNREAD}  # and what it says only in a language that is off (N14, N48)
LONGEST_PHRASE = 80
REMEMBERED_TEXT = 160
REMEMBERED = 16_384  # texts of at most so many characters: a few megabytes
FAMILY_DISEASES = "family-diseases"  # a group of the data
PLACES = frozenset({"tongue", "face"})  # where a twitch is a sign too (N15)
USED = frozenset({Polarity.PRESENT, Polarity.DOUBT})
HEADED = (Polarity.PERSON, Polarity.HISTORY, Polarity.ABSENT)  # what a heading may make of the items below it
LONGEST_DENIAL = 4  # words of a heading that denies: "the patient denies"; longer ones tell how to fill the form in
_SPACES = re.compile(r"\s+")


class TextMeaning(Struct, frozen=True):
    """What a text says: the lists its phrases are of, the words themselves, the signs, and for how many days.

    `signs` are R4, `added` are symptoms only; `today` are the signs that are to be examined today if they are new.
    """

    phrases: frozenset[str] = NOTHING
    quote: str | None = None
    signs: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    today: tuple[str, ...] = ()
    days: int | None = None


NOTHING_SAID = TextMeaning()
NOT_READ = TextMeaning(phrases=frozenset({UNREAD}))


class Listener:
    """Reads the texts of charts in the languages that are on; results are cached.

    A hospital uses the same few thousand texts repeatedly.
    """

    def __init__(self, knowledge: Knowledge) -> None:
        for language, words in knowledge.spoken.items():
            check(language, words)
        self._hearing = Hearing(knowledge.spoken)
        self._spoken = knowledge.spoken
        self._family_diseases = knowledge.group(FAMILY_DISEASES)
        self._languages = knowledge.languages
        self._off = tuple(language for language in self._hearing.languages if language not in knowledge.languages)
        self._phrase_lists = knowledge.phrases
        self._diet = frozenset(knowledge.phrases.diet)
        self._remembered: dict[str, TextMeaning] = {}
        self._twitches: dict[str, bool] = {}
        self._headings = {name: knowledge.spoken[name].headings for name in knowledge.languages}
        self._headed: dict[str, Polarity | None] = {}
        self._grave: dict[str, bool] = {}

    def twitches(self, text: str) -> bool:
        """Whether a text says that something twitches."""
        remembered = self._twitches.get(text)
        if remembered is None:
            remembered = self._hearing.may_twitch(text, self._languages) and not TWITCH_PHRASES.isdisjoint(
                self.heard(text).phrases
            )
            if len(self._twitches) < REMEMBERED and len(text) <= REMEMBERED_TEXT:
                self._twitches[text] = remembered
        return remembered

    def heard(self, text: str) -> TextMeaning:
        """What a text says."""
        remembered = self._remembered.get(text)
        if remembered is None:
            mentions = self._hearing.hear(text, self._languages, Field.PROBLEM)
            is_diet = len(text) <= LONGEST_PHRASE and normalise(text) in self._diet
            remembered = _spoken(mentions, self._phrase_lists, is_diet=is_diet, text=text)
            if not mentions and remembered is NOTHING_SAID and self._is_in_another_language(text):
                remembered = NOT_READ
            if len(self._remembered) < REMEMBERED and len(text) <= REMEMBERED_TEXT:
                self._remembered[text] = remembered
        return remembered

    def headed(self, heading: str) -> Polarity | None:
        """What a heading of a form makes of the items below it: somebody else's, past or denied (N20)."""
        if heading not in self._headed:
            polarity = self._heard_before(normalise(heading.replace("?", " ")))
            if len(self._headed) >= REMEMBERED or len(heading) > REMEMBERED_TEXT:
                return polarity
            self._headed[heading] = polarity
        return self._headed[heading]

    def _heard_before(self, heading: str) -> Polarity | None:
        """By the whole headings that are listed, else by what is recognised of a twitch behind it."""
        for language, headings in self._headings.items():
            for kind, names in zip(HEADED, (headings.person, headings.history, headings.absent), strict=True):
                if any(_is_called(heading, name) for name in names):
                    return kind
            mentions = self._hearing.hear(f"{heading}: {headings.example}", (language,), Field.PROBLEM)
            polarity = next((mention.polarity for mention in mentions if mention.concept == TWITCH), None)
            if polarity in HEADED and (polarity is not Polarity.ABSENT or len(heading.split()) <= LONGEST_DENIAL):
                return polarity
        return None

    def _is_in_another_language(self, text: str) -> bool:
        """Whether it mentions a twitch or a sign in a language that is off: what it says of it is not read."""
        return bool(self._hearing.hear(text, self._hearing.mentioned_in(text, self._off), Field.PROBLEM))

    def noted(self, text: str) -> TextMeaning:
        """What a note of a problem says: signs only (N13, field 8)."""
        mentions = self._hearing.hear(text, self._languages, Field.NOTE)
        return _spoken(mentions, self._phrase_lists, is_diet=False, text=text)

    def together(self, texts: Iterable[str]) -> TextMeaning:
        """What several texts of one entry say; the first that says anything is quoted."""
        all_spoken = [part for text in texts if (part := self.heard(text)) is not NOTHING_SAID]
        if len(all_spoken) <= 1:
            return all_spoken[0] if all_spoken else NOTHING_SAID
        phrases = NOTHING.union(*(part.phrases for part in all_spoken))
        return TextMeaning(
            phrases=phrases - {EYELID} if TWITCH in phrases else phrases,
            quote=all_spoken[0].quote,
            signs=_each(name for part in all_spoken for name in part.signs),
            added=_each(name for part in all_spoken for name in part.added),
            today=_each(name for part in all_spoken for name in part.today),
            days=next((part.days for part in all_spoken if part.days is not None), None),
        )

    def may_name_grave_disease(self, text: str) -> bool:
        """Whether a problem's text names a disease that rules out reassurance, or may (N24)."""
        remembered = self._grave.get(text)
        if remembered is None:
            remembered = self._diseases.may_name_one(text)
            if len(self._grave) < REMEMBERED and len(text) <= REMEMBERED_TEXT:
                self._grave[text] = remembered
        return remembered

    def may_name_family_disease(self, text: str) -> bool:
        """Whether a text about a relative names a disease of the motor neurons or muscles, or may, in any language."""
        return self._diseases.may_be_of_family(text)

    def is_near(self, relative: str) -> bool:
        """Whether the name of a relative is that of a parent, a sibling or a child, in any language (N19)."""
        return self._diseases.is_near(relative)

    @cached_property
    def _diseases(self) -> DiseaseNames:
        """Made at the first problem that no code of ours says: most charts need none."""
        return DiseaseNames(self._spoken, self._family_diseases)

    def names_family_disease(self, text: str) -> bool:
        """Whether a text about a relative names a disease of the motor neurons or muscles (N19)."""
        mentions = self._hearing.hear(text, self._languages, Field.FAMILY)
        return any(mention.polarity is Polarity.PRESENT for mention in mentions)


def _is_called(heading: str, name: str) -> bool:
    """Whether a heading is a listed one, or begins with one that ends in `*`."""
    return heading.startswith(normalise(name[:-1])) if name.endswith("*") else heading == normalise(name)


def _spoken(mentions: tuple[Mention, ...], phrase_lists: Phrases, *, is_diet: bool, text: str) -> TextMeaning:
    twitches = [mention for mention in mentions if mention.concept == TWITCH and mention.polarity is Polarity.PRESENT]
    signs = [mention for mention in mentions if mention.concept != TWITCH and mention.polarity in USED]
    unsure = any(mention.polarity in (Polarity.UNKNOWN, Polarity.DOUBT) for mention in mentions)
    grave = _each(
        (
            *(mention.place for mention in twitches if mention.place in PLACES),
            *(mention.concept for mention in signs if not mention.additional),
        )
    )
    added = _each(mention.concept for mention in signs if mention.additional)
    phrases = [
        (TWITCH, any(mention.place != EYELID for mention in twitches)),
        (EYELID, bool(twitches) and all(mention.place == EYELID for mention in twitches)),
        (RED_FLAG, bool(grave)),
        (ADDED, bool(added)),
        (UNSURE, unsure),
        (DIET, is_diet),
    ]
    names = frozenset(name for name, holds in phrases if holds)
    if not names:
        return NOTHING_SAID
    first = next((mention.quote for mention in (*twitches, *signs, *mentions)), text)
    return TextMeaning(
        phrases=names,
        quote=first,
        signs=grave,
        added=added,
        today=_each(mention.concept for mention in signs if _is_for_today(mention, phrase_lists)),
        days=next((mention.days for mention in twitches if mention.days is not None), None),
    )


def _is_for_today(sign: Mention, phrases: Phrases) -> bool:
    """Whether a sign is to be examined today if it is new (N17)."""
    return sign.concept in phrases.same_day or (sign.sudden and sign.concept in phrases.same_day_if_sudden)


def _each(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def normalise(text: str) -> str:
    """The text as whole phrases are compared (4f): NFKC, lower case, no hyphens, outer punctuation or double spaces."""
    plain = unicodedata.normalize("NFKC", text).lower().replace("-", " ")
    return _SPACES.sub(" ", plain).strip(" .,;:")
