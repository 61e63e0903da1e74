"""The golden cases of one number of the second edition: tests/golden/*.toml, tables N1, N2 and so on."""

from charts.dates import TODAY
from charts.golden import Card, Case, cases
from charts.notation import request_bytes
from charts.resources import Line
from charts.seam import evaluate

BASIS = "org.twitch-cds.basis"


def of(number: int) -> list[Case]:
    """All cases of the tables that are named after the number."""
    name = f"N{number}"
    return [case for case in cases() if case.id.partition("/")[0].partition("-")[0] == name]


def name_of(case: Case) -> str:
    """The id of a case, for the name of its test."""
    return case.id


def got(case: Case) -> list[Card]:
    """The cards of the answer, each with its flags where the case names them."""
    _, answer = evaluate(request_bytes(case.chart), TODAY)
    found = []
    for index, card in enumerate(answer["cards"]):
        basis = card["extension"][BASIS]
        named = index < len(case.expect) and case.expect[index].flags is not None
        flags = tuple(basis.get("flags", ())) if named else None
        found.append(Card(card["source"]["topic"]["code"], card["indicator"], tuple(basis.get("tags", ())), flags))
    return found


def text(case: Case) -> str:
    """All that the cards of the answer say."""
    _, answer = evaluate(request_bytes(case.chart), TODAY)
    return "\n".join(f"{card['summary']}\n{card.get('detail', '')}" for card in answer["cards"])


def one(name: str) -> Case:
    """The golden case of that id."""
    return next(case for case in cases() if case.id == name)


def judged(person: Line, lines: list[Line]) -> list[tuple[str, str, tuple[str, ...], tuple[str, ...]]]:
    """Topic, indicator, tags and flags of the cards of a chart in compact notation."""
    status, answer = evaluate(request_bytes({"patient": person, "resources": lines}), TODAY)
    assert status == 200, answer
    return [
        (
            card["source"]["topic"]["code"],
            card["indicator"],
            tuple(card["extension"][BASIS].get("tags", ())),
            tuple(card["extension"][BASIS].get("flags", ())),
        )
        for card in answer["cards"]
    ]
