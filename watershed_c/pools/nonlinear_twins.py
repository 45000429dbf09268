"""Twins (isotopes) of the pools of a non-linear model: a step, slopes, and what a cycle brings back.

With the pools as they are, all of a twin is linear in it.
"""

from __future__ import annotations

import math

import numpy as np

from watershed_c.kernels.nonlinear_runs import CARRY_TWIN
from watershed_c.kernels.nonlinear_twins import SLOPES
from watershed_c.parallel import over_cells
from watershed_c.pools.nonlinear import Kernel, by_substeps, carry, name_of


def carry_twin(
    kernel: Kernel,
    state: np.ndarray,
    twin: np.ndarray,
    rate: np.ndarray,
    inputs: np.ndarray,
    twin_inputs: np.ndarray,
    dt: float,
    substeps: np.ndarray,
    slower: float = 1.0,
) -> tuple[np.ndarray, np.ndarray]:
    """One step of a twin of columns, before :func:`watershed_c.pools.nonlinear.carry` takes their pools through it.

    Parameters
    ----------
    twin : float64 (P, N), kg C m-2
        Carbon times its ratio to the standard. Changed in place.
    twin_inputs : float64 (P, N), kg C m-2 yr-1
    slower : float, dimensionless
        Of all that leaves a pool, the rate of the twin over that of the pool.

    Returns
    -------
    respired, leached : float64 (N), kg C m-2
    """
    respired, leached = np.empty((2, state.shape[1]))
    over_cells(
        CARRY_TWIN[name_of(kernel)], by_substeps(substeps), state, twin, np.ascontiguousarray(rate),
        np.ascontiguousarray(inputs), np.ascontiguousarray(twin_inputs), slower, dt, np.ascontiguousarray(substeps),
        respired, leached,
    )  # fmt: skip
    return respired, leached


def slopes_of_twin(
    kernel: Kernel, state: np.ndarray, twin: np.ndarray, rate: np.ndarray, inputs: np.ndarray, slower: float = 1.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Time derivative (P, N) of a twin of the pools ``state``, what is respired and leached of it (N), kg C m-2 yr-1.

    ``inputs`` (P, N) are those of the twin.
    """
    derivative = np.empty_like(state)
    respired, leached = np.empty((2, state.shape[1]))
    SLOPES[name_of(kernel)](state, twin, rate, inputs, slower, derivative, respired, leached)
    return derivative, respired, leached


def periodic_twin(
    kernel: Kernel,
    state: np.ndarray,
    rate: np.ndarray,
    inputs: np.ndarray,
    activity: np.ndarray,
    *,
    dt: float,
    substeps: np.ndarray,
    decay: float = 0.0,
    slower: float = 1.0,
) -> np.ndarray:
    """The twin that a cycle of M steps brings back, of pools that it brings back.

    The cycle is an affine map of the twin, ``x -> F x + b``: ``b`` a cycle from nothing, a column of ``F`` one without
    input from a unit of a pool, all of them beside each other.

    Parameters
    ----------
    state : float64 (P, N), kg C m-2
        Of :func:`watershed_c.pools.nonlinear.periodic_steady_state`.
    rate : float64 (M, Q, N)
    inputs : float64 (M, P, N), kg C m-2 yr-1
    activity : float64 (M)
        Ratio of the input.
    substeps : int64 (M, N)
    decay : float, yr-1
        Radioactive decay, at the end of each step.

    Returns
    -------
    twin : float64 (P, N), kg C m-2
        nan where ``state`` is.
    """
    pools, columns = state.shape
    often = pools + 1
    course, nothing = state.copy(), np.zeros((3, columns))
    twins = np.zeros((pools, often, columns))
    twins[np.arange(pools), np.arange(pools)] = 1.0
    twins = twins.reshape(pools, -1)
    for m in range(rate.shape[0]):
        entering = np.zeros((pools, often, columns))
        entering[:, -1] = activity[m] * inputs[m]
        carry_twin(
            kernel, np.tile(course, often), twins, np.tile(rate[m], often), np.tile(inputs[m], often),
            entering.reshape(pools, -1), dt, np.tile(substeps[m], often), slower,
        )  # fmt: skip
        twins *= math.exp(-decay * dt)
        carry(kernel, course, rate[m], inputs[m], dt, substeps[m], *nothing)
    after = twins.reshape(pools, often, columns)
    rest = np.eye(pools) - np.moveaxis(after[:, :-1], -1, 0)
    result = np.full_like(state, np.nan)
    good = np.flatnonzero(np.isfinite(state).all(axis=0))
    result[:, good] = np.linalg.solve(rest[good], after[:, -1, good].T[:, :, None])[:, :, 0].T
    return result
