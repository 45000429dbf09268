"""Water erosion: RUSLE potential soil loss, transport capacity, and sediment routed with everything it carries.

Sources of the equations
------------------------
Desmet & Govers 1996 (J. Soil Water Conserv. 51, 427-433), slope length on a grid; McCool et al. 1987 (Trans. ASAE 30,
1387-1396), slope steepness; McCool et al. 1989 (Trans. ASAE 32, 1571-1576), slope-length exponent; Nearing 1997 (Soil
Sci. Soc. Am. J. 61, 917-919), one continuous steepness function; Renard et al. 1997 (USDA Agriculture Handbook 703),
RUSLE; Van Oost, Govers & Desmet 2000 (Landscape Ecol. 15, 577-589) and Verstraeten, Prosser & Fogarty 2007 (J. Hydrol.
334, 440-454), transport capacity; the ``min(supply, capacity)`` routing of WaTEM/SEDEM (Van Rompaey et al. 2001, Earth
Surf. Process. Landforms 26, 1221-1236).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from watershed_c.kernels.soil_column import take_from_top

#: slope-length exponent m: grows with upslope area to 0.72 (Van Oost 2003, PhD thesis KU Leuven, as in WaTEM/SEDEM)
LENGTH_VAN_OOST_2003 = 0
#: slope-length exponent m: from the rill to interrill ratio, moderate ratio (McCool et al. 1989)
LENGTH_MCCOOL_1989 = 1
#: slope factor S: one logistic curve (Nearing 1997)
SLOPE_NEARING_1997 = 0
#: slope factor S: two straight lines that meet at 9 % (McCool et al. 1987)
SLOPE_MCCOOL_1987 = 1
#: transport capacity: potential rill erosion (Van Oost et al. 2000)
CAPACITY_VAN_OOST_2000 = 0
#: transport capacity: power law of upslope area and slope (Verstraeten et al. 2007)
CAPACITY_VERSTRAETEN_2007 = 1

#: length of the RUSLE unit plot, m (72.6 ft; Wischmeier & Smith 1978)
UNIT_PLOT_LENGTH = 22.13
#: kg m-2 per t ha-1
KG_M2_PER_T_HA = 0.1
#: share of interrill erosion a = 0.6 (Van Rompaey et al. 2001) times 6.86 of the interrill slope factor 6.86 tan^0.8
#: (Govers & Poesen 1988)
INTERRILL_COEFFICIENT = 0.6 * 6.86


@njit(cache=True, nogil=True)
def ls_factor(cells, area_in, gradient_x, gradient_y, dx, largest_area, length_code, slope_code, out):
    r"""Slope length times steepness factor of RUSLE on a grid.

    .. math::

        L = \frac{(A + D^2)^{m+1} - A^{m+1}}{D^{m+2}\, x^m\, 22.13^m}, \qquad x = |\sin a| + |\cos a|

    with A the area that enters the cell at its upslope edge, D the cell size, a the direction of flow and t the slope
    angle (Desmet & Govers 1996). The mean L of a straight slope n cells long is exactly ``(n D / 22.13)^m``.

    - Exponent m: Van Oost 2003, ``min(0.72, 0.3 + (A / 10^4 m2)^0.8)``; or McCool 1989, ``B / (1 + B)`` with
      ``B = (sin t / 0.0896) / (3 sin^0.8 t + 0.56)``.
    - S: Nearing 1997, ``-1.5 + 17 / (1 + exp(2.3 - 6.1 sin t))``; or McCool 1987, ``10.8 sin t + 0.03`` below 9 % and
      ``16.8 sin t - 0.50`` from there.

    Parameters
    ----------
    cells : (c,) int64
    area_in : (n,) m2
        Upslope area that flows INTO the cell, its own area not included (the inlet area of Desmet & Govers). Programs
        that pass the area with the cell's own half or whole, as WATEM_C and WaTEM/SEDEM do, get a larger L.
    gradient_x, gradient_y : (n,) m m-1
        Components of the surface gradient (their sign does not matter).
    dx : float, m
    largest_area : float, m2
        Cap of ``area_in``: RUSLE is for slopes, not valleys (rule 22).
    length_code, slope_code : int
        ``LENGTH_*`` and ``SLOPE_*`` of this module.
    out : (n,) dimensionless
        Written for ``cells`` only.
    """
    cell_area = dx * dx
    for node in cells:
        tangent = math.hypot(gradient_x[node], gradient_y[node])
        sine = tangent / math.sqrt(1.0 + tangent * tangent)
        width = 1.0
        if tangent > 0.0:
            width = (abs(gradient_x[node]) + abs(gradient_y[node])) / tangent
        area = min(area_in[node], largest_area)
        if length_code == LENGTH_VAN_OOST_2003:
            exponent = min(0.72, 0.3 + (area / 1.0e4) ** 0.8)
        else:
            ratio = (sine / 0.0896) / (3.0 * sine**0.8 + 0.56)
            exponent = ratio / (1.0 + ratio)
        length = ((area + cell_area) ** (exponent + 1.0) - area ** (exponent + 1.0)) / (
            dx ** (exponent + 2.0) * (width * UNIT_PLOT_LENGTH) ** exponent
        )
        if slope_code == SLOPE_NEARING_1997:
            steepness = -1.5 + 17.0 / (1.0 + math.exp(2.3 - 6.1 * sine))
        elif tangent < 0.09:
            steepness = 10.8 * sine + 0.03
        else:
            steepness = 16.8 * sine - 0.50
        out[node] = length * steepness


@njit(cache=True, nogil=True)
def potential_soil_loss(cells, erosivity, erodibility, ls, cover, practice, out):
    """RUSLE potential soil loss of the step, ``E = 0.1 R K LS C P``.

    The factor 0.1 turns t ha-1, the unit of the product, into kg m-2.

    Parameters
    ----------
    cells : (c,) int64
    erosivity : (n,) MJ mm ha-1 h-1
        R of the step (a month's share, not the annual value, in a monthly step).
    erodibility : (n,) t ha h ha-1 MJ-1 mm-1
    ls, cover, practice : (n,) dimensionless
        LS, C and P.
    out : (n,) kg m-2 of dry soil
        Written for ``cells`` only.
    """
    for node in cells:
        out[node] = KG_M2_PER_T_HA * erosivity[node] * erodibility[node] * ls[node] * cover[node] * practice[node]


@njit(cache=True, nogil=True)
def transport_capacity(
    cells,
    capacity_code,
    coefficient,
    erosivity,
    erodibility,
    ls,
    potential,
    area,
    gradient_x,
    gradient_y,
    dx,
    largest_area,
    out,
):
    r"""Sediment the flow can carry out of each cell in the step.

    Per metre of flow width, kg m-1:

    - Van Oost et al. 2000: ``T = ktc 0.1 R K (LS - 4.116 tan^0.8 t)``, and ``T = ktc E`` where the bracket is negative;
    - Verstraeten et al. 2007: ``T = ktc 0.1 R K A^1.4 tan^1.4 t``.

    The flow crosses a width ``D x``, ``x = |sin a| + |cos a|``, so that the cell passes ``T D x`` kg, or ``T x / D`` kg
    per m2 of the cell: that is what ``out`` holds.

    Parameters
    ----------
    cells : (c,) int64
    capacity_code : int
        ``CAPACITY_*`` of this module.
    coefficient : (n,)
        Transport capacity coefficient ktc: m (Van Oost) or m-1.8 (Verstraeten). Belongs to model, cell size and step.
    erosivity : (n,) MJ mm ha-1 h-1
        R of the step.
    erodibility : (n,) t ha h ha-1 MJ-1 mm-1
    ls : (n,) dimensionless
    potential : (n,) kg m-2
        E of :func:`potential_soil_loss`.
    area : (n,) m2
        Upslope area (Verstraeten only), capped at ``largest_area``.
    gradient_x, gradient_y : (n,) m m-1
    dx : float, m
    largest_area : float, m2
    out : (n,) kg m-2
        Written for ``cells`` only.
    """
    for node in cells:
        tangent = math.hypot(gradient_x[node], gradient_y[node])
        width = 1.0
        if tangent > 0.0:
            width = (abs(gradient_x[node]) + abs(gradient_y[node])) / tangent
        bare = KG_M2_PER_T_HA * erosivity[node] * erodibility[node]
        if capacity_code == CAPACITY_VAN_OOST_2000:
            rill = ls[node] - INTERRILL_COEFFICIENT * tangent**0.8
            load = bare * rill if rill >= 0.0 else potential[node]
        else:
            load = bare * min(area[node], largest_area) ** 1.4 * tangent**1.4
        out[node] = coefficient[node] * load * width / dx


@njit(cache=True, nogil=True)
def _selective_fraction(node, layer, dry, mineral, stocks, dry_mass_per_unit, enrichment):
    """Fraction f of the layer's mineral that leaves when ``dry`` kg m-2 of dry soil leave with rows at ``min(1, e f)``.

    Solves ``f mineral + sum_k d_k stock_k min(1, e_k f) = dry``, piecewise linear in f; -1 where there is no f below 1.
    """
    rows = stocks.shape[2]
    fraction = 0.0
    for _ in range(rows + 1):
        slope = mineral[node, layer]
        exhausted = 0.0
        for k in range(rows):
            content = dry_mass_per_unit[k] * stocks[node, layer, k]
            if enrichment[k] * fraction >= 1.0:
                exhausted += content
            else:
                slope += enrichment[k] * content
        update = (dry - exhausted) / slope
        if update == fraction:
            break
        fraction = update
    return fraction if fraction < 1.0 else -1.0


@njit(cache=True, nogil=True)
def _detach(node, dry, mineral, stocks, dry_mass_per_unit, enrichment, selective, taken, before):
    """Take ``dry`` kg m-2 of dry soil from the top of one column; rows are added to ``taken``.

    Layers the cut goes right through leave whole; in the layer where it ends a row leaves at ``enrichment`` times its
    mean content, at most all of it. Returns the mineral part and the part of ``dry`` that the column did not hold.
    """
    rows = stocks.shape[2]
    mass = 0.0
    for layer in range(mineral.shape[1]):
        content = mineral[node, layer]
        if content <= 0.0:
            continue
        whole = content
        for k in range(rows):
            whole += dry_mass_per_unit[k] * stocks[node, layer, k]
        if dry >= whole:
            mass += content
            dry -= whole
            continue
        fraction = dry / whole
        if selective:
            chosen = _selective_fraction(node, layer, dry, mineral, stocks, dry_mass_per_unit, enrichment)
            if chosen > 0.0:
                fraction = chosen
                for k in range(rows):
                    before[k] = stocks[node, layer, k]
                mass = take_from_top(node, mass + fraction * content, mineral, stocks, taken)
                for k in range(rows):
                    # what selectivity adds to (or, below 1, spares from) the mean cut
                    extra = min((min(1.0, enrichment[k] * fraction) - fraction) * before[k], stocks[node, layer, k])
                    stocks[node, layer, k] -= extra
                    taken[k] += extra
                return mass, 0.0
        return take_from_top(node, mass + fraction * content, mineral, stocks, taken), 0.0
    return take_from_top(node, mass, mineral, stocks, taken), dry


@njit(cache=True, nogil=True)
def route_sediment(
    order,
    receivers,
    weights,
    is_soil,
    in_depression,
    trap,
    potential,
    capacity,
    mineral,
    stocks,
    dry_mass_per_unit,
    enrichment,
    deposit_mineral,
    deposit,
    load,
    load_mineral,
    load_rows,
    eroded,
    deposited,
    net_mineral,
    net,
):
    r"""One pass in flow order that moves sediment and every constituent row with it.

    At a soil cell with inflow q, potential detachment E and capacity T (dry soil, kg m-2 of the cell): where
    ``q + E > T``, T leaves, so the cell keeps ``q - T`` when ``q > T`` and detaches only ``T - q`` otherwise; else
    ``q + E`` leaves. What is kept has the composition of the inflow and goes to the surface buffer. What is detached is
    taken from the top of the cell's own column, at its composition times ``enrichment`` (bounded by what is there):
    what travels is exactly what the donor lost.

    Dry soil = mineral + sum over rows of ``dry_mass_per_unit`` times the row.

    - A soil cell without a receiver keeps everything that enters it and detaches nothing.
    - In a depression: ``trap`` keeps everything that enters and detaches nothing; otherwise (breach) what enters passes
      whatever the capacity.
    - What enters a node that is not soil (channel, open boundary) is out of the soil: it stays in ``load``,
      ``load_mineral`` and ``load_rows`` of that node, and their sum over such nodes is the export.

    Parameters
    ----------
    order : (m,) int64
        Nodes, upstream before downstream, all soil cells among them.
    receivers : (n, R) int64
        Receiving nodes, packed to the left and ended by the first -1.
    weights : (n, R)
        Shares of the outflow; they sum to 1 where there is a receiver.
    is_soil, in_depression : (n,) bool
    trap : bool
    potential, capacity : (n,) kg m-2 of dry soil
    mineral : (n, L) kg m-2
    stocks : (n, L, K) kg m-2
        Both changed in place.
    dry_mass_per_unit : (K,) kg dry soil per unit
    enrichment : (K,) >= 0
        Content of a row in the detached soil over its content in the source layer.
    deposit_mineral : (n,), deposit : (n, K) kg m-2
        Surface buffer, added to.
    load, load_mineral : (n,), load_rows : (n, K) kg m-2
        Dry soil, mineral and rows that entered a node; zero on entry. Zero again on return at cells of ``order`` that
        are soil; at other nodes the export.
    eroded, deposited : (n,) kg m-2 of dry soil
        Out: gross detachment and gross deposition. Soil cells of ``order`` are written.
    net_mineral : (n,), net : (n, K) kg m-2
        Out: deposited minus detached, the lateral gain of the cell. Soil cells of ``order`` are written.
    """
    rows = stocks.shape[2]
    fan = receivers.shape[1]
    moving = np.zeros(rows)
    taken = np.zeros(rows)
    before = np.zeros(rows)
    selective = False
    for k in range(rows):
        if enrichment[k] != 1.0:
            selective = True
    for node in order:
        if not is_soil[node]:
            continue
        inflow = load[node]
        load[node] = 0.0
        kept = 0.0
        detach = 0.0
        if receivers[node, 0] < 0 or (trap and in_depression[node]):
            kept = 1.0
        elif inflow > capacity[node]:
            if not in_depression[node]:
                kept = 1.0 - capacity[node] / inflow
        else:
            detach = min(potential[node], capacity[node] - inflow)

        moving_mineral = load_mineral[node]
        load_mineral[node] = 0.0
        eroded[node] = 0.0
        deposited[node] = kept * inflow
        if detach > 0.0:
            whole = mineral[node, 0]
            for k in range(rows):
                whole += dry_mass_per_unit[k] * stocks[node, 0, k]
            if detach < whole and not selective:
                # the common case, a thin cut that leaves the top layer standing, in one sweep over the rows
                share = detach / whole
                removed = share * mineral[node, 0]
                mineral[node, 0] -= removed
                for k in range(rows):
                    amount = share * stocks[node, 0, k]
                    stocks[node, 0, k] -= amount
                    net[node, k] = -amount
                    moving[k] = load_rows[node, k] + amount
                    load_rows[node, k] = 0.0
            else:
                for k in range(rows):
                    taken[k] = 0.0
                removed, lacking = _detach(
                    node, detach, mineral, stocks, dry_mass_per_unit, enrichment, selective, taken, before
                )
                detach -= lacking
                for k in range(rows):
                    net[node, k] = -taken[k]
                    moving[k] = load_rows[node, k] + taken[k]
                    load_rows[node, k] = 0.0
            net_mineral[node] = -removed
            moving_mineral += removed
            eroded[node] = detach
        else:
            stays = kept * moving_mineral
            net_mineral[node] = stays
            deposit_mineral[node] += stays
            moving_mineral -= stays
            for k in range(rows):
                stays = kept * load_rows[node, k]
                deposit[node, k] += stays
                net[node, k] = stays
                moving[k] = load_rows[node, k] - stays
                load_rows[node, k] = 0.0
        outflow = inflow - deposited[node] + detach
        if kept == 1.0:
            continue
        for r in range(fan):
            target = receivers[node, r]
            if target < 0:
                break
            weight = weights[node, r]
            load[target] += weight * outflow
            load_mineral[target] += weight * moving_mineral
            for k in range(rows):
                load_rows[target, k] += weight * moving[k]
