"""Mineral nitrogen of every layer: what organic matter sets free, what crops take, and the acid of both."""

from __future__ import annotations

import math

from numba import njit

#: kg mol-1, of nitrogen (IUPAC)
NITROGEN_MASS = 0.0140067
#: H+ per N fixed by legumes (Bolan et al. 1991, Plant Soil 134:53; 0.2 to 0.7; from memory, a prior)
ACID_OF_FIXATION = 0.2
#: d-1 per mg of nitrate N in a kg of soil: share of the nitrate of a rooted, moist layer that roots can take in a day
#: per its concentration (KNO3 of APSIM's plant modules; the equation is theirs, the value from memory, a prior)
ROOT_UPTAKE = 0.02
#: denitrification of CERES (Godwin & Jones 1991; DSSAT, Denit_Ceres): d-1 per mg of water-soluble carbon in a kg of
#: soil, which is 24.5 mg kg-1 and 0.0031 of the organic carbon (Rolston et al. 1980)
DENITRIFICATION_RATE, SOLUBLE_CARBON, SOLUBLE_SHARE = 6e-4, 24.5, 0.0031
#: factor of temperature 0.1 exp(0.046 T), at most 1, and none below 5 degC (as there)
COLDEST_DENITRIFICATION = 5.0
DAYS = 365.25
#: amounts of a step, kg N m-2 of a cell: rows of ``fluxes``, and what tables call them
WANTED, TAKEN, FIXED, MINERALISED, REMOVED, PERCOLATED, DRAINED, DENITRIFIED, LOST_BELOW = range(9)
FLUXES = (
    "needed", "taken_up", "fixed", "mineralised", "removed", "percolated", "drained", "denitrified",
    "denitrified_below",
)  # fmt: skip


@njit(cache=True, nogil=True)
def organic_nitrogen(
    cells, stocks, first_row, unit, per_carbon, plant, scale, input_scale, amendment, before, released, returned
):  # fmt: skip
    """Nitrogen that the pools of a cell held before a step (``before``), then what they set free in it.

    Parameters
    ----------
    cells : (c,) int64
    stocks : (n, L, K), kg C m-2
        Pools in rows ``first_row`` on.
    unit : (n,) int64
    per_carbon : (U, P), kg N per kg C
        Of each pool.
    plant, amendment : (U, L, P), kg C m-2
        What entered in the step, the first times ``scale (n)``.
    input_scale : (n,)
        Part of ``scale`` that makes input fit the carbon found, not the yield.
    before : bool
    released : (n, L), kg N m-2
        Nitrogen of the pools before; after the step that + what entered - what they hold. Negative: immobilised.
    returned : (n,), kg N m-2
        After the step what entered is added, of plants per ``input_scale``.
    """
    for cell in cells:
        u = unit[cell]
        by_yield = scale[cell] / input_scale[cell] if input_scale[cell] > 0.0 else 0.0
        for layer in range(stocks.shape[1]):
            held = 0.0
            grown = 0.0
            brought = 0.0
            for p in range(per_carbon.shape[1]):
                held += per_carbon[u, p] * stocks[cell, layer, first_row + p]
                grown += per_carbon[u, p] * plant[u, layer, p]
                brought += per_carbon[u, p] * amendment[u, layer, p]
            if before:
                released[cell, layer] = held
            else:
                released[cell, layer] += scale[cell] * grown + brought - held
                returned[cell] += by_yield * grown + brought


