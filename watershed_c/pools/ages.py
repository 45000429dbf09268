"""Ages and transit times of carbon in a linear pool model at steady state, and what its storage is worth in time.

The model is ``dx/dt = A x + u`` with a compartmental matrix ``A`` (yr-1, column = donor: negative diagonal, what a
column does not pass on is respired) and an input ``u`` that does not change. With ``|x|`` the sum over pools, ``1``
a row of ones, ``x* = -A^-1 u`` and ``S(t) = exp(A t)``,

- transit time, the age of what leaves, is phase-type distributed from ``b = u / |u|``;
- age, of what is there, is so from ``b = x* / |x*|``;

density ``-1 A S(t) b``, cumulative distribution ``1 - 1 S(t) b``, mean ``-1 A^-1 b``; in pool i the density of age is
``(S(t) u)_i / x*_i`` and the mean ``(-A^-1 x*)_i / x*_i`` (Metzler & Sierra 2018, Mathematical Geosciences 50:1-34,
doi:10.1007/s11004-017-9690-1; means: Sierra et al. 2012, Geosci. Model Dev. 5:1045).

*Storage* is a stock. *Sequestration* (Sierra et al. 2021, Biogeosciences 18:1029, doi:10.5194/bg-18-1029-2021) is what
one year's input amounts to over the time it stays: see :func:`carbon_sequestration`, :func:`climate_benefit`.

In every function ``matrix`` is float64 (..., P, P), yr-1, and ``rate`` float64 (..., P), kg C m-2 yr-1; leading
dimensions are cells and broadcast. Inert pools have no age: leave them out. All raise ``ValueError`` for a matrix that
is not compartmental, an inert pool, carbon that never leaves, and an input that is negative or nothing at all.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

#: ppm, CO2 in the air of the background state (Joos et al. 2013, Atmos. Chem. Phys. 13:2793,
#: doi:10.5194/acp-13-2793-2013)
BACKGROUND_CO2 = 389.0
#: kg C per ppm of CO2 in the atmosphere (Joos et al. 2013: 2.123 Gt C)
CARBON_PER_PPM = 2.123e12
#: W m-2, radiative forcing 5.35 ln(C / C0) (Myhre et al. 1998, Geophys. Res. Lett. 25:2715)
FORCING = 5.35
#: W m-2 per kg C in the atmosphere, for a small addition
RADIATIVE_EFFICIENCY = FORCING / BACKGROUND_CO2 / CARBON_PER_PPM
#: impulse response of atmospheric CO2, mean of the models at 389 ppm (Joos et al. 2013, table 5): shares (-) and times
#: (yr) of a sum of exponentials; the first share stays
RESPONSE_SHARES = np.array([0.2173, 0.2240, 0.2824, 0.2763])
RESPONSE_TIMES = np.array([math.inf, 394.4, 36.54, 4.304])

#: column sums up to this share of the diagonal above 0 are round-off
ROUND_OFF = 1e-12
#: largest norm of the matrix whose exponential is a Taylor polynomial of this order: remainder below 1e-17
REACH, ORDER = 0.5, 14
#: most corrections of a quantile
MOST_CORRECTIONS = 100


class MeanTimes(NamedTuple):
    """Means at steady state.

    Attributes
    ----------
    stock : float64 (..., P), kg C m-2
    transit : float64 (...), yr
    age : float64 (...), yr
        Of the whole stock.
    pool_age : float64 (..., P), yr
        nan where a pool stays empty.
    """

    stock: np.ndarray
    transit: np.ndarray
    age: np.ndarray
    pool_age: np.ndarray


def steady_stock(matrix: np.ndarray, rate: np.ndarray) -> np.ndarray:
    """Stock (..., P), kg C m-2, that the input sustains."""
    matrix, rate = _checked(matrix, rate)
    return _after_all(matrix, rate)


def mean_times(matrix: np.ndarray, rate: np.ndarray) -> MeanTimes:
    """Steady stock, mean transit time, mean age of the stock and of each pool."""
    matrix, rate = _checked(matrix, rate)
    stock = _after_all(matrix, rate)
    aged = _after_all(matrix, stock)
    total = stock.sum(axis=-1)
    with np.errstate(invalid="ignore"):
        pool_age = np.where(stock > 0.0, aged / stock, np.nan)
    return MeanTimes(stock, total / rate.sum(axis=-1), aged.sum(axis=-1) / total, pool_age)


def transit_density(matrix: np.ndarray, rate: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Density of the transit time, yr-1, (..., T) at ``times`` (T), yr."""
    matrix, rate = _checked(matrix, rate)
    return _density(matrix, _share(rate), _times(times))


