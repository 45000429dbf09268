"""A thousand years of wash and tillage (``benchmarks/stability.py``): no checkerboards, no pits that run away."""

from __future__ import annotations

import pytest

from benchmarks.stability import age, hillslope, short_waves


@pytest.mark.parametrize(
    ("method", "tilled"),
    [("multiple", True), ("d8", True), ("d_infinity", True), ("multiple", False), ("d8", False)],
)
def test_waves_of_two_cells_and_pits_do_not_grow(method: str, tilled: bool) -> None:
    w = hillslope()
    before = short_waves(w)
    deepest, lost = age(w, tilled, method=method)
    assert deepest <= 1.0 and 1.0 < lost < 5.0
    after = short_waves(w)
    assert after[0] < 0.5 * before[0]
    if tilled:
        assert after[0] < 0.1 * before[0]
    if tilled and method != "d_infinity":
        assert after[1] < before[1]


def test_nor_where_the_surface_is_routed_seldom() -> None:
    """At the default threshold, where slopes are those of a surface up to 5 cm ago."""
    w = hillslope()
    before = short_waves(w)
    assert age(w, True, threshold=0.05)[0] <= 1.0
    after = short_waves(w)
    assert after[0] < 0.5 * before[0] and after[1] < before[1]


def test_central_differences_are_why() -> None:
    """They do not see waves of two cells: with them the same waves grow, and so do pits."""
    w = hillslope()
    before = short_waves(w)
    assert age(w, False, method="multiple", slopes="central")[0] > 3.0
    assert short_waves(w)[0] > 5.0 * before[0]
