"""The evidence pages: everything that a card rests on, told by the knowledge itself."""

import html
import json

import pytest
from charts.book import FLAGS
from web_fakes import KNOWLEDGE, Client, FakeEngine, around, started

from cards.proofreading import load_words
from cards.topics import Topic
from cds.fhir.base import Resource
from cds.fhir.resources import Patient
from cds.knowledge.basis import Row
from cds.rules.cardbook import reads, rows
from cds.rules.rulebook import rulebook_of
from cds.settings import load
from cds.web.evidence.attributes import attributes
from cds.web.evidence.card_evidence import Versions
from cds.web.evidence.decisions import CHART_COLUMNS, alone, beside, columns

WORDS = load_words()
ORDERS = (Topic.ORD_STEROID, Topic.ORD_ESTROGEN)


class Knowing(FakeEngine):
    """An engine that shows the limits it really uses."""

    def basis(self, topic: str) -> list[Row]:
        return rows(Topic(topic), KNOWLEDGE)


CLIENT = Client(around(Knowing(), load({"TWITCH_CDS_DEMO": "true"})))


def text_of(path: str) -> str:
    """A page as it is read."""
    return html.unescape(CLIENT("GET", path).text)


@pytest.mark.parametrize("language", ["en", "de", "es", "fr"])
def test_words_are_listed_with_what_each_gives(language: str) -> None:
    """The page of words tells every phrase of the shipped lists, of each language, and whether it is used here."""
    told = CLIENT("GET", "/evidence/words.json").json()
    (mine,) = [one for one in told["languages"] if one["key"] == language]
    spoken = KNOWLEDGE.spoken[language]
    listed = {phrase for one in mine["lists"] for phrase in one["phrases"]}

    assert (language in KNOWLEDGE.languages) == mine["isOn"]
    assert set() == {*spoken.twitch.anywhere, *spoken.signs["speech"], *spoken.cues.doubt_all, *spoken.family} - listed
    assert all(one["gives"] for one in mine["lists"])
    (speech,) = [one for one in mine["lists"] if one["phrases"] == list(spoken.signs["speech"])]
    assert speech["gives"].endswith("a sign, R4 at most")


def test_the_page_of_words() -> None:
    """It is linked from the index, shows phrases, and says which languages are switched off."""
    page = html.unescape(CLIENT("GET", "/evidence/words").text)
    assert 'href="/evidence/words"' in CLIENT("GET", "/evidence").text
    assert "bag of worms" in page
    assert "German (switched off at this site)" in page
    assert "English (switched off" not in page


@pytest.mark.parametrize("topic", list(Topic))
def test_a_page_says_what_its_card_rests_on(topic: Topic) -> None:
    """Title, article, limits, strength, every source, and the version of the knowledge."""
    entry = WORDS.topics[topic]

    text = text_of(f"/evidence/{topic}")

    expected = [entry.title, entry.limits, entry.article, entry.grade, "2026.11", WORDS.phrase("decision")]
    assert [] == [part for part in expected if part not in text]
    assert [] == [key for key in entry.citations if WORDS.citations[key].label not in text]


@pytest.mark.parametrize("topic", list(Topic))
def test_the_twin_says_the_same_as_the_page(topic: Topic) -> None:
    """Every text of the JSON stands on the page, save the keys of sources."""
    twin = CLIENT("GET", f"/evidence/{topic}.json")

    told = twin.json()
    text = text_of(f"/evidence/{topic}")
    lines = [line["text"] for line in told["summaries"]] + [rule["title"] for rule in told["rules"]]
    lines += [source["label"] for source in told["sources"]] + [one["value"] for one in told["attributes"]]
    lines += [row["found"] for row in told["decisions"]] + [row["limit"] for row in told["limits"]]
    assert "application/json" == twin.headers["content-type"]
    assert "public, max-age=3600" == twin.headers["cache-control"]
    assert [] == [line for line in lines if line not in text]