@njit(cache=True, nogil=True)
def turn_over_nitrogen(
    cells, unit, crop, row, roots, brought, brought_acid, deposited, released, owed, need, need_per_yield, expected,
    fixed_share, reaped, kept_per_yield, straw_per_yield, charge_per_yield, relative, green, mineral, water,
    wilting_point, field_capacity, dt, manured, settled, returned, needed, taken, reach, nitrogen, acid, fluxes,
):  # fmt: skip
    """Add, mineralise and take up the mineral nitrogen of a step, and queue the acid of it.

    Parameters
    ----------
    cells : (c,) int64
    unit : (n,) int64
    crop : (U,) int64
        Row of what crops need; -1: none stands.
    row, roots : (n,) int64, (R, L)
        Share of the uptake of water by layer, and the row of it that each cell has.
    brought, brought_acid : (U,), kg N m-2
        Mineral nitrogen, and that times the H+ it sets free per N on its way to nitrate. It lies in the top layer.
    deposited : float, kg N m-2
        From the air, ammonium and nitrate in equal parts.
    released : (n, L), kg N m-2
        Set free by organic matter; negative: wanted by it.
    owed : (n, L), kg N m-2
        What organic matter wanted and did not find; changed in place, paid from what it sets free later. Negative: what
        it has too much of, set free in the next step.
    need : (U,), kg DM m-2
        Yield to which the need of the step belongs.
    need_per_yield, fixed_share : (C,)
        kg N per kg DM of product; share of it from the air.
    expected, relative : (n,)
        Yield of the cell per the given one before nitrogen limits it, and as it is.
    reaped : (U,), kg DM m-2
        Given yield of the seasons that end in this step, else 0.
    kept_per_yield, straw_per_yield, charge_per_yield : (U,)
        kg N in all that stays of the plant were no straw taken, kg N in straw that leaves, and mol charge of base that
        leaves, per kg DM of product.
    green : (U,), 0-1
        Share of the ground under green leaves of the crop.
    mineral, water, wilting_point, field_capacity : (n, L), kg m-2
        Of the soil now.
    dt : float, yr
    manured : (U,), kg N m-2
        Organic nitrogen that manure brings in the step.
    settled : bool
        Whether yields follow nitrogen, so that what came back of a season is made what the crop had, when it ends.
    returned : (n,), kg N m-2
        What entered the pools since the last harvest, by their ratios; changed in place.
    needed, taken : (n,), kg N m-2
        Sums of the season; changed in place, none after its end.
    reach : (n, L), kg N m-2
        Work: overwritten with what roots can take of each layer.
    nitrogen : (n, L), kg N m-2
        Mineral nitrogen, all of it taken for nitrate; changed in place.
    acid : (n, L), mol charge m-2
        The queue of strong acid, added to; of size 0 where nobody takes it.
    fluxes : (9, n), kg N m-2
        Filled in it: needed in this step, taken from the soil, fixed, mineralised (net), removed with the harvest.

    Notes
    -----
    H+ per mol N: that of the fertiliser when it comes; +1 mineralised (ammonium from organic matter -1, its
    nitrification +2); -1 taken up or immobilised as nitrate; +0.2 fixed; and the charge of the base that leaves with
    the harvest. A fertiliser of a H+ per N of which a share u is taken up thus leaves a - u.

    Uptake is what the season still lacks, at most what roots reach, of layers in the ratio of that. Roots of a layer
    take nitrate at the rate ``ROOT_UPTAKE f g c N``, c its concentration, f available water over its capacity, g green
    cover (roots work as leaves do), so that in a time t they reach ``N a / (1 + a)`` with ``a = ROOT_UPTAKE f g c t``:
    of thin solutions little.

    What leaves with the harvest is what was taken less what stays: residues keep their content of nitrogen, the
    product has the rest. Pools have nitrogen in fixed ratios to carbon; where less (more) than that came back since the
    last harvest, of the crop and in manure, organic matter is owed (sets free) the difference.
    """
    layers = nitrogen.shape[1]
    queued = acid.size > 0
    for cell in cells:
        u = unit[cell]
        c = crop[u]
        r = row[cell]
        nitrogen[cell, 0] += brought[u] + deposited
        if queued:
            acid[cell, 0] += (brought_acid[u] + deposited) / NITROGEN_MASS
        total = 0.0
        for layer in range(layers):
            free = released[cell, layer] - owed[cell, layer]
            owed[cell, layer] = max(-free - nitrogen[cell, layer], 0.0)
            free += owed[cell, layer]
            nitrogen[cell, layer] = max(nitrogen[cell, layer] + free, 0.0)
            total += free
            if queued:
                acid[cell, layer] += free / NITROGEN_MASS
        fluxes[MINERALISED, cell] = total
        for flux in (TAKEN, FIXED, REMOVED, WANTED):
            fluxes[flux, cell] = 0.0
        returned[cell] -= manured[u]
        if c < 0:
            continue
        wanted = need[u] * need_per_yield[c] * expected[cell]
        needed[cell] += wanted
        fluxes[WANTED, cell] = wanted
        lacking = max(needed[cell] - taken[cell], 0.0)
        if lacking > 0.0:
            within = 0.0
            for layer in range(layers):
                reach[cell, layer] = 0.0
                soil = mineral[cell, layer]
                if roots[r, layer] > 0.0 and soil > 0.0:
                    held = field_capacity[cell, layer] - wilting_point[cell, layer]
                    moist = (water[cell, layer] - wilting_point[cell, layer]) / held if held > 0.0 else 1.0
                    concentration = 1e6 * nitrogen[cell, layer] / soil
                    a = ROOT_UPTAKE * min(max(moist, 0.0), 1.0) * green[u] * concentration * (DAYS * dt)
                    reach[cell, layer] = nitrogen[cell, layer] * (a / (1.0 + a))
                    within += reach[cell, layer]
            wanted_share = min(lacking * (1.0 - fixed_share[c]) / within, 1.0) if within > 0.0 else 0.0
            for layer in range(layers):
                part = wanted_share * reach[cell, layer]
                nitrogen[cell, layer] -= part
                fluxes[TAKEN, cell] += part
                if queued:
                    acid[cell, layer] -= part / NITROGEN_MASS
        if fixed_share[c] > 0.0:  # a legume fixes what it does not find
            fluxes[FIXED, cell] = max(lacking - fluxes[TAKEN, cell], 0.0)
        taken[cell] += fluxes[TAKEN, cell] + fluxes[FIXED, cell]
        harvest = reaped[u] * relative[cell]
        rooted = 0.0
        for layer in range(layers):
            rooted += roots[r, layer]
        if reaped[u] > 0.0:
            product = max(taken[cell] - harvest * kept_per_yield[u], 0.0)
            fluxes[REMOVED, cell] = min(product + harvest * straw_per_yield[u], taken[cell])
            if settled:
                lean = returned[cell] - (taken[cell] - fluxes[REMOVED, cell])
                for layer in range(layers):
                    owed[cell, layer] += lean * (roots[r, layer] / rooted)
            returned[cell], needed[cell], taken[cell] = 0.0, 0.0, 0.0
        if queued:
            made = ACID_OF_FIXATION * fluxes[FIXED, cell] / NITROGEN_MASS + harvest * charge_per_yield[u]
            for layer in range(layers):
                acid[cell, layer] += made * (roots[r, layer] / rooted)


