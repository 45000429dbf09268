"""MIMICS kernel: published steady states and +3 K courses, closure, guards, order of the method."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import shared
from watershed_c.kernels import mimics
from watershed_c.pools.nonlinear import parameter_vector, run_cycle, steady_state

COLUMNS = ("LITm", "LITs", "MICr", "MICk", "SOMp", "SOMc", "SOMa")
#: m, depth of the published program; 1 mg cm-3 of it is 0.3 kg m-2
DEPTH = 0.3
#: share of litter that enters SOM directly, FI of the published program
DIRECT = 0.05
#: h, year of the published program
PUBLISHED_YEAR = 8760.0
HOUR = 1.0 / mimics.HOURS_PER_YEAR
Rows = list[dict[str, str]]


def table(name: str) -> Rows:
    with shared(f"reference/pools/mimics/{name}").open() as file:
        return list(csv.DictReader(file))


def column(rows: Rows, name: str) -> np.ndarray:
    return np.array([float(row[name]) for row in rows])


def rates_of(
    temperature: np.ndarray, clay: np.ndarray, productivity: np.ndarray, **other: float
) -> np.ndarray:
    """Rates (26, B); ``other``: moisture, metabolic, thickness."""
    same = np.ones_like(temperature)
    rate = np.empty((len(mimics.RATES), temperature.size))
    mimics.rates(
        temperature,
        other.get("moisture", 1.0) * same,
        clay,
        other.get("metabolic", 0.38464225) * same,
        productivity,
        other.get("thickness", DEPTH) * same,
        parameter_vector(mimics),
        rate,
    )
    return rate


def litter(annual: np.ndarray, metabolic: float = 0.38464225) -> np.ndarray:
    """Inputs (7, B), kg C m-2 yr-1, of litter kg C m-2 yr-1."""
    inputs = np.zeros((7, annual.size))
    inputs[0] = annual * metabolic * (1.0 - DIRECT)
    inputs[1] = annual * (1.0 - metabolic) * (1.0 - DIRECT)
    inputs[4] = annual * metabolic * DIRECT
    inputs[5] = annual * (1.0 - metabolic) * DIRECT
    return inputs


def sites(warming: float = 0.0) -> tuple[Rows, np.ndarray, np.ndarray]:
    rows = table("mimics_steady_state.csv")
    productivity = column(rows, "anpp_gC") / 1000.0
    rate = rates_of(column(rows, "T") + warming, 100.0 * column(rows, "clay"), productivity)
    return rows, rate, litter(productivity * mimics.HOURS_PER_YEAR / PUBLISHED_YEAR)


def random_case(seed: int, columns: int = 5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    rate = rates_of(
        rng.uniform(-20.0, 40.0, columns),
        rng.uniform(0.0, 100.0, columns),
        rng.uniform(0.0, 2.0, columns),
        moisture=rng.uniform(0.0, 1.0),
        metabolic=rng.uniform(0.05, 0.85),
        thickness=rng.uniform(0.02, 1.0),
    )
    state = rng.uniform(0.0, 1.0, (7, columns)) ** 4 * 10.0
    state[rng.uniform(size=state.shape) < 0.2] = 0.0
    return state, rate, rng.uniform(0.0, 2.0, (7, columns))


def advance(
    state: np.ndarray, rate: np.ndarray, inputs: np.ndarray, dt: float, substeps: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """One call on a copy: state, respired, leached, moved."""
    state = state.copy()
    scratch = np.full(mimics.SCRATCH, np.nan)
    respired, leached = np.full((2, state.shape[1]), np.nan)
    mimics.advance(state, rate, inputs, dt, substeps, scratch, respired, leached)
    row = mimics.MOVED_ROW * mimics.BLOCK
    return state, respired, leached, scratch[row : row + state.shape[1]].copy()


def test_published_steady_states() -> None:
    rows, rate, inputs = sites()
    found = steady_state(mimics, rate, inputs)
    expected = np.array([column(rows, name) for name in COLUMNS]) * DEPTH
    np.testing.assert_allclose(found, expected, rtol=1e-8)


@pytest.mark.parametrize("hours", [24, 720, 8760, 87600])
def test_published_courses_after_warming_by_three_degrees(hours: int) -> None:
    """RK4 with steps of 24 h, all sites."""
    rows, rate, inputs = sites(3.0)
    course = {(row["site"], int(row["t_h"])): row for row in table("mimics_plus3K.csv")}
    ours = [course[row["site"], hours] for row in rows]
    start = np.array([column(ours, name + "0") for name in COLUMNS]) * DEPTH
    expected = np.array([column(ours, name) for name in COLUMNS]) * DEPTH
    found, _, _, moved = run_cycle(mimics, start, rate[None], inputs[None], hours * HOUR, hours // 24)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert not moved.any()


def test_error_of_daily_and_monthly_steps() -> None:
    """After a year of +3 K, against steps of 1 h: 24 h 1e-10, 30 days 1e-5 of a pool (now 6e-11, 5e-6)."""
    rows, rate, inputs = sites(3.0)
    start = np.array([column(rows, name) for name in COLUMNS]) * DEPTH

    def year(substeps: int) -> np.ndarray:
        return run_cycle(mimics, start, rate[None], inputs[None], 360 * 24 * HOUR, substeps)[0]

    exact = year(360 * 24)
    assert 1e-12 < np.abs(year(360) / exact - 1.0).max() < 2e-10
    assert 1e-7 < np.abs(year(12) / exact - 1.0).max() < 2e-5


def test_order_of_the_method_is_four() -> None:
    state, rate, inputs = random_case(3)
    state = 0.1 + state
    exact = advance(state, rate, inputs, 0.2, 4096)[0]
    errors = [np.abs(advance(state, rate, inputs, 0.2, count)[0] - exact).max() for count in (16, 32, 64)]
    orders = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert ((orders > 3.7) & (orders < 4.4)).all(), (errors, orders)


def test_homogeneous_in_thickness() -> None:
    """Twice the layer with twice the stocks and inputs does twice of everything."""
    temperature, clay, productivity = np.array([11.0]), np.array([20.0]), np.array([0.3])
    state, _, inputs = random_case(5, 1)
    thin = advance(state, rates_of(temperature, clay, productivity, thickness=0.1), inputs, 1.0, 365)
    thick = advance(
        2.0 * state, rates_of(temperature, clay, productivity, thickness=0.2), 2.0 * inputs, 1.0, 365
    )
    for one, two in zip(thin, thick, strict=True):
        np.testing.assert_allclose(2.0 * one, two, rtol=1e-13)


def test_turnover_splits_never_exceed_one() -> None:
    clay = np.linspace(0.0, 100.0, 21)
    for metabolic in (0.0, 0.4, 0.85):
        rate = rates_of(np.full(21, 10.0), clay, np.full(21, 0.3), metabolic=metabolic)
        assert (rate[17] + rate[19] <= 1.0).all() and (rate[18] + rate[20] <= 1.0).all()
        published = clay <= 60.0
        np.testing.assert_allclose(rate[17][published], 0.3 * np.exp(0.013 * clay[published]), rtol=1e-14)


def test_moisture_slows_microbes_and_bounded_set_bounds_turnover() -> None:
    arguments = np.array([12.0]), np.array([20.0]), np.array([0.9])
    wet, dry = rates_of(*arguments), rates_of(*arguments, moisture=0.25)
    np.testing.assert_allclose(dry[:6], 0.25 * wet[:6], rtol=1e-15)
    np.testing.assert_allclose(dry[14:16], 0.25 * wet[14:16], rtol=1e-15)
    np.testing.assert_array_equal(
        np.delete(dry, [*range(6), 14, 15], 0), np.delete(wet, [*range(6), 14, 15], 0)
    )
    bounded, same = np.empty_like(wet), np.ones(1)
    mimics.rates(
        arguments[0], same, arguments[1], 0.38464225 * same, arguments[2], DEPTH * same,
        parameter_vector(mimics, "bounded_turnover"), bounded,
    )  # fmt: skip
    np.testing.assert_allclose(bounded[14:16] / wet[14:16], 1.2 / 3.0, rtol=1e-14)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(seed=st.integers(0, 10**6), days=st.sampled_from([1.0, 30.0]), substeps=st.sampled_from([1, 30]))
def test_closes_and_stays_above_zero(seed: int, days: float, substeps: int) -> None:
    state, rate, inputs = random_case(seed)
    dt = days * 24.0 * HOUR
    after, respired, leached, moved = advance(state, rate, inputs, dt, substeps)
    assert (after >= 0.0).all() and (moved >= 0.0).all() and (respired >= 0.0).all() and not leached.any()
    brought = state.sum(axis=0) + dt * inputs.sum(axis=0)
    np.testing.assert_allclose(after.sum(axis=0) + respired, brought, rtol=1e-13)


@settings(max_examples=20, derandomize=True, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_guards_move_nothing_at_the_default_substep(seed: int) -> None:
    """Other than to keep microbes at their floor: here there are some to begin with."""
    state, rate, inputs = random_case(seed)
    state[2:4] = np.clip(state[2:4], 0.01, 1.0)
    moved = advance(state, rate, inputs, 30 * 24.0 * HOUR, 30)[3]
    assert not moved.any()


def test_bits_do_not_depend_on_the_block() -> None:
    state, rate, inputs = random_case(11, 64)
    whole = advance(state, rate, inputs, 1.0 / 12.0, 30)
    for column_ in (0, 5, 63):
        part = slice(column_, column_ + 1)
        one = advance(state[:, part].copy(), rate[:, part].copy(), inputs[:, part].copy(), 1.0 / 12.0, 30)
        for a, b in zip(whole, one, strict=True):
            np.testing.assert_array_equal(a[..., part], b)


def test_microbes_return_from_near_extinction() -> None:
    """Started as the published program starts (an hour's litter in each pool) the coldest site loses its
    microbes without the floor; with it the steady state is reached, what the floor moved is counted.
    """
    rows, rate, inputs = sites()
    expected = np.array([column(rows, name) for name in COLUMNS]) * DEPTH
    start = np.empty_like(expected)
    start[[0, 2, 4, 6]] = inputs[0] / 0.95 * HOUR
    start[[1, 3, 5]] = inputs[1] / 0.95 * HOUR
    years = 1500
    state, respired, _, moved = run_cycle(
        mimics, start, np.repeat(rate[None], years, 0), np.repeat(inputs[None], years, 0), 1.0, 60
    )
    np.testing.assert_allclose(state, expected, rtol=1e-4)
    assert moved[:, 0].sum() > 0.0
    np.testing.assert_allclose(
        state.sum(axis=0) + respired.sum(axis=0), start.sum(axis=0) + years * inputs.sum(axis=0), rtol=1e-12
    )


def test_exponential_function() -> None:
    """To an ulp of the library function over its range, and whole at the ends."""
    x = np.concatenate([np.linspace(-700.0, 700.0, 5001), np.linspace(-3.0, 3.0, 999), [0.0, -1e-300]])
    found = x.copy()
    mimics._exponentials(found)
    np.testing.assert_allclose(found, np.exp(x), rtol=4e-16)
    beyond = np.array([-1e9, 1e9])
    mimics._exponentials(beyond)
    np.testing.assert_allclose(beyond, np.exp([-700.0, 700.0]), rtol=4e-16)
