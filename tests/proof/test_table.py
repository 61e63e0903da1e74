"""The proof that the table cannot calm, in its small form: inputs by chance (whole: make proof)."""

from collections.abc import Iterator

import pytest
from faults import FAULTS
from inputs import INPUTS, Space
from lazily import Asked, paths
from table import SHIPPED, Fault, faulty, results_as_given, wrong

CHANCE, SOME, MANY = 11, 400, 20_000


@pytest.fixture(autouse=True)
def _results() -> Iterator[None]:
    with results_as_given():
        yield


def test_no_input_by_chance_breaks_a_property() -> None:
    """The whole form goes through all of them."""
    assert [] == list(wrong(SHIPPED, CHANCE, SOME))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.module}: {fault.new[:40]}")
def test_a_fault_in_the_table_is_found(fault: Fault) -> None:
    """Each by a property, or by a finding that lowers the most urgent card."""
    assert next(wrong(faulty(fault), CHANCE, MANY), None)


def test_an_input_without_classes_is_named() -> None:
    """Whoever lets the table read something new is told where to say which classes it has."""
    with pytest.raises(AssertionError, match=r"reads picture_of_the_moon, for which tests/proof/inputs\.py"):
        Space().classes("picture_of_the_moon", Asked(Space()))


def test_every_path_is_walked_once() -> None:
    """Over a function whose paths can be counted: what is not read is not varied."""

    def run(asked: Asked) -> str:
        return str(asked("routine") if asked("is_marked") else asked("quoted"))

    found = list(paths(run, Space()))

    assert 2 + 3 == len(found)
    assert len(found) == len({tuple(path.read.items()) for path in found})
    assert set(INPUTS) > {name for path in found for name in path.read}
