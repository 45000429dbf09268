"""Sediment in five particle classes: what they are made of where soil is detached, and how they settle.

Sources
-------
Foster, Young & Neibling 1985 (Trans. ASAE 28, 133-139), classes of sediment at detachment, as in CREAMS, SWAT and
wflow; Ferguson & Church 2004 (J. Sediment. Res. 74, 933-937), fall velocity.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from watershed_c.kernels.soil_column import take_from_top

#: primary clay, primary silt, small aggregates, primary sand, large aggregates
CLASSES = ("clay", "silt", "small_aggregates", "sand", "large_aggregates")
#: m, and density relative to water (Foster et al. 1985; densities from memory)
DIAMETERS = (2e-6, 10e-6, 30e-6, 200e-6, 500e-6)
DENSITIES = (2.60, 2.65, 1.80, 2.65, 1.60)
#: where a row is in detached soil: in all classes by mass; in large aggregates; where clay is; is clay, silt, sand
BY_MASS, IN_AGGREGATES, WITH_CLAY, CLAY, SILT, SAND = range(6)
#: place of large aggregates in CLASSES
_LARGE = 4


def fall_velocities() -> np.ndarray:
    """(5,) m s-1 in water of 20 degC: ``R g d^2 / (18 nu + (0.75 R g d^3)^0.5)``, R the submerged specific gravity."""
    gravity, viscosity = 9.81, 1.0e-6
    size, buoyant = np.array(DIAMETERS), np.array(DENSITIES) - 1.0
    return buoyant * gravity * size**2 / (18.0 * viscosity + np.sqrt(0.75 * buoyant * gravity * size**3))


@njit(cache=True, nogil=True)
def classes_at_detachment(clay, silt, sand, parts):
    """Mass of clay, silt and sand in each class of soil as it is detached.

    With fractions of the soil: primary clay 0.20 clay, primary silt 0.13 silt, primary sand sand (1 - clay)^2.4, small
    aggregates 2 clay below 25 % clay, 0.28 (clay - 0.25) + 0.5 to 50 %, 0.57 above, made of clay and silt as the soil
    has them; large aggregates are the rest. Small aggregates take no more clay or silt than there is.

    Parameters
    ----------
    clay, silt, sand : float
        Fractions that sum to 1.
    parts : (5, 3)
        Out: fractions of the soil; their sum is 1, their columns sum to clay, silt and sand.
    """
    parts[:] = 0.0
    parts[0, 0] = 0.20 * clay
    parts[1, 1] = 0.13 * silt
    parts[3, 2] = sand * (1.0 - clay) ** 2.4
    if clay < 0.25:
        small = 2.0 * clay
    elif clay < 0.5:
        small = 0.28 * (clay - 0.25) + 0.5
    else:
        small = 0.57
    fine = clay + silt
    if fine > 0.0:
        small = min(small, fine)
        # of its clay and silt no more than is not primary: 80 % and 87 %
        parts[2, 0] = min(small * clay / fine, 0.80 * clay)
        parts[2, 1] = min(small * silt / fine, 0.87 * silt)
    parts[4, 0] = clay - parts[0, 0] - parts[2, 0]
    parts[4, 1] = silt - parts[1, 1] - parts[2, 1]
    parts[4, 2] = sand - parts[3, 2]


@njit(cache=True, nogil=True)
def settle(load, target, velocity, share):
    """Share of each class that stays in a flow that can carry ``target`` of their sum.

    Classes settle as ``exp(-t v)`` until what is left is the target: the deposition of Foster (dq/dx = -v q / q_w) in a
    flow that carries none of it further than it must. Coarse classes settle first; equal velocities settle alike.

    Parameters
    ----------
    load : (C,) kg m-2
    target : float, kg m-2, at most the sum of ``load``
    velocity : (C,)
    share : (C,)
        Out, 0-1: ``share @ load`` is the target.
    """
    total = 0.0
    for c in range(load.size):
        total += load[c]
    if target <= 0.0 or total <= 0.0:
        share[:] = 0.0
        return
    time = 0.0
    for _ in range(100):  # Newton from the left of a convex, falling function: never beyond the root
        left, slope = 0.0, 0.0
        for c in range(load.size):
            share[c] = math.exp(-time * velocity[c])
            left += load[c] * share[c]
            slope += load[c] * share[c] * velocity[c]
        if left - target <= 1e-13 * total or slope <= 0.0:
            break
        time += (left - target) / slope
    left = 0.0
    for c in range(load.size):
        left += load[c] * share[c]
    for c in range(load.size):
        share[c] = min(share[c] * target / left, 1.0)


@njit(cache=True, nogil=True)
def _take_dry(node, dry, mineral, stocks, dry_mass_per_unit, taken):
    """Take ``dry`` kg m-2 of dry soil from the top of a column; returns its mineral and what the column lacked."""
    mass = 0.0
    for layer in range(mineral.shape[1]):
        whole = mineral[node, layer]
        for k in range(stocks.shape[2]):
            whole += dry_mass_per_unit[k] * stocks[node, layer, k]
        if dry < whole:
            mass += dry / whole * mineral[node, layer]
            dry = 0.0
            break
        mass += mineral[node, layer]
        dry -= whole
    return take_from_top(node, mass, mineral, stocks, taken), dry


@njit(cache=True, nogil=True)
def _share_out(taken, removed, home, texture, parts, carried):
    """Lay what was taken on the classes, (C, K + 1); ``parts`` is work space."""
    rows = taken.size
    clay, silt, sand = 0.0, 0.0, 1.0
    if removed > 0.0:
        clay, silt = taken[texture] / removed, taken[texture + 1] / removed
        sand = max(1.0 - clay - silt, 0.0)
    classes_at_detachment(clay, silt, sand, parts)
    large = parts[_LARGE, 0] + parts[_LARGE, 1] + parts[_LARGE, 2]
    for c in range(carried.shape[0]):
        mass = parts[c, 0] + parts[c, 1] + parts[c, 2]
        carried[c, rows] += removed * mass
        for k in range(rows):
            if home[k] == BY_MASS:
                part = mass
            elif home[k] == IN_AGGREGATES:
                part = mass if large <= 0.0 else (1.0 if c == _LARGE else 0.0)
            elif home[k] == WITH_CLAY or home[k] == CLAY:
                part = mass if clay <= 0.0 else parts[c, 0] / clay
            elif home[k] == SILT:
                part = mass if silt <= 0.0 else parts[c, 1] / silt
            else:
                part = mass if sand <= 0.0 else parts[c, 2] / sand
            carried[c, k] += part * taken[k]


@njit(cache=True, nogil=True)
def route_classes(
    order, first, receivers, weights, is_soil, in_depression, trap, kept, potential, capacity, mineral, stocks,
    dry_mass_per_unit, home, texture, velocity, rows_lost, share_lost, mineralised, deposit_mineral, deposit, carried,
    eroded, deposited, net_mineral, net,
):  # fmt: skip
    """Move sediment by class down the network, in one sweep.

    As ``route_sediment``, with the same rules at sinks, depressions and buffers and the same capacity, which all
    classes share: where more enters than it, they settle by their fall velocity until the rest is the capacity. Rows
    are in the classes where ``home`` says, so that what settles and what leaves differ in composition. Detachment is
    not selective.

    Parameters
    ----------
    order, first, receivers, weights, is_soil, in_depression, trap, kept, potential, capacity, mineral, stocks,
    dry_mass_per_unit, deposit_mineral, deposit, eroded, deposited, net_mineral, net
        Of ``route_sediment``.
    home : (K,) int64
        BY_MASS to SAND.
    texture : int
        Row of clay; those of silt and sand follow.
    velocity : (C,) m s-1
    rows_lost : (r,) int64, share_lost : float, mineralised : (n, K)
        Of its ``Transit``.
    carried : (n, C, K + 1) kg m-2
        Rows and mineral that enter each node by class. Zero on entry; at nodes that are not soil the export on return.
    """
    rows = stocks.shape[2]
    classes = velocity.size
    taken, parts = np.zeros(rows), np.zeros((classes, 3))
    load, share = np.zeros(classes), np.zeros(classes)
    for index in range(order.size):
        node = order[index]
        if not is_soil[node]:
            continue
        inflow = 0.0
        for c in range(classes):
            load[c] = carried[node, c, rows]
            for k in range(rows):
                load[c] += dry_mass_per_unit[k] * carried[node, c, k]
            inflow += load[c]
        eroded[node], deposited[node], net_mineral[node] = 0.0, 0.0, 0.0
        for k in range(rows):
            net[node, k] = 0.0
        for k in rows_lost:
            mineralised[node, k] = 0.0
        ends = first[index] == first[index + 1]
        target = inflow
        if ends or (trap and in_depression[node]):
            target = 0.0
        elif kept.size > 0 and kept[node] >= 0.0:
            target = (1.0 - kept[node]) * inflow
        elif inflow > capacity[node]:
            target = inflow if in_depression[node] else capacity[node]
        else:
            detach = min(potential[node], capacity[node] - inflow)
            if detach > 0.0:
                taken[:] = 0.0
                removed, lacking = _take_dry(node, detach, mineral, stocks, dry_mass_per_unit, taken)
                eroded[node] = detach - lacking
                net_mineral[node] = -removed
                for k in range(rows):
                    net[node, k] = -taken[k]
                for k in rows_lost:
                    lost = share_lost * taken[k]
                    taken[k] -= lost
                    net[node, k] += lost
                    mineralised[node, k] = -lost
                _share_out(taken, removed, home, texture, parts, carried[node])
        if target < inflow:
            settle(load, target, velocity, share)
            deposited[node] = inflow - target
            for c in range(classes):
                for k in range(rows + 1):
                    amount = carried[node, c, k] - share[c] * carried[node, c, k]
                    carried[node, c, k] -= amount
                    if k == rows:
                        net_mineral[node] += amount
                    else:
                        net[node, k] += amount
            deposit_mineral[node] += net_mineral[node]
            for k in range(rows):
                deposit[node, k] += net[node, k]
        for place in range(first[index], first[index + 1]):
            arriving = carried[receivers[place]]
            for c in range(classes):
                for k in range(rows + 1):
                    arriving[c, k] += weights[place] * carried[node, c, k]
