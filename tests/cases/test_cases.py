"""Small inputs as systems really send them, each with what its answer must and must not be, judged as of one day."""

import csv
import json
import tomllib

import pytest
from case_files import AS_OF, FOLDER, Answered, Row, faults, rows
from charts.runs import Evaluate
from charts.seam import engine

from cds.errors import CallError
from cds.hooks import feedback

FOLDERS = ("reading", "protocol", "clinical")
NOT_YET: dict[str, dict[str, str]] = tomllib.loads((FOLDER / "not_yet.toml").read_text("utf-8"))
HOOKS = ("patient-view", "order-select", "order-sign", "problem-list-item-create", "patient-view/feedback")


def marked(folder: str) -> list[object]:
    """The rows of a folder; one that is not right yet must fail until it is taken from the list."""
    known = NOT_YET.get(folder, {})
    return [
        pytest.param(row, id=row.file, marks=[pytest.mark.xfail(reason=known[row.file])] if row.file in known else [])
        for row in rows(folder)
    ]


def evaluated(row: Row, evaluate: Evaluate) -> Answered:
    """The answer of `twitch-cds evaluate` for a file or a folder."""
    run = evaluate("--json", "--as-of", AS_OF.isoformat(), row.path)
    return Answered(run.status, [card for answer in run.answers for card in answer["cards"]], run.err)


def called(row: Row) -> Answered:
    """The answer to a request of the hook that the row names; feedback is only read."""
    body = row.path.read_bytes()
    if row.how.endswith("/feedback"):
        try:
            feedback.read(body)
        except CallError as problem:
            return Answered(problem.status, refusal=problem.text)
        return Answered(200)
    status, answer = engine(AS_OF).answer(f"muscle-twitch-{row.how}", body)
    told = json.loads(answer)
    return Answered(status, told["cards"]) if status == 200 else Answered(status, refusal=answer.decode())


def check(row: Row, answered: Answered) -> None:
    """The answer is as the row demands."""
    wrong = faults(row, answered)
    assert [] == wrong, [card["summary"] for card in answered.cards] or answered.refusal


@pytest.mark.parametrize("row", marked("reading"))
def test_reading(row: Row, evaluate: Evaluate) -> None:
    """What a sender means is read, what cannot be read is said, and nothing is read that it does not say."""
    check(row, evaluated(row, evaluate) if row.how == "evaluate" else called(row))


@pytest.mark.parametrize("row", marked("protocol"))
def test_protocol(row: Row) -> None:
    """A request of an EHR gets its cards, or a refusal that says what is wrong with it."""
    check(row, called(row))


@pytest.mark.parametrize("row", marked("clinical"))
def test_clinical(row: Row, evaluate: Evaluate) -> None:
    """A chart around a rule gets the cards of the second edition, and none that must be absent."""
    check(row, evaluated(row, evaluate))


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_row_has_its_input_and_every_exception_its_row(folder: str) -> None:
    """A row names a file that is there and a known way to send it; what is excepted is a row of the index."""
    found = rows(folder)

    assert [] == [row.id for row in found if not row.path.exists()]
    assert [] == [row.id for row in found if row.how not in ("evaluate", *HOOKS)]
    assert set() == NOT_YET.get(folder, {}).keys() - {row.file for row in found}
    with (FOLDER / folder / "index.csv").open(encoding="utf-8", newline="") as stream:
        assert len(found) == len(list(csv.DictReader(stream)))


def test_expectations_are_understood() -> None:
    """Each form of an expectation holds of an answer that fits it, and not of one that does not."""
    topic = {"topic": {"code": "emergency"}}
    basis = {"tags": ["calcium", "potassium"], "notChecked": [{"type": "Condition", "reason": "not-fetched"}]}
    card = {"summary": "Two", "indicator": "critical", "source": topic, "extension": {"org.twitch-cds.basis": basis}}
    card["detail"] = "Fine.\nA magnesium result could not be read."
    answered = Answered(200, [card])
    row = Row("reading", "x", "evaluate", 200, (), ())

    def wrong(must: str = "", must_not: str = "") -> list[str]:
        given = replace_parts(row, must, must_not)
        return faults(given, answered)

    assert [] == wrong("emergency:critical:potassium") + wrong("emergency:*:potassium,calcium") + wrong("any")
    assert [] == wrong("say:magnesium") + wrong("say:Condition") + wrong("text:fine") + wrong("lab-order|emergency")
    assert [] == wrong(must_not="emergency:info") + wrong(must_not="not-said:nothing here") + wrong(must_not="refused")
    assert ["no lab-order"] == wrong("lab-order")
    assert ["no say:potassium"] == wrong("say:potassium")
    assert ["no refused:gone"] == wrong("refused:gone")
    assert ["there is any"] == wrong(must_not="any")
    assert ["it is said: not-said:fine"] == wrong(must_not="not-said:fine")
    assert [] == faults(replace_parts(row, "refused:gone", ""), Answered(200, refusal="it is gone"))
    assert ["status 412, not 200"] == faults(row, Answered(412))


def replace_parts(row: Row, must: str, must_not: str) -> Row:
    """The row with other expectations."""
    group = (tuple(must.split("|")),) if must else ()
    return Row(row.folder, row.file, row.how, row.status, group, (must_not,) if must_not else ())