@njit(cache=True, nogil=True)
def denitrify(
    cells, stocks, first_row, last_row, mineral, water, field_capacity, saturation, temperature, layer_temperature, dt,
    nitrogen, acid, lost,
):  # fmt: skip
    """Turn nitrate into gas where a layer holds more water than at field capacity.

    Parameters
    ----------
    cells : (c,) int64
    stocks : (n, L, K), kg C m-2
        Organic carbon in rows ``first_row`` to before ``last_row``.
    mineral, water, field_capacity, saturation : (n, L), kg m-2
    temperature : (n,), degC
        Of the air; that of the layers is ``layer_temperature (L)`` more.
    dt : float, yr
    nitrogen : (n, L), kg N m-2
        Changed in place.
    acid : (n, L), mol charge m-2
        The queue, of which each nitrate takes one H+; of size 0 where nobody takes it.
    lost : (n,), kg N m-2
        Overwritten with what is gone.

    Notes
    -----
    ``dN/dt = -k (24.5 + 0.0031 C) f(W) f(T) N``, C mg of organic carbon in a kg of soil, ``f(W)`` linear from 0 at
    field capacity to 1 at saturation, ``f(T) = 0.1 exp(0.046 T)``; exact for constant water.
    """
    for cell in cells:
        lost[cell] = 0.0
        for layer in range(nitrogen.shape[1]):
            above = water[cell, layer] - field_capacity[cell, layer]
            warm = temperature[cell] + layer_temperature[layer]
            if above <= 0.0 or warm < COLDEST_DENITRIFICATION or mineral[cell, layer] <= 0.0:
                continue
            pores = saturation[cell, layer] - field_capacity[cell, layer]
            wet = min(above / pores, 1.0) if pores > 0.0 else 1.0
            organic = 0.0
            for k in range(first_row, last_row):
                organic += stocks[cell, layer, k]
            soluble = SOLUBLE_CARBON + SOLUBLE_SHARE * (1e6 * organic / mineral[cell, layer])
            rate = DENITRIFICATION_RATE * soluble * wet * min(0.1 * math.exp(0.046 * warm), 1.0)
            gone = -nitrogen[cell, layer] * math.expm1(-rate * (DAYS * dt))
            nitrogen[cell, layer] = max(nitrogen[cell, layer] - gone, 0.0)
            lost[cell] += gone
            if acid.size > 0:
                acid[cell, layer] -= gone / NITROGEN_MASS


