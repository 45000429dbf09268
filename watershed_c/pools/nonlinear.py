"""Steady states of the non-linear pool models (MIMICS, Millennial), by Newton in the logarithm of the pools.

Both models have a second equilibrium without microbes, which repels; in the logarithm it lies at minus
infinity, and the first iterations follow the model's own course in time (implicit Euler with a growing step:
pseudo-transient continuation, Kelley & Keyes 1998, SIAM J. Numer. Anal. 35:508), so the state reached is the
one with microbes.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol, cast

import numpy as np

from watershed_c.kernels import millennial, mimics
from watershed_c.kernels.nonlinear_decomposition import fastest_loss, halvings
from watershed_c.kernels.nonlinear_runs import CARRY
from watershed_c.parallel import over_cells


class Kernel(Protocol):
    """What a module of ``watershed_c.kernels`` must hold to be a non-linear pool model."""

    POOLS: tuple[str, ...]
    LITTER: tuple[str, ...]
    PARAMETERS: dict[str, tuple[float, str, str]]
    PARAMETER_SETS: dict[str, dict[str, float]]
    RATES: list[str]
    RESIDENCE_YEARS: tuple[float, ...]
    DEFAULT_SUBSTEP_DAYS: float
    __name__: str
    rates: Any
    right_hand_side: Any
    advance: Any


KERNELS: Mapping[str, Kernel] = {
    "mimics": cast(Kernel, mimics),
    "millennial": cast(Kernel, millennial),
}
DAYS_PER_YEAR = 365.25

#: change of ln(pool) for derivatives: central differences, so the Jacobian is good to its square
_CHANGE = 1e-5
#: starts tried in turn: multiple of the kernel's guess of the stocks, yr of the first implicit step.
#: The second has food for microbes that the first would starve
_STARTS = ((1.0, 0.3), (4.0, 0.3), (4.0, 30.0), (1.0, 30.0))
#: the step grows threefold where ln(pool) changed by less than `_CALM` and
#: shrinks to a third where by more than `_LONGEST`, which no iteration exceeds
_STEP_GROWTH = 3.0
_CALM = 0.3
_LONGEST = 1.0
#: slopes of a cycle are found anew where a correction is more than this share of the one before it
FALLS = 0.1
#: columns solved together: keeps the work in cache
_CHUNK = 4096


def parameter_vector(kernel: Kernel, parameter_set: str | None = None, **changed: float) -> np.ndarray:
    """Parameters (Np) of a kernel: a named set (None: the first), then what the caller changes.

    Raises
    ------
    ValueError
        Unknown set or parameter.
    """
    name = next(iter(kernel.PARAMETER_SETS)) if parameter_set is None else parameter_set
    if name not in kernel.PARAMETER_SETS:
        raise ValueError(f"no parameter set {name!r}; known: {', '.join(kernel.PARAMETER_SETS)}")
    values = {key: entry[0] for key, entry in kernel.PARAMETERS.items()}
    for key, value in {**kernel.PARAMETER_SETS[name], **changed}.items():
        if key not in values:
            near = difflib.get_close_matches(key, values, n=1)
            raise ValueError(f"no parameter {key!r}." + (f" Did you mean {near[0]!r}?" if near else ""))
        values[key] = float(value)
    return np.array(list(values.values()))


def substeps_of(dt: float, substep_days: float) -> int:
    """Number of equal substeps of at most ``substep_days`` in a step of ``dt`` years."""
    return max(1, int(np.ceil(dt * DAYS_PER_YEAR / substep_days - 1e-9)))


def steady_state(
    kernel: Kernel, rate: np.ndarray, inputs: np.ndarray, *, tolerance: float = 1e-11, iterations: int = 100
) -> np.ndarray:
    """Stocks at which constant rates and inputs leave every pool as it is, microbes alive.

    Parameters
    ----------
    kernel : module
        `kernels.mimics` or `kernels.millennial`.
    rate : float64 (Q, N)
        From the kernel's ``rates``.
    inputs : float64 (P, N), kg C m-2 yr-1
    tolerance : float
        Largest relative change of a pool in the last iteration.

    Returns
    -------
    state : float64 (P, N), kg C m-2
        0 where nothing enters. nan where no steady state with microbes was found: too cold, dry or poor for
        them, litter then accumulates without end.
    """
    result = np.zeros_like(inputs)
    alive = np.flatnonzero(inputs.sum(axis=0) > 0.0)
    for first in range(0, alive.size, _CHUNK):
        part = alive[first : first + _CHUNK]
        result[:, part] = np.nan
        for factor, length in _STARTS:
            here = part[np.isnan(result[0, part])]
            if here.size:
                start = factor * np.array(kernel.RESIDENCE_YEARS)[:, None] * inputs[:, here].sum(axis=0)
                forcing = rate[:, here].copy(), inputs[:, here].copy()
                result[:, here] = _settle(kernel, start, length, *forcing, tolerance, iterations)
    return result


def periodic_steady_state(
    kernel: Kernel,
    rate: np.ndarray,
    inputs: np.ndarray,
    *,
    dt: float = 1.0 / 12.0,
    substeps: np.ndarray | int | None = None,
    start: np.ndarray | None = None,
    tolerance: float = 1e-11,
    iterations: int = 30,
) -> np.ndarray:
    """Stocks that a cycle of M steps brings back, at the start of its first step.

    Newton's method on the map of the cycle, by default from the steady state of the mean rates and inputs. Slopes are
    kept as long as the corrections fall.

    Parameters
    ----------
    kernel : module
    rate : float64 (M, Q, N)
    inputs : float64 (M, P, N), kg C m-2 yr-1
    dt : float, yr
        Length of one of the M steps.
    substeps : int or int64 (M, N), optional
        Of one step; by default as many as the kernel's substep asks for. The steady state is that of
        ``advance`` with these substeps.
    start : float64 (P, N), kg C m-2, optional
        Where the search begins.
    tolerance : float
        Largest relative change of a pool in the last iteration.

    Returns
    -------
    state : float64 (P, N), kg C m-2
        0 where nothing enters, nan where no steady state with microbes was found.
    """
    if substeps is None:
        substeps = substeps_of(dt, kernel.DEFAULT_SUBSTEP_DAYS)
    counts = np.broadcast_to(substeps, (rate.shape[0], rate.shape[2]))
    if start is None:
        state = steady_state(kernel, rate.mean(axis=0), inputs.mean(axis=0), tolerance=1e-6)
    else:
        state = np.array(start, dtype=np.float64)
    active = np.flatnonzero(np.isfinite(state).all(axis=0) & (inputs.sum(axis=(0, 1)) > 0.0))
    pools, columns = state.shape
    slopes, size, stale = np.empty((columns, pools, pools)), np.full(columns, np.inf), np.ones(columns, dtype=bool)

    def change(which: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        """What the cycle adds to the logarithm of some columns."""
        now = np.ascontiguousarray(rate[:, :, which]), np.ascontiguousarray(inputs[:, :, which])
        return partial(_change_of_cycle, kernel, *now, dt, counts[:, which])

    for _ in range(iterations):
        if not active.size:
            break
        renewed = active[stale[active]]
        if renewed.size:
            slopes[renewed] = _slopes(change(renewed), np.log(state[:, renewed]))
        logarithm = np.log(state[:, active])
        step = _solve(-slopes[active], change(active)(logarithm))
        now = np.abs(step).max(axis=0)
        stale[active], size[active] = now > FALLS * size[active], now
        _shorten(step)
        state[:, active] *= np.exp(step)
        lost = ~np.isfinite(step).all(axis=0)
        state[:, active[lost]] = np.nan
        active = active[~lost & ~(now <= tolerance)]
    state[:, active] = np.nan
    assert state.shape == (pools, rate.shape[2])
    return state


def _change_of_cycle(
    kernel: Kernel, rate: np.ndarray, inputs: np.ndarray, dt: float, substeps: np.ndarray, logarithm: np.ndarray
) -> np.ndarray:
    """What a cycle adds to ``logarithm`` (P, N) of the stocks."""
    return np.asarray(np.log(run_cycle(kernel, np.exp(logarithm), rate, inputs, dt, substeps)[0]) - logarithm)


def run_cycle(
    kernel: Kernel, state: np.ndarray, rate: np.ndarray, inputs: np.ndarray, dt: float, substeps: np.ndarray | int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Carry columns through M steps.

    Parameters
    ----------
    state : float64 (P, N), kg C m-2
    rate : float64 (M, Q, N)
    inputs : float64 (M, P, N), kg C m-2 yr-1
    dt : float, yr
        Of one step.
    substeps : int or int64 (M, N)
        Of one step.

    Returns
    -------
    state : float64 (P, N), kg C m-2
    respired, leached, moved : float64 (M, N), kg C m-2
        Of each step; ``moved`` is what the guards of the kernel moved between pools.
    """
    steps, columns = rate.shape[0], state.shape[1]
    counts = np.broadcast_to(np.asarray(substeps, dtype=np.int64), (steps, columns))
    result = np.array(state, dtype=np.float64, order="C")
    respired, leached, moved = np.empty((3, steps, columns))
    for m in range(steps):
        carry(kernel, result, rate[m], inputs[m], dt, counts[m], respired[m], leached[m], moved[m])
    return result, respired, leached, moved


