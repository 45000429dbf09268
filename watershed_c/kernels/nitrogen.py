"""Mineral nitrogen of every layer: what organic matter sets free, what crops take, and the acid of both."""

from __future__ import annotations

from numba import njit

#: kg mol-1, of nitrogen (IUPAC)
NITROGEN_MASS = 0.0140067
#: H+ per N fixed by legumes (Bolan et al. 1991, Plant Soil 134:53; 0.2 to 0.7; from memory, a prior)
ACID_OF_FIXATION = 0.2
#: amounts of a step, kg N m-2 of a cell: rows of ``fluxes``
MINERALISED, TAKEN, FIXED, REMOVED, WANTED = range(5)


@njit(cache=True, nogil=True)
def organic_nitrogen(cells, stocks, first_row, unit, per_carbon, plant, scale, amendment, before, released):
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
    before : bool
    released : (n, L), kg N m-2
        Nitrogen of the pools before; after the step that + what entered - what they hold. Negative: immobilised.
    """
    for cell in cells:
        u = unit[cell]
        for layer in range(stocks.shape[1]):
            held = 0.0
            entered = 0.0
            for p in range(per_carbon.shape[1]):
                held += per_carbon[u, p] * stocks[cell, layer, first_row + p]
                entered += per_carbon[u, p] * (scale[cell] * plant[u, layer, p] + amendment[u, layer, p])
            released[cell, layer] = held if before else released[cell, layer] + entered - held


@njit(cache=True, nogil=True)
def turn_over_nitrogen(
    cells, unit, crop, row, roots, brought, brought_acid, deposited, released, owed, need, need_per_yield, expected,
    fixed_share, reaped, removed_per_yield, charge_per_yield, relative, needed, taken, nitrogen, acid, fluxes,
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
        What organic matter wanted and did not find; changed in place, paid from what it sets free later.
    need : (U,), kg DM m-2
        Yield to which the need of the step belongs.
    need_per_yield, fixed_share : (C,)
        kg N per kg DM of product; share of it from the air.
    expected, relative : (n,)
        Yield of the cell per the given one before nitrogen limits it, and as it is.
    reaped : (U,), kg DM m-2
        Given yield of the seasons that end in this step, else 0.
    removed_per_yield, charge_per_yield : (U,)
        kg N and mol charge of base that leave per kg DM of product.
    needed, taken : (n,), kg N m-2
        Sums of the season; changed in place.
    nitrogen : (n, L), kg N m-2
        Mineral nitrogen, all of it taken for nitrate; changed in place.
    acid : (n, L), mol charge m-2
        The queue of strong acid, added to; of size 0 where nobody takes it.
    fluxes : (5, n), kg N m-2
        Filled: mineralised (net), taken from the soil, fixed, removed with the harvest, needed in this step.

    Notes
    -----
    H+ per mol N: that of the fertiliser when it comes; +1 mineralised (ammonium from organic matter -1, its
    nitrification +2); -1 taken up or immobilised as nitrate; +0.2 fixed; and the charge of the base that leaves with
    the harvest. A fertiliser of a H+ per N of which a share u is taken up thus leaves a - u. Uptake is from layers in
    the ratio of roots times nitrogen, and makes up for what was lacking earlier in the season.
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
        if c < 0:
            continue
        wanted = need[u] * need_per_yield[c] * expected[cell]
        needed[cell] += wanted
        fluxes[WANTED, cell] = wanted
        lacking = max(needed[cell] - taken[cell], 0.0)
        within = 0.0
        for layer in range(layers):
            within += roots[r, layer] * nitrogen[cell, layer]
        if lacking > 0.0 and within > 0.0:
            from_soil = lacking * (1.0 - fixed_share[c])
            for layer in range(layers):
                part = min(from_soil * (roots[r, layer] * nitrogen[cell, layer] / within), nitrogen[cell, layer])
                nitrogen[cell, layer] -= part
                fluxes[TAKEN, cell] += part
                if queued:
                    acid[cell, layer] -= part / NITROGEN_MASS
        if fixed_share[c] > 0.0:  # a legume fixes what it does not find
            fluxes[FIXED, cell] = max(lacking - fluxes[TAKEN, cell], 0.0)
        taken[cell] += fluxes[TAKEN, cell] + fluxes[FIXED, cell]
        harvest = reaped[u] * relative[cell]
        fluxes[REMOVED, cell] = min(harvest * removed_per_yield[u], taken[cell])
        if queued:
            rooted = 0.0
            for layer in range(layers):
                rooted += roots[r, layer]
            made = ACID_OF_FIXATION * fluxes[FIXED, cell] / NITROGEN_MASS + harvest * charge_per_yield[u]
            for layer in range(layers):
                acid[cell, layer] += made * (roots[r, layer] / rooted)
