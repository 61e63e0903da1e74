"""N57: advice, orders and the one short card are shown to a user once in 30 days, where a store exists."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from charts.dates import TODAY
from charts.golden import cases, service_of
from charts.notation import request, request_bytes
from charts.seam import engine
from msgspec.structs import replace

from cards.topics import Topic
from cds.account import Caller
from cds.hook_handler import HookHandler
from cds.keyed import Pseudonyms
from cds.rules.cardbook import CARDS
from cds.secrecy import Secret
from cds.store.memory import Manner, Memory
from cds.store.store import Store
from cds.store.writer import Pace

Json = dict[str, Any]
NOON = datetime.combine(TODAY, time(12), UTC)
TWITCH: Json = {"twitch": "2 w"}
SERVICE = "muscle-twitch-patient-view"
PATIENTS = count()
NORTH, SOUTH = Caller(client="north"), Caller(client="south")


class Ward:
    """A service with its store, a patient of its own, and a clock that is set by hand."""

    def __init__(self, memory: Memory | None, now: list[datetime], *, once: bool = True) -> None:
        self.memory = memory
        self.now = now
        self.patient = f"once-{next(PATIENTS)}"
        made = replace(engine(TODAY), now=lambda: self.now[0])
        self.hook_handler = HookHandler(
            made, memory=memory, pseudonyms=Pseudonyms(Secret("k" * 32)), seconds_allowed=60.0, once=once
        )

    def sees(self, *lines: Json, user: str = "Practitioner/a", caller: Caller = NORTH, **chart: Any) -> list[str]:
        """The topics of the cards that a user is shown."""
        made = request({"patient": {"age": "30 y", "sex": "F"}, "resources": list(lines), **chart})
        return self.sees_request(made, user, caller)

    def sees_request(self, made: Json, user: str = "Practitioner/a", caller: Caller = NORTH) -> list[str]:
        """The same of a whole request."""
        known = made["context"]["patientId"]
        text = json.dumps(made | {"context": made["context"] | {"userId": user}})
        text = text.replace(f'"{known}"', f'"{self.patient}"').replace(
            f'"Patient/{known}"', f'"Patient/{self.patient}"'
        )
        reply = asyncio.run(self.hook_handler.answer("muscle-twitch-patient-view", text.encode(), caller))
        assert self.memory is None or self.memory.flush()
        return [card["source"]["topic"]["code"] for card in json.loads(reply.body)["cards"]]

    def wait(self, **time_: float) -> None:
        """Time goes by."""
        self.now[0] += timedelta(**time_)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Memory, list[datetime]]]:
    """One store and its clock."""
    folder, now = tmp_path_factory.mktemp("store"), [NOON]
    memory = _memory(folder, now)
    yield memory, now
    memory.close()


def _memory(folder: Path, now: list[datetime]) -> Memory:
    store = Store.open(f"sqlite:///{folder / 'store.db'}", str(folder))
    memory = Memory(store, Manner(patience=30.0, pace=Pace(linger=0.0)), now=lambda: now[0])
    memory.start()
    return memory


@pytest.fixture
def ward(shared: tuple[Memory, list[datetime]]) -> Ward:
    """A patient whom nobody has seen yet."""
    memory, now = shared
    now[0] = NOON
    return Ward(memory, now)


ISOLATED = ("incomplete", "child", "eyelid", "default", "open")
VARIANTS = {row.topic: row.variants for row in CARDS}
ONCE = [
    *((topic, variant) for topic in (Topic.LAB_ORDER, Topic.LIFESTYLE) for variant in VARIANTS[topic]),
    *((Topic.DATA_GAP, variant) for variant in ISOLATED),
]
TABLES = {"edges_more", "lifestyle", "n20_n23_forms", "n55_isolated_twitch", "n56_lab_order", "partial_data"}
EXAMINED: Json = {"lab": "exam", "interp": "N", "at": "1 d"}


@cache
def examples() -> dict[tuple[Topic, str], Json]:
    """A request for each wording of a card that is shown once, alone: golden cases, as they are or examined."""
    found: dict[tuple[Topic, str], Json] = {}
    charts = [
        case.chart for case in cases() if case.file in TABLES and service_of(case) == SERVICE and case.status == 200
    ]
    for chart in (*charts, *({**one, "resources": [*one["resources"], EXAMINED]} for one in charts)):
        shown = engine(TODAY).call(SERVICE, request_bytes(chart)).shown
        if len(shown) == 1:
            found.setdefault((shown[0].advice.topic, shown[0].advice.variant), request(chart))
    return found


@pytest.mark.parametrize(("topic", "variant"), ONCE)
def test_n57_every_wording_of_such_a_card_is_shown_once(ward: Ward, topic: Topic, variant: str) -> None:
    """Whatever the factor or the reason: shown, and then not again."""
    made = examples()[topic, variant]

    assert ([topic], []) == (ward.sees_request(made), ward.sees_request(made))


DIET: Json = {"condition": "Z72.4 Inappropriate diet and eating habits"}


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([TWITCH], ["data-gap"]),
        ([TWITCH, {"lab": "sleep", "value": "5 h"}], ["lifestyle"]),
        ([TWITCH, DIET], ["lab-order", "lifestyle"]),
    ],
)
def test_n57_a_user_is_shown_it_once_in_30_days(ward: Ward, lines: list[Json], expected: list[str]) -> None:
    """It is silent until the thirtieth day is over, and then shown again."""
    first, again = ward.sees(*lines), ward.sees(*lines)
    ward.wait(days=29, hours=23)
    before = ward.sees(*lines)
    ward.wait(hours=1)

    assert (expected, [], []) == (first, again, before)
    assert [one for one in expected if one in ward.sees(*lines)]


def test_n57_another_user_or_client_is_shown_it_too(ward: Ward) -> None:
    """What one clinician was shown silences nothing for another."""
    assert ["data-gap"] == ward.sees(TWITCH)
    assert ["data-gap"] == ward.sees(TWITCH, user="Practitioner/b")
    assert ["data-gap"] == ward.sees(TWITCH, caller=SOUTH)
    assert [] == ward.sees(TWITCH, user="Practitioner/b")


@pytest.mark.parametrize(
    ("lines", "chart"),
    [
        ([{"condition": "R53.83 Other fatigue"}], {}),
        ([{"lab": "K", "value": "4.1"}], {}),
        ([{"lab": "2160-0 + text:Creatinine", "value": "180 umol/L", "interp": "H"}], {}),
        ([], {"missing": {"medicationRequests": "operation-outcome"}}),
    ],
)
def test_n57_what_is_new_is_shown(ward: Ward, lines: list[Json], chart: Json) -> None:
    """A new symptom, an unread or abnormal result, or a type that did not arrive makes it another card."""
    assert ["data-gap"] == ward.sees(TWITCH)
    assert ["data-gap"] == ward.sees(TWITCH, *lines, **chart)
    assert [] == ward.sees(TWITCH, *lines, **chart)


def test_n57_beside_advice_a_new_result_is_shown_too(ward: Ward) -> None:
    """A quoted result is no fact of the advice, and makes it new all the same."""
    late = {"lab": "sleep", "value": "5 h"}
    high = {"lab": "2160-0 + text:Creatinine", "value": "180 umol/L", "interp": "H"}

    assert [["lifestyle"], [], ["lifestyle"]] == [
        ward.sees(TWITCH, late),
        ward.sees(TWITCH, late),
        ward.sees(TWITCH, late, high),
    ]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([{"condition": "H53.2 Diplopia"}], ["neurology-evaluation"]),
        ([{"condition": "E05.00 Thyrotoxicosis with diffuse goiter"}], ["known-cause"]),
        ([{"lab": "K", "value": "3.3 mmol/L"}], ["abnormal-lab"]),
        ([{"lab": "K", "value": "2.3 mmol/L"}], ["emergency"]),
    ],
)
def test_n57_other_cards_come_back(ward: Ward, lines: list[Json], expected: list[str]) -> None:
    """A warning, a known cause, a result or an emergency is shown until it is answered."""
    assert [expected, expected] == [ward.sees(TWITCH, *lines), ward.sees(TWITCH, *lines)]


def test_n57_what_could_not_be_seen_in_known_disease_comes_back(ward: Ward) -> None:
    """A card that stands for a silence which would be wrong is no advice: it is shown each time."""
    als: Json = {"condition": "86044005 Amyotrophic lateral sclerosis", "recorded": "1 y"}
    lost: Json = {"missing": {"labs": "operation-outcome"}}

    assert [["data-gap"]] * 2 == [ward.sees(TWITCH, als, **lost), ward.sees(TWITCH, als, **lost)]


def test_n57_it_is_off_where_that_is_asked_for_or_no_store_exists(shared: tuple[Memory, list[datetime]]) -> None:
    """In demo mode, and without a store, the same user sees the same card again."""
    memory, now = shared
    now[0] = NOON
    demo, bare = Ward(memory, now, once=False), Ward(None, now)

    assert [["data-gap"]] * 2 == [demo.sees(TWITCH), demo.sees(TWITCH)]
    assert [["data-gap"]] * 2 == [bare.sees(TWITCH), bare.sees(TWITCH)]


def test_n57_only_three_cards_are_shown_once() -> None:
    """What failed, could not be seen or stands for an emergency that is switched off is none of them."""
    once = {str(card.topic): set(card.once) for card in CARDS if card.once}

    assert {"lab-order", "lifestyle", "data-gap"} == set(once)
    assert not once["data-gap"] & {"rule-failed", "known-disease", "switched-off", "draft-unread"}