def carry(
    kernel: Kernel,
    state: np.ndarray,
    rate: np.ndarray,
    inputs: np.ndarray,
    dt: float,
    substeps: np.ndarray,
    respired: np.ndarray,
    leached: np.ndarray,
    moved: np.ndarray,
) -> None:
    """One step of columns, as :func:`watershed_c.kernels.nonlinear_runs.carry_mimics` has it, in threads."""
    over_cells(
        CARRY[name_of(kernel)], by_substeps(substeps), state, np.ascontiguousarray(rate), np.ascontiguousarray(inputs),
        dt, np.ascontiguousarray(substeps), respired, leached, moved,
    )  # fmt: skip


def name_of(kernel: Kernel) -> str:
    """Its key in `KERNELS`."""
    return kernel.__name__.rpartition(".")[2]


def by_substeps(substeps: np.ndarray) -> np.ndarray:
    """Columns in an order in which those of equal substeps stand side by side."""
    if (substeps != substeps[:1]).any():
        return np.argsort(substeps, kind="stable")
    return np.arange(substeps.size)


def substeps_now(
    kernel: Kernel, state: np.ndarray, rate: np.ndarray, inputs: np.ndarray, dt: float, substep_days: float
) -> np.ndarray:
    """Number (N) of equal substeps of the step to come that Runge-Kutta can follow: of at most ``substep_days``, which
    is halved where the fastest pool asks for it.
    """
    count = substeps_of(dt, substep_days)
    if kernel is not KERNELS["millennial"]:  # MIMICS has no pool that lives for less than weeks
        return np.full(state.shape[1], count, dtype=np.int64)
    loss = np.empty(state.shape[1])
    fastest_loss(state, np.ascontiguousarray(rate), np.ascontiguousarray(inputs), loss)
    return count << halvings(loss, dt / count)


