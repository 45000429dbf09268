"""The one-site kernel: conservation, radiocarbon of a pulse, equilibrium as a fixed point, limits of the deficit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watershed_c.kernels.rate_modifiers import DRIEST_FACTOR, maximum_deficit
from watershed_c.kernels.retention import deficit_limits
from watershed_c.kernels.rothc_point import (
    BARE_LIMIT,
    CO2,
    COVERED_LIMIT,
    DEFICIT,
    HUM,
    MANURE,
    MOISTURE_FACTOR,
    PLANT_INPUT,
    RAMP_END,
    RPM,
    activity_at_age,
    advance_site,
    delta_14c,
    equilibrium_run,
    radiocarbon_age,
    respired_ratio,
)

#: activity, degC, mm, mm, t C/ha, t C/ha, cover, DPM/RPM
YEAR = np.array(
    [[1.0, t, 60.0, pan, 0.15, 0.3 * (m == 10), float(m % 5 > 1), 1.44]
     for m, (t, pan) in enumerate(zip(range(-7, 5), (5, 9, 30, 60, 90, 120, 130, 100, 60, 30, 10, 5), strict=True))]
)  # fmt: skip
YEAR[:, 1] = [-6.0, 0.0, 4.0, 8.0, 12.0, 16.0, 18.0, 17.0, 13.0, 9.0, 4.0, -1.0]
LIMITS = np.array([*deficit_limits(1, 1, maximum_deficit(23.4)), DRIEST_FACTOR])
RATIO = respired_ratio(23.4)


def after(months: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """State and record after the months."""
    state, record = state.copy(), np.empty((len(months), 13))
    advance_site(np.ascontiguousarray(months), LIMITS, RATIO, state, record)
    return state, record


@settings(derandomize=True, deadline=None, max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_no_carbon_is_lost_in_any_month(seed: int) -> None:
    random = np.random.default_rng(seed)
    low, high = [0, -30, 0, 0, 0, 0, 0, 0], [2, 45, 300, 300, 3, 5, 1, 5]
    months = random.uniform(low, high, (240, 8))
    months[:, 6] = months[:, 6].round()
    state = np.concatenate([random.uniform(0, 50, 4), random.uniform(0, 50, 4), [0.0]])
    _, record = after(months, state)
    stock = np.concatenate([[state[: HUM + 1].sum()], record[:, : HUM + 1].sum(axis=1)])
    missing = np.diff(stock) - months[:, PLANT_INPUT] - months[:, MANURE] + record[:, CO2]
    assert np.abs(missing).max() <= 1e-13 * stock.max()
    assert (record[:, DEFICIT] <= 0).all() and (record[:, DEFICIT] >= LIMITS[RAMP_END]).all()


def test_a_pulse_ages_by_the_calendar() -> None:
    """Whatever pools it has passed, carbon that entered in one month is as old as it is: transfers keep the
    activity."""
    months = np.tile(YEAR, (100, 1))
    months[1:, [PLANT_INPUT, MANURE]] = 0.0
    _, record = after(months, np.zeros(9))
    age = radiocarbon_age(record[:, :4], record[:, 4:8])
    filled = record[:, :4] > 0.0
    calendar = np.arange(len(months))[:, None] / 12.0 * np.ones(4)
    np.testing.assert_allclose(age[filled], calendar[filled], atol=1e-8)
    assert record[-1, HUM] > record[-1, RPM] > 0.0


def test_activity_is_a_twin_of_carbon() -> None:
    """Twice the activity of what enters, twice the activity of every pool; carbon is the same."""
    once, _ = after(np.tile(YEAR, (30, 1)), np.zeros(9))
    double = YEAR.copy()
    double[:, 0] = 2.0
    twice, _ = after(np.tile(double, (30, 1)), np.zeros(9))
    np.testing.assert_array_equal(twice[:4], once[:4])
    np.testing.assert_allclose(twice[4:8], 2.0 * once[4:8], rtol=1e-14)


def test_the_equilibrium_run_stops_just_below_the_fixed_point_of_the_year() -> None:
    """The year is an affine map of the four pools; its fixed point is solved here from five runs."""
    wet = np.zeros(9)
    for _ in range(3):  # the deficit repeats itself after a year or two
        wet, _ = after(YEAR, wet)
    start = np.zeros(9)
    start[DEFICIT] = wet[DEFICIT]
    constant = after(YEAR, start)[0][:4]
    columns = []
    for pool in range(4):
        start[:4] = 0.0
        start[pool] = 1.0
        columns.append(after(YEAR, start)[0][:4] - constant)
    fixed = np.linalg.solve(np.eye(4) - np.array(columns).T, constant)
    state = np.zeros(9)
    years = equilibrium_run(YEAR, LIMITS, RATIO, 10_000, state)
    assert 100 < years < 10_000
    assert 0.0 < fixed.sum() - state[:4].sum() < 3e-4
    assert equilibrium_run(YEAR, LIMITS, RATIO, years - 1, np.zeros(9)) == 0


def test_bare_soil_stops_drying_and_holds_what_it_has() -> None:
    dry = np.array([[1.0, 15.0, 0.0, 30.0, 0.0, 0.0, cover, 1.0] for cover in [0] * 6 + [1] * 6 + [0] * 3])
    _, record = after(dry, np.zeros(9))
    deficit = record[:, DEFICIT]
    assert deficit[0] == -22.5 and deficit[5] == LIMITS[BARE_LIMIT] == pytest.approx(0.556 * LIMITS[RAMP_END])
    assert (deficit[7:] == LIMITS[COVERED_LIMIT]).all()
    assert record[5, MOISTURE_FACTOR] == pytest.approx(0.2 + 0.8 * 0.444 / 0.556)
    assert (record[7:, MOISTURE_FACTOR] == 0.2).all()


def test_ages_and_their_report() -> None:
    assert activity_at_age(5568.0) == pytest.approx(0.5)
    assert radiocarbon_age(np.array([3.0, 0.0, 2.0]), np.array([1.5, 0.0, 2.0])).tolist() == [
        pytest.approx(5568.0), 0.0, 0.0,
    ]  # fmt: skip
    assert np.isinf(radiocarbon_age(1.0, 0.0)) and delta_14c(np.inf) == -1000.0
    assert delta_14c(0.0) == 0.0 and delta_14c(50_000.0) == pytest.approx(-998.016, abs=1e-3)
