"""Which languages are on by default: by the measured precision, and by named exceptions (second edition N14)."""

import pytest

from cds.knowledge.measured import Counted, Default, Precision, on_by_default

GOOD, LOW, NOTHING = Counted(98, 100), Counted(97, 100), Counted(0, 0)


@pytest.mark.parametrize(
    ("measured", "excepted", "on"),
    [
        ({"en": Precision(GOOD, GOOD), "de": Precision(GOOD, GOOD)}, [], ["en", "de"]),
        ({"en": Precision(GOOD, LOW), "de": Precision(LOW, GOOD)}, [], []),
        ({"en": Precision(LOW, LOW), "fr": Precision(GOOD, GOOD)}, ["en"], ["en", "fr"]),
        ({"es": Precision(NOTHING, GOOD)}, [], []),
        ({}, ["en"], ["en"]),
        ({}, [], []),
    ],
)
def test_default(measured: dict[str, Precision], excepted: list[str], on: list[str]) -> None:
    """On is what reaches the least precision in gate and flags, or is excepted; not measured counts as below."""
    assert on == on_by_default(measured, Default(least=0.98, excepted=excepted))
