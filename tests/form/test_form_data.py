"""The data of the form: a mistake is named when it is loaded; long texts tell no caffeine."""

import pytest
from charts.form_kit import ENGINE, FORM
from msgspec.structs import replace

from cds.errors import KnowledgeError
from cds.knowledge.caffeine_words import LONGEST, CaffeineWords
from cds.knowledge.form import Form, OnlyIf

FIRST = FORM.item[0]


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        (replace(FORM, item=(*FORM.item, replace(FIRST, group="signs"))), "is there twice"),
        (replace(FORM, item=(replace(FIRST, list="colours"), *FORM.item[1:])), "there is no list `colours`"),
        (
            replace(FORM, item=(replace(FIRST, only_if=OnlyIf("q.signs", "weak")), *FORM.item[1:])),
            "is asked after what is not asked before it",
        ),
        (replace(FORM, end="q.nothing"), "there is no item `q.nothing`"),
    ],
)
def test_a_mistake_in_the_form_is_named(form: Form, reason: str) -> None:
    """Before anything is asked."""
    with pytest.raises(KnowledgeError, match=reason):
        form.check()


def test_a_long_text_tells_no_caffeine() -> None:
    """What fills pages is prose, and no answer."""
    told = CaffeineWords(ENGINE.knowledge.phrases.caffeine).mg_a_day

    assert 720 == told("8 coffees per day")
    assert told(f"8 coffees per day {'and more ' * LONGEST}") is None