@njit(cache=True, nogil=True)
def denitrify_below(cells, share, before, groundwater, baseflow, groundwater_nitrogen, leached, percolated, lost):
    """Take a share of what percolated into the groundwater as gas, of what stayed there and of what went on.

    Parameters
    ----------
    cells : (c,) int64
    share : float, 0 to 1
    before : (n,), kg N m-2
        In the groundwater before water moved.
    groundwater, baseflow : (n,), kg m-2
        At the end of the step, and what left in it.
    groundwater_nitrogen, leached : (n,), kg N m-2
        In the groundwater, and to the stream in this step; changed in place.
    percolated, lost : (n,), kg N m-2
        Filled: what came in, and the share of it that is gone.
    """
    for cell in cells:
        came = max(groundwater_nitrogen[cell] + leached[cell] - before[cell], 0.0)
        volume = groundwater[cell] + baseflow[cell]
        leaving = baseflow[cell] / volume if volume > 0.0 else 0.0
        gone = share * came
        percolated[cell] = came
        lost[cell] = gone
        leached[cell] -= gone * leaving
        groundwater_nitrogen[cell] = max(groundwater_nitrogen[cell] - gone * (1.0 - leaving), 0.0)


@njit(cache=True, nogil=True)
def add_by_unit(cells, unit, amounts, sums):
    """Add amounts (F, n) of cells to those (Q >= F, U) of their units; in the order of cells, in one thread."""
    for cell in cells:
        for f in range(amounts.shape[0]):
            sums[f, unit[cell]] += amounts[f, cell]


@njit(cache=True, nogil=True)
def residue_nitrogen(
    cells, stocks, residue, first_row, unit, per_carbon, laid, scale, input_scale, before, held, released, returned
):  # fmt: skip
    """Nitrogen of the pools of a cell and of what lies on it before a step of the surface, then what was set free.

    Parameters
    ----------
    cells : (c,) int64
    stocks : (n, L, K), residue : (n, P), kg C m-2
        Pools of the soil in rows ``first_row`` on, and of the surface.
    unit : (n,) int64
    per_carbon : (U, P), kg N per kg C
    laid : (U, 2, 2, P), kg C m-2
        What comes to the surface in the step: by when, and by whether plants made it (0, times ``scale (n)``) or it was
        brought.
    input_scale : (n,)
        As of :func:`organic_nitrogen`.
    before : bool
    held : (n,), kg N m-2
        Filled before the step, read after it.
    released : (n, L), returned : (n,), kg N m-2
        After the step what was set free is added, to that of the uppermost layer, and what came.

    Notes
    -----
    Carbon that goes from the surface into a layer takes its nitrogen with it; what residues, and the part of them that
    animals respire, set free or want is that of the uppermost layer.
    """
    for cell in cells:
        u = unit[cell]
        total = 0.0
        for p in range(per_carbon.shape[1]):
            carbon = residue[cell, p]
            for layer in range(stocks.shape[1]):
                carbon += stocks[cell, layer, first_row + p]
            total += per_carbon[u, p] * carbon
        if before:
            held[cell] = total
            continue
        by_yield = scale[cell] / input_scale[cell] if input_scale[cell] > 0.0 else 0.0
        grown = 0.0
        brought = 0.0
        for when in range(2):
            for p in range(per_carbon.shape[1]):
                grown += per_carbon[u, p] * laid[u, when, 0, p]
                brought += per_carbon[u, p] * laid[u, when, 1, p]
        released[cell, 0] += held[cell] + scale[cell] * grown + brought - total
        returned[cell] += by_yield * grown + brought
