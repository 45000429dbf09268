"""Twins of the pools of MIMICS and Millennial: one ratio stays one, labels are neither made nor lost, closed forms."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from scipy.linalg import expm

from tests.kernels import test_millennial, test_mimics
from watershed_c.kernels import millennial, mimics, nonlinear_twins
from watershed_c.kernels.pool_steps import Structure, taylor
from watershed_c.pools.nonlinear import steady_state

Case = tuple[np.ndarray, np.ndarray, np.ndarray]
MONTH = 1.0 / 12.0


def of_mimics(seed: int) -> Case:
    return test_mimics.random_case(seed, 64)


def of_millennial(seed: int) -> Case:
    state, rate, inputs = test_millennial.random_case(seed, list(millennial.KINETICS)[seed % 3], 64)
    state[4, ::3] = 1.5 / rate[10, ::3]  # more on minerals than they hold: it goes back into solution
    return state, rate, inputs


models = pytest.mark.parametrize(
    ("model", "advance", "scratch", "case"),
    [
        (mimics, nonlinear_twins.advance_mimics, nonlinear_twins.SCRATCH_MIMICS, of_mimics),
        (millennial, nonlinear_twins.advance_millennial, nonlinear_twins.SCRATCH_MILLENNIAL, of_millennial),
    ],
    ids=["mimics", "millennial"],
)


def pools_after(model: ModuleType, case: Case, substeps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Pools, respired, leached and what guards moved after a month without twins."""
    state, scratch = case[0].copy(), np.full(model.SCRATCH, np.nan)
    respired, leached = np.empty((2, 64))
    model.advance(state, *case[1:], MONTH, substeps, scratch, respired, leached)
    return state, respired, leached, scratch[model.MOVED_ROW * 64 :][:64]


@models
@pytest.mark.parametrize("enough", [False, True])
def test_one_ratio_stays_one_and_labels_are_kept(
    model: ModuleType, advance: Callable[..., None], scratch: int, case: Callable[[int], Case], enough: bool
) -> None:
    """Also where guards lift microbes, and where a substep is so long that pools would fall below zero."""
    guarded, substeps = 0, {"mimics": 30, "millennial": 480}[model.__name__.rpartition(".")[2]] if enough else 1
    for seed in range(8):
        state, rate, inputs = case(seed)
        kept, work, ratio = state.copy(), np.full(scratch, np.nan), 1.3
        respired, leached = np.full((2, 64), np.nan)
        after, *left, moved = pools_after(model, (state, rate, inputs), substeps)
        guarded += int((moved > 0.0).sum())
        total = (state.sum(axis=0) + MONTH * inputs.sum(axis=0)) * ratio

        twin = ratio * state
        advance(state, twin, rate, inputs, ratio * inputs, 1.0, MONTH, substeps, work, respired, leached)
        np.testing.assert_array_equal(state, kept)
        # of a month in one substep rounding is amplified by what the method does there
        tolerance = 1e-14 if enough else 1e-8
        for ours, carbon in ((twin, after), (respired, left[0]), (leached, left[1])):
            assert (np.abs(ours - ratio * carbon) <= tolerance * total).all()

        # a label in half of the pools, without input
        twin = np.where(np.random.default_rng(seed).uniform(size=state.shape) < 0.5, 0.7 * state, 0.0)
        label = twin.sum(axis=0)
        advance(state, twin, rate, inputs, 0.0 * inputs, 1.0, MONTH, substeps, work, respired, leached)
        assert (np.abs(twin.sum(axis=0) + respired + leached - label) <= tolerance * (label + total)).all()
        assert min(values.min() for values in (twin, respired, leached)) >= 0.0
        if enough:  # no pool richer in label than any was
            assert (twin <= 0.7 * after + 1e-12 * total).all()
    assert guarded > 0


@models
def test_bits_do_not_depend_on_the_block(
    model: ModuleType, advance: Callable[..., None], scratch: int, case: Callable[[int], Case]
) -> None:
    state, rate, inputs = case(11)
    twin, work = np.random.default_rng(2).uniform(size=state.shape) * state, np.empty(scratch)
    whole, out = twin.copy(), np.empty((2, 64))
    advance(state, whole, rate, inputs, 0.5 * inputs, 0.999, MONTH, 30, work, *out)
    for column in (0, 5, 63):
        part = slice(column, column + 1)
        one, *rest = (values[:, part].copy() for values in (twin, state, rate, inputs, 0.5 * inputs))
        alone = np.empty((2, 1))
        advance(rest[0], one, *rest[1:], 0.999, MONTH, 30, work, *alone)
        np.testing.assert_array_equal(one[:, 0], whole[:, column])
        np.testing.assert_array_equal(alone[:, 0], out[:, column])


