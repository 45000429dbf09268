"""The sediment pass: what water detaches, passes on and lays down, with every constituent that soil carries.

The ``min(supply, capacity)`` routing of WaTEM/SEDEM (Van Rompaey et al. 2001, Earth Surf. Process. Landforms 26,
1221-1236), conservative for the column it takes from and for all that it carries.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from watershed_c.kernels.prefetch import AHEAD, LINE, prefetch
from watershed_c.kernels.soil_column import take_from_top


@njit(cache=True, nogil=True, error_model="numpy")
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


@njit(cache=True, nogil=True, error_model="numpy")
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


@njit(cache=True, nogil=True, error_model="numpy")
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


@njit(cache=True, nogil=True, error_model="numpy")
def route_dry(
    order, first, receivers, weights, is_soil, in_depression, trap, kept, potential, capacity, load, eroded, passing
):  # fmt: skip
    """Dry soil that enters each node, that each cell detaches, and the share of what enters that passes it.

    A cell that detaches passes all that enters; one that keeps some detaches nothing.
    """
    for index in range(order.size):
        node = order[index]
        soon = order[min(index + AHEAD, order.size - 1)]
        prefetch(potential, (soon,))
        prefetch(capacity, (soon,))
        prefetch(load, (soon,))
        prefetch(eroded, (soon,))
        prefetch(passing, (soon,))
        if not is_soil[node]:
            continue
        inflow, most = load[node], capacity[node]
        # chosen without branches: nobody can guess which cells detach
        share = most / inflow if inflow > most else 1.0
        detach = max(min(potential[node], most - inflow), 0.0)
        if first[index] == first[index + 1] or (trap and in_depression[node]):
            share = detach = 0.0
        elif kept.size > 0 and kept[node] >= 0.0:
            share, detach = 1.0 - kept[node], 0.0
        elif in_depression[node]:
            share = 1.0
        passing[node] = share
        eroded[node] = detach
        if share == 0.0:
            continue
        outflow = share * inflow + detach
        for place in range(first[index], first[index + 1]):
            load[receivers[place]] += weights[place] * outflow


@njit(cache=True, nogil=True)
def share_delivered(order, first, receivers, weights, is_soil, kept, delivered):
    """Share of the sediment that enters a node of the channel which passes all ponds in the channel below.

    Parameters
    ----------
    order, first, receivers, weights : (m,), (m + 1,), (r,), (r,)
    is_soil : (n,) bool
    kept : (n,)
        Share that ponds keep, -1 elsewhere.
    delivered : (n,)
        Out; 1 where sediment leaves, or stays in the channel.
    """
    delivered[:] = 1.0
    for index in range(order.size - 1, -1, -1):
        node = order[index]
        if is_soil[node]:
            continue
        if first[index] < first[index + 1]:
            delivered[node] = 0.0
            for place in range(first[index], first[index + 1]):
                delivered[node] += weights[place] * delivered[receivers[place]]
        if kept[node] >= 0.0:
            delivered[node] *= 1.0 - kept[node]


@njit(cache=True, nogil=True, error_model="numpy")
def _take_up(
    cells, mineral, stocks, dry_mass_per_unit, enrichment, follows, ratio, eroded, carried, net_mineral, net
):  # fmt: skip
    """Take what is detached from the top of each column: the first load of the cell, and what it loses.

    Only cells that detach have their columns read and their ``net`` written (:func:`_lay_down` writes that of others).
    """
    rows = stocks.shape[2]
    taken = np.zeros(rows)
    before = np.zeros(rows)
    chosen = np.zeros(rows)
    selective = False
    for k in range(rows):
        chosen[k] = enrichment[k]
        if enrichment[k] != 1.0 or follows[k]:
            selective = True
    for index in range(cells.size):
        node, soon = cells[index], cells[min(index + AHEAD, cells.size - 1)]
        for k in range(0, rows, LINE):
            prefetch(stocks, (soon, 0, k))
        prefetch(stocks, (soon, 0, rows - 1))
        detach = eroded[node]
        if detach <= 0.0:
            for k in range(rows + 1):
                carried[node, k] = 0.0
            continue
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


@njit(cache=True, nogil=True, error_model="numpy")
def _mineralise(cells, rows, share, carried, net, mineralised):
    """Turn a share of rows into CO2 as they set out: it is neither carried nor a lateral loss of the cell."""
    for node in cells:
        for k in rows:
            lost = share * carried[node, k]
            carried[node, k] -= lost
            net[node, k] += lost
            mineralised[node, k] = -lost


@njit(cache=True, nogil=True, error_model="numpy")
def _carry(order, first, receivers, weights, is_soil, passing, carried):
    """Pass the share of what a cell carries that it does not keep to its receivers."""
    columns = carried.shape[1]
    leaving = np.empty(columns)
    for index in range(order.size):
        node, soon = order[index], order[min(index + AHEAD, order.size - 1)]
        for k in range(0, columns, LINE):
            prefetch(carried, (soon, k))
        prefetch(carried, (soon, columns - 1))
        share = passing[node]
        if not is_soil[node] or share == 0.0:
            continue
        begin, end = first[index], first[index + 1]
        if end - begin == 1:
            target = receivers[begin]
            share *= weights[begin]
            for k in range(columns):
                carried[target, k] += share * carried[node, k]
            continue
        for k in range(columns):
            leaving[k] = share * carried[node, k]
        for place in range(begin, end):
            target, weight = receivers[place], weights[place]
            for k in range(columns):
                carried[target, k] += weight * leaving[k]


@njit(cache=True, nogil=True, error_model="numpy")
def _lay_down(cells, load, carried, eroded, deposit_mineral, deposit, deposited, net_mineral, net):
    """Lay what each cell keeps in its surface buffer; ``deposited`` holds the share that passes on entry."""
    rows = net.shape[1]
    for node in cells:
        passing = deposited[node]
        deposited[node] = load[node] - passing * load[node]
        if eroded[node] > 0.0:
            continue
        if passing == 1.0:
            net_mineral[node] = 0.0
            for k in range(rows):
                net[node, k] = 0.0
            continue
        # the difference, for the ledger: to the last digit what does not leave
        kept = carried[node, rows] - passing * carried[node, rows]
        net_mineral[node] = kept
        deposit_mineral[node] += kept
        for k in range(rows):
            kept = carried[node, k] - passing * carried[node, k]
            net[node, k] = kept
            deposit[node, k] += kept


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


def _at_once(kernel, *arguments):
    kernel(*arguments)


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
    along_flow=_at_once,
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
    along_flow : callable
        Runs a kernel that gives to receivers: called with it, ``order``, ``first`` and its other arguments.
    """
    network = order, first, receivers, weights, is_soil
    over_cells(_bound_by_soil, cells, mineral, stocks, dry_mass_per_unit, potential)
    along_flow(route_dry, *network, in_depression, trap, kept, potential, capacity, load, eroded, deposited)
    if selectivity.judge is not None:
        selectivity.judge()
    over_cells(
        _take_up, cells, mineral, stocks, dry_mass_per_unit, selectivity.enrichment, selectivity.follows,
        selectivity.ratio, eroded, carried, net_mineral, net,
    )  # fmt: skip
    if transit is not None:
        over_cells(_mineralise, cells, transit.rows, transit.share, carried, net, transit.mineralised)
    along_flow(_carry, *network, deposited, carried)
    over_cells(_lay_down, cells, load, carried, eroded, deposit_mineral, deposit, deposited, net_mineral, net)
