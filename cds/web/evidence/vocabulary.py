"""The page of words: every phrase that is heard in texts, by language, and what it gives (second edition N14-N19)."""

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from cds.knowledge.load import Knowledge
from cds.knowledge.spoken import LanguageWords

NAMES = {"en": "English", "de": "German", "es": "Spanish", "fr": "French"}
PLACES = {
    "anywhere": "a twitch: opens the gate",
    "bare": "a twitch without a place: opens the gate if nothing beside it may come with one",
    "eyelid": "a twitch of an eyelid: opens the gate as eyelid only",
    "tongue": "a twitch of the tongue: opens the gate, and is a sign (R4)",
    "face": "a twitch of the face: opens the gate, and is a sign (R4)",
}
HEADINGS = {
    "person": "a heading of a form: the items below it are a relative's",
    "history": "a heading of a form: the items below it are past",
    "absent": "a heading of a form: the items below it are denied",
    "child": "the patient, where a relative filled in the form",
}
DISEASES = {
    "to_exclude": "asks for a disease to be ruled out: unclear",
    "none": "holds the name of a disease and is none",
    "small": "a short name of a disease that also counts in small letters",
    "kin": "a relative whose disease of the motor neurons or muscles counts",
}
LOOKS = {
    "fit": "a fit: closes the gate past a semicolon too, where nothing tells when or whose the twitch is",
    "far": "looks like a twitch: closes the gate from anywhere in its sentence",
    "firm": "looks like a twitch: closes the gate within six words before it or four behind it",
    "loose": "may come with a twitch: closes the gate where no muscle is named",
    "other": "holds the words of a sign and is none",
}
CUES = {
    "absent": "not there",
    "not-over": "not over, or back again",
    "doubt": "in doubt",
    "unknown": "not examined or not answered",
    "about-cause": "beside a doubt: only the cause is in doubt",
    "cause": "it is the cause that is not found",
    "hypothetical": "not said to be there: advice, plans, leaflets",
    "heading": "heads a list that is not said to be there, before a colon: side effects, advice",
    "topic": "explained, discussed or asked in general: unclear, unless something in the sentence affirms it",
    "affirmed": "affirms what is also explained or discussed",
    "first-person": "the patient speaks, whoever stands before it",
    "instruction": "begins an instruction: unclear, and no sign",
    "screen": "a question, which tells nothing without its answer",
    "own": "in a question: what is there already",
    "yes": "the answer yes",
    "history": "past",
    "still": "not past: it goes on",
    "until": "until when it was not there",
    "person": "another person's",
    "patient": "begins a clause about the patient, whoever stands before it",
    "pronoun": "begins a clause of which nobody can tell whose it is, behind another person",
    "pseudo": "no cue, though it looks like one",
    "enders": "ends the reach of what stands before",
    "openers": "begins a clause of its own",
    "speakers": "somebody tells",
    "joiners": "joins a list that is denied",
    "also": "joins a list that is denied, after a strong word",
    "beside": "beside what is denied stands what is there",
    "new": "new, so that a denied list before it does not mean it",
    "timed": "since when, so that a denied list before it does not mean it",
    "sudden": "sudden: to be examined today, if it is weakness",
}


class Phrases(Struct, frozen=True):
    """Some phrases, and what each of them gives."""

    gives: str
    phrases: tuple[str, ...]


class Language(Struct, frozen=True, rename="camel"):
    """The words of a language, and whether they are used at this site."""

    key: str
    name: str
    is_on: bool
    lists: tuple[Phrases, ...]


class Vocabulary(Struct, frozen=True, rename="camel"):
    """All words that are heard; `@name` in a phrase stands for a list of words."""

    languages: tuple[Language, ...]
    knowledge: str


def vocabulary(knowledge: Knowledge) -> Vocabulary:
    """What the shipped lists say, of every language, also of those that are off."""
    return Vocabulary(
        languages=tuple(
            Language(name, NAMES[name], name in knowledge.languages, tuple(_lists(language, knowledge)))
            for name, language in knowledge.spoken.items()
        ),
        knowledge=knowledge.version,
    )


def _lists(language: LanguageWords, knowledge: Knowledge) -> Iterator[Phrases]:
    for place, texts in msgspec.to_builtins(language.twitch).items():
        yield Phrases(PLACES[place], tuple(texts))
    for sign, texts in language.signs.items():
        grade = "a symptom only" if sign in language.additional else "a sign, R4 at most"
        yield Phrases(f"{knowledge.names.spoken[sign]}: {grade}", tuple(texts))
    yield Phrases("a disease of the family: a symptom only", tuple(language.family))
    for name, texts in language.diseases.names.items():
        yield Phrases(f"nothing calms beside it, where only words say it ({name})", tuple(texts))
    for kind, gives in DISEASES.items():
        yield Phrases(gives, tuple(getattr(language.diseases, kind)))
    for kind, texts in msgspec.to_builtins(language.look_alikes).items():
        yield Phrases(LOOKS[kind], tuple(texts))
    for kind, texts in msgspec.to_builtins(language.cues).items():
        yield Phrases(f"{_of_cue(kind)} (cue {kind})", tuple(texts))
    for name, texts in HEADINGS.items():
        yield Phrases(texts, tuple(getattr(language.headings, name)))
    for name, texts in language.words.items():
        yield Phrases(f"the list @{name}", tuple(texts))


def _of_cue(kind: str) -> str:
    """What a cue says: its longest listed beginning, for a reach of its own changes no meaning."""
    return CUES[max((cue for cue in CUES if kind == cue or kind.startswith(f"{cue}-")), key=len)]
