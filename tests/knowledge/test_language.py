"""A language is a folder of files: nothing on a card or in an explanation is left in the language of the code."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import pytest
from charts import pseudo
from charts.dates import TODAY
from charts.golden import cases
from charts.notation import request_bytes
from charts.seam import engine

from cds.call import Engine, build_engine
from cds.errors import KnowledgeError
from cds.explain.explain import explain
from cds.prefetch.supply import TYPES
from cds.settings import load

WORD = re.compile(r"[^\W\d_]+(?!…)\b")  # one that was cut short is no word
PLAIN = re.compile(r"[aeiou]", re.IGNORECASE)
KNOWLEDGE = engine(TODAY).knowledge
FIRING = [case for case in cases() if case.expect]
SPOKEN = ("summary", "detail", "label", "description", "text", "display", "note", "limit", "limitSource", "quoted")
RXNORM = KNOWLEDGE.systems["rx"]
INGREDIENTS = [
    concept.ingredient
    for medicine in KNOWLEDGE.medicines.values()
    for concept in KNOWLEDGE.codes.in_groups(RXNORM, (*medicine.groups, *medicine.check_route))
] + [row.ingredient for row in KNOWLEDGE.ingredients.rows]
UNITS = [unit for limits in KNOWLEDGE.limits.values() for limit in limits for unit in limit.value]
CODES = "mmHg mIU uIU http https ORD RENEWAL EMERG STEROID E ADD"
SAME = frozenset(word for text in (*INGREDIENTS, *UNITS, *TYPES.values(), *TYPES, CODES) for word in WORD.findall(text))


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """An engine that speaks the made language."""
    folder = pseudo.write(tmp_path_factory.mktemp("language") / "xx", KNOWLEDGE)
    noon = datetime.combine(TODAY, time(12), UTC)
    return build_engine(load({"TWITCH_CDS_DEMO": "true"}), now=lambda: noon, wording=folder)


def texts(value: Any, names: tuple[str, ...], name: str = "") -> Iterator[str]:
    """Everything that a person reads."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key != "coding":  # the display of a terminology goes with its code
                yield from texts(item, names, key)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item, names, name)
    elif isinstance(value, str) and name in names:
        yield value


def left(said: Iterator[str], body: bytes) -> set[str]:
    """The words with a plain vowel that stand neither in the chart nor are the same in every language."""
    chart = json.dumps(json.loads(body), ensure_ascii=False)  # its letters, not how JSON may escape them
    own = {word.casefold() for word in (*WORD.findall(chart), *SAME)}  # a unit is told as we spell it
    found = {word for text in said for word in WORD.findall(text) if PLAIN.search(word)}
    return {word for word in found if word.casefold() not in own}


@pytest.mark.parametrize("case", FIRING[::9], ids=lambda case: case.id)
def test_no_card_has_a_word_of_another_language(case: Any, spoken: Engine) -> None:
    """Summary, detail, suggestions, reasons for an override."""
    body = request_bytes(case.chart)
    answer = json.loads(spoken.answer(f"muscle-twitch-{case.chart.get('hook', 'patient-view')}", body).body)

    assert set() == left(texts(answer["cards"], SPOKEN), body)


@pytest.mark.parametrize("case", FIRING[::31], ids=lambda case: case.id)
def test_no_explanation_has_a_word_of_another_language(case: Any, spoken: Engine) -> None:
    """Why a card is not shown, and what is said of each rule."""
    body = request_bytes(case.chart)
    why = explain(spoken.call(f"muscle-twitch-{case.chart.get('hook', 'patient-view')}", body), spoken)
    told = (
        why.summary,
        *why.cards_left_out.values(),
        *(text for one in why.rules for text in (one.title, one.because)),
    )
    traced = (text for one in why.rules for trace in one.not_qualified for text in (trace.label, trace.because or ""))

    assert set() == left(iter((*told, *traced)), body)


def test_a_label_that_a_language_lacks_stops_the_start(tmp_path: Path) -> None:
    """The key is named."""
    folder = pseudo.write(tmp_path / "xx", KNOWLEDGE)
    path = folder / "labels.toml"
    path.write_text(path.read_text("utf-8").replace('"wasting" = ', '"waste" = '), "utf-8")

    with pytest.raises(KnowledgeError) as caught:
        build_engine(load({"TWITCH_CDS_DEMO": "true"}), wording=folder)

    assert ("labels.toml", "wasting") == (caught.value.file, caught.value.key)
