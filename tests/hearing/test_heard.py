"""What short texts say: the examples of the second edition (N13-N19) and the kinds that fail."""

import pytest
from listening import HEARING, heard, opens_gate, said

from cds.words.mention import Field

OPEN = [
    "Muscle twitching",
    "3 week history of twitching in calf",
    "twitching not improving",
    "no weakness but calf twitching x 2 wk",
    "fluttering in calf",
    "calf twitching, no tremor, no seizures",
    "previously fit man, calf twitching",
    "worried about twitching",
    "hand tremor and twitching of thumb",
    "calf twitching nearly gone",
    "cause ? twitching",
    "twitching hasn't resolved",
    "probably stress twitching",
    "possible cause of the twitching",
    "mother worried, has twitching",
    "mother noticed that he has twitching",
    "denies pain, reports twitching",
    "denies pain but twitching",
    "twitching stopped briefly, came back again",
    "calf twitching and restless legs",
    "twitching ? anxiety",
    "twitching ?cause",
    "husband noticed her calf twitching",
    "no pain, calf twitching for 2 weeks",
    "twitching resolved but returned last week",
    "fascics in L leg",
    "muscle twicthing",
    "asks if the twitching in her calf is serious",
    "Wadenzucken seit 3 Wochen",
    "Muskelzucken im Bein seit Tagen, nicht besser",
    "Zuckungen im re. Oberschenkel",
    "Fasciculationen",
    "fasciculaciones en pantorrilla desde hace 2 meses",
    "contracciones musculares involuntarias en el muslo",
    "no mejora, fasciculaciones en pantorrilla desde hace 2 meses",
    "fasciculations du mollet depuis 3 semaines, pas d'amélioration",
    "secousses musculaires de la cuisse",
]
SHUT = [
    "no twitching",
    "denies muscle twitching",
    "twitching resolved",
    "FH: father had muscle twitching",
    "r/o fasciculations",
    "return if twitching",
    "twitching during seizure",
    "4/4 twitches TOF",
    "local twitch response after dry needling",
    "restless legs, twitching in bed",
    "fluttering in chest",
    "atrial flutter, chest pain",
    "ever had muscle twitching",
    "possible fasciculations",
    "fasciculations?",
    "muscle twitching - no",
    "twitching: no",
    "denies weakness, numbness, cramps, tremor, muscle twitching",
    "his mother has twitching of the legs",
    "mother's twitching",
    "twitching in his father",
    "his dog has a twitching leg",
    "plays twitch stream",
    "twitch.tv gaming all night",
    "side effects include muscle twitching",
    "calf twitching, resolved 2 months ago",
    "Past symptoms: muscle twitching",
    "Twitching: unsure",
    "a twitch response",
    "switching medication",
    "calf twiatche",
    "Zucken",
    "Muskelzittern",
    "keine Faszikulationen",
    "Faszikulationen: keine",
    "Faszikulationen wurden verneint",
    "V. a. Faszikulationen",
    "Z. n. Faszikulationen",
    "espasmos",
    "niega fasciculaciones, debilidad o disfagia",
    "fasciculaciones ausentes",
    "pas de fasciculations",
    "fasciculations absentes",
    "no weakness, twitching",
    "if cramps, twitching or weakness",
    "mother: twitching",
    "twitching (mother)",
    "",
    "?",
    "-",
]


@pytest.mark.parametrize("text", OPEN)
def test_opens(text: str) -> None:
    """An affirmed twitch is heard, whatever stands beside it."""
    assert opens_gate(text), heard(text)


@pytest.mark.parametrize("text", SHUT)
def test_shuts(text: str) -> None:
    """A twitch that is denied, doubted, over, feared, somebody else's or of another kind is not heard as one."""
    assert not opens_gate(text), heard(text)


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("65 year old man, slurred speech", "speech"),
        ("weakness of left leg over the past 3 weeks", "weakness"),
        ("wife noticed slurred speech", "speech"),
        ("no pain, left foot drop since March", "drop"),
        ("keeps dropping her keys", "hand"),
        ("hip flexors 3+", "weakness"),
        ("weakness left hand 4/5", "weakness"),
        ("can't climb the stairs", "weakness"),
        ("chokes on water", "swallowing"),
        ("tongue is too heavy", "speech"),
        ("trouble swallowing", "swallowing"),
        ("numb toes", "numbness"),
        ("so tired", "fatigue"),
        ("breathless lying flat", "breathing"),
        ("Verschluckt sich beim Trinken", "swallowing"),
        ("lässt ständig Dinge fallen", "hand"),
        ("se le caen las cosas de las manos", "hand"),
        ("fait tomber les objets", "hand"),
    ],
)
def test_signs(text: str, sign: str) -> None:
    """A sign is heard as a name, as an action or as a grade."""
    assert "present" == said(text)[sign]


