"""MUSLE's runoff factor: units, the closed form of its event, and how parts add up."""

from __future__ import annotations

import numpy as np
import pytest

from watershed_c.kernels.musle import COEFFICIENT, EXPONENT, runoff_erosivity

CELL = np.arange(1)


def factor(runoff: float, events: float, dx: float = 10.0, area: float | None = None, slope: float = 0.1) -> float:
    one, out = np.ones(1), np.zeros(1)
    above = dx * dx if area is None else area
    runoff_erosivity(CELL, runoff * one, events, above * one, slope * one, 0.0 * one, dx, 1e9, 2.0, out)
    return float(out[0])


def test_coefficient_is_williams_own_in_other_units() -> None:
    """95 (acre-foot x ft3 s-1)^0.56 K short tons, K in customary units."""
    acre_foot, cubic_foot, short_ton = 43560.0 * 0.3048**3, 0.3048**3, 0.90718474
    metric = 95.0 * short_ton / (acre_foot * cubic_foot) ** EXPONENT
    assert metric == pytest.approx(11.8, rel=2e-3)
    assert COEFFICIENT == pytest.approx(metric / 0.1317, rel=2e-3)


def test_one_event_by_hand() -> None:
    """20 mm from a hectare in 2 h rain on a slope of 100 m and 10 %: Q 200 m3, tc 0.0273 h, peak 0.0409 m3 s-1."""
    hours = 0.0195 / 60.0 * 100.0**0.77 * 0.1**-0.385
    peak = 0.208 * 0.01 * 20.0 / (1.0 + 0.6 * hours)
    assert peak == pytest.approx(0.0409, abs=5e-4)
    assert factor(20.0, 1.0, dx=100.0) == pytest.approx(11.8 / 0.1317 * (200.0 * peak) ** 0.56, rel=1e-12)


def test_parts_of_a_step_add_up_where_events_are_shared_like_runoff() -> None:
    assert 4.0 * factor(5.0, 2.5) == pytest.approx(factor(20.0, 10.0), rel=1e-12)


def test_fewer_events_and_larger_cells_lose_a_little_more() -> None:
    assert factor(20.0, 5.0) / factor(20.0, 10.0) == pytest.approx(2.0**0.12, rel=1e-12)
    wide = factor(20.0, 5.0, dx=20.0, area=400.0, slope=1e6) / factor(20.0, 5.0, dx=10.0, area=100.0, slope=1e6)
    assert wide == pytest.approx(2.0**0.24, rel=2e-3)


def test_no_runoff_no_erosion() -> None:
    assert factor(0.0, 10.0) == factor(10.0, 0.0) == 0.0