def test_the_index_leads_to_every_card_and_lists_every_flag() -> None:
    """Nothing that a card can show is left out."""
    text = text_of("/evidence")

    assert [] == [topic for topic in Topic if f'href="/evidence/{topic}"' not in text]
    assert [] == [flag for flag in WORDS.flags if f'id="{flag}"' not in text]
    assert list(Topic) == [card["topic"] for card in CLIENT("GET", "/evidence.json").json()["cards"]]


def test_it_says_which_cards_the_site_does_not_show() -> None:
    """On the index, on the card's own page, and in the JSON of both; of no other card."""
    engine = Knowing()
    engine.switched_off = (Topic.EMERG,)
    client = Client(around(engine, load({"TWITCH_CDS_DEMO": "true"})))

    pages = {
        path
        for path in ("", "/emergency", "/lifestyle")
        if "switched off at" in client("GET", f"/evidence{path}").text.lower()
    }
    cards = client("GET", "/evidence.json").json()["cards"]

    assert {"", "/emergency"} == pages
    assert ["emergency"] == [card["topic"] for card in cards if card["switchedOff"]]
    assert [True, False] == [
        client("GET", f"/evidence/{one}.json").json()["switchedOff"] for one in ("emergency", "lifestyle")
    ]
    assert "switched off" not in text_of("/evidence")


def test_it_is_public_outside_demo_mode_and_unknown_pages_are_404() -> None:
    """It says nothing of any patient, and leads to no page of the demo."""
    client = Client(around(FakeEngine(), load({})))

    statuses = [client("GET", f"/evidence{end}").status_code for end in ("", "/lab-order", ".json", "/nothing")]

    assert [200, 200, 200, 404] == statuses
    assert 'href="/"' not in client("GET", "/evidence").text


def test_a_limit_of_the_page_is_that_of_the_data() -> None:
    """The table comes from the engine, with the citation's name."""
    client, _ = started()

    text = html.unescape(client("GET", "/evidence/lab-order").text)

    assert '<th scope="row">potassium</th><td>< 3.5 mmol/L</td><td>info</td>' in text
    assert WORDS.citations["rcem"].short in text


def test_every_rule_of_the_chart_leads_to_a_card_that_has_a_page() -> None:
    """Only the known disease leads to none: it silences."""
    book = rulebook_of(KNOWLEDGE)

    assert ["KD"] == [name for name, rule in book.rules.items() if not rule.cards]
    assert set(book.rules) - {"KD"} == {rule.id for topic in Topic for rule in book.leading_to(topic)}


def test_a_red_flag_tells_why_how_soon_and_who() -> None:
    """A child's urgent sign stands on the paediatric page as well; U9 has P5 of its own."""
    rules = {rule["id"]: rule for rule in CLIENT("GET", "/evidence/paediatric-neurology.json").json()["rules"]}

    assert [flag for flag in FLAGS if flag[0] in "PU" and flag != "U9"] == sorted(rules, key=FLAGS.index)
    assert WORDS.flags["U1"].who == rules["U1"]["who"]
    assert {"P1": True, "U1": None} == {rule: rules[rule].get("children") for rule in ("P1", "U1")}


def test_the_decision_table_is_asked_of_the_function_that_decides() -> None:
    """Each finding by itself leads to its own card, and a known disease to none."""
    told = {row.found: row.cards for row in alone(KNOWLEDGE)}

    assert {} == told["a neuromuscular disease that is known"]
    assert {"emergency": "critical"} == told["an emergency sign (E1 to E11)"]
    assert {"data-gap": "info"} == told["nothing else"] == told["an additional symptom, nothing more"]
    assert {"lifestyle": "info"} == told["a normal examination"]


@pytest.mark.parametrize("topic", CHART_COLUMNS)
def test_the_first_row_of_a_card_shows_the_card(topic: Topic) -> None:
    """What asks for it leads to it."""
    first, *others = beside(topic, KNOWLEDGE)

    assert topic in first.cards
    assert len(others) >= 10


