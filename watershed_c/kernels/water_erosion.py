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
from typing import Any, NamedTuple

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
def potential_soil_loss(cells, erosivity, erodibility, ls, unit, cover, practice, out):
    """RUSLE potential soil loss of the step, ``E = 0.1 R K LS C P``.

    The factor 0.1 turns t ha-1, the unit of the product, into kg m-2.

    Parameters
    ----------
    cells : (c,) int64
    erosivity : (n,) MJ mm ha-1 h-1
        R of the step (a month's share, not the annual value, in a monthly step).
    erodibility : (n,) t ha h ha-1 MJ-1 mm-1
    ls : (n,) dimensionless
    unit : (n,) int64
    cover, practice : (U,) dimensionless
        C and P of each unit.
    out : (n,) kg m-2 of dry soil
        Written for ``cells`` only.
    """
    for node in cells:
        land = unit[node]
        out[node] = KG_M2_PER_T_HA * erosivity[node] * erodibility[node] * ls[node] * cover[land] * practice[land]


@njit(cache=True, nogil=True)
def capacity_of_terrain(cells, capacity_code, ls, area, gradient_x, gradient_y, dx, largest_area, out):
    r"""What the terrain contributes to transport capacity: does not change until water is routed anew.

    Per metre of flow width the capacity is, kg m-1:

    - Van Oost et al. 2000: ``T = ktc 0.1 R K (LS - 4.116 tan^0.8 t)``, and ``T = ktc E`` where the bracket is negative;
    - Verstraeten et al. 2007: ``T = ktc 0.1 R K A^1.4 tan^1.4 t``.

    The flow crosses a width ``D x``, ``x = |sin a| + |cos a|``, so that the cell passes ``T D x`` kg, or ``T x / D`` kg
    per m2 of the cell.

    Parameters
    ----------
    cells : (c,) int64
    capacity_code : int
        ``CAPACITY_*`` of this module.
    ls : (n,) dimensionless
    area : (n,) m2
        Upslope area (Verstraeten only), capped at ``largest_area``.
    gradient_x, gradient_y : (n,) m m-1
    dx : float, m
    largest_area : float, m2
    out : (n,) m-1 (Van Oost) or m1.8 (Verstraeten)
        The bracket, or the powers of area and slope, times ``x / D``; ``-x / D`` where the bracket is negative.
        Written for ``cells`` only.
    """
    for node in cells:
        tangent = math.hypot(gradient_x[node], gradient_y[node])
        width = 1.0
        if tangent > 0.0:
            width = (abs(gradient_x[node]) + abs(gradient_y[node])) / tangent
        if capacity_code == CAPACITY_VAN_OOST_2000:
            factor = ls[node] - INTERRILL_COEFFICIENT * tangent**0.8
            if factor < 0.0:
                factor = -1.0
        else:
            factor = min(area[node], largest_area) ** 1.4 * tangent**1.4
        out[node] = factor * width / dx


@njit(cache=True, nogil=True)
def transport_capacity(cells, terrain, erosivity, erodibility, unit, coefficient, potential, out):
    """Sediment the flow can carry out of each cell in the step.

    Parameters
    ----------
    cells : (c,) int64
    terrain : (n,)
        Of :func:`capacity_of_terrain`.
    erosivity : (n,) MJ mm ha-1 h-1
        R of the step.
    erodibility : (n,) t ha h ha-1 MJ-1 mm-1
    unit : (n,) int64
    coefficient : (U,)
        Transport capacity coefficient ktc of each unit: m (Van Oost) or m-1.8 (Verstraeten). Belongs to model, cell
        size and step.
    potential : (n,) kg m-2
        E of :func:`potential_soil_loss`.
    out : (n,) kg m-2
        Written for ``cells`` only.
    """
    for node in cells:
        if terrain[node] < 0.0:
            load = -potential[node] * terrain[node]
        else:
            load = KG_M2_PER_T_HA * erosivity[node] * erodibility[node] * terrain[node]
        out[node] = coefficient[unit[node]] * load


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
def _bound_by_soil(cells, mineral, stocks, dry_mass_per_unit, potential):
    """Detach no more dry soil than the column of a cell holds."""
    for node in cells:
        if potential[node] <= mineral[node, 0]:
            continue
        whole = 0.0
        for layer in range(mineral.shape[1]):
            whole += mineral[node, layer]
            for k in range(stocks.shape[2]):
                whole += dry_mass_per_unit[k] * stocks[node, layer, k]
        # a hair more, so that round-off leaves nothing behind
        potential[node] = min(potential[node], whole * (1.0 + 1e-14))


