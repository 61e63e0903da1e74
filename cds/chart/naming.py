"""What a concept means here: its codes looked up, or what its text says where no code of a rule says more (N13)."""

import re
from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from cds.chart.facts import Meaning
from cds.chart.own_answers import OwnAnswers
from cds.chart.sites import Sites
from cds.chart.spoken import EYELID, NOTHING_SAID, RED_FLAG, TWITCH_PHRASES, UNSURE, Listener, TextMeaning
from cds.fhir.concepts import each, texts
from cds.fhir.datatypes import CodeableConcept, Coding, Concepts
from cds.knowledge.abnormal_words import AbnormalWords
from cds.knowledge.caffeine_words import CaffeineWords
from cds.knowledge.codes import NOTHING, Concept
from cds.knowledge.load import Knowledge
from cds.words.hearing import QUOTED

OPEN = "movement-unspecific"
WITH_OTHERS = "only-with-others"  # a group of the data: value sets whose codes alone keep no card from calming (N24)
SIDED = "acute-weakness"  # a group of the data: signs of which it matters whether both sides have them (N40)
BOTH_SIDES = frozenset({"both-sides"})
EYELIDS = frozenset({"site-eyelid"})
# A twitch at such a place is a sign (N15), unless its own code is of that set and says it already.
_ENDS = " .,;:!"
UNCLEAR = frozenset({UNSURE})
_WORDS = re.compile(r"\w+")


def _any_of(knowledge: Knowledge) -> str:
    """What a relative calls the child that is the patient, in the languages that are on."""
    words = [re.escape(word) for name in knowledge.languages for word in knowledge.spoken[name].headings.child]
    return rf"\b(?:{'|'.join(words)})\b" if words else r"(?!)"