def test_a_card_gives_way_where_the_table_says_so() -> None:
    """A laboratory result makes way for an emergency; an urgent sign under way becomes the state of the work-up."""
    lab = {row.found: row.cards for row in beside(Topic.LAB_ABN, KNOWLEDGE)}
    urgent = {row.found: row.cards for row in beside(Topic.NEURO_URG, KNOWLEDGE)}

    assert {"emergency": "critical"} == lab["… and an emergency sign (E1 to E11)"]
    assert {"work-up-status": "info"} == urgent["… and a neurology referral or EMG under way"]


@pytest.mark.parametrize("topic", ORDERS)
def test_the_cards_of_the_order_hooks_have_a_table_by_draft(topic: Topic) -> None:
    """It is asked of the function that decides on drafts."""
    told = {row.found: row.cards for row in beside(topic, KNOWLEDGE)}

    assert {} == told["a draft of no class that is looked at"] == told["a loop diuretic, and potassium is normal"]
    assert {"risk-order": "warning"} == told["a loop diuretic, and potassium is 2.8 mmol/L"]
    renewed = told["a renewal of a loop diuretic, and potassium is at an emergency limit"]
    assert {"emergency": "critical"} == renewed
    assert {"steroid-order": "info"} == told["a new corticosteroid"] == told["a new corticosteroid and a new estrogen"]
    assert {"steroid-order": "warning"} == told["a new corticosteroid, and potassium is low"]
    assert {"emergency": "critical"} == told["a new corticosteroid, and potassium is at an emergency limit"]
    assert {} == told["a renewal of a corticosteroid that is taken now"]
    assert {} == told["hydrocortisone that replaces what the glands do not make"]
    assert {"estrogen-order": "info"} == told["a new estrogen"]
    assert {} == told["a new estrogen in a known neuromuscular disease"]
    assert topic in columns(topic)


def test_all_thirteen_source_attributes_are_there_and_in_order() -> None:
    """45 CFR 170.315(b)(11)(iv)(A)."""
    told = CLIENT("GET", "/evidence.json").json()["attributes"]

    assert list(range(1, 14)) == [one["number"] for one in told]
    assert [False] * 5 + [True] * 4 == [one["used"] for one in told[4:]]


def test_what_is_said_not_to_be_read_is_not_even_decoded() -> None:
    """Of a Patient only the identity, birth date, sex and death are taken."""
    taken = set(Patient.__struct_fields__) - set(Resource.__struct_fields__)

    assert {"birth_date", "gender", "deceased_boolean", "deceased_date_time"} == taken


@pytest.mark.parametrize(
    ("used", "topic"),
    [
        ((False, True, True, True), Topic.LIFESTYLE),
        ((True, True, False, False), Topic.LAB_ABN),
        ((False, True, False, False), Topic.STATUS),
        ((True, True, True, False), Topic.LAB_ORDER),
    ],
)
def test_use_is_told_card_by_card(used: tuple[bool, ...], topic: Topic) -> None:
    """Sex, date of birth, social determinants, health status: as the card's own rules read them."""
    told = attributes(reads(topic, KNOWLEDGE), (), Versions("1", "2", "3"), KNOWLEDGE)

    assert used == tuple(one.used for one in told[9:])


def test_the_pages_are_made_of_the_same_data_each_time() -> None:
    """Two processes have the same ETag, so that any of them can say that nothing is new."""
    other = Client(around(Knowing(), load({"TWITCH_CDS_DEMO": "true"})))

    tags = [client("GET", "/evidence/abnormal-lab").headers["etag"] for client in (CLIENT, other)]
    assert tags[0] == tags[1]
    assert json.loads(CLIENT("GET", "/evidence/abnormal-lab.json").content)["topic"] == "abnormal-lab"