@njit(cache=True, nogil=True)
def _route_dry(
    order, first, receivers, weights, is_soil, in_depression, trap, kept, potential, capacity, load, eroded, passing
):  # fmt: skip
    """Dry soil that enters each node, that each cell detaches, and the share of what enters that passes it."""
    for index in range(order.size):
        node = order[index]
        if not is_soil[node]:
            continue
        inflow = load[node]
        share = 1.0
        detach = 0.0
        if first[index] == first[index + 1] or (trap and in_depression[node]):
            share = 0.0
        elif kept.size > 0 and kept[node] >= 0.0:
            share = 1.0 - kept[node]
        elif inflow > capacity[node]:
            if not in_depression[node]:
                share = capacity[node] / inflow
        else:
            detach = min(potential[node], capacity[node] - inflow)
        passing[node] = share
        eroded[node] = detach
        if share == 0.0:
            continue
        outflow = share * inflow + detach
        for place in range(first[index], first[index + 1]):
            load[receivers[place]] += weights[place] * outflow


@njit(cache=True, nogil=True)
def _take_up(
    cells, mineral, stocks, dry_mass_per_unit, enrichment, follows, ratio, eroded, carried, net_mineral, net
):  # fmt: skip
    """Take what is detached from the top of each column: the first load of the cell, and what it loses."""
    rows = stocks.shape[2]
    taken = np.zeros(rows)
    before = np.zeros(rows)
    chosen = np.zeros(rows)
    selective = False
    for k in range(rows):
        chosen[k] = enrichment[k]
        if enrichment[k] != 1.0 or follows[k]:
            selective = True
    for node in cells:
        detach = eroded[node]
        whole = mineral[node, 0]
        for k in range(rows):
            whole += dry_mass_per_unit[k] * stocks[node, 0, k]
        if detach <= 0.0 or (detach < whole and not selective):
            # the common case, a thin cut that leaves the top layer standing, in one sweep over the rows
            share = detach / whole if detach > 0.0 else 0.0
            removed = share * mineral[node, 0]
            mineral[node, 0] -= removed
            for k in range(rows):
                amount = share * stocks[node, 0, k]
                stocks[node, 0, k] -= amount
                carried[node, k] = amount
                net[node, k] = -amount
        else:
            for k in range(rows):
                taken[k] = 0.0
                if follows[k]:
                    chosen[k] = enrichment[k] * ratio[node]
            removed, lacking = _detach(
                node, detach, mineral, stocks, dry_mass_per_unit, chosen, selective, taken, before
            )
            eroded[node] = detach - lacking
            for k in range(rows):
                carried[node, k] = taken[k]
                net[node, k] = -taken[k]
        carried[node, rows] = removed
        net_mineral[node] = -removed


@njit(cache=True, nogil=True)
def _mineralise(cells, rows, share, carried, net, mineralised):
    """Turn a share of rows into CO2 as they set out: it is neither carried nor a lateral loss of the cell."""
    for node in cells:
        for k in rows:
            lost = share * carried[node, k]
            carried[node, k] -= lost
            net[node, k] += lost
            mineralised[node, k] = -lost


@njit(cache=True, nogil=True)
def _carry(order, first, receivers, weights, is_soil, passing, carried):
    """Pass the share of what a cell carries that it does not keep to its receivers."""
    columns = carried.shape[1]
    leaving = np.empty(columns)
    for index in range(order.size):
        node = order[index]
        if not is_soil[node] or passing[node] == 0.0:
            continue
        for k in range(columns):
            leaving[k] = passing[node] * carried[node, k]
        for place in range(first[index], first[index + 1]):
            target = receivers[place]
            for k in range(columns):
                carried[target, k] += weights[place] * leaving[k]


@njit(cache=True, nogil=True)
def _lay_down(cells, load, carried, deposit_mineral, deposit, deposited, net_mineral, net):
    """Lay what each cell keeps in its surface buffer; ``deposited`` holds the share that passes on entry."""
    rows = net.shape[1]
    for node in cells:
        passing = deposited[node]
        deposited[node] = load[node] - passing * load[node]
        if passing < 1.0:
            # the difference, for the ledger: to the last digit what does not leave
            net_mineral[node] = carried[node, rows] - passing * carried[node, rows]
            deposit_mineral[node] += net_mineral[node]
            for k in range(rows):
                net[node, k] = carried[node, k] - passing * carried[node, k]
                deposit[node, k] += net[node, k]


class Selectivity(NamedTuple):
    """Content of each row in detached soil over its content in the source layer, bounded by what is there.

    Attributes
    ----------
    enrichment : (K,) >= 0
    follows : (K,) bool
        Rows whose enrichment is that times the ``ratio`` of the cell.
    ratio : (n,) >= 0
        Of size 0 where no row follows it.
    judge : callable or None
        Called once it is known how much each cell detaches, to write ``ratio``.
    """

    enrichment: np.ndarray
    follows: np.ndarray
    ratio: np.ndarray
    judge: Any = None

    @classmethod
    def constant(cls, enrichment: np.ndarray) -> Selectivity:
        """The same ratios in all cells."""
        return cls(enrichment, np.zeros(enrichment.size, dtype=np.bool_), np.zeros(0))