class Namer:
    """Looks concepts up in the knowledge."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.answers = knowledge.answers
        self.form, self.form_names = knowledge.form, knowledge.names.form
        self.own_answers = OwnAnswers(knowledge.form, knowledge.form_words, knowledge.answers)
        self.nothing_known = knowledge.nothing_known.of
        self.caffeine = CaffeineWords(knowledge.phrases.caffeine).mg_a_day
        self.says_abnormal = AbnormalWords(knowledge.phrases.abnormal).says_abnormal
        self.visit_diagnosis, self.problem_list = knowledge.phrases.visit_diagnosis, knowledge.phrases.problem_list
        self.systems = knowledge.systems
        self._sided = knowledge.group(SIDED)
        self._site_signs = knowledge.rules.site_signs
        sets = frozenset(name for words in knowledge.spoken.values() for name in words.diseases.names)
        self._grave = sets.difference(knowledge.group(WITH_OTHERS))
        self.question_verbs = tuple(sorted(knowledge.phrases.question_verbs, key=len, reverse=True))
        self.of_child = re.compile(_any_of(knowledge), re.IGNORECASE)
        self.units = knowledge.unit_words
        self.unit_names = knowledge.unit_names
        self._analyte_of = knowledge.analyte_words.analyte
        self._ingredients = knowledge.ingredients.find
        self._find = knowledge.codes.find
        self.knows = knowledge.codes.knows
        self._canonical = knowledge.codes.names.find
        self._classes = knowledge.systems["atc"]
        self._all_codes = knowledge.codes.all_codes
        self._twitches = frozenset(_spellings(knowledge.codes.spellings("twitch")))
        units, loinc = knowledge.answers.questions.units, knowledge.systems["loinc"]
        self.pressures = tuple(
            (Coding(system=loinc, code=min(knowledge.codes.spellings(part))), units[part])
            for part in knowledge.rules.pressure.high
        )
        self.lab_codes = knowledge.codes.lab_codes
        self._flat = knowledge.codes.flat_systems
        self._both_sides = frozenset(knowledge.phrases.both_sides)
        self.stopped_days = max(
            (medicine_class.stopped_within or 0 for medicine_class in knowledge.medicines.values()), default=0
        )
        self.listener = Listener(knowledge)
        self._sites = Sites(knowledge.phrases.sites, knowledge.languages)

    def names_twitch(self, concept: CodeableConcept | None, sites: Concepts = None) -> bool:
        """Whether a concept is coded as a twitch, or is one in words (with its site), where no code says more."""
        if concept is None:
            return False
        is_listed = False
        for coding in concept.coding or ():
            code = coding.code
            if code is None:
                continue
            if code in self._twitches or (not code.isalnum() and code.strip() in self._twitches):
                return True
            is_listed = is_listed or (code in self._all_codes and _silences(self._find(coding.system, code)))
        if is_listed:
            return False
        return any(map(self.listener.twitches, texts(concept))) or (
            sites is not None and any(map(self.listener.twitches, _joined(concept, sites)))
        )

    def may_matter_at(self, concept: CodeableConcept | None, sites: Concepts) -> bool:
        """The same as `may_matter`, of a concept that is given with its site."""
        if self.may_matter(concept):
            return True
        return sites is not None and self.listener.together(_joined(concept, sites)) is not NOTHING_SAID

    def may_matter(self, concept: CodeableConcept | None) -> bool:
        """A quick look: whether a rule may read this concept. Most of a chart ends here."""
        if concept is None:
            return False
        for coding in concept.coding or ():
            code = coding.code
            if code is None:
                continue
            if code in self._all_codes:
                return True
            if (coding.system not in self._flat or not code.isalnum()) and self._find(coding.system, code) is not None:
                return True
        return self._speaks(concept)

    def may_tell(self, concept: CodeableConcept | None) -> bool:
        """The same for the reason of a visit or an alert: also whether its words name a grave disease (N24)."""
        return self.may_matter(concept) or (concept is not None and self._names_grave_disease(concept))

    def _names_grave_disease(self, concept: CodeableConcept) -> bool:
        return any(map(self.listener.may_name_grave_disease, texts(concept)))

    def _speaks(self, concept: CodeableConcept) -> bool:
        """A quick look: whether its text or the name of a code says anything."""
        hear, text = self.listener.heard, concept.text
        if text and hear(text) is not NOTHING_SAID:
            return True
        for coding in concept.coding or ():
            if coding.display and coding.display != text and hear(coding.display) is not NOTHING_SAID:
                return True
        return False

    def worded_test(self, concept: CodeableConcept | None) -> str | None:
        """The analyte that a concept is about by its words only: by its text, or by the name of a code (N48).

        Asked of concepts of which no code is known.
        """
        if concept is None:
            return None
        for coding in concept.coding or ():
            if (analyte := self._analyte_of(coding.display)) is not None:
                return analyte
        return self._analyte_of(concept.text)

    def concepts(self, concept: CodeableConcept | None) -> tuple[Concept, ...]:
        """All known codes of a concept, in its order."""
        if concept is None or not concept.coding:
            return ()
        find, hits = self._find, []
        for coding in concept.coding:
            hit = find(coding.system, coding.code)
            if hit is not None:
                hits.append(hit)
        return tuple(hits)

    def ingredients(self, texts: Iterable[str]) -> tuple[Concept, ...]:
        """The medicines that texts name by the words of their ingredients, each once (N46)."""
        by_ingredient: dict[str, Concept] = {}
        for text in texts:
            for concept in self._ingredients(text):
                by_ingredient.setdefault(concept.ingredient, concept)
        return tuple(by_ingredient.values())

    def names_ingredient(self, concept: CodeableConcept) -> bool:
        """A quick look: whether its text or a display names an ingredient."""
        find, text = self._ingredients, concept.text
        if text and find(text):
            return True
        for coding in concept.coding or ():
            if coding.display and coding.display != text and find(coding.display):
                return True
        return False

    def sets(self, concepts: Iterable[CodeableConcept]) -> frozenset[str]:
        """The value sets of several concepts together."""
        return union(hit for concept in concepts for hit in self.concepts(concept))

    def each_sets(self, concepts: Concepts) -> tuple[frozenset[str], ...]:
        """The value sets of each site of an element that may hold one or many; an eyelid also by its words."""
        return tuple([self._site(site) for site in each(concepts)]) if concepts else ()

    def _site(self, site: CodeableConcept) -> frozenset[str]:
        sets = union(self.concepts(site))
        return sets or (EYELIDS if self._sites.of(site) == {EYELID} else NOTHING)

    def named_at(self, ref: str, code: CodeableConcept | None, sites: Concepts) -> Meaning | None:
        """The same, with the mark of both sides if its text, a display or a site of the sign says so (N40)."""
        meaning = self._with_sites(self.named(ref, code), ref, code, sites) if sites else self.named(ref, code)
        if meaning is None or meaning.sets.isdisjoint(self._sided):
            return meaning
        text = " ".join(text for concept in (code, *each(sites)) for text in texts(concept))
        both = not self._both_sides.isdisjoint(_WORDS.findall(text.lower()))
        return replace(meaning, sets=meaning.sets | BOTH_SIDES) if both else meaning

    def _with_sites(
        self, named: Meaning | None, ref: str, code: CodeableConcept | None, sites: Concepts
    ) -> Meaning | None:
        """The same with what the words of its sites add: a place to a head in words, a sign to a twitch (N15)."""
        if code is not None and not any(map(_silences, self.concepts(code))):
            spoken = self.listener.together(_joined(code, sites))
            named = said_at(ref, spoken) if spoken is not NOTHING_SAID else named
        if named is None or not ("twitch" in named.sets or named.phrases & TWITCH_PHRASES):
            return named
        uncoded = [site for site in each(sites) if not union(self.concepts(site))]
        places = NOTHING.union(*map(self._sites.of, uncoded))
        signs = tuple(site for site, told in self._site_signs.items() if site in places and told not in named.sets)
        if not signs:
            return named
        return replace(named, signs=tuple(dict.fromkeys((*named.signs, *signs))), phrases=named.phrases | {RED_FLAG})

    def tells_nothing(self, concept: CodeableConcept | None) -> bool:
        """Whether no rule can ask what it is: no code and no word, an unknown code, or a grave disease in words."""
        if concept is None:
            return True
        if self.concepts(concept):
            return False
        if any(coding.code for coding in concept.coding or ()) and not self.is_coded(concept):
            return True
        return not any(texts(concept)) or self._names_grave_disease(concept)

    def is_coded(self, concept: CodeableConcept | None) -> bool:
        """Whether a known system codes it, whatever the code."""
        for coding in concept.coding or () if concept is not None else ():
            if coding.code and self.knows(coding.system):
                return True
        return False

    def is_classified(self, concept: CodeableConcept) -> bool:
        """Whether it is placed in a classification of medicines, so that a code that no rule reads says what it is not.

        An unlisted code of a system of products may be a brand of anything (N46, N48).
        """
        find, classes = self._canonical, self._classes
        return any(coding.code and find(coding.system or "") == classes for coding in concept.coding or ())

    def spoken(self, concept: CodeableConcept | None) -> TextMeaning:
        """What the text and the displays say, where no code of the concept says more (N13)."""
        if concept is None or any(map(_silences, self.concepts(concept))):
            return NOTHING_SAID
        return self._said(concept)

    def named(self, ref: str, concept: CodeableConcept | None) -> Meaning | None:
        """The concept with its resource, or None if no rule reads it."""
        if concept is None:
            return None
        concepts = self.concepts(concept)
        if not any(map(_silences, concepts)) and (text_meaning := self._said(concept)) is not NOTHING_SAID:
            return said_at(ref, text_meaning)
        if not concepts:
            return None
        words = next(texts(concept), None)
        return Meaning(ref, concepts, concepts[0].sets if len(concepts) == 1 else union(concepts), words=words)

    def reason(self, ref: str, concept: CodeableConcept | None) -> Meaning | None:
        """The same, of what is no problem and no finding: a sign that is coded there is one in words (N13, N17)."""
        if concept is None:
            return None
        named = self.named(ref, concept)
        if named is None or not named.concepts or "twitch" in named.sets:
            return self.with_disease(named, ref, texts(concept))
        spoken = self.listener.together((*texts(concept), *(hit.display for hit in named.concepts)))
        if spoken.signs:
            sign = replace(said_at(ref, spoken), concepts=named.concepts, sets=named.sets, is_coded=True)
            return sign if named.words else replace(sign, text=None, words=None)  # a name of ours is no quote
        if named.sets.isdisjoint(self._grave):
            return replace(named, is_coded=True)
        return replace(named, phrases=UNCLEAR, text=named.words, is_coded=True)

    def with_disease(self, meaning: Meaning | None, ref: str, names: Iterable[str]) -> Meaning | None:
        """What is named; unclear too where its words name a grave disease, as words make no diagnosis (N17, N24)."""
        if meaning is not None and meaning.phrases - TWITCH_PHRASES:
            return meaning  # nothing calms beside these words in any case
        quote = next(filter(self.listener.may_name_grave_disease, names), None)
        if quote is None:
            return meaning
        if meaning is None:
            return _unclear(ref, quote)
        return replace(meaning, phrases=meaning.phrases | UNCLEAR, words=meaning.words or quote[:QUOTED])

    def of_relative(self, ref: str, names: Iterable[str]) -> Meaning | None:
        """What a relative has or may have, where the words that are used do not say it: it is unclear (N19, N24)."""
        quote = next(filter(self.listener.may_name_family_disease, names), None)
        return _unclear(ref, quote) if quote is not None else None

    def said(self, ref: str, text: str | None) -> Meaning | None:
        """What a text of a resource says, or None if no rule reads it."""
        if not text:
            return None
        spoken_text = self.listener.heard(text)
        return self.with_disease(said_at(ref, spoken_text) if spoken_text is not NOTHING_SAID else None, ref, (text,))

    def family_words(self, concept: CodeableConcept | None) -> Iterator[str]:
        """The texts of a relative's condition that name a disease of the family, where no code says more (N19)."""
        if concept is not None and not any(map(_silences, self.concepts(concept))):
            yield from filter(self.listener.names_family_disease, texts(concept))

    def _said(self, concept: CodeableConcept) -> TextMeaning:
        """What the text and the displays say."""
        return self.listener.together(texts(concept))


