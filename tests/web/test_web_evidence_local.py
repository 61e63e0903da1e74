"""The evidence pages of a site with codes of its own."""

import html
from pathlib import Path

from web_fakes import KNOWLEDGE, Client, FakeEngine, around

from cards.topics import Topic
from cds.knowledge.basis import Row
from cds.knowledge.load import Knowledge
from cds.knowledge.maps.site import with_maps
from cds.rules.cardbook import rows
from cds.settings import load

EXAMPLE = Path(__file__).parents[2] / "docs/examples/local-codes"
LAB = "https://lab.example.org/codes"
KAL, TWITCH = f"{LAB}|KAL", "https://hospital.example.org/problems|MUSK-ZUCK"
PREDNISOLONE = "https://hospital.example.org/medicines|PRED5"


class Holding(FakeEngine):
    """An engine with this knowledge."""

    def __init__(self, knowledge: Knowledge) -> None:
        super().__init__()
        self.knowledge = knowledge

    def basis(self, topic: str) -> list[Row]:
        return rows(Topic(topic), self.knowledge)


CLIENT = Client(around(Holding(with_maps(KNOWLEDGE, str(EXAMPLE))), load({"TWITCH_CDS_DEMO": "true"})))


def text_of(path: str) -> str:
    """A page as it is read."""
    return html.unescape(CLIENT("GET", path).text)


def test_the_evidence_pages_list_the_codes_of_the_site() -> None:
    """All on the index; of a card those that its rules read, with file, meaning and count."""
    index, lab, medicines = (
        text_of("/evidence"),
        text_of("/evidence/abnormal-lab"),
        text_of("/evidence/medication-review"),
    )

    assert (
        "9 of the site's own codes and units are read. Files: laboratory.csv: 5 codes, 0 units; problems.json" in index
    )
    assert all(part in index for part in (KAL, "http://loinc.org|2823-3", TWITCH, "mval/Liter"))
    assert KAL in lab
    assert PREDNISOLONE not in lab
    assert PREDNISOLONE in medicines
    assert TWITCH not in lab
    twin = CLIENT("GET", "/evidence/abnormal-lab.json").json()["localCodes"]
    assert (len(twin["first"]), "laboratory.csv") == (twin["total"], twin["first"][0]["file"])


def test_without_maps_the_evidence_pages_say_nothing_of_them() -> None:
    """No empty heading."""
    plain = Client(around(Holding(KNOWLEDGE), load({"TWITCH_CDS_DEMO": "true"})))

    assert "own codes" not in plain("GET", "/evidence").text


def test_a_long_list_is_cut_and_counted(tmp_path: Path) -> None:
    """The first 500, and how many there are."""
    lines = "".join(f"{LAB},C{number:04},http://loinc.org,2823-3\n" for number in range(501))
    (tmp_path / "a.csv").write_text(lines, "utf-8")
    holding = Holding(with_maps(KNOWLEDGE, str(tmp_path)))
    text = Client(around(holding, load({"TWITCH_CDS_DEMO": "true"})))("GET", "/evidence").text

    assert f"{LAB}|C0499" in text
    assert f"{LAB}|C0500" not in text
    assert "Only the first 500 are listed." in text