#: of a network without buffers
NOTHING_KEPT = np.zeros(0)


class Transit(NamedTuple):
    """Mineralisation of what moves: ``share`` (0-1) of ``rows`` (r,) int64 as they are detached.

    ``mineralised`` (n, K) kg m-2 is written for these rows: negative, as a gain of the cell.
    """

    rows: np.ndarray
    share: float
    mineralised: np.ndarray


def route_sediment(
    over_cells,
    cells,
    order,
    first,
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
    selectivity,
    deposit_mineral,
    deposit,
    load,
    carried,
    eroded,
    deposited,
    net_mineral,
    net,
    transit=None,
    kept=NOTHING_KEPT,
):
    r"""Move sediment and every constituent row with it down the network.

    At a soil cell with inflow q, potential detachment E and capacity T (dry soil, kg m-2 of the cell): where
    ``q + E > T``, T leaves, so the cell keeps ``q - T`` when ``q > T`` and detaches only ``T - q`` otherwise; else
    ``q + E`` leaves. What is kept has the composition of the inflow and goes to the surface buffer. What is detached is
    taken from the top of the cell's own column, at its composition times the enrichment (bounded by what is there):
    what travels is exactly what the donor lost.

    Dry soil = mineral + sum over rows of ``dry_mass_per_unit`` times the row. It alone decides what is detached and
    kept, so it is routed first, and all cells take up their soil together before the rows are.

    - A soil cell without a receiver keeps everything that enters it and detaches nothing.
    - In a depression: ``trap`` keeps everything that enters and detaches nothing; otherwise (breach) what enters passes
      whatever the capacity.
    - The outlet of a buffer keeps its share of what enters, passes the rest whatever the capacity, detaches nothing.
    - What enters a node that is not soil (channel, open boundary) is out of the soil: it stays in ``load`` and
      ``carried`` of that node, and their sum over such nodes is the export.

    Parameters
    ----------
    over_cells : callable
        Runs a cell-local kernel: called with it, ``cells`` and its other arguments.
    cells : (c,) int64
        Soil cells.
    order : (m,) int64
        Nodes, upstream before downstream, all soil cells among them.
    first : (m + 1,) int64, receivers : (r,) int64, weights : (r,)
        Receivers of each node of ``order`` and their shares of its outflow (:mod:`watershed_c.kernels.flow_routing`).
    is_soil, in_depression : (n,) bool
    trap : bool
    potential, capacity : (n,) kg m-2 of dry soil
        The potential is brought down to what the column holds.
    mineral : (n, L) kg m-2
    stocks : (n, L, K) kg m-2
        Both changed in place.
    dry_mass_per_unit : (K,) kg dry soil per unit
    selectivity : Selectivity
        Enrichment of the rows in detached soil.
    deposit_mineral : (n,), deposit : (n, K) kg m-2
        Surface buffer, added to.
    load : (n,), carried : (n, K + 1) kg m-2
        Dry soil that enters a node; rows and, last, mineral that it carries. Zero on entry: ``load`` everywhere,
        ``carried`` at nodes that are not soil. There the export on return.
    eroded, deposited : (n,) kg m-2 of dry soil
        Out: gross detachment and gross deposition of ``cells``.
    net_mineral : (n,), net : (n, K) kg m-2
        Out: deposited minus detached, the lateral gain of ``cells``; what is mineralised is not in it.
    transit : Transit or None
        What is mineralised as it sets out.
    kept : (n,), or (0,) where there are no buffers
        Share that the outlets of buffers keep; -1 elsewhere.
    """
    network = order, first, receivers, weights, is_soil
    over_cells(_bound_by_soil, cells, mineral, stocks, dry_mass_per_unit, potential)
    _route_dry(*network, in_depression, trap, kept, potential, capacity, load, eroded, deposited)
    if selectivity.judge is not None:
        selectivity.judge()
    over_cells(
        _take_up, cells, mineral, stocks, dry_mass_per_unit, selectivity.enrichment, selectivity.follows,
        selectivity.ratio, eroded, carried, net_mineral, net,
    )  # fmt: skip
    if transit is not None:
        over_cells(_mineralise, cells, transit.rows, transit.share, carried, net, transit.mineralised)
    _carry(*network, deposited, carried)
    over_cells(_lay_down, cells, load, carried, deposit_mineral, deposit, deposited, net_mineral, net)
