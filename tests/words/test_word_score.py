"""The measure of words: what counts as heard rightly, wrongly and not at all."""

import pytest
from word_score import FLAGS, GATE, TOLD_ABSENT, Count, Heard, Score, line, score
from word_texts import Flag, Gate, WordText


def said(gate: Gate, *flags: str) -> WordText:
    """A text that says so."""
    demanded = tuple(Flag(frozenset(one.rstrip("?").split("/")), not one.endswith("?")) for one in flags)
    return WordText("en-0000", "en", "visit reason", "a text", gate, demanded, "positive")


def counts(text: WordText, gate: Gate, *flags: str) -> dict[str, tuple[int, int, int]]:
    """What is counted if a text is heard so."""
    result = score([text], lambda _: Heard(gate, frozenset(flags)))
    return {name: (one.right, one.wrong, one.missed) for name, one in result.counts.items()}


@pytest.mark.parametrize(
    ("meant", "heard", "expected"),
    [
        (Gate.PRESENT, Gate.PRESENT, (1, 0, 0)),
        (Gate.EYELID, Gate.EYELID, (1, 0, 0)),
        (Gate.PRESENT, Gate.EYELID, (0, 1, 1)),
        (Gate.EYELID, Gate.PRESENT, (0, 1, 1)),
        (Gate.ABSENT, Gate.PRESENT, (0, 1, 0)),
        (Gate.PRESENT, Gate.ABSENT, (0, 0, 1)),
        (Gate.HISTORY, Gate.UNKNOWN, (0, 0, 0)),
        (Gate.NONE, Gate.NONE, (0, 0, 0)),
    ],
)
def test_gate(meant: Gate, heard: Gate, expected: tuple[int, int, int]) -> None:
    """The gate is right if it is open where it should be, for the place that was said."""
    assert expected == counts(said(meant), heard)[GATE]


def test_told_absent() -> None:
    """A twitch that is told absent though it is only unknown counts as a wrong absence, not against the gate."""
    assert (0, 1, 0) == counts(said(Gate.UNKNOWN), Gate.ABSENT)[TOLD_ABSENT]
    assert (0, 0, 0) == counts(said(Gate.UNKNOWN), Gate.ABSENT)[GATE]
    assert (0, 0, 1) == counts(said(Gate.ABSENT), Gate.NONE)[TOLD_ABSENT]


@pytest.mark.parametrize(
    ("meant", "heard", "expected"),
    [
        (["weakness", "drop"], ["weakness"], (1, 0, 1)),
        (["weakness/hand"], ["hand"], (1, 0, 0)),
        (["weakness/hand"], ["hand", "weakness"], (1, 0, 0)),
        (["cramps?"], [], (0, 0, 0)),
        (["cramps?"], ["cramps"], (0, 0, 0)),
        ([], ["speech"], (0, 1, 0)),
        (["speech"], ["swallowing"], (0, 1, 1)),
    ],
)
def test_flags(meant: list[str], heard: list[str], expected: tuple[int, int, int]) -> None:
    """A sign counts by its concept; of equally right ones one is enough; an allowed one counts neither way."""
    assert expected == counts(said(Gate.NONE, *meant), Gate.NONE, *heard)[FLAGS]


def test_faults_name_what_is_wrong() -> None:
    """A text that was not heard as it was meant is kept with what is wrong about it."""
    result = score([said(Gate.PRESENT, "speech")], lambda _: Heard(Gate.NONE, frozenset({"vision"})))
    assert [("twitch: present, heard none", "speech not heard", "vision heard")] == [one.wrong for one in result.faults]


def test_targets() -> None:
    """Nothing heard reaches no target; everything heard rightly reaches all of them."""
    assert 4 == len(Score().below())
    perfect = Score(counts={GATE: Count(right=9), FLAGS: Count(right=9), TOLD_ABSENT: Count()})
    assert [] == perfect.below()
    perfect.counts[FLAGS].wrong = 1
    assert ["precision of flags below 0.98"] == perfect.below()


def test_lines() -> None:
    """A share is printed with its 95 % interval, and a dash where there is nothing to share."""
    result = Score(texts=3, counts={GATE: Count(right=9, wrong=1), FLAGS: Count(), TOLD_ABSENT: Count()})
    gate, flags, _ = line("en", "sealed", result)
    assert "en  sealed           3  gate         0.900 [0.596, 0.982]   1.000 [0.701, 1.000]" == gate
    assert "en  sealed           3  flags        -                        -" == flags.rstrip()