@pytest.mark.parametrize(
    ("text", "sign", "polarity"),
    [
        ("no weakness, wasting or foot drop", "wasting", "absent"),
        ("denies weakness, dysarthria, dysphagia", "speech", "unknown"),
        ("no fever, dysphagia", "swallowing", "present"),
        ("no trouble swallowing", "swallowing", "absent"),
        ("denies: dysphagia", "swallowing", "absent"),
        ("? foot drop", "drop", "doubt"),
        ("possible foot drop", "drop", "doubt"),
        ("return if slurred speech", "speech", "hypothetical"),
        ("watch for weakness of the leg, slurred speech, choking on food", "swallowing", "hypothetical"),
        ("history of foot drop", "drop", "history"),
        ("foot drop as a child", "drop", "history"),
        ("brother: foot drop", "drop", "other person"),
        ("weakness and dysphagia absent", "swallowing", "absent"),
        ("dysphagia, foot drop: no", "swallowing", "present"),
        ("no weakness with the foot drop", "drop", "present"),
        ("dysphagia, resolved", "swallowing", "absent"),
        ("no rash, itch or dysphagia", "swallowing", "absent"),
        ("denies rash, itch and dysphagia", "swallowing", "absent"),
        ("no pain or rash since Monday and fever, dysphagia since March", "swallowing", "present"),
        ("no rash on the arms or the trunk or anywhere else at all today but dysphagia", "swallowing", "present"),
        ("dysphagia not resolved", "swallowing", "present"),
    ],
)
def test_polarity_of_signs(text: str, sign: str, polarity: str) -> None:
    """A sign takes the cues around it (N14)."""
    assert polarity == said(text)[sign]


def test_places() -> None:
    """An eyelid, a tongue and a face are told apart; two places are no eyelid only."""
    assert {"twitch:eyelid": "present"} == said("left eyelid twitching")
    assert {"twitch:tongue": "present"} == said("tongue fasciculations")
    assert {"twitch:face": "present"} == said("Facial twitching, right side")
    assert {"twitch": "present"} == said("twitching in eyelid and calf")


def test_weak_without_place_is_fatigue() -> None:
    """Weakness that names no place is fatigue, and only where it names one it is weakness."""
    assert {"fatigue": "present"} == said("feels weak")
    assert {"weakness": "present"} == said("weakness of right hand")
    assert all(one.additional for one in heard("feels weak"))


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("calf twitching for 3 weeks", 21),
        ("2 month history of calf twitching", 60),
        ("twitching for two years", 730),
        ("Wadenzucken seit 3 Wochen", 21),
        ("calf twitching", None),
        ("calf twitching after 3 weeks of work", None),
        ("3 weeks twitching", None),
    ],
)
def test_duration(text: str, days: int | None) -> None:
    """How long it has been so is read where the text says it."""
    assert [days] == [one.days for one in heard(text) if one.concept == "twitch"]


def test_sudden() -> None:
    """What came suddenly or since yesterday is marked."""
    assert all(one.sudden for one in heard("both legs suddenly weak since yesterday"))
    assert not any(one.sudden for one in heard("both legs weak. Sudden noise at work"))


def test_quote_is_short_and_holds_the_phrase() -> None:
    """The quote is the words around the phrase, at most 60 characters on one line."""
    text = "seen at home with her daughter,\nwho says that the calf twitching has been there since the spring holidays"
    (one,) = heard(text)
    assert len(one.quote) <= 60
    assert "calf twitching" in one.quote
    assert "\n" not in one.quote
    assert "calf\ntwitching".replace("\n", " ") == heard("calf\ttwitching")[0].quote


def test_place_in_text_counts_original_characters() -> None:
    """The place of a phrase is that in the text as it was given, also behind letters that fold to two."""
    text = "Straße, übermüdet: Muskelschwäche"
    one = next(one for one in heard(text) if one.concept == "weakness")
    assert "Muskelschwäche" == text[one.start : one.end]


def test_fields() -> None:
    """A note tells signs only, a family history its diseases only, and abbreviations of those in upper case only."""
    assert {} == said("calf twitching", Field.NOTE)
    assert {"drop": "present"} == said("calf twitching, foot drop", Field.NOTE)
    assert {"family": "present"} == said("motor neurone disease", Field.FAMILY)
    assert {"family": "present"} == said("ALS", Field.FAMILY)
    assert {} == said("als Kind gesund", Field.FAMILY)
    assert {} == said("ALS")


def test_language_that_is_off_is_not_heard() -> None:
    """The words of a language are used only where it is on, its cues with its phrases."""
    assert () == HEARING.hear("Wadenzucken", ("en",), Field.VISIT)
    assert () == HEARING.hear("calf twitching", (), Field.VISIT)
    (one,) = HEARING.hear("pas de fasciculations", ("en",), Field.VISIT)
    assert "present" == one.polarity.value
    (one,) = HEARING.hear("pas de fasciculations", ("en", "fr"), Field.VISIT)
    assert "absent" == one.polarity.value
    assert {"en", "fr"} == one.languages


def test_an_empty_line_of_a_form_is_unclear() -> None:
    """A name with a colon and nothing behind it is a line that nobody filled; standing alone it is a title."""
    assert {"twitch": "unknown"} == said("Tone: normal. Fasciculations:")
    assert {"twitch": "present"} == said("Fasciculations:")
