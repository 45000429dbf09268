"""Months, and months in equal parts."""

from __future__ import annotations

import pytest

from watershed_c.clock import Clock


@pytest.mark.parametrize("n", [1, 2, 3, 8])
def test_parts_of_months(n: int) -> None:
    clock = Clock(2001, 2003, 3, 8, n)
    steps = list(clock.iterate())
    assert clock.months == 30 and clock.steps == len(steps) == 30 * n
    assert [step.index for step in steps] == list(range(30 * n))
    assert [(step.year, step.month) for step in steps[::n]] == [divmod(2001 * 12 + 3 + m, 12) for m in range(30)]
    assert [step.part for step in steps] == list(range(n)) * 30
    assert [step.ends_month for step in steps] == ([False] * (n - 1) + [True]) * 30
    assert {step.dt for step in steps} == {1.0 / (12.0 * n)}
    assert len({step.label for step in steps}) == 30 * n
    assert list(clock.iterate(7)) == steps[7:]


def test_labels() -> None:
    assert Clock(2013, 2013, 6).step(0).label == "2013-07"
    assert Clock(2013, 2013, 6, steps_per_month=4).step(5).label == "2013-08 part 2 of 4"


@pytest.mark.parametrize("n", [1, 4])
def test_before_the_start(n: int) -> None:
    """The months that lead to the first one, with the same parts."""
    clock = Clock(2001, 2001, 1, 5, n)
    steps = list(clock.before_start(14))
    assert len(steps) == 14 * n and steps[-1].index == -1 and steps[-1].ends_month
    assert (steps[0].year, steps[0].month, steps[0].part) == (1999, 11, 0)
    assert (steps[-1].year, steps[-1].month, steps[-1].part) == (2001, 0, n - 1)


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="end is before the start"):
        Clock(2001, 2000)
    with pytest.raises(ValueError, match="steps_per_month must be 1 or more, is 0"):
        Clock(2001, 2001, steps_per_month=0)
