"""Energy laws, what parts storms, EI30 of storms by hand, and independence of the interval."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watershed_c.kernels.rainfall_erosivity import (
    ENERGIES,
    daily_erosivity,
    fournier_index,
    storm_erosivity,
    unit_energy,
)


def storms(start: list[float], rain: list[float], interval: float, law: int = 0) -> np.ndarray:
    out = np.full(len(rain), np.nan)
    count = storm_erosivity(np.array(start, dtype=float), np.array(rain, dtype=float), interval, law, out)
    assert count == np.count_nonzero(out)
    return out


def test_energy_laws_at_their_ends() -> None:
    """0.29 (1 - 0.72) = 0.0812 of drizzle, 0.29 at most; Wischmeier 0.119 at 1 mm h-1, 0.283 from 76 mm h-1."""
    assert [unit_energy(0.0, law) for law in (0, 1)] == pytest.approx([0.0812, 0.0812], rel=1e-12)
    assert [unit_energy(1e4, law) for law in (0, 1, 2)] == pytest.approx([0.29, 0.29, 0.283], rel=1e-12)
    assert unit_energy(1.0, 2) == 0.119 and unit_energy(76.0, 2) == pytest.approx(0.283, abs=3e-4)
    assert unit_energy(20.0, 1) > unit_energy(20.0, 0)  # RUSLE's is known to be low
    assert len(ENERGIES) == 3


def test_even_storm_by_hand() -> None:
    """20 mm in 2 h: 10 mm h-1 throughout, so EI30 = 20 e(10) 10."""
    found = storms([0.25 * i for i in range(8)], [2.5] * 8, 0.25)
    assert found[0] == pytest.approx(20.0 * 0.29 * (1.0 - 0.72 * np.exp(-0.5)) * 10.0, rel=1e-12)
    assert not found[1:].any()


def test_i30_is_the_heaviest_half_hour() -> None:
    rain = [1.0, 2.0, 8.0, 7.0, 1.0, 1.0]
    found = storms([0.25 * i for i in range(6)], rain, 0.25)
    energy = sum(p * 0.29 * (1.0 - 0.72 * np.exp(-0.05 * 4.0 * p)) for p in rain)
    assert found[0] == pytest.approx(energy * 30.0, rel=1e-12)


def test_small_storms_count_only_where_a_quarter_of_an_hour_is_heavy() -> None:
    assert not storms([0.0, 0.25], [6.3, 6.3], 0.25).any()  # 12.6 mm
    assert storms([0.0, 0.25], [6.35, 0.1], 0.25)[0] > 0.0
    assert storms([0.0, 0.25], [6.3, 6.4], 0.25)[0] > 0.0


def test_six_dry_hours_part_storms_and_less_rain_than_1_27_mm_is_dry() -> None:
    def pair(gap: float, drizzle: float) -> np.ndarray:
        """Two showers of 15 mm, the second beginning ``gap`` h after the end of the first; drizzle in between."""
        return storms([0.0, 0.5 + 0.5 * gap, 0.5 + gap], [15.0, drizzle, 15.0], 0.5)

    assert np.count_nonzero(pair(6.0, 0.0)) == 2 and np.count_nonzero(pair(5.5, 0.0)) == 1
    assert np.count_nonzero(pair(8.0, 1.2)) == 2 and np.count_nonzero(pair(8.0, 1.3)) == 1
    # EI30 of one storm of both is more than that of the two: its energy times the same I30
    assert pair(5.5, 0.0).sum() == pytest.approx(pair(6.0, 0.0).sum(), rel=1e-12)


def test_long_intervals_are_taken_as_even() -> None:
    assert storms([0.0, 1.0], [10.0, 20.0], 1.0)[0] == pytest.approx(
        20.0 * sum(p * 0.29 * (1.0 - 0.72 * np.exp(-0.05 * p)) for p in (10.0, 20.0)), rel=1e-12
    )


@settings(max_examples=30, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), law=st.integers(0, 2))
def test_halving_even_intervals_changes_nothing_and_dry_ones_may_be_left_out(seed: int, law: int) -> None:
    random = np.random.default_rng(seed)
    rain = random.exponential(3.0, 120) * (random.random(120) < 0.2)
    start = 0.5 * np.arange(120)
    whole = storms(list(start), list(rain), 0.5, law).sum()
    wet = rain > 0.0
    assert storms(list(start[wet]), list(rain[wet]), 0.5, law).sum() == pytest.approx(whole, rel=1e-12)
    long = random.uniform(0.3, 9.0, 40)  # one storm, whose largest 30 min are one of its intervals
    long[-1] = 4.0  # less than 1.27 mm at its end would not be of it
    halves = storms(list(0.25 * np.arange(80)), list(np.repeat(long / 2.0, 2)), 0.25, law).sum()
    assert halves == pytest.approx(storms(list(start[:40]), list(long), 0.5, law).sum(), rel=1e-12)


def test_days_by_a_power_of_their_rain() -> None:
    found = daily_erosivity(np.array([5.0, 12.7, 30.0]), np.array([0.2, 0.2, 0.4]), 1.81, 12.7)
    np.testing.assert_allclose(found, [0.0, 0.2 * 12.7**1.81, 0.4 * 30.0**1.81], rtol=1e-12)


def test_fournier_index_of_even_months_is_a_twelfth_of_the_rain() -> None:
    assert fournier_index(np.full(12, 60.0)) == pytest.approx(60.0, rel=1e-12)
    assert fournier_index(np.array([720.0] + [0.0] * 11)) == 720.0 and fournier_index(np.zeros(12)) == 0.0
