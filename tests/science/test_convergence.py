"""What cell size and step do to one terrain (docs/convergence.md), on its coarser cells."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.convergence import FINEST, SIDE, SIZES, averaged, relief, run

SEDIMENT, SOC, DETACHED, TILLAGE, SLOPE = range(5)


def test_all_cell_sizes_are_the_same_land() -> None:
    fine = relief()
    whole = averaged(fine, FINEST)[1:-1, 1:-1]
    assert whole.shape == (SIDE // FINEST,) * 2
    for size in SIZES:
        square = averaged(fine, size)[1:-1, 1:-1]
        assert square.shape == (SIDE // size,) * 2
        assert square.mean() == pytest.approx(whole.mean(), rel=1e-12)


def test_coarse_cells_damp_slope_and_tillage_and_deliver_more() -> None:
    """Rule 23: why there is a warning above 30 m; and rule 20: a capacity coefficient belongs to its cell size."""
    fine, coarse = run(20), run(90)
    assert 0.5 < coarse[SLOPE] / fine[SLOPE] < 0.7
    assert 0.15 < coarse[TILLAGE] / fine[TILLAGE] < 0.4
    assert coarse[DETACHED] < 0.6 * fine[DETACHED]
    assert coarse[SEDIMENT] > 1.2 * fine[SEDIMENT]
    assert coarse[SOC] / coarse[SEDIMENT] == pytest.approx(fine[SOC] / fine[SEDIMENT], rel=0.05)


def test_a_month_is_short_enough_and_a_year_is_not() -> None:
    year, month, half, quarter = (run(40, parts) for parts in (0, 1, 2, 4))
    assert month[SEDIMENT] == pytest.approx(quarter[SEDIMENT], rel=2e-3)
    assert month[SOC] == pytest.approx(quarter[SOC], rel=0.02)
    difference = np.abs(np.array([month, half]) - np.array([half, quarter]))[:, SOC]
    assert difference[0] / difference[1] == pytest.approx(2.0, rel=0.1)  # first order
    assert 0.7 < month[SEDIMENT] / year[SEDIMENT] < 1.0  # rule 20: 70 to 100 %