def _settle(
    kernel: Kernel,
    state: np.ndarray,
    first_step: float,
    rate: np.ndarray,
    inputs: np.ndarray,
    tolerance: float,
    iterations: int,
) -> np.ndarray:
    """Steady state of columns that all receive something, from ``state`` (overwritten); nan: none."""
    active = np.arange(state.shape[1])
    length = np.full(state.shape[1], first_step)
    identity = np.eye(state.shape[0])
    for _ in range(iterations):
        here = np.ascontiguousarray(rate[:, active]), np.ascontiguousarray(inputs[:, active])
        logarithm = np.log(state[:, active])

        def growth(logarithm: np.ndarray, here: tuple[np.ndarray, np.ndarray] = here) -> np.ndarray:
            stocks = np.exp(logarithm)
            derivative = np.empty_like(stocks)
            out, solute = np.empty((2, stocks.shape[1]))
            kernel.right_hand_side(stocks, *here, derivative, out, solute)
            return derivative / stocks

        step = _solve(identity / length[active, None, None] - _slopes(growth, logarithm), growth(logarithm))
        size = np.abs(step).max(axis=0)
        _shorten(step)
        state[:, active] = np.exp(logarithm + step)
        lost = ~np.isfinite(step).all(axis=0) | ~(state[:, active] > 1e-200).all(axis=0)
        state[:, active[lost]] = np.nan
        # a step of implicit Euler that changes nothing is an equilibrium only where it was a long one
        done = (size <= tolerance) & (length[active] > 1e4)
        change = np.where(size < _CALM, _STEP_GROWTH, np.where(size > _LONGEST, 1.0 / _STEP_GROWTH, 1.0))
        length[active] = np.minimum(length[active] * change, 1e12)
        active = active[~lost & ~done]
        if not active.size:
            break
    state[:, active] = np.nan
    return state


def _slopes(function: Any, logarithm: np.ndarray) -> np.ndarray:
    """Derivatives (N, P, P) of ``function`` (P, N) -> (P, N), column by column, by central differences."""
    pools, columns = logarithm.shape
    slopes = np.empty((columns, pools, pools))
    for j in range(pools):
        shifted = logarithm.copy()
        shifted[j] += _CHANGE
        above = function(shifted)
        shifted[j] -= 2.0 * _CHANGE
        slopes[:, :, j] = ((above - function(shifted)) / (2.0 * _CHANGE)).T
    return slopes


def _solve(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solutions (P, N) of N systems (N, P, P); nan where one is singular or not finite."""
    result = np.full_like(right, np.nan)
    good = np.flatnonzero(np.isfinite(matrix).all(axis=(1, 2)) & np.isfinite(right).all(axis=0))
    try:
        result[:, good] = np.linalg.solve(matrix[good], right[:, good].T[:, :, None])[:, :, 0].T
    except np.linalg.LinAlgError:
        for column in good:
            try:
                result[:, column] = np.linalg.solve(matrix[column], right[:, column])
            except np.linalg.LinAlgError:
                continue
    return result


def _shorten(step: np.ndarray) -> None:
    """Damp columns of ``step`` (P, N) that would change a logarithm by more than `_LONGEST`."""
    step *= np.minimum(1.0, _LONGEST / np.maximum(np.abs(step).max(axis=0), _LONGEST))
