"""Equilibrium of the water of each layer with calcite and soil CO2, for some cells at a time, ahead of what percolates.

Equilibria do not depend on each other, unlike what percolates: many are looked up, and with acid solved, at once.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from watershed_c.kernels.acid_waters import LANES, Waters, equilibrate
from watershed_c.kernels.calcite import CALCIUM_PER_CARBON, MOLAR_MASS_CARBON, interpolated_equilibrium

#: cells at a time
BLOCK = 16
#: kg m-2 of water, less than which is none to solve an equilibrium in
FILM = 1e-9
#: columns of what is found: calcium at equilibrium, as the carbonate carbon it came with (kg C per kg of water);
#: dissolved carbon but CO2(aq) per calcium, or per what acid leaves of that (kg per kg); CO2(aq) (kg C per kg of
#: water); pH
CARBON_HELD, RATIO, AQUEOUS, PH = range(4)

_LN10 = math.log(10.0)
_INNER: dict[str, Any] = {
    "cache": True, "nogil": True, "error_model": "numpy", "no_cpython_wrapper": True, "no_cfunc_wrapper": True
}  # fmt: skip


@njit(**_INNER)
def look_up(
    part: np.ndarray, temperature: np.ndarray, layer_temperature: np.ndarray, carbon_dioxide: np.ndarray,
    table: np.ndarray, constants: np.ndarray, found: np.ndarray,
) -> None:  # fmt: skip
    """Equilibria (BLOCK, L, 4) without acid of the cells of ``part``; the rest as ``carbonate_step`` takes it."""
    layers = layer_temperature.size
    for i in range(part.size):
        for layer in range(layers):
            found[i, layer, AQUEOUS] = math.log(carbon_dioxide[part[i], layer])
    for i in range(part.size):
        cell = part[i]
        for layer in range(layers):
            molality, ratio, solubility, ph = interpolated_equilibrium(
                table, constants, temperature[cell] + layer_temperature[layer], found[i, layer, AQUEOUS]
            )
            found[i, layer, CARBON_HELD] = molality * MOLAR_MASS_CARBON
            found[i, layer, RATIO] = ratio / CALCIUM_PER_CARBON
            found[i, layer, AQUEOUS] = solubility * carbon_dioxide[cell, layer] * MOLAR_MASS_CARBON
            found[i, layer, PH] = ph


@njit(**_INNER)
def _put(waters: Waters, lane: int, told: bool, found: np.ndarray, i: int, layer: int) -> None:
    """The water of a lane into its place."""
    found[i, layer, CARBON_HELD] = waters.calcium[lane] * MOLAR_MASS_CARBON
    found[i, layer, RATIO] = 2.0 * waters.ratio[lane] / CALCIUM_PER_CARBON
    if told:
        found[i, layer, PH] = -math.log(waters.hydrogen[lane]) / _LN10


@njit(**_INNER)
def _set(waters: Waters, lane: int, temperature: float, carbon_dioxide: float, acid: float, bare: float) -> None:
    """The water of a layer into a lane; ``bare`` is its bicarbonate without acid, mol kg-1."""
    waters.temperature[lane] = temperature
    waters.pressure[lane] = carbon_dioxide
    waters.acid[lane] = acid
    waters.bicarbonate[lane] = bare


@njit(**_INNER)
def solve_acid(
    part: np.ndarray, strong_acid: np.ndarray, acid: np.ndarray, water: np.ndarray, percolation: np.ndarray,
    aside: np.ndarray, temperature: np.ndarray, layer_temperature: np.ndarray, carbon_dioxide: np.ndarray,
    constants: np.ndarray, told: bool, waters: Waters, lanes: np.ndarray, charges: np.ndarray, found: np.ndarray,
) -> None:  # fmt: skip
    """Equilibria again of the layers that acid comes to, with it; ``told``: pH as well.

    ``charges`` (BLOCK, L) is filled with the charge of each layer, mol m-2, of which the share that percolates goes
    down, as if exchange took none; ``waters`` and ``lanes`` (B,) int64 are room to work in.
    """
    layers, count, sideways = layer_temperature.size, 0, aside.size > 0
    for i in range(part.size):
        cell, inflow = part[i], 0.0
        for layer in range(layers):
            charge = strong_acid[cell, layer] + acid[cell, layer] + inflow
            charges[i, layer], inflow = charge, 0.0
            if charge == 0.0:
                continue
            volume = water[cell, layer] + percolation[cell, layer]
            if sideways:
                volume += aside[cell, layer]
            share = percolation[cell, layer] / volume if volume > 0.0 else 0.0
            inflow = share * charge
            if volume > FILM:
                bare = found[i, layer, CARBON_HELD] * found[i, layer, RATIO] * (CALCIUM_PER_CARBON / MOLAR_MASS_CARBON)
                _set(
                    waters, count, temperature[cell] + layer_temperature[layer], carbon_dioxide[cell, layer],
                    charge / volume, bare,
                )  # fmt: skip
                lanes[count] = i * layers + layer
                count += 1
    if count > 0:
        equilibrate(waters, count, constants)
        for lane in range(count):
            _put(waters, lane, told, found, lanes[lane] // layers, lanes[lane] % layers)


@njit(**_INNER)
def solve_acid_again(
    i: int, layer: int, temperature: float, carbon_dioxide: float, acid: float, table: np.ndarray,
    constants: np.ndarray, told: bool, waters: Waters, found: np.ndarray,
) -> None:  # fmt: skip
    """The equilibrium of one layer with another molality of ``acid`` than was supposed."""
    molality, ratio, _, _ = interpolated_equilibrium(table, constants, temperature, math.log(carbon_dioxide))
    _set(waters, 0, temperature, carbon_dioxide, acid, molality * ratio)
    equilibrate(waters, 1, constants)
    _put(waters, 0, told, found, i, layer)


@njit(**_INNER)
def room_for_waters(lanes: int) -> Waters:
    """Room for at least so many waters."""
    n = (lanes + LANES - 1) // LANES * LANES
    return Waters(
        np.empty(n), np.empty(n), np.empty(n), np.empty(n), np.empty(n), np.empty(n), np.empty(n), np.empty(n),
        np.empty(n), np.empty(n), np.empty(n), np.empty(n), np.empty(n), np.empty(n), np.empty(n), np.empty(n),
        np.empty(n), np.empty(n), np.empty(n),
    )  # fmt: skip
