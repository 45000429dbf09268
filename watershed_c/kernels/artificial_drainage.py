"""Tiles and ditches: Hooghoudt's drain flow of a water table, exact in time between two layers."""

from __future__ import annotations

import math

from numba import njit

from watershed_c.kernels.subsurface_flow import saturated_height

#: terms of the series of the equivalent depth: the first left out is below 1e-15 from x = 0.5 on
_TERMS = 37


def equivalent_depth(spacing: float, depth: float, radius: float) -> float:
    """Hooghoudt's equivalent depth d_e, m: the flow to it is horizontal, and as large as the radial flow to the drains.

    Parameters
    ----------
    spacing : m, between drains
    depth : m, from the drains to the impermeable base; 0: drains lie on it
    radius : m, of the drains

    Notes
    -----
    van der Molen & Wesseling (1991), Agric. Water Manage. 19, 1-16, exact::

        d_e = (pi L / 8) / (ln(L / (pi r)) + F(x)),    x = 2 pi D / L
        F = sum over odd n of 4 exp(-2 n x) / (n (1 - exp(-2 n x)))        x > 0.5
        F = pi**2 / (4 x) + ln(x / (2 pi))                                 x <= 0.5

    no larger than ``depth``, which it approaches where drains lie near the base.
    """
    if depth <= 0.0:
        return 0.0
    x = 2.0 * math.pi * depth / spacing
    if x > 0.5:
        terms = (math.exp(-2.0 * n * x) / (n * -math.expm1(-2.0 * n * x)) for n in range(1, _TERMS, 2))
        series = 4.0 * sum(terms)
    else:
        series = math.pi**2 / (4.0 * x) + math.log(x / (2.0 * math.pi))
    resistance = math.log(spacing / (math.pi * radius)) + series
    return min(depth, math.pi * spacing / 8.0 / resistance) if resistance > 0.0 else depth


@njit(cache=True, nogil=True)
def hooghoudt(height, below, above):
    """Drain flow, kg m-2 yr-1, of a water table ``height`` m above the drains midway between them.

    q = (8 K_b d_e h + 4 K_a h**2) / L**2 (Hooghoudt 1940), with ``below`` = 8 K_b d_e / L**2 (kg m-3 yr-1) and
    ``above`` = 4 K_a / L**2 (kg m-4 yr-1).
    """
    return (below + above * height) * height


@njit(cache=True, nogil=True)
def lowered(height, floor, pores, below, above, most, time):
    """Let a water table fall for ``time`` (yr) at Hooghoudt's flow, at most ``most`` (kg m-2 yr-1), down to ``floor``.

    Parameters
    ----------
    height, floor : m above the drains, floor < height
    pores : kg m-2 per m, drainable water of the soil between them
    below, above : as for :func:`hooghoudt`

    Returns
    -------
    height, time : m, and yr that are left (0 unless the floor was reached)

    Notes
    -----
    pores dh/dt = -(below h + above h**2) has the solution 1/h + c = (1/h0 + c) exp(below t / pores), c = above / below;
    without flow below the drains, 1/h = 1/h0 + above t / pores.
    """
    # the height at which flow falls to what drains can carry
    if hooghoudt(height, below, above) > most:
        full = 2.0 * most / (below + math.sqrt(below * below + 4.0 * above * most))
        end = max(floor, full)
        needed = pores * (height - end) / most
        if needed >= time:
            return height - most * time / pores, 0.0
        height, time = end, time - needed
        if height <= floor:
            return floor, time
    if below > 0.0:
        ratio = above / below
        end = 1.0 / ((1.0 / height + ratio) * math.exp(below * time / pores) - ratio)
        if end >= floor:
            return end, 0.0
        return floor, time - pores / below * math.log((1.0 / floor + ratio) / (1.0 / height + ratio))
    if above > 0.0:
        end = 1.0 / (1.0 / height + above * time / pores)
        if end >= floor:
            return end, 0.0
        return floor, time - pores / above * (1.0 / floor - 1.0 / height)
    return height, 0.0


@njit(cache=True, nogil=True)
def drain(
    cells, system, level, spacing, equivalent, capacity, water, field_capacity, saturation, conductivity, thickness, h,
    drained,
):  # fmt: skip
    """Take what drains carry away over a time ``h`` from each cell that has some.

    Parameters
    ----------
    cells : (c,) int64
    system : (n,) int64
        Kind of drains of the cell: place in the four arrays after it; -1 none.
    level, spacing, equivalent : (S,) m
        Depth of the drains, distance between them, and :func:`equivalent_depth`.
    capacity : (S,) kg m-2 yr-1, most that they carry (drainage coefficient)
    water : (n, L) kg m-2, changed in place
    field_capacity, saturation : (n, L) kg m-2
    conductivity : (n, L) kg m-2 yr-1
    thickness : (L,) m
    h : yr
    drained : (n, L) kg m-2, what left each layer is added

    Notes
    -----
    The water table (:func:`~watershed_c.kernels.subsurface_flow.saturated_height`) is taken as flat and as high as
    midway between drains, as in DRAINMOD (Skaggs 1978). K_a and K_b of Hooghoudt's equation are means by thickness
    above and below the drains. The fall of the water table is exact from layer to layer (:func:`lowered`); what it sets
    free is taken from the uppermost water above field capacity.
    """
    layers = thickness.size
    for cell in cells:
        kind = system[cell]
        if kind < 0:
            continue
        bottom = thickness.sum()
        base = bottom - level[kind]  # m from the base of the profile to the drains
        height = saturated_height(water[cell], field_capacity[cell], saturation[cell], thickness) - base
        if height <= 0.0:
            continue
        over, under, top = 0.0, 0.0, 0.0
        for layer in range(layers):
            part = min(max(level[kind] - top, 0.0), thickness[layer])
            over += part * conductivity[cell, layer]
            under += (thickness[layer] - part) * conductivity[cell, layer]
            top += thickness[layer]
        squared = spacing[kind] * spacing[kind]
        above = 4.0 * over / level[kind] / squared
        below = 8.0 * under / base * equivalent[kind] / squared if base > 0.0 else 0.0
        time, top, taken = h, 0.0, 0.0
        for layer in range(layers):
            above_drains = level[kind] - top
            top += thickness[layer]
            floor = max(0.0, level[kind] - top)
            if height <= floor or above_drains <= 0.0:
                continue
            pores = (saturation[cell, layer] - field_capacity[cell, layer]) / thickness[layer]
            before = height
            height, time = lowered(height, floor, pores, below, above, capacity[kind], time)
            taken += pores * (before - height)
            if time <= 0.0:
                break
        for layer in range(layers):
            part = min(taken, max(0.0, water[cell, layer] - field_capacity[cell, layer]))
            water[cell, layer] -= part
            drained[cell, layer] += part
            taken -= part
