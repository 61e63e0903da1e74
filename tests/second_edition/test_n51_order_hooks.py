"""N51: the order hooks: emergencies by value, dangerous drafts, and signs that nobody was asked about."""

import pytest
from charts.dates import TODAY
from charts.golden import Case
from charts.notation import request_bytes
from charts.seam import evaluate
from numbered import got, name_of, of, one, text

FURTHER = {"foot-drop", "foot-drop-estrogen", "referred-before", "undated"}


@pytest.mark.parametrize("case", of(51), ids=name_of)
def test_n51_cards(case: Case) -> None:
    """Each chart of the tables N51 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


@pytest.mark.parametrize(
    ("case", "summary"),
    [
        ("denosumab-low-calcium", "Denosumab: low adjusted calcium 1.95 mmol/L on this chart with twitching."),
        ("denosumab-dialysis-no-calcium", "Denosumab: dialysis, no adjusted calcium in 30 days on this chart"),
        ("denosumab-egfr-29", "Denosumab: eGFR <30, no adjusted calcium in 30 days on this chart with twitching."),
        ("thiazide-sodium-124", "Hydrochlorothiazide: low sodium 124 mmol/L on this chart with twitching."),
        ("linezolid-on-sertraline", "Linezolid: sertraline is taken now on this chart with twitching."),
        ("both-drafted", "Linezolid: sertraline is drafted too on this chart with twitching."),
    ],
)
def test_n51_the_draft_and_the_finding_are_named(case: str, summary: str) -> None:
    """The drafted medicine, what speaks against it, and the question."""
    said = text(one(f"N51-risk/{case}")).splitlines()[0]

    assert said.startswith(summary)
    assert said.endswith("Correct or check first?")


@pytest.mark.parametrize("case", [case for case in of(51) if case.id.startswith("N51-sign/")], ids=name_of)
def test_n51_a_sign_that_nobody_was_asked_about_is_a_line(case: Case) -> None:
    """With its day; not where a later request covers it, a later examination answers it, or nobody has it."""
    name = case.id.partition("/")[2]
    date = "undated" if name == "undated" else "2026-11-12"

    assert (name in FURTHER) == (f"recorded {date}: not yet referred" in text(case))


def test_n51_the_calcium_that_is_missing_is_offered() -> None:
    """Denosumab on dialysis without a calcium proposes to order it; a low one is there already."""
    orders = {}
    for name in ("denosumab-dialysis-no-calcium", "denosumab-low-calcium"):
        _, answer = evaluate(request_bytes(one(f"N51-risk/{name}").chart), TODAY)
        (card,) = answer["cards"]
        orders[name] = len(card.get("suggestions", []))

    assert {"denosumab-dialysis-no-calcium": 1, "denosumab-low-calcium": 0} == orders


def test_n51_all_findings_stand_in_the_detail() -> None:
    """The second draft and its finding are a line, and no draft is changed."""
    said = text(one("N51-risk/two-classes"))

    assert said.startswith("Denosumab: low adjusted calcium 2.1 mmol/L on this chart with twitching.")
    assert "Furosemide: low potassium 2.8 mmol/L: correct or check first?" in said
