"""Waters with strong acid in equilibrium with calcite and soil CO2, many side by side.

What :func:`watershed_c.kernels.calcite.solve_charges` does for one water, as loops along lanes that run in vector
registers. Every lane goes through the same operations, stops by itself, and has the same bits in any company.
Molalities are mol per kg of water.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from watershed_c.kernels.calcite import (
    LOWEST_PRESSURE,
    MAXIMUM_ITERATIONS,
    STRONGEST,
    TEMPERATURE_STEP,
    TEMPERATURE_STEPS,
    davies_factor,
    quadratic,
)

#: lanes are filled up to a multiple of this: loops have no remainder
LANES = 16
#: relative change of bicarbonate at which a lane is done; each step leaves less than 1 % of the error (tests)
CLOSE = 1e-4
#: mol kg-1, most ionic strength that activities are computed for: Davies' equation holds to 0.1
MOST_SALT = 1.0

_LN10 = math.log(10.0)
_INNER: dict[str, Any] = {
    "cache": True, "nogil": True, "error_model": "numpy", "no_cpython_wrapper": True, "no_cfunc_wrapper": True
}  # fmt: skip


class Waters(NamedTuple):
    """Arrays (lanes,), each of its own so that the compiler sees that none is another's.

    Attributes
    ----------
    temperature, pressure, acid, bicarbonate
        In: degC; CO2, atm; strong acid, mol charge kg-1; about what bicarbonate there is without acid, mol kg-1.
    calcium, ratio
        Out: dissolved calcium, mol kg-1; dissolved carbon but CO2(aq) per alkalinity (2 Ca - acid).
    hydrogen
        Out: activity of H+.
    strength, first, product, second, pairs, neutral, cubic, davies, pair, carbonate, inverse, step
        Of the solution, as :func:`watershed_c.kernels.calcite.solve_charges` calls them.
    """

    temperature: np.ndarray
    pressure: np.ndarray
    acid: np.ndarray
    bicarbonate: np.ndarray
    calcium: np.ndarray
    ratio: np.ndarray
    hydrogen: np.ndarray
    strength: np.ndarray
    first: np.ndarray
    product: np.ndarray
    second: np.ndarray
    pairs: np.ndarray
    neutral: np.ndarray
    cubic: np.ndarray
    davies: np.ndarray
    pair: np.ndarray
    carbonate: np.ndarray
    inverse: np.ndarray
    step: np.ndarray


@njit(**_INNER)
def _gather(waters: Waters, count: int, constants: np.ndarray) -> None:
    """Constants of each water: those of its temperature (0 to 60 degC, quadratic in the table), times its CO2."""
    for b in range(count):
        temperature = min(max(waters.temperature[b], 0.0), TEMPERATURE_STEP * TEMPERATURE_STEPS)
        pressure = min(max(waters.pressure[b], LOWEST_PRESSURE), 1.0)
        inverse = 1.0 / pressure
        i, cold, mild, warm = quadratic(temperature * (1.0 / TEMPERATURE_STEP))
        waters.first[b] = pressure * (
            cold * constants[i, 1] + mild * constants[i + 1, 1] + warm * constants[i + 2, 1]
        )
        product = pressure * (cold * constants[i, 2] + mild * constants[i + 1, 2] + warm * constants[i + 2, 2])
        waters.product[b] = product
        waters.second[b] = inverse * (
            cold * constants[i, 3] + mild * constants[i + 1, 3] + warm * constants[i + 2, 3]
        )
        waters.pairs[b] = product * (cold * constants[i, 4] + mild * constants[i + 1, 4] + warm * constants[i + 2, 4])
        waters.neutral[b] = cold * constants[i, 5] + mild * constants[i + 1, 5] + warm * constants[i + 2, 5]
        waters.cubic[b] = 1.0 + inverse * (
            cold * constants[i, 6] + mild * constants[i + 1, 6] + warm * constants[i + 2, 6]
        )
        waters.davies[b] = davies_factor(temperature)


@njit(**_INNER)
def _begin(
    acid: np.ndarray, count: int, bicarbonate: np.ndarray, pairs: np.ndarray, second: np.ndarray, strength: np.ndarray,
    pair: np.ndarray, carbonate: np.ndarray, step: np.ndarray,
) -> None:  # fmt: skip
    """Acid within bounds, and a first guess of bicarbonate as :func:`watershed_c.kernels.calcite.with_acid` has it."""
    for b in range(count):
        s = min(max(acid[b], -STRONGEST), STRONGEST)
        bare, twice = bicarbonate[b], 2.0 * second[b]
        product = (twice * bare + 1.0) * bare * bare * bare
        base = max(-s, bare)
        h = math.sqrt(product / max(s, bare)) if s > bare else bare
        h = 2.0 * base / (1.0 + math.sqrt(1.0 + 4.0 * twice * base)) if -s > bare else h
        value, slope = ((twice * h + 1.0) * h + s) * h * h - product, ((4.0 * twice * h + 3.0) * h + 2.0 * s) * h
        h -= value * slope / (slope * slope - value * ((6.0 * twice * h + 3.0) * h + s))
        strength[b] = s
        bicarbonate[b] = h
        pair[b] = pairs[b] / h
        carbonate[b] = second[b] * h * h
        step[b] = 1.0


@njit(**_INNER)
def _newton(
    count: int, acid: np.ndarray, first: np.ndarray, product: np.ndarray, second: np.ndarray, pairs: np.ndarray,
    cubic: np.ndarray, davies: np.ndarray, bicarbonate: np.ndarray, pair: np.ndarray, carbonate: np.ndarray,
    inverse: np.ndarray, step: np.ndarray,
) -> None:  # fmt: skip
    """A step of Newton in every lane that is not done; ``exp`` is its series, to 1e-8 of itself for what Davies'
    equation gives.
    """
    for b in range(count):
        s, h, last, carbon, before = acid[b], bicarbonate[b], pair[b], carbonate[b], step[b]
        salt = 0.5 * (3.0 * h + 8.0 * carbon + 2.0 * s + abs(s) - last)
        salt = min(max(salt, 1e-12), MOST_SALT)
        root = math.sqrt(salt)
        reciprocal = 1.0 / (1.0 + root)
        x = 0.5 * davies[b] * (root * reciprocal - 0.3 * salt)
        x = 1.0 + x * (1.0 + x * (0.5 + x * (1 / 6 + x * (1 / 24 + x * (1 / 120 + x * (1 / 720))))))
        x *= x
        activity = x * x  # 1 / g1^2
        dissolved = product[b] * activity * activity * activity
        proton = first[b] * activity
        paired = pairs[b] * activity
        quartic = 2.0 * second[b] * activity
        value = (((quartic * h + cubic[b]) * h + s) * h - paired - proton) * h - 2.0 * dissolved
        slope = ((4.0 * quartic * h + 3.0 * cubic[b]) * h + 2.0 * s) * h - paired - proton
        steeper = davies[b] * (0.5 * reciprocal * reciprocal / root - 0.3) * (3.0 + (16.0 * carbon + last) / h)
        slope += steeper * ((quartic * h * h * h - paired - proton) * h - 6.0 * dissolved)
        change = value / slope if slope > 0.0 else -h  # not positive: far left of the root, the guess was useless
        moved = h - change if change < h else 0.5 * h
        open_ = before > CLOSE
        bicarbonate[b] = moved if open_ else h
        pair[b] = paired / moved if open_ else last
        carbonate[b] = 0.5 * quartic * moved * moved if open_ else carbon
        inverse[b] = activity if open_ else inverse[b]
        step[b] = abs(change) / moved if open_ else before


@njit(**_INNER)
def _finish(waters: Waters, count: int) -> None:
    """What was asked for of waters that are solved."""
    for b in range(count):
        s, h, carbon = waters.strength[b], waters.bicarbonate[b], waters.carbonate[b]
        proton = waters.first[b] * waters.inverse[b] / h
        others = waters.pair[b] + waters.neutral[b]
        calcium = 0.5 * (waters.cubic[b] * h + 2.0 * carbon + s + waters.pair[b] - proton) + waters.neutral[b]
        waters.ratio[b] = (h + carbon + others) / (2.0 * calcium - s)
        waters.hydrogen[b] = proton / math.sqrt(waters.inverse[b])
        waters.calcium[b] = calcium + 0.5 * max(waters.acid[b] - s, 0.0)


@njit(cache=True, nogil=True, error_model="numpy")
def equilibrate(waters: Waters, count: int, constants: np.ndarray) -> None:
    """Solve the first ``count`` waters; those after them, up to a multiple of :data:`LANES`, are used up.

    Parameters
    ----------
    waters : Waters
        Of a multiple of :data:`LANES` lanes.
    count : int, at least 1
    constants : (I, 7)
        Of :func:`watershed_c.kernels.calcite.equilibrium_table`.

    Notes
    -----
    Temperature counts as 0 to 60 degC, CO2 as 1e-4 to 1 atm. Beyond :data:`STRONGEST` (mol charge kg-1, either way) an
    acid takes half a calcium per charge and no bicarbonate, and Davies' activities hold no longer.
    """
    filled = (count + LANES - 1) // LANES * LANES
    for b in range(count, filled):
        waters.temperature[b], waters.pressure[b] = waters.temperature[0], waters.pressure[0]
        waters.acid[b], waters.bicarbonate[b] = waters.acid[0], waters.bicarbonate[0]
    _gather(waters, filled, constants)
    _begin(
        waters.acid, filled, waters.bicarbonate, waters.pairs, waters.second, waters.strength, waters.pair,
        waters.carbonate, waters.step,
    )  # fmt: skip
    for _ in range(MAXIMUM_ITERATIONS):
        _newton(
            filled, waters.strength, waters.first, waters.product, waters.second, waters.pairs, waters.cubic,
            waters.davies, waters.bicarbonate, waters.pair, waters.carbonate, waters.inverse, waters.step,
        )  # fmt: skip
        furthest = 0.0
        for b in range(filled):
            furthest = max(furthest, waters.step[b])
        if not furthest > CLOSE:
            break
    _finish(waters, filled)
