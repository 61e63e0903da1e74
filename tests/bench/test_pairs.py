"""How often each side of a comparison is asked."""

from pairs import FULL, compare_timed


def test_a_clock_that_is_behind_does_not_make_it_run_for_hours() -> None:
    """A first call of which nothing is counted yet says little: the next sample is eight times as long at most."""
    asked: list[int] = []

    def side(times: int) -> float:
        asked.append(times)
        return 1e-6 / times if len(asked) < 3 else 0.01

    compare_timed(side, side, FULL)

    assert [1, 1, 8] == asked[:3]
    assert max(asked) <= 16
