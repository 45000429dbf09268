"""The equations of Morgan 2001 by hand, and the annual model as the sum of its steps."""

from __future__ import annotations

import math

import numpy as np
import pytest

from watershed_c.kernels.morgan_morgan_finney import detachment_and_capacity, rain_energy

CELL = np.arange(1)
SINE = math.sin(math.atan(0.2))


def element(rain: float, energy: float, runoff: float, yearly: float, above: float = 1.0) -> tuple[float, float]:
    """Detachability 0.7 g J-1, cohesion 3 kPa, slope 20 %, ground cover 0.3, C 0.2, P 0.5."""
    one, potential, capacity = np.ones(1), np.zeros(1), np.zeros(1)
    detachment_and_capacity(
        CELL, rain * one, energy * one, 0.7 * one, above * runoff * one, above * yearly * one, 100.0 * above * one,
        0.2 * one, 0.0 * one, 100.0, 1e9, 3.0, np.zeros(1, dtype=np.int64), 0.3 * one, 0.2 * one, 0.5 * one,
        potential, capacity,
    )  # fmt: skip
    return float(potential[0]), float(capacity[0])


def test_year_of_one_element_by_hand() -> None:
    potential, capacity = element(800.0, 20.6, 50.0, 50.0)
    by_rain = 1e-3 * 0.7 * 800.0 * 20.6
    by_runoff = 1e-3 * 50.0**1.5 * SINE * 0.7 / (0.5 * 3.0)
    assert potential == pytest.approx(by_rain + by_runoff, rel=1e-12)
    assert capacity == pytest.approx(1e-3 * 0.1 * 2500.0 * SINE, rel=1e-12)


def test_months_of_a_year_sum_to_the_annual_model() -> None:
    months = np.array([element(800.0 / 12, 20.6, q, 50.0) for q in np.linspace(0.0, 100.0 / 12, 12)])
    np.testing.assert_allclose(months.sum(axis=0), element(800.0, 20.6, 50.0, 50.0), rtol=1e-12)


def test_capacity_counts_for_the_slope_above() -> None:
    alone, tenth = element(800.0, 20.6, 50.0, 50.0), element(800.0, 20.6, 50.0, 50.0, above=10.0)
    assert tenth[0] == pytest.approx(alone[0], rel=1e-12) and tenth[1] == pytest.approx(10.0 * alone[1], rel=1e-12)


def test_energy_of_open_and_covered_ground() -> None:
    cover, height = np.array([0.0, 1.0, 1.0, 0.5]), np.array([0.0, 1.0, 0.1, 1.0])
    energy = rain_energy(cover, height, 0.2, 10.0, "wischmeier_1978")
    np.testing.assert_allclose(energy, [20.6, 0.8 * 9.93, 0.0, 0.9 * (0.5 * 9.93 + 0.5 * 20.6)], rtol=1e-12)
    assert rain_energy(cover, height, 0.2, 10.0, "marshall_palmer_1948")[0] == pytest.approx(17.39, rel=1e-12)
