"""Net carbon balance of peat: what it takes from the column, and how far the surface sinks."""

from __future__ import annotations

from numba import njit

#: kg C m-3 yr-1 and kg C m-2 yr-1: net carbon loss = SLOPE x mean depth of the water table + INTERCEPT. Evans et al.
#: 2021: 0.1341 t CO2-C ha-1 yr-1 per cm, -1.73 t CO2-C ha-1 yr-1, quoted at second hand; the slope agrees with their
#: abstract (4.9 t CO2 per 10 cm; at least 3 t CO2e, methane included).
SLOPE, INTERCEPT = 1.341, -0.173
#: kg CO2-C m-2 yr-1 lost from drained organic soils by land use: Tier 1 of the IPCC 2013 Wetlands Supplement, chapter 2
IPCC = {
    "cropland": 0.79,
    "grassland-boreal": 0.57,
    "grassland-deep-drained": 0.61,
    "grassland-shallow-drained": 0.36,
    "forest-temperate": 0.26,
    "forest-boreal-rich": 0.093,
    "forest-boreal-poor": 0.025,
    "extraction": 0.28,
}
#: kg CH4 m-2 yr-1 from drained organic soils by land use, without ditches: Tier 1 of the IPCC 2013 Wetlands Supplement,
#: table 2.3. Forest-temperate, grassland-deep-drained and extraction were compared with an inventory that cites it; the
#: others are from memory
METHANE_DRAINED = {
    "cropland": 0.0,
    "grassland-boreal": 1.4e-4,
    "grassland-deep-drained": 16.0e-4,
    "grassland-shallow-drained": 39.0e-4,
    "forest-temperate": 2.5e-4,
    "forest-boreal-rich": 2.0e-4,
    "forest-boreal-poor": 7.0e-4,
    "extraction": 6.1e-4,
}
#: kg CH4 m-2 yr-1 from rewetted organic soils: Tier 1, table 3.3 (216, 92, 137 and 41 kg CH4-C ha-1 yr-1). Those of
#: temperate peat were compared with an inventory, those of boreal peat are from memory
METHANE_REWETTED = {
    "temperate-rich": 216.0e-4 * 16.0 / 12.0,
    "temperate-poor": 92.0e-4 * 16.0 / 12.0,
    "boreal-rich": 137.0e-4 * 16.0 / 12.0,
    "boreal-poor": 41.0e-4 * 16.0 / 12.0,
}
#: m, mean depth of the water table down to which peat counts as wet: a prior, 0.1 to 0.3
WET_DEPTH = 0.20
#: kg CO2e per kg of methane that is not fossil, over 100 years (IPCC 2021, AR6 WG1 table 7.15)
METHANE_WARMING = 27.0


@njit(cache=True, nogil=True)
def exchange_peat(
    cells, loss_rate, depth, layer_top, layer_bottom, density, first_row, pools, slowest, dt, stocks, gained, raised
):  # fmt: skip
    """Debit the net carbon loss of ``cells`` from the peat above the water table, or credit a gain to the top layer.

    A loss is taken at one relative rate from every pool of the carbon above the water table, and is never more than
    that carbon. A gain goes to the pools of the top layer in proportion; to ``slowest`` where they are empty.

    Parameters
    ----------
    cells : int64 (c)
    loss_rate : float64 (n), kg C m-2 yr-1
        Net loss; negative: a gain.
    depth : float64 (n), m
        Of the water table.
    layer_top, layer_bottom : float64 (L), m
    density : float64 (n, L), kg C m-3
        Carbon in a volume of peat. Where it is 0 nothing sinks or rises.
    first_row, pools : int
        The pools are rows ``first_row`` to ``first_row + pools - 1``.
    slowest : int
        Row of the pool that new peat enters where there is none.
    dt : float, yr
    stocks : float64 (n, L, K), kg C m-2
        Changed in place.
    gained : float64 (n), kg C m-2
        Overwritten: what the column gained; negative: lost.
    raised : float64 (n), m
        Overwritten: how far the surface rose; negative: sank.
    """
    layers = layer_top.size
    for cell in cells:
        amount = loss_rate[cell] * dt
        gained[cell] = 0.0
        raised[cell] = 0.0
        if amount <= 0.0:
            held = 0.0
            for p in range(pools):
                held += stocks[cell, 0, first_row + p]
            if held > 0.0:
                for p in range(pools):
                    stocks[cell, 0, first_row + p] *= 1.0 - amount / held
            else:
                stocks[cell, 0, slowest] -= amount
            gained[cell] = -amount
            if density[cell, 0] > 0.0:
                raised[cell] = -amount / density[cell, 0]
            continue
        exposed = 0.0
        for layer in range(layers):
            share = (depth[cell] - layer_top[layer]) / (layer_bottom[layer] - layer_top[layer])
            share = min(1.0, max(0.0, share))
            for p in range(pools):
                exposed += share * stocks[cell, layer, first_row + p]
        if exposed <= 0.0:
            continue
        rate = min(1.0, amount / exposed)
        for layer in range(layers):
            share = (depth[cell] - layer_top[layer]) / (layer_bottom[layer] - layer_top[layer])
            share = rate * min(1.0, max(0.0, share))
            taken = 0.0
            for p in range(pools):
                part = share * stocks[cell, layer, first_row + p]
                stocks[cell, layer, first_row + p] -= part
                taken += part
            gained[cell] -= taken
            if density[cell, layer] > 0.0:
                raised[cell] -= taken / density[cell, layer]