def transit_distribution(matrix: np.ndarray, rate: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Share (..., T) of the carbon leaving that entered at most ``times`` (T), yr, ago."""
    matrix, rate = _checked(matrix, rate)
    return 1.0 - _remaining(matrix, _share(rate), _times(times)).sum(axis=-1)


def transit_quantiles(
    matrix: np.ndarray, rate: np.ndarray, levels: tuple[float, ...] = (0.05, 0.5, 0.95)
) -> np.ndarray:
    """Transit times (..., Q), yr, that the shares ``levels`` of the carbon leaving do not exceed."""
    matrix, rate = _checked(matrix, rate)
    return _quantiles(matrix, _share(rate), levels)


def age_density(matrix: np.ndarray, rate: np.ndarray, ages: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Density of age, yr-1, of the stock (..., T) and of each pool (..., T, P) at ``ages`` (T), yr."""
    matrix, rate = _checked(matrix, rate)
    ages = _times(ages)
    stock = _after_all(matrix, rate)
    with np.errstate(invalid="ignore"):
        pools = np.where(stock[..., None, :] > 0.0, _remaining(matrix, rate, ages) / stock[..., None, :], np.nan)
    return _density(matrix, _share(stock), ages), pools


def age_distribution(matrix: np.ndarray, rate: np.ndarray, ages: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Share of the stock (..., T) and of each pool (..., T, P) that is at most ``ages`` (T), yr, old."""
    matrix, rate = _checked(matrix, rate)
    stock = _after_all(matrix, rate)
    older = _remaining(matrix, stock, _times(ages))
    with np.errstate(invalid="ignore"):
        pools = np.where(stock[..., None, :] > 0.0, 1.0 - older / stock[..., None, :], np.nan)
    return 1.0 - older.sum(axis=-1) / stock.sum(axis=-1)[..., None], pools


def age_quantiles(matrix: np.ndarray, rate: np.ndarray, levels: tuple[float, ...] = (0.05, 0.5, 0.95)) -> np.ndarray:
    """Ages (..., Q), yr, that the shares ``levels`` of the stock do not exceed."""
    matrix, rate = _checked(matrix, rate)
    return _quantiles(matrix, _share(_after_all(matrix, rate)), levels)


def carbon_sequestration(matrix: np.ndarray, rate: np.ndarray, horizons: np.ndarray) -> np.ndarray:
    """Carbon sequestration CS of one year's input over time horizons: ton-years, not tons.

    ``CS(T) = integral from 0 to T of |exp(A t) u| dt``: what remains of the input ``u`` of one year, taken as a pulse,
    added up over the time it remains (Sierra et al. 2021, eq. 19). For ``T`` to infinity it is ``|u|`` times the mean
    transit time, the number of the steady stock in other units.

    Returns
    -------
    float64 (..., T), kg C m-2 yr, at ``horizons`` (T), yr
    """
    matrix, rate = _checked(matrix, rate)
    pools = matrix.shape[-1]
    system = np.zeros((*matrix.shape[:-2], pools + 1, pools + 1))
    system[..., :pools, :pools] = matrix
    system[..., pools, :pools] = 1.0
    start = np.concatenate((rate, np.zeros((*rate.shape[:-1], 1))), axis=-1)
    return _remaining(system, start, _times(horizons))[..., pools]


def climate_benefit(matrix: np.ndarray, rate: np.ndarray, horizons: np.ndarray) -> np.ndarray:
    """Climate benefit of sequestration CBS of one year's input over time horizons; negative: avoided warming.

    ``CBS(T) = -k integral from 0 to T of (|u| h(t) - integral from 0 to t of h(t - s) r(s) ds) dt`` with the
    respiration ``r(s) = -1 A exp(A s) u`` of the pulse, the share ``h`` of CO2 still in the air and the radiative
    efficiency ``k`` (Sierra et al. 2021, eq. 11; h and k of Joos et al. 2013). Carbon taken up is missing in the
    atmosphere as long as the ocean and the land would have left it there; what is respired again is added to it.
    Limits: ``-absolute_warming(T) |u|`` if nothing is ever respired, 0 if everything is at once. The response is that
    of a small pulse at constant 389 ppm.

    Returns
    -------
    float64 (..., T), W m-2 yr per m2 of ground, at ``horizons`` (T), yr
    """
    matrix, rate = _checked(matrix, rate)
    horizons = _times(horizons)
    pools, boxes = matrix.shape[-1], RESPONSE_SHARES.size
    air = slice(pools, pools + boxes)
    system = np.zeros((*matrix.shape[:-2], pools + boxes + 1, pools + boxes + 1))
    system[..., :pools, :pools] = matrix
    respired = np.maximum(0.0, -matrix.sum(axis=-2))
    system[..., air, :pools] = RESPONSE_SHARES[:, None] * respired[..., None, :]
    system[..., range(pools, pools + boxes), range(pools, pools + boxes)] = -1.0 / RESPONSE_TIMES
    system[..., -1, air] = 1.0
    start = np.concatenate((rate, np.zeros((*rate.shape[:-1], boxes + 1))), axis=-1)
    returned = RADIATIVE_EFFICIENCY * _remaining(system, start, horizons)[..., -1]
    return returned - rate.sum(axis=-1)[..., None] * absolute_warming(horizons)


def absolute_warming(horizons: np.ndarray) -> np.ndarray:
    """Absolute global warming potential of CO2, (T) W m-2 yr per kg C, at ``horizons`` (T), yr.

    ``AGWP(T) = k integral from 0 to T of h(t) dt`` (Joos et al. 2013): 92.5e-15 W m-2 yr per kg CO2 for 100 years.
    """
    horizons = _times(horizons)
    times = RESPONSE_TIMES[1:]
    decayed = RESPONSE_SHARES[1:] * times * -np.expm1(-horizons[:, None] / times)
    return RADIATIVE_EFFICIENCY * (RESPONSE_SHARES[0] * horizons + decayed.sum(axis=1))


# -- pieces
# ---------------------------------------------------------------------------------------------------------------
def _checked(matrix: np.ndarray, rate: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both as arrays of equal leading dimensions, or what is wrong with them."""
    matrix, rate = np.asarray(matrix, dtype=np.float64), np.asarray(rate, dtype=np.float64)
    pools = matrix.shape[-1] if matrix.ndim >= 2 else 0
    if pools == 0 or matrix.shape[-2] != pools or rate.ndim == 0 or rate.shape[-1] != pools:
        raise ValueError(f"matrix must be (..., P, P) and rate (..., P), are {matrix.shape} and {rate.shape}")
    if not (np.isfinite(matrix).all() and np.isfinite(rate).all()):
        raise ValueError("matrix and rate must be finite")
    diagonal = np.diagonal(matrix, axis1=-2, axis2=-1)
    inert = np.argwhere(diagonal == 0.0)
    if inert.size:
        raise ValueError(f"pool {inert[0][-1]} is inert: it has no age; leave it out of the matrix and the input")
    away = ~np.eye(pools, dtype=bool)
    if (diagonal > 0.0).any() or (matrix[..., away] < 0.0).any():
        raise ValueError("not a compartmental matrix: its diagonal must be negative, the rest 0 or more")
    losses = -matrix.sum(axis=-2)
    created = np.argwhere(losses < ROUND_OFF * diagonal)
    if created.size:
        raise ValueError(f"pool {created[0][-1]} passes on more carbon than it loses")
    # pools whose carbon can be respired, in one passage more each time
    leaves = losses > -ROUND_OFF * diagonal
    for _ in range(pools - 1):
        leaves = leaves | ((matrix > 0.0) & leaves[..., :, None] & away).any(axis=-2)
    trapped = np.argwhere(~leaves)
    if trapped.size:
        raise ValueError(f"carbon of pool {trapped[0][-1]} never leaves: there is no steady state")
    if (rate < 0.0).any() or (rate.sum(axis=-1) <= 0.0).any():
        raise ValueError("the input must be 0 or more in every pool, and more than 0 in all")
    leading = np.broadcast_shapes(matrix.shape[:-2], rate.shape[:-1])
    return np.broadcast_to(matrix, (*leading, pools, pools)), np.broadcast_to(rate, (*leading, pools))


def _times(values: np.ndarray) -> np.ndarray:
    times = np.atleast_1d(np.asarray(values, dtype=np.float64))
    if times.ndim != 1 or not (np.isfinite(times) & (times >= 0.0)).all():
        raise ValueError("times must be one row of numbers, 0 or more")
    return times


def _share(amounts: np.ndarray) -> np.ndarray:
    return amounts / amounts.sum(axis=-1, keepdims=True)


def _after_all(matrix: np.ndarray, amounts: np.ndarray) -> np.ndarray:
    """``-A^-1`` times amounts: time spent in each pool. Round-off below 0 is 0."""
    return np.maximum(0.0, np.linalg.solve(-matrix, amounts[..., None])[..., 0])


def _remaining(matrix: np.ndarray, start: np.ndarray, times: np.ndarray) -> np.ndarray:
    """``exp(A t)`` times ``start``, (..., T, P), at ``times`` (T) or (..., T).

    ``exp(A t) = exp(-m t) exp((A + m) t)`` with m so large that A + m has no negative element: series and squarings
    then only add, and small elements are as good as large ones.
    """
    pools = matrix.shape[-1]
    shift = -np.diagonal(matrix, axis1=-2, axis2=-1).min(axis=-1)
    positive = matrix + shift[..., None, None] * np.eye(pools)
    norm = positive.sum(axis=-2).max(axis=-1)
    longest = float(np.max(norm[..., None] * times, initial=0.0))
    doublings = max(0, math.ceil(math.log2(longest / REACH))) if longest > 0.0 else 0
    piece = times / 2.0**doublings
    step = piece[..., None, None] * positive[..., None, :, :]
    power = np.broadcast_to(np.eye(pools), step.shape)
    propagator = power.copy()
    for order in range(1, ORDER + 1):
        power = power @ step / order
        propagator += power
    propagator *= np.exp(-shift[..., None] * piece)[..., None, None]
    for _ in range(doublings):
        propagator = propagator @ propagator
    return (propagator @ start[..., None, :, None])[..., 0]


def _density(matrix: np.ndarray, share: np.ndarray, times: np.ndarray) -> np.ndarray:
    respired = np.maximum(0.0, -matrix.sum(axis=-2))
    return (respired[..., None, :] * _remaining(matrix, share, times)).sum(axis=-1)


def _quantiles(matrix: np.ndarray, share: np.ndarray, levels: tuple[float, ...]) -> np.ndarray:
    """Times (..., Q) at which ``1 exp(A t) b`` has fallen to 1 - level: Newton, halving where that leaves the bracket.

    The bracket is Markov's: what is older than t is at most mean / t.
    """
    level = np.asarray(levels, dtype=np.float64)
    if level.ndim != 1 or not ((level > 0.0) & (level < 1.0)).all():
        raise ValueError("levels must lie between 0 and 1")
    respired = np.maximum(0.0, -matrix.sum(axis=-2))[..., None, :]
    high = _after_all(matrix, share).sum(axis=-1)[..., None] / (1.0 - level)
    low = np.zeros_like(high)
    time = 0.5 * high
    for _ in range(MOST_CORRECTIONS):
        left = _remaining(matrix, share, time)
        excess = left.sum(axis=-1) - (1.0 - level)
        low = np.where(excess >= 0.0, time, low)
        high = np.where(excess >= 0.0, high, time)
        with np.errstate(divide="ignore", invalid="ignore"):
            corrected = time + excess / (respired * left).sum(axis=-1)
        corrected = np.where((corrected >= low) & (corrected <= high), corrected, 0.5 * (low + high))
        done = np.abs(corrected - time) <= 1e-12 * time
        time = corrected
        if done.all():
            return time
    return time
