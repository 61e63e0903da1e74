"""Whose a twitch is, whether it is over or only to be looked for: what cannot be told is unclear (N14)."""

import pytest
from listening import opens_gate, said

UNCLEAR = "unknown"
HEADINGS = [
    ("SE of terbutaline: tremor, muscle twitching", "Presenting complaint: tremor of terbutaline, muscle twitching"),
    ("NW von Terbutalin: Tremor, Muskelzucken", "Befund unter Terbutalin: Muskelzucken"),
    ("Efectos de terbutalina: temblor, fasciculaciones", "Motivo de consulta: fasciculaciones en el muslo"),
    ("Effets de la terbutaline : tremblement, fasciculations", "Motif de consultation : fasciculations de la cuisse"),
]
INSTRUCTIONS = [
    ("Report muscle twitching, rash or fever", "Reports muscle twitching, rash and fever"),
    ("Cave: Muskelzucken", "Kommt mit Muskelzucken"),
    ("Salbutamol: vigilar temblor, fasciculaciones e hipopotasemia", "Salbutamol, tiene fasciculaciones"),
    ("Salbutamol : surveiller tremblement, fasciculations, hypokaliémie", "Salbutamol, a des fasciculations"),
]
PRONOUNS = [
    ("Brings his daughter's form: she has twitching legs", "Brings her form: she has twitching legs"),
    ("Kommt für die Tochter, sie hat Muskelzucken", "Kommt zur Kontrolle, sie hat Muskelzucken"),
    ("Viene con su madre, que tiene fasciculaciones", "Viene por su pie, que tiene fasciculaciones"),
    ("Vient pour sa mère, elle a des fasciculations", "Vient pour son bilan, elle a des fasciculations"),
]
PATIENTS = [
    ("Sister: muscle twitching", "Sister calls: patient confused, muscle twitching"),
    ("Schwägerin: Muskelzucken der Arme", "Schwägerin ruft an: Patient verwirrt, Muskelzucken der Arme"),
    ("Cuñada: fasciculaciones en brazos", "Llama la cuñada: paciente confuso, fasciculaciones en brazos"),
    ("Belle-sœur : fasciculations des bras", "Appel de la belle-sœur : patient confus, fasciculations des bras"),
]
OVER = [
    ("Brief twitching of right arm, resolved by end of session", "Twitching of right arm, neg MRI, neg EMG"),
    ("Muskelzucken im rechten Arm, am Ende abgeklungen", "Muskelzucken im rechten Arm, am Ende stärker"),
    ("Fasciculaciones en brazo derecho, resueltas al terminar", "Fasciculaciones en brazo derecho, peores al terminar"),
    ("Fasciculations du bras droit, disparues à la fin", "Fasciculations du bras droit, pires à la fin"),
]
LASTED = [
    ("The twitching only lasted a day", "The twitching has lasted for weeks"),
    ("Das Muskelzucken dauerte nur einen Tag", "Das Muskelzucken dauert seit Wochen an"),
    ("Las fasciculaciones me duraron un día", "Las fasciculaciones duran desde hace semanas"),
    ("Les fasciculations n'ont duré qu'un jour", "Les fasciculations durent depuis des semaines"),
]


@pytest.mark.parametrize(("silent", "fires"), [*HEADINGS, *INSTRUCTIONS, *PRONOUNS, *PATIENTS, *OVER, *LASTED])
def test_only_one_of_two_opens_the_gate(silent: str, fires: str) -> None:
    """Beside a heading, an instruction, somebody else, an end: no twitch of the patient's now; else there is one."""
    assert not opens_gate(silent)
    assert opens_gate(fires)


@pytest.mark.parametrize(
    "text",
    [
        INSTRUCTIONS[0][0],
        *(silent for silent, _ in PRONOUNS),
        "Brief twitching of right arm, resolved by end of session",
        "calf twitching, resolved quickly with magnesium and rest",
    ],
)
def test_what_cannot_be_told_is_unclear(text: str) -> None:
    """Not denied: an unclear text calms nothing (N24)."""
    assert UNCLEAR in {said for concept, said in said(text).items() if concept.startswith("twitch")}


@pytest.mark.parametrize(
    ("text", "sign"),
    [("Report weakness of the arms, rash or fever", "weakness"), ("Report slurred speech", "speech")],
)
def test_a_sign_that_is_only_to_be_reported_is_none(text: str, sign: str) -> None:
    """An instruction is no doubt about a sign: it is not said at all."""
    assert "hypothetical" == said(text)[sign]


@pytest.mark.parametrize(
    "text",
    [
        "EMG to exclude MND: wasting of left hand, fasciculations in three regions",
        "EMG zum Ausschluss ALS: Atrophie der linken Hand, Faszikulationen in drei Regionen",
        "EMG para descartar ELA: atrofia de mano izquierda, fasciculaciones en tres regiones",
        "EMG pour éliminer une SLA : amyotrophie de la main gauche, fasciculations dans trois régions",
    ],
)
def test_what_is_to_be_excluded_ends_at_a_colon(text: str) -> None:
    """Behind the colon stand the findings."""
    assert {"twitch": "present", "wasting": "present"} == said(text)


def test_what_is_denied_behind_a_colon_stays_denied() -> None:
    """A negative word right before a colon, or one that reaches far, is about the list behind it."""
    assert not opens_gate("Denies: weakness, twitching")
    assert not opens_gate("Denies the following: weakness, twitching")


@pytest.mark.parametrize(
    "text",
    [
        "Vorstellung, weil die Frau ein Muskelzucken an den Schultern bemerkt hat",
        "Patient, dessen Frau ein Muskelzucken an den Schultern bemerkt hat",
        "Muskelzucken linker Oberschenkel, der Ehefrau zuerst aufgefallen",
        "Homme de 70 ans dont l'épouse a remarqué des fasciculations des épaules",
    ],
)
def test_who_noticed_it_has_it_not(text: str) -> None:
    """Also where the verb comes last, or the person behind it; "dont" is no "don't"."""
    assert opens_gate(text)


@pytest.mark.parametrize(
    "text",
    ["Seine Freundin klagt über Lidzucken", "Her friend complains of twitching", "Bites of the cat: no twitching"],
)
def test_the_verb_of_another_person_is_theirs(text: str) -> None:
    """A verb that a patient's complaint begins with belongs to the person right before it."""
    assert not opens_gate(text)


@pytest.mark.parametrize(
    "text",
    [
        "Morsure de chien au mollet, fasciculations autour de la plaie",
        "Mordedura de perro, fasciculaciones en el muslo",
    ],
)
def test_a_dog_that_bit_twitches_not(text: str) -> None:
    """The patient does."""
    assert opens_gate(text)
