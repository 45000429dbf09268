"""Water of the cell: curve-number runoff, a layered bucket, groundwater."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from watershed_c.kernels.pool_steps import INNER, SERIES_REACH, lost

#: runoff curve numbers for average runoff condition, hydrologic soil groups A, B, C, D: USDA (1986), Urban
#: hydrology for small watersheds, Technical Release 55, table 2-2 (good hydrologic condition where not said
#: otherwise)
CURVE_NUMBERS: dict[str, tuple[float, float, float, float]] = {
    "bare fallow": (77.0, 86.0, 91.0, 94.0),
    "row crops": (67.0, 78.0, 85.0, 89.0),
    "row crops, residue cover": (64.0, 75.0, 82.0, 85.0),
    "row crops, contoured": (65.0, 75.0, 82.0, 86.0),
    "small grain": (63.0, 75.0, 83.0, 87.0),
    "small grain, contoured": (61.0, 73.0, 81.0, 84.0),
    "rotation meadow": (58.0, 72.0, 81.0, 85.0),
    "pasture": (39.0, 61.0, 74.0, 80.0),
    "pasture, poor": (68.0, 79.0, 86.0, 89.0),
    "meadow": (30.0, 58.0, 71.0, 78.0),
    "brush": (30.0, 48.0, 65.0, 73.0),
    "orchard": (32.0, 58.0, 72.0, 79.0),
    "woods": (30.0, 55.0, 70.0, 77.0),
    "farmsteads": (59.0, 74.0, 82.0, 86.0),
    "paved": (98.0, 98.0, 98.0, 98.0),
}

#: share of the plant-available water that can be used up before evapotranspiration falls below its potential
#: (Allen et al. 1998, FAO-56 table 22: 0.3 to 0.7, most crops about 0.5)
READILY_AVAILABLE = 0.5

_EULER = 0.57721566490153286
#: E1(u) + Euler's constant + ln u per u: coefficients of u^21 to u^0 (Abramowitz & Stegun 5.1.11)
_SERIES = tuple((-1.0) ** (k - 1) / (k * math.factorial(k)) for k in range(22, 0, -1))

#: cells that :func:`water_balance` takes together
_TOGETHER = 32
#: of an exponent: up to 0.25 * 2^8 = 64, beyond which all drains
_DOUBLINGS = 8
#: rows of its work arrays: by layer
(
    _HELD, _FIELD_CAPACITY, _SATURATION, _WILTING_POINT, _PER_AVAILABLE, _DRAINED_SHARE, _ROOTS, _DRAINED, _DRAWN,
    _RELATIVE, _BY_LAYER,
) = range(11)  # fmt: skip
#: and by cell
(
    _INFILTRATION, _FLOW, _TRANSPIRATION, _EVAPORATION, _WETNESS, _SURFACE_WETNESS, _OVERFULL, _RUNOFF, _BROUGHT,
    _BY_CELL,
) = range(10)  # fmt: skip

#: columns of ``irrigation`` by unit: kg m-2 yr-1 brought whatever the soil holds; share of the available water under
#: which water is brought, 0: never; share to which it is then refilled; most that is so brought in a step, kg m-2;
#: share of what is brought that refills; share that reaches the ground
FIXED, TRIGGER, REFILL, MOST, EFFICIENCY, REACHING, IRRIGATION_COLUMNS = range(7)


def retention(curve_number: np.ndarray) -> np.ndarray:
    """Potential maximum retention S, mm: 25400 / CN - 254 (USDA 1986), for an initial abstraction of 0.2 S."""
    return 25400.0 / np.asarray(curve_number, dtype=np.float64) - 254.0


def retention_low_abstraction(curve_number: np.ndarray) -> np.ndarray:
    """Retention, mm, for an initial abstraction of 0.05 S: S05 = 1.33 S20**1.15 in inches (Hawkins et al. 2002)."""
    return 25.4 * 1.33 * (retention(curve_number) / 25.4) ** 1.15


@njit(cache=True, nogil=True)
def event_runoff(rain: float, retention: float, abstraction: float) -> float:
    """Runoff of one event, mm: (P - a S)**2 / (P + (1 - a) S) where P > a S, else 0 (USDA 1986, eq. 2-1)."""
    excess = rain - abstraction * retention
    if excess <= 0.0:
        return 0.0
    return excess * excess / (excess + retention)


@njit(cache=True, nogil=True)
def expected_runoff(mean_rain: float, retention: float, abstraction: float) -> float:
    """Mean runoff, mm, of events whose rain is exponentially distributed with mean ``mean_rain`` (mm).

    Notes
    -----
    With m the mean rain, u = S/m and a the abstraction ratio, :func:`event_runoff` has the mean::

        E[Q] = m exp(-a u) J(u),    J(u) = integral_0^inf x**2 exp(-x) / (x + u) dx = 1 - u + u**2 exp(u) E1(u)

    (E1 the exponential integral, Abramowitz & Stegun 5.1). For u < 2 by the series 5.1.11; above by the
    continued fraction of the incomplete gamma function, free of cancellation, J = 2/(u+3 - 3/(u+5 - 8/(u+7 -
    15/(u+9 - ...)))). Relative error < 1e-11.
    """
    if mean_rain <= 0.0:
        return 0.0
    u = retention / mean_rain
    if u < 1.0e-12:
        return mean_rain
    if u < 2.0:
        series = 0.0
        for coefficient in _SERIES:
            series = series * u + coefficient
        mean = 1.0 - u + u * u * math.exp(u) * (series * u - _EULER - math.log(u))
    else:
        # numerators and denominators of its convergents, divided once
        before, above, first, below = 0.0, 2.0, 1.0, u + 3.0
        for k in range(1, int(8.0 + 48.0 / u) + 1):
            partial, factor = k * (k + 2.0), u + 3.0 + 2.0 * k
            before, above = above, factor * above - partial * before
            first, below = below, factor * below - partial * first
        mean = above / below
    return mean_rain * math.exp(-abstraction * u) * mean


@njit(cache=True, nogil=True)
def _lacking(layer_work: np.ndarray, lane: int, trigger: float, refill: float) -> float:
    """Water, kg m-2, that brings a cell's available water to the share ``refill`` if it is under ``trigger``, else 0.

    It fills layers to field capacity from the top, the last in part; each counts by the water that roots take there.
    """
    wetness = 0.0
    for column in layer_work:
        share = (column[_HELD, lane] - column[_WILTING_POINT, lane]) * column[_PER_AVAILABLE, lane]
        wetness += column[_ROOTS, lane] * min(1.0, max(0.0, share))
    if wetness >= trigger:
        return 0.0
    wanted, needed = refill - wetness, 0.0
    for column in layer_work:
        room = max(0.0, column[_FIELD_CAPACITY, lane] - column[_HELD, lane])
        gain = column[_ROOTS, lane] * min(1.0, room * column[_PER_AVAILABLE, lane])
        if gain >= wanted:
            return needed + (room * (wanted / gain) if gain > 0.0 else 0.0)
        wanted -= gain
        needed += room
    return needed


@njit(**INNER)
def _share_drained(column):
    """Of a layer: 1 / (FC - WP), and for K h in its place 1 - exp(-K h / (SAT - FC)), to 1e-15 of itself.

    As in :mod:`watershed_c.kernels.pool_steps`: at a small part of the exponent, then doubled:
    f(2x) = f(x) (2 - f(x)).
    """
    for j in range(column.shape[1]):
        column[_PER_AVAILABLE, j] = 1.0 / (column[_FIELD_CAPACITY, j] - column[_WILTING_POINT, j])
        exponent = column[_DRAINED_SHARE, j] / (column[_SATURATION, j] - column[_FIELD_CAPACITY, j])
        share = lost(min(exponent, SERIES_REACH * 2.0**_DOUBLINGS) * 0.5**_DOUBLINGS)
        for _ in range(_DOUBLINGS):
            share *= 2.0 - share
        column[_DRAINED_SHARE, j] = share


@njit(cache=True, nogil=True)
def water_balance(
    cells,
    water,
    groundwater,
    rain,
    pet,
    wet_days,
    retention,
    abstraction,
    surface_runoff,
    crop_coefficient,
    cover,
    unit,
    root_fraction,
    evaporation_fraction,
    wilting_point,
    field_capacity,
    saturation,
    conductivity,
    base_conductivity,
    residence_time,
    substeps,
    dt,
    first,
    irrigation,
    brought,
    runoff,
    percolation,
    evapotranspiration,
    baseflow,
):
    """Water of each cell over one step: runoff, infiltration, evapotranspiration, percolation, groundwater.

    Parameters
    ----------
    cells : (c,) int64
    water : (n, L) kg m-2, changed in place
    groundwater : (n,) kg m-2, changed in place
    rain : (n,) kg m-2 in the step
        Rain and snow melt.
    pet : (n,) kg m-2 in the step
    wet_days : number of rain events in the step over which ``rain`` is spread, > 0
    retention : (U,) mm
        S of the curve number of the unit (:func:`retention`).
    abstraction : initial abstraction per S, 0.2 with :func:`retention`, 0.05 with
    :func:`retention_low_abstraction`
    surface_runoff : (n,) kg m-2 in the step
        Of events, found elsewhere (:mod:`watershed_c.kernels.infiltration`). Of size 0: that of the curve number.
    crop_coefficient : (U,) evapotranspiration of the unit, well watered, per ``pet``
    cover : (U,) 0-1
        Share of the demand that plants draw through roots; the rest evaporates from the soil surface.
    unit : (n,) int64
        Management unit of the cell: row of ``retention``, ``crop_coefficient``, ``cover`` and
        ``root_fraction``.
    root_fraction : (U, L), rows sum to 1
    evaporation_fraction : (L,), sums to 1
    wilting_point, field_capacity, saturation : (n, L) kg m-2, increasing in this order
    conductivity : (n, L) kg m-2 yr-1
    base_conductivity : (n,) kg m-2 yr-1
        Of what lies below the profile: no more than this leaves it downward. Of size 0: all that percolates does.
    residence_time : yr, of the groundwater reservoir
    substeps : int
        Parts into which the step is cut for the soil column (not for runoff and groundwater, which are exact
        in time).
    dt : yr
    first : bool
        What is out begins here; else it is added to (the parts of one step).
    irrigation : (U, 6)
        Columns :data:`FIXED` to :data:`REACHING`. Of no rows: nobody irrigates.
    brought : (n,) kg m-2 in the step, out
        By triggers, what does not reach the ground included; of size 0 where nobody irrigates.
    runoff, baseflow : (n,) kg m-2 in the step, out
    percolation : (n, L) kg m-2 in the step, out
        Net downward flow through the base of each layer, >= 0; that of the last layer recharges groundwater.
    evapotranspiration : (n, L) kg m-2 in the step, out

    Notes
    -----
    rain + irrigation that reaches the ground = runoff + sum(evapotranspiration) + baseflow + change of water + change
    of groundwater, to round-off. In each substep h:

    1. Infiltration: rain less curve-number runoff (:func:`expected_runoff` per wet day), spread evenly. With it what
       is brought by irrigation: a fixed amount evenly; and, where R (below) of the roots is under the trigger, what
       refills the layers from the top until R is the share asked for, over the efficiency, up to the most of the step.
    2. Percolation, top down (Neitsch et al. 2011, SWAT theory eq. 2:3.2.3): above field capacity
       (W - FC) (1 - exp(-h / TT)), TT = (SAT - FC) / K; through the base of the profile at most its conductivity
       times h. What a layer cannot hold goes back up, so that a water table rises from a tight base; from the top
       layer it runs off.
    3. Evapotranspiration. With r_l = (W - WP) / (FC - WP) limited to 0-1, f_l the root (or evaporation) fractions
       and R = sum f_l r_l, the demand D h is met to min(1, R / (1 - p)), FAO-56 eq. 84 with p = 0.5, and drawn in
       proportion to f_l r_l (roots x available water, as CENTURY does, Parton et al. 1993). A layer gives no more
       than what lies above its wilting point.

    Groundwater G is a linear reservoir, solved exactly for recharge q spread evenly over dt::

        baseflow = G (1 - e) + q (1 - (1 - e) residence_time / dt),   e = exp(-dt / residence_time)
    """
    layers = water.shape[1]
    irrigates = irrigation.shape[0] > 0
    h = dt / substeps
    last = layers - 1
    tight, known = base_conductivity.size > 0, surface_runoff.size > 0
    # A substep is one long chain of dependent operations. Many cells side by side, in arrays of constant strides, are
    # done in vector registers, with the same bits; lanes without a cell are computed and not used.
    layer_work = np.zeros((layers, _BY_LAYER, _TOGETHER))
    work = np.zeros((_BY_CELL, _TOGETHER))
    released = -math.expm1(-dt / residence_time)
    recharge_released = 1.0 - released * residence_time / dt
    least = 1.0 - READILY_AVAILABLE
    # most cells of a unit get the same rain
    unit_rain, unit_runoff = np.full(retention.size, -1.0), np.zeros(retention.size)
    for start in range(0, cells.size, _TOGETHER):
        count = min(_TOGETHER, cells.size - start)
        for j in range(count):
            cell = cells[start + j]
            row = unit[cell]
            if not known and rain[cell] != unit_rain[row]:
                unit_rain[row] = rain[cell]
                runoff_of_rain = wet_days * expected_runoff(rain[cell] / wet_days, retention[row], abstraction)
                unit_runoff[row] = min(rain[cell], runoff_of_rain)
            events = surface_runoff[cell] if known else unit_runoff[row]
            demand = pet[cell] * crop_coefficient[row] / substeps
            work[_INFILTRATION, j] = (rain[cell] - events) / substeps
            work[_TRANSPIRATION, j] = demand * cover[row]
            work[_EVAPORATION, j] = demand * (1.0 - cover[row])
            work[_RUNOFF, j] = events
            if irrigates:
                work[_INFILTRATION, j] += irrigation[row, FIXED] * dt * irrigation[row, REACHING] / substeps
                work[_BROUGHT, j] = 0.0 if first else brought[cell]
            for layer in range(layers):
                column = layer_work[layer]
                column[_HELD, j] = water[cell, layer]
                column[_WILTING_POINT, j] = wilting_point[cell, layer]
                column[_FIELD_CAPACITY, j] = field_capacity[cell, layer]
                column[_SATURATION, j] = saturation[cell, layer]
                column[_DRAINED_SHARE, j] = h * conductivity[cell, layer]
                column[_ROOTS, j] = root_fraction[row, layer]
                column[_DRAINED, j] = 0.0
                column[_DRAWN, j] = 0.0

        for layer in range(layers):
            _share_drained(layer_work[layer])

        for _ in range(substeps):
            for j in range(_TOGETHER):
                work[_FLOW, j] = work[_INFILTRATION, j]
                work[_OVERFULL, j] = 0.0
            if irrigates:
                for j in range(count):
                    row = unit[cells[start + j]]
                    if irrigation[row, TRIGGER] > 0.0:
                        turn = _lacking(layer_work, j, irrigation[row, TRIGGER], irrigation[row, REFILL])
                        turn = min(turn / irrigation[row, EFFICIENCY], irrigation[row, MOST] - work[_BROUGHT, j])
                        if turn > 0.0:
                            work[_BROUGHT, j] += turn
                            work[_FLOW, j] += turn * irrigation[row, REACHING]
            for layer in range(layers):
                column = layer_work[layer]
                for j in range(_TOGETHER):
                    now = column[_HELD, j] + work[_FLOW, j]
                    flow = max(0.0, now - column[_FIELD_CAPACITY, j]) * column[_DRAINED_SHARE, j]
                    now -= flow
                    column[_HELD, j] = now
                    column[_DRAINED, j] += flow
                    work[_FLOW, j] = flow
                    work[_OVERFULL, j] = max(work[_OVERFULL, j], now - column[_SATURATION, j])
            if tight:
                column = layer_work[last]
                for j in range(count):
                    kept = max(0.0, work[_FLOW, j] - base_conductivity[cells[start + j]] * h)
                    column[_HELD, j] += kept
                    column[_DRAINED, j] -= kept
                    work[_OVERFULL, j] = max(work[_OVERFULL, j], column[_HELD, j] - column[_SATURATION, j])
            for j in range(count):
                if work[_OVERFULL, j] > 0.0:
                    for layer in range(last, -1, -1):
                        excess = max(0.0, layer_work[layer, _HELD, j] - layer_work[layer, _SATURATION, j])
                        layer_work[layer, _HELD, j] -= excess
                        if layer > 0:
                            layer_work[layer - 1, _HELD, j] += excess
                            layer_work[layer - 1, _DRAINED, j] -= excess
                        else:
                            work[_RUNOFF, j] += excess

            for j in range(_TOGETHER):
                work[_WETNESS, j] = 0.0
                work[_SURFACE_WETNESS, j] = 0.0
            for layer in range(layers):
                column = layer_work[layer]
                evaporates = evaporation_fraction[layer]
                for j in range(_TOGETHER):
                    share = (column[_HELD, j] - column[_WILTING_POINT, j]) * column[_PER_AVAILABLE, j]
                    share = min(1.0, max(0.0, share))
                    column[_RELATIVE, j] = share
                    work[_WETNESS, j] += column[_ROOTS, j] * share
                    work[_SURFACE_WETNESS, j] += evaporates * share
            # demand / max(R, 1 - p), drawn per f_l r_l, is limited by dryness below R = 1 - p and by demand above
            for j in range(_TOGETHER):
                work[_WETNESS, j] = work[_TRANSPIRATION, j] / max(work[_WETNESS, j], least)
                work[_SURFACE_WETNESS, j] = work[_EVAPORATION, j] / max(work[_SURFACE_WETNESS, j], least)
            for layer in range(layers):
                column = layer_work[layer]
                evaporates = evaporation_fraction[layer]
                for j in range(_TOGETHER):
                    draw = work[_WETNESS, j] * column[_ROOTS, j] + work[_SURFACE_WETNESS, j] * evaporates
                    draw = min(draw * column[_RELATIVE, j], max(0.0, column[_HELD, j] - column[_WILTING_POINT, j]))
                    column[_HELD, j] -= draw
                    column[_DRAWN, j] += draw

        for j in range(count):
            cell = cells[start + j]
            recharge = layer_work[last, _DRAINED, j]
            outflow = min(groundwater[cell] * released + recharge * recharge_released, groundwater[cell] + recharge)
            groundwater[cell] += recharge - outflow
            if first:
                baseflow[cell] = runoff[cell] = 0.0
                for layer in range(layers):
                    percolation[cell, layer] = evapotranspiration[cell, layer] = 0.0
            for layer in range(layers):
                water[cell, layer] = layer_work[layer, _HELD, j]
                percolation[cell, layer] += layer_work[layer, _DRAINED, j]
                evapotranspiration[cell, layer] += layer_work[layer, _DRAWN, j]
            baseflow[cell] += outflow
            runoff[cell] += work[_RUNOFF, j]
            if irrigates:
                brought[cell] = work[_BROUGHT, j]
