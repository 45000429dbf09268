"""Schemes of a linear pool model: exactness, order, conservation, twins, lanes that do not know each other."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from watershed_c.kernels.pool_steps import (
    SERIES_REACH,
    Structure,
    doublings,
    exact_plan,
    runge_kutta,
    sequential_exponential,
    taylor,
)

LANES = 32
RATES = np.array([18.2, 0.3, 7.28, 0.2, 0.0])
#: cycles 2 <-> 3, an inert pool that is fed, donors with routes of their own and alike
STRUCTURE = Structure(
    active=np.arange(4),
    group=np.array([0, 1, 0, 1, 0]),
    donor_set=np.array([0, 0, 1, 2, 0]),
    sets=np.zeros(3, dtype=np.int64),
    route_set=np.array([0, 0, 1, 2, 2]),
    route_share=np.array([0, 1, 2, 3, 0]),
    route_to=np.array([2, 3, 3, 2, 4]),
    receivers=np.array([0, 1, 3]),
)
DECAY = np.array([0.0, 0.3])


class Case:
    def __init__(self, seed: int, lanes: int = LANES) -> None:
        rng = np.random.default_rng(seed)
        self.rate = np.repeat(RATES[:, None], lanes, axis=1)
        self.modifier = rng.uniform(0.0, 2.5, (2, lanes))
        self.share = rng.uniform(0.05, 0.4, (4, lanes))
        self.inputs = np.zeros((2, 5, lanes))
        self.inputs[:, STRUCTURE.receivers] = rng.uniform(0.0, 0.2, (2, 3, lanes))
        self.state = rng.uniform(0.0, 4.0, (2, 5, lanes))
        self.released = np.zeros((2, lanes))

    def matrix(self, lane: int, twin: int) -> np.ndarray:
        loss = RATES * self.modifier[STRUCTURE.group, lane]
        matrix = np.diag(-loss - DECAY[twin])
        for pool in STRUCTURE.active:
            routes = np.flatnonzero(STRUCTURE.route_set == STRUCTURE.donor_set[pool])
            for route in routes:
                share = self.share[STRUCTURE.route_share[route], lane]
                matrix[STRUCTURE.route_to[route], pool] += share * loss[pool]
        return matrix

    def exactly(self, dt: float, twin: int) -> np.ndarray:
        """State after ``dt`` by the matrix exponential."""
        result = np.empty_like(self.state[twin])
        for lane in range(self.rate.shape[1]):
            whole = np.zeros((6, 6))
            whole[:5, :5] = self.matrix(lane, twin)
            whole[:5, 5] = self.inputs[twin, :, lane] / dt
            result[:, lane] = (expm(whole * dt) @ np.append(self.state[twin, :, lane], 1.0))[:5]
        return result

    def taylor(self, dt: float, order: int, substeps: int, parts: int = 1) -> np.ndarray:
        """Released; the step is taken in ``parts``."""
        pools, lanes = self.rate.shape
        self.released[:] = 0.0
        for _ in range(parts):
            taylor(
                STRUCTURE, self.rate, self.modifier, self.share, dt / parts, order, substeps, DECAY,
                self.inputs / parts, self.state, np.empty((pools, lanes)), np.empty((pools, lanes)),
                np.empty((3, lanes)), self.released,
            )  # fmt: skip
        return self.released.copy()

    def exponential(self, dt: float) -> None:
        bound = RATES * self.modifier.max() * dt
        sequential_exponential(
            STRUCTURE, self.rate, self.modifier, self.share, dt, doublings(bound), DECAY, self.state,
            np.empty(self.rate.shape), np.empty((3, self.rate.shape[1])), self.released,
        )  # fmt: skip
        self.state += self.inputs


def test_lost_fraction_is_exact_to_round_off_for_small_and_large_exponents() -> None:
    exponents = np.concatenate(([0.0], np.logspace(-12, math.log10(60.0), 2031)))
    none = np.zeros(0, dtype=np.int64)
    alone = STRUCTURE._replace(
        active=np.arange(1), sets=np.zeros(1, dtype=np.int64), route_set=none, route_share=none, route_to=none
    )
    for largest, tolerance in ((SERIES_REACH, 5e-16), (4.0, 3e-15), (60.0, 3e-15)):
        x = exponents[exponents <= largest]
        lanes = np.append(x, np.zeros(-x.size % 16))
        found = np.zeros((1, lanes.size))
        sequential_exponential(
            alone, np.ones((1, lanes.size)), lanes[None], np.empty((0, lanes.size)), 1.0,
            doublings(np.array([largest])), np.zeros(1), np.ones((1, 1, lanes.size)), np.empty((1, lanes.size)),
            np.empty((1, lanes.size)), found,
        )  # fmt: skip
        np.testing.assert_allclose(found[0, : x.size], -np.expm1(-x), rtol=tolerance, atol=0.0)


@pytest.mark.parametrize("dt", [1.0 / 365.0, 1.0 / 12.0, 1.0])
def test_exact_scheme_is_the_matrix_exponential(dt: float) -> None:
    case = Case(1)
    expected = [case.exactly(dt, twin) for twin in (0, 1)]
    plan = exact_plan(float((case.rate * case.modifier[STRUCTURE.group]).max() * dt))
    case.taylor(dt, *plan)
    np.testing.assert_allclose(case.state, expected, rtol=2e-13, atol=1e-14)


def test_one_step_of_thirty_days_equals_thirty_of_one_day() -> None:
    month, days = Case(2), Case(2)
    dt = 30.0 / 365.0
    largest = float((month.rate * month.modifier[STRUCTURE.group]).max() * dt)
    released = month.taylor(dt, *exact_plan(largest))
    total = days.taylor(dt, *exact_plan(largest / 30.0), parts=30)
    np.testing.assert_allclose(month.state, days.state, rtol=1e-12)
    np.testing.assert_allclose(released, total, rtol=1e-12)


@pytest.mark.parametrize(("order", "tolerance"), [(1, 0.1), (4, 0.25)])
def test_order_of_euler_and_runge_kutta(order: int, tolerance: float) -> None:
    exact = Case(3).exactly(0.1, 0)
    errors = []
    for substeps in (16, 32, 64):
        case = Case(3)
        case.taylor(0.1, order, substeps)
        errors.append(np.abs(case.state[0] - exact).max())
    observed = np.log2(np.array(errors[:-1]) / errors[1:])
    np.testing.assert_allclose(observed, order, atol=tolerance)


def test_runge_kutta_with_modifiers_that_hold_is_the_series_of_order_four() -> None:
    one, other = Case(4), Case(4)
    one.taylor(0.02, 4, 1)
    pools, lanes = other.rate.shape
    work = [np.empty((pools, lanes)) for _ in range(3)]
    runge_kutta(
        STRUCTURE, other.rate, other.modifier, other.modifier, other.share, 0.02, DECAY, other.inputs, other.state,
        *work, np.empty((3, lanes)), np.empty(lanes), other.released,
    )  # fmt: skip
    np.testing.assert_allclose(one.state, other.state, rtol=1e-13)
    np.testing.assert_allclose(one.released, other.released, rtol=1e-12)


def test_runge_kutta_between_two_modifiers_is_of_order_four() -> None:
    """Against a modifier that runs linearly, in ever more steps."""
    results = []
    for parts in (8, 16, 32, 512):
        case = Case(5)
        start, end = case.modifier.copy(), 0.3 * case.modifier
        pools, lanes = case.rate.shape
        work = [np.empty((pools, lanes)) for _ in range(3)]
        for part in range(parts):
            runge_kutta(
                STRUCTURE, case.rate, start + (end - start) * part / parts, start + (end - start) * (part + 1) / parts,
                case.share, 0.1 / parts, DECAY, case.inputs / parts, case.state, *work, np.empty((3, lanes)),
                np.empty(lanes), case.released,
            )  # fmt: skip
        results.append(case.state[0].copy())
    errors = [np.abs(result - results[-1]).max() for result in results[:-1]]
    np.testing.assert_allclose(np.log2(np.array(errors[:-1]) / errors[1:]), 4.0, atol=0.3)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10_000), dt=st.floats(1e-4, 1.0), scheme=st.sampled_from(["exponential", "exact", "rk4"]))
def test_carbon_is_conserved(seed: int, dt: float, scheme: str) -> None:
    case = Case(seed, 16)
    before = case.state[0].sum(axis=0) + case.inputs[0].sum(axis=0)
    if scheme == "exponential":
        case.exponential(dt)
    else:
        largest = float((case.rate * case.modifier[STRUCTURE.group]).max() * dt)
        case.taylor(dt, *(exact_plan(largest) if scheme == "exact" else (4, max(1, math.ceil(largest)))))
    after = case.state[0].sum(axis=0) + case.released[0]
    np.testing.assert_allclose(after, before, rtol=1e-14)
    if scheme != "rk4":
        assert (case.state >= 0.0).all() and (case.released >= -1e-15).all()


def test_a_twin_without_decay_of_its_own_stays_in_proportion() -> None:
    """No discrimination: a twin at 0.97 of the carbon in state and input stays there, whatever the scheme."""
    for scheme in ("exponential", "exact"):
        case = Case(6)
        case.state[1], case.inputs[1] = 0.97 * case.state[0], 0.97 * case.inputs[0]
        decay = DECAY.copy()
        DECAY[1] = 0.0
        try:
            case.exponential(0.1) if scheme == "exponential" else case.taylor(0.1, *exact_plan(5.0))
        finally:
            DECAY[:] = decay
        np.testing.assert_allclose(case.state[1], 0.97 * case.state[0], rtol=1e-14)


def test_the_bits_of_a_lane_do_not_depend_on_its_neighbours() -> None:
    alone, among = Case(7, 16), Case(7, 16)
    other = Case(8, 16)
    for name in ("modifier", "share", "inputs", "state"):
        getattr(among, name)[..., 1:] = getattr(other, name)[..., 1:]
    alone.exponential(0.05)
    largest = RATES * max(alone.modifier.max(), among.modifier.max()) * 0.05
    for case in (among, Case(7, 16)):
        sequential_exponential(
            STRUCTURE, case.rate, case.modifier, case.share, 0.05, doublings(largest), DECAY, case.state,
            np.empty(case.rate.shape), np.empty((3, 16)), case.released,
        )  # fmt: skip
        first = case.state[:, :, 0]
        if case is among:
            kept = first.copy()
    np.testing.assert_array_equal(kept, first)


def test_what_is_no_number_reaches_the_state_instead_of_stopping_the_plan() -> None:
    """A NaN or an infinite modifier must be told as a model failure by whoever looks at the state."""
    assert doublings(np.array([np.nan, np.inf, 0.1, 1.0])).tolist() == [0, 0, 0, 2]
    assert exact_plan(math.nan) == exact_plan(math.inf) == exact_plan(0.0)
    case = Case(9)
    case.modifier[0, 3] = np.nan
    case.exponential(0.05)
    assert np.isnan(case.state[0, 0, 3]) and np.isfinite(case.state[0, :, 4]).all()
