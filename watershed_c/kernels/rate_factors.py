"""Rate modifiers in every layer, factor by factor, for any pool model: each kernel multiplies the groups of pools that
its factor concerns. The laws themselves are in :mod:`watershed_c.kernels.temperature_laws` and ``moisture_laws``.
RothC's own, which share one moisture deficit, are in :mod:`watershed_c.kernels.rate_modifiers`.

The laws are compiled into the kernels of this file, and numba's cache looks at the date of this file only: where a law
changes, empty ``__pycache__`` or touch it.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from watershed_c.kernels.moisture_laws import moisture_law
from watershed_c.kernels.rate_modifiers import COVERED_FACTOR
from watershed_c.kernels.temperature_laws import temperature_law

#: kg m-3
WATER_DENSITY = 1000.0
#: what a moisture law wants to know of a layer -> number of the driver below; others are of the cell's climate
LAYER_DRIVERS = {
    "relative_water": 1, "deficit": 2, "saturation": 3, "volumetric_water": 4, "water_percent_of_mass": 5,
}  # fmt: skip


@njit(cache=True, nogil=True)
def multiply_temperature(cells, law, parameters, temperature, layer_temperature, member, modifier):
    """Multiply the groups that are a ``member`` (G, bool) of ``modifier`` (n, L, G) by a temperature law.

    Temperatures as in :func:`rate_modifier`; the law's number and parameters from
    :mod:`watershed_c.kernels.temperature_laws`.
    """
    for cell in cells:
        factor = 0.0
        for layer in range(modifier.shape[1]):
            if layer == 0 or layer_temperature[layer] != layer_temperature[layer - 1]:
                factor = temperature_law(law, parameters, temperature[cell] + layer_temperature[layer])
            for g in range(member.size):
                if member[g]:
                    modifier[cell, layer, g] *= factor


@njit(cache=True, nogil=True)
def multiply_moisture(cells, law, parameters, driver, water, wilting_point, field_capacity, saturation, thickness,
                      density, climate, member, modifier):  # fmt: skip
    """Multiply the groups that are a ``member`` of ``modifier`` by a moisture law.

    ``driver`` says what the law wants of a layer: a number of
    ``LAYER_DRIVERS``, or 0: the ``climate`` (n) of the cell, as ``laws.DRIVERS`` has it; water in
    kg m-2, ``thickness`` (L) m, ``density`` (n, L) of dry soil, kg m-3.
    """
    for cell in cells:
        for layer in range(modifier.shape[1]):
            here = water[cell, layer]
            value = climate[cell]
            if driver == 1 or driver == 2:
                available = field_capacity[cell, layer] - wilting_point[cell, layer]
                value = (here - wilting_point[cell, layer]) / available if available > 0.0 else 1.0
                if driver == 2:
                    value = 1.0 - value
            elif driver == 3:
                pores = saturation[cell, layer]
                value = here / pores if pores > 0.0 else 0.5
            elif driver == 4:
                value = here / (WATER_DENSITY * thickness[layer])
            elif driver == 5:
                value = 100.0 * here / (density[cell, layer] * thickness[layer])
            factor = moisture_law(law, parameters, value)
            for g in range(member.size):
                if member[g]:
                    modifier[cell, layer, g] *= factor


@njit(cache=True, nogil=True)
def limit_oxygen(cells, law, parameters, threshold, water, saturation, share, modifier):
    """Slow all groups in wet layers: ``modifier *= 1 - share (1 - o)`` with ``o`` the moisture law of the share of the
    pores that water fills, at most 1, where that is above ``threshold``.

    Parameters
    ----------
    share : float64 (L)
        Of each layer's modifier that the lack of oxygen concerns.
    water, saturation : float64 (n, L), kg m-2
    """
    for cell in cells:
        for layer in range(modifier.shape[1]):
            pores = saturation[cell, layer]
            filled = water[cell, layer] / pores if pores > 0.0 else 0.0
            if filled > threshold and share[layer] > 0.0:
                factor = 1.0 - share[layer] * (1.0 - min(1.0, moisture_law(law, parameters, filled)))
                for g in range(modifier.shape[2]):
                    modifier[cell, layer, g] *= factor


@njit(cache=True, nogil=True)
def multiply_cover(cells, unit, plant_cover, member, modifier):
    """Multiply by RothC's factor of plant cover."""
    for cell in cells:
        if plant_cover[unit[cell]] > 0.5:
            for layer in range(modifier.shape[1]):
                for g in range(member.size):
                    if member[g]:
                        modifier[cell, layer, g] *= COVERED_FACTOR


@njit(cache=True, nogil=True)
def multiply_layers(cells, factor, member, modifier):
    """Multiply by a ``factor`` (L) of each layer."""
    for cell in cells:
        for layer in range(modifier.shape[1]):
            for g in range(member.size):
                if member[g]:
                    modifier[cell, layer, g] *= factor[layer]


@njit(cache=True, nogil=True)
def follow_material(cells, row, stocks, mineral, depth_factor, member, modifier):
    """Give each layer the depth factor that its soil came with, in place of its own ``depth_factor`` (L).

    The mass-weighted mean of what lies in it: ``stocks[:, :, row] / mineral``; (n, L, K) and (n, L), kg m-2.
    """
    for cell in cells:
        for layer in range(modifier.shape[1]):
            own = mineral[cell, layer] * depth_factor[layer]
            if own > 0.0:
                ratio = stocks[cell, layer, row] / own
                for g in range(member.size):
                    if member[g]:
                        modifier[cell, layer, g] *= ratio


@njit(cache=True, nogil=True)
def multiply_priming(cells, coefficient, fresh, stocks, mineral, first_row, member, modifier):
    """Multiply by ``1 - exp(-c F)``, F carbon of the ``fresh`` pools (P, bool) per mineral soil, g kg-1, c in kg g-1.

    ``stocks`` (n, L, K) and ``mineral`` (n, L), kg m-2.
    """
    for cell in cells:
        for layer in range(modifier.shape[1]):
            mass = mineral[cell, layer]
            carbon = 0.0
            for p in range(fresh.size):
                if fresh[p]:
                    carbon += stocks[cell, layer, first_row + p]
            factor = -np.expm1(-coefficient * 1000.0 * carbon / mass) if mass > 0.0 else 0.0
            for g in range(member.size):
                if member[g]:
                    modifier[cell, layer, g] *= factor


@njit(cache=True, nogil=True)
def multiply_lignin(cells, coefficient, ratio_of, ratio_in, stocks, first_row, member, modifier):
    """Multiply by ``exp(-coefficient * share)``: the share of the pools ``ratio_of`` in ``ratio_in`` (P, bool)."""
    for cell in cells:
        for layer in range(modifier.shape[1]):
            part = 0.0
            whole = 0.0
            for p in range(ratio_in.size):
                if ratio_in[p]:
                    whole += stocks[cell, layer, first_row + p]
                    if ratio_of[p]:
                        part += stocks[cell, layer, first_row + p]
            if whole > 0.0:
                factor = math.exp(-coefficient * part / whole)
                for g in range(member.size):
                    if member[g]:
                        modifier[cell, layer, g] *= factor


@njit(cache=True, nogil=True)
def temperature_table(law, parameters, values, factor):
    """Multiply ``factor`` by a temperature law of ``values``, element by element."""
    for i in range(values.size):
        factor[i] *= temperature_law(law, parameters, values[i])


@njit(cache=True, nogil=True)
def moisture_table(law, parameters, values, factor):
    """Multiply ``factor`` by a moisture law of ``values``, element by element."""
    for i in range(values.size):
        factor[i] *= moisture_law(law, parameters, values[i])
