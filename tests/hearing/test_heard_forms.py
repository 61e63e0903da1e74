"""Check boxes, answers of forms, and what is only spoken of: nothing that nobody wrote is heard (N14)."""

import pytest
from listening import opens_gate, said

BOXES = [
    ("[ ] twitching  [x] cramps", "[x] twitching  [ ] cramps"),
    ("☐ Muskelzucken ☒ Krämpfe", "☒ Muskelzucken ☐ Krämpfe"),
    ("( ) Fasciculaciones (x) Cefalea", "(x) Fasciculaciones ( ) Cefalea"),
    ("[] fasciculations [✓] crampes", "[ ✓ ] fasciculations [] crampes"),
    ("Muscle twitching [ ] cramps [x]", "Muscle twitching [x] cramps [ ]"),
    ("Twitching: [ ] yes [x] no", "Twitching: [x] yes [ ] no"),
    ("Muskelzucken ja [ ] nein [x]", "Muskelzucken ja [x] nein [ ]"),
    ("Fasciculations : [ ] oui [ ] non", "Fasciculations : [x] oui [ ] non"),
    ("[ ] cramps\n[ ] twitching", "Seen today [x] new\ncalf twitching"),
    ("[ ] frequent calf twitching [x] cramps", "[x] frequent calf twitching [ ] cramps"),
    ("Muscle twitching at night [ ] cramps [x]", "Muscle twitching at night [x] cramps [ ]"),
    ("Symptoms [ ] twitching [ ] cramps", "Symptoms: [x] twitching [ ] cramps"),
]
ANSWERS = [
    ("Twitching? N  Cramps? Y  Weakness? N", "Twitching? Y  Cramps? N  Weakness? N"),
    ("Muskelzucken? nein Krämpfe? ja", "Muskelzucken? ja Krämpfe? nein"),
    ("¿Fasciculaciones? no ¿Calambres? sí", "¿Calambres? no ¿Fasciculaciones? sí"),
    ("Fasciculations ? non Crampes ? oui", "Crampes ? non Fasciculations ? oui"),
    ("Twitching? Never had it", "Twitching? Never stops"),
    ("Twitching - no", "Twitching - no weakness"),
    ("Fasciculaciones en brazos - no", "Fasciculaciones en brazos - no dolor"),
]
TOPICS = [
    (
        "Explained that twitching is common after exercise",
        "Explained that her calf twitching is benign, ongoing since May",
    ),
    ("Erklärt, dass Muskelzucken nach Sport häufig ist", "Erklärt, dass sein Muskelzucken harmlos ist, seit Mai"),
    ("¿Debo esperar fasciculaciones al dejar el lorazepam?", "Tengo fasciculaciones, ¿debo esperar?"),
    ("Discuté des fasciculations avec l'externe", "Fasciculations du mollet, discuté avec l'externe"),
    ("These tablets sometimes make muscles twitch", "Since these tablets my calf muscles twitch"),
]
PERSONS = [
    ("My husband has had twitching in his face", "Since my husband passed I have had twitching in my face"),
    ("Meine Mutter hat Muskelzucken", "Mein Zwillingsbruder und ich haben beide Wadenzucken"),
    ("My son has dystrophy, he twitches at night", "My son has dystrophy, I have calf twitching"),
]
CAUSES = [
    ("Any twitching?", "Cause of twitching? - on salbutamol"),
    ("¿Ha notado fasciculaciones?", "¿Causa de las fasciculaciones? - toma salbutamol"),
]

NOTES = [  # as reception desks and triage write
    ("twitching now resolved", "now twitching"),
    ("Muskelzucken jetzt weg", "Krämpfe jetzt weg, Muskelzucken geblieben"),
    ("fascics? R FDI", "MND? fascics R FDI"),
    ("no longer any muscle twitching", "can no longer sleep, muscles twitching"),
    ("fasciculaciones ahora resueltas", "calambres ahora resueltos, siguen las fasciculaciones"),
    ("disparition des fasciculations", "disparition des crampes, toujours des fasciculations"),
    ("posibles fasciculaciones", "fasciculaciones, posible ansiedad"),
    ("fluttering in chest, palpitations", "palpitations, muscle twitching in both calves"),
    ("mother has muscle twitching", "mother reports child's leg muscles twitching"),
    ("Ehemann hat Muskelzucken in den Armen", "laut Ehemann Muskelzucken in den Armen"),
    ("syncope with twitching", "syncope last year, now twitching in both calves"),
    ("Faszikulationen nicht zu sehen", "Ursache nicht zu sehen, Faszikulationen der Wade"),
]


@pytest.mark.parametrize(("silent", "fires"), [*BOXES, *ANSWERS, *TOPICS, *PERSONS, *CAUSES, *NOTES])
def test_only_one_of_two_opens_the_gate(silent: str, fires: str) -> None:
    """An empty box, a no, a topic or another person opens no gate; a tick, a yes, a complaint of the patient does."""
    assert not opens_gate(silent)
    assert opens_gate(fires)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[ ] twitching [x] trouble swallowing [ ] weakness", {"swallowing": "present"}),
        ("Twitching: [ ] yes [x] no", {"twitch": "absent"}),
        ("Twitching? N  Cramps? Y", {"twitch": "absent", "cramps": "present"}),
        ("Explained that slurred speech needs help", {"speech": "unknown"}),
        ("Trouble swallowing: No. Weakness: Yes, left leg", {"swallowing": "absent", "weakness": "present"}),
    ],
)
def test_what_a_form_says(text: str, expected: dict[str, str]) -> None:
    """A tick and a yes are said of their own sign, a no denies it, a topic is unclear, an empty box says nothing."""
    heard = {concept: polarity for concept, polarity in said(text).items() if polarity != "hypothetical"}
    assert expected == heard