def _joined(concept: CodeableConcept | None, sites: Concepts) -> Iterator[str]:
    """What it is called and where it is, as one text: head and site (N13 Matching)."""
    for head in texts(concept):
        for site in each(sites):
            yield from (f"{head.rstrip(_ENDS)} {place}" for place in texts(site))


def _silences(hit: Concept | None) -> bool:
    """Whether a code wins over text: one that rules read, but for movements that it leaves open (N13)."""
    return hit is not None and bool(hit.sets or hit.analyte) and OPEN not in hit.sets


def _spellings(codes: Iterable[str]) -> Iterator[str]:
    """Codes as senders write them: also without their point, and in small letters."""
    for code in codes:
        bare = code.replace(".", "")
        yield from (code, bare, code.lower(), bare.lower())


def union(concepts: Iterable[Concept]) -> frozenset[str]:
    """The value sets of all concepts."""
    return NOTHING.union(*(concept.sets for concept in concepts))


def _unclear(ref: str, quote: str) -> Meaning:
    return Meaning(ref, phrases=UNCLEAR, text=quote[:QUOTED], words=quote[:QUOTED])


def said_at(ref: str, spoken_text: TextMeaning) -> Meaning:
    """What a text of a resource says, as the resource."""
    return Meaning(
        ref,
        phrases=spoken_text.phrases,
        text=spoken_text.quote,
        words=spoken_text.quote,
        signs=spoken_text.signs,
        added=spoken_text.added,
        today=spoken_text.today,
        days=spoken_text.days,
    )


def doubted(named: Meaning) -> Meaning:
    """What an entry says that is not final: nobody knows whether it is so (N1)."""
    return replace(named, sets=NOTHING, phrases=UNCLEAR, signs=(), added=(), today=())
