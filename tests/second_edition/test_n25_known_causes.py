"""N25: diagnoses that can cause twitching, what drops them, and those that are no more than a line."""

import pytest
from charts.dates import TODAY
from charts.golden import Case
from charts.seam import engine
from numbered import got, judged, name_of, of, one, text

KNOWLEDGE = engine(TODAY).knowledge
ADULT = {"age": "45 y", "sex": "F"}


@pytest.mark.parametrize("case", of(25), ids=name_of)
def test_n25_cards(case: Case) -> None:
    """Each chart of the table N25 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("N25/carpal-tunnel", "(2019-11-22) is on file: is the twitch in that nerve's muscles?"),
        ("N25/carpal-tunnel-labs", "(2019-11-22) is on file: is the twitch in that nerve's muscles?"),
        ("N25/polyneuropathy", "polyneuropathy (2025-11-22) is on file: examine reflexes and feet."),
        ("N25/rare", "Wilson's disease (2025-11-22) is on file: it can cause twitching, rarely."),
        (
            "N25/hemifacial-spasm",
            "Clonic hemifacial spasm, right (2025-11-22) is on file: is this the twitching",
        ),
    ],
)
def test_n25_a_line_stands_on_whatever_card_is_shown(case: str, said: str) -> None:
    """It is never a card, and it is said with its date."""
    assert said in text(one(case))


def test_n25_a_line_removes_nothing_but_the_words_that_calm() -> None:
    """The same cards as without the diagnosis; lifestyle advice asks to check it first."""
    examined = [{"lab": "exam", "interp": "N", "at": "5 d"}, {"lab": "GAD7", "value": "14 {score}"}]
    chart = [{"twitch": "2 w"}, *examined]
    nerve = {"condition": "G56.01 Carpal tunnel syndrome", "recorded": "7 y"}

    assert judged(ADULT, chart) == judged(ADULT, [*chart, nerve])


@pytest.mark.parametrize("tag", sorted(KNOWLEDGE.causes))
def test_n25_every_code_of_every_cause_is_read(tag: str) -> None:
    """Each exact code alone is the cause, or its line; none is a cause that its row does not name."""
    cause = KNOWLEDGE.causes[tag]
    shapes = {"cm": "", "sct": "", "who": "who:"}
    names = {system: shapes[short] for short, system in KNOWLEDGE.systems.items() if short in shapes}
    codes = [f"{names[one.system]}{one.code}" for one in KNOWLEDGE.codes.members(cause.set)]
    assert codes or tag == "inhalant"  # prefixes only
    for code in codes:
        found = judged(ADULT, [{"twitch": "2 w"}, {"condition": f"{code} x", "recorded": "1 d"}])
        shown = {name for topic, _, tags, _ in found if topic == "known-cause" for name in tags}
        assert (tag in shown) == cause.stands or found[0][0].startswith(("neurology", "emergency")), (code, found)