def steady_places(model: ModuleType) -> Case:
    """Steady states of some places, with microbes."""
    if model is mimics:
        rate, inputs = test_mimics.rates_of(
            np.array([5.0, 12.0, 20.0]), np.array([10.0, 25.0, 40.0]), np.array([0.3, 0.4, 0.6])
        ), test_mimics.litter(np.array([0.3, 0.4, 0.6]))  # fmt: skip
    else:
        parameters = test_millennial.parameter_vector(millennial, "fit")
        columns = [np.array(values) for values in ([5.0, 12.0, 20.0], [0.2, 0.3, 0.35], [5.0, 6.0, 7.0])]
        rate = test_millennial.rates_of(*columns, np.full(3, 1400.0), np.array([30.0, 50.0, 70.0]), parameters, 0.3)
        inputs = test_millennial.plant(np.array([0.3, 0.4, 0.6]))
    state = steady_state(model, rate, inputs)
    assert np.isfinite(state).all()
    return state, rate, inputs


@models
def test_a_label_in_a_steady_state_follows_the_exponential_of_the_fluxes(
    model: ModuleType, advance: Callable[..., None], scratch: int, case: Any
) -> None:
    """Fluxes that stand still make the twin a linear system: exp(A t) is its closed form."""
    state, rate, inputs = steady_places(model)
    name = model.__name__.rpartition(".")[2]
    matrix = nonlinear_twins.rates_by_donor(name, state, rate)
    np.testing.assert_allclose(np.einsum("pdn,dn->pn", matrix, state), -inputs, rtol=0.0, atol=1e-9 * inputs.max())
    off = matrix[~np.eye(len(state), dtype=bool)]
    assert (off >= 0.0).all() and (matrix.sum(axis=0) <= 1e-12).all()
    twin = np.zeros_like(state)
    twin[0], twin[-1] = state[0], 0.5 * state[-1]
    start, years = twin.copy(), 5
    for _ in range(years):
        advance(state, twin, rate, inputs, 0.0 * inputs, 1.0, 1.0, 1461, np.empty(scratch), *np.empty((2, 3)))
    for column in range(3):
        expected = expm(years * matrix[:, :, column]) @ start[:, column]
        np.testing.assert_allclose(twin[:, column], expected, rtol=1e-7)


@models
def test_slower_13c_makes_steady_carbon_heavier_by_what_it_says(
    model: ModuleType, advance: Callable[..., None], scratch: int, case: Any
) -> None:
    """Every pool by 1/0.9988, at any place in the chain; what leaves equals what enters."""
    state, rate, inputs = steady_places(model)
    twin, out = 0.97 * state / 0.9988, np.empty((2, 3))
    before = twin.copy()
    advance(state, twin, rate, inputs, 0.97 * inputs, 0.9988, 1.0, 366, np.empty(scratch), *out)
    np.testing.assert_allclose(twin, before, rtol=1e-9)
    np.testing.assert_allclose(out.sum(axis=0), 0.97 * inputs.sum(axis=0), rtol=1e-9)


@pytest.mark.parametrize("slower", [1.0, 0.9988])
def test_what_is_linear_turns_over_as_twins_of_linear_models_do(slower: float) -> None:
    """Millennial without microbes and with boundless minerals is linear: the kernel of linear models has the same twin.
    """
    state, rate, inputs = of_millennial(4)
    state[3], rate[[0, 2, 10, 12, 17]] = 0.0, 0.0
    twin = np.random.default_rng(5).uniform(size=state.shape) * state
    # P -> A, A -> P and M, L -> M, M -> L and A; the rest of L leaches
    donor, receiver = np.array([0, 2, 2, 1, 4, 4]), np.array([2, 0, 4, 4, 1, 2])
    flux = np.stack([rate[6], rate[7] * rate[15], rate[7] * (1.0 - rate[15]), rate[9], rate[11], rate[13]])
    loss = np.zeros((5, 64))
    np.add.at(loss, donor, flux)
    loss[1] += rate[8]
    structure = Structure(*map(np.ascontiguousarray, (
        np.array([0, 1, 2, 4]), np.zeros(5, dtype=np.int64), np.arange(5), np.arange(5), donor, np.arange(6), receiver,
        np.arange(5),
    )))  # fmt: skip
    linear, work = np.stack((state, twin)), np.empty((2, 5, 64))
    released, entering = np.zeros((2, 64)), np.stack((inputs, 0.4 * inputs)) * MONTH
    taylor(
        structure, slower * loss, np.ones((1, 64)), flux / loss[donor], MONTH, 4, 30, np.zeros(2), entering, linear,
        *work, np.empty((5, 64)), released,
    )  # fmt: skip
    respired, leached = np.empty((2, 64))
    nonlinear_twins.advance_millennial(
        state, twin, rate, inputs, 0.4 * inputs, slower, MONTH, 30, np.empty(nonlinear_twins.SCRATCH_MILLENNIAL),
        respired, leached,
    )  # fmt: skip
    np.testing.assert_allclose(twin, linear[1], rtol=1e-12, atol=1e-16)
    np.testing.assert_allclose(leached, released[1], rtol=1e-12, atol=1e-15)
    assert not respired.any()
