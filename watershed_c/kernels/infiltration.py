"""Surface runoff of rain events that sees the soil: curve number by soil moisture, Green & Ampt."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from watershed_c.kernels.soil_water import event_runoff, expected_runoff

#: ways to find the runoff of an event
METHODS = {"curve_number": 0, "curve_number_moisture": 1, "green_ampt": 2}
#: kPa at field capacity and wilting point; mm of water in 1 kPa
_FIELD_CAPACITY, _WILTING_POINT, _PER_KILOPASCAL = 33.0, 1500.0, 101.972
#: mm, retention of saturated soil: a curve number of 99 (Neitsch et al. 2011)
_SATURATED_RETENTION = 2.54
#: Gauss-Laguerre quadrature
_NODES, _WEIGHTS = np.polynomial.laguerre.laggauss(16)
#: relative step that is the last one: convergence is cubic, the next would be some 1e-12
_LAST_STEP = 1e-4


def dry_curve_number(curve_number: np.ndarray) -> np.ndarray:
    """Curve number at the wilting point (moisture condition I) of one for average moisture.

    CN1 = CN - 20 (100 - CN) / (100 - CN + exp(2.533 - 0.0636 (100 - CN))), Neitsch et al. (2011), SWAT theory 2:1.1.4.
    """
    rest = 100.0 - np.asarray(curve_number, dtype=np.float64)
    return np.asarray(100.0 - rest - 20.0 * rest / (rest + np.exp(2.533 - 0.0636 * rest)))


def wet_curve_number(curve_number: np.ndarray) -> np.ndarray:
    """Curve number at field capacity (III): CN3 = CN exp(0.00673 (100 - CN)), SWAT theory 2:1.1.5."""
    average = np.asarray(curve_number, dtype=np.float64)
    return np.asarray(average * np.exp(0.00673 * (100.0 - average)))


@njit(cache=True, nogil=True)
def moist_retention(available, capacity, saturation, dry, wet):
    """Retention S, mm, of a profile by its water.

    Parameters
    ----------
    available, capacity, saturation : kg m-2
        Water of the profile above its wilting point: now, at field capacity and saturated.
    dry, wet : mm
        S of :func:`dry_curve_number` and of :func:`wet_curve_number`, wet <= dry.

    Notes
    -----
    S = dry (1 - W / (W + exp(w1 - w2 W))), with w1 and w2 such that S is ``wet`` at field capacity and 2.54 mm in
    saturated soil (Neitsch et al. 2011, SWAT theory 2:1.1.6 to 2:1.1.8); ``dry`` at the wilting point.
    """
    if dry <= _SATURATED_RETENTION or wet >= dry or wet <= _SATURATED_RETENTION:
        return min(dry, wet)
    at_capacity = math.log(capacity / (1.0 - wet / dry) - capacity)
    at_saturation = math.log(saturation / (1.0 - _SATURATED_RETENTION / dry) - saturation)
    second = (at_capacity - at_saturation) / (saturation - capacity)
    first = at_capacity + second * capacity
    water = max(0.0, available)
    return dry * (1.0 - water / (water + math.exp(first - second * water)))


@njit(cache=True, nogil=True)
def front_suction(wilting_point, field_capacity, saturation):
    """Suction at the wetting front, mm of water, of water contents (any one unit) at 1500 kPa, 33 kPa and saturated.

    Notes
    -----
    Brooks & Corey's curve through the first two points, psi = 33 kPa (theta / theta33)**-B, B = ln(1500 / 33) /
    ln(theta33 / theta1500), reaches saturation at the air-entry suction h_b; with lambda = 1 / B the front has (2 + 3
    lambda) / (1 + 3 lambda) h_b / 2 (Rawls et al. 1992).
    """
    exponent = math.log(_WILTING_POINT / _FIELD_CAPACITY) / math.log(field_capacity / wilting_point)
    entry = _FIELD_CAPACITY * _PER_KILOPASCAL * (field_capacity / saturation) ** exponent
    return (2.0 * exponent + 3.0) / (exponent + 3.0) * 0.5 * entry


@njit(cache=True, nogil=True)
def ponding_depth(duration, conductivity, storage):
    """Least rain, mm, of even intensity over ``duration`` that ponds; other parameters of :func:`green_ampt`."""
    gone = conductivity * duration
    return 0.5 * (gone + math.sqrt(gone * gone + 4.0 * gone * storage))


@njit(cache=True, nogil=True)
def green_ampt(rain, duration, conductivity, storage):
    """Infiltration, mm, of ``rain`` (mm) that falls evenly over ``duration`` (yr).

    Parameters
    ----------
    conductivity : kg m-2 yr-1 (= mm yr-1), of the wetted soil
    storage : mm
        Suction at the front times the water content it fills.

    Notes
    -----
    Green & Ampt (1911) with the time of ponding t_p of Mein & Larson (1973): all infiltrates until F_p = K s / (i - K),
    i the intensity and s ``storage``; from there F - F_p - s ln((s + F) / (s + F_p)) = K (duration - t_p), by Halley's
    method.
    """
    if rain <= ponding_depth(duration, conductivity, storage) or duration <= 0.0:
        return rain
    intensity = rain / duration
    at_ponding = conductivity * storage / (intensity - conductivity)
    gone = conductivity * (duration - at_ponding / intensity)
    if storage <= 0.0:
        return min(rain, gone)
    depth = at_ponding + gone + math.sqrt(2.0 * storage * gone)  # from above
    for _ in range(100):
        value = depth - at_ponding - storage * math.log((storage + depth) / (storage + at_ponding)) - gone
        step = value * (storage + depth) * depth / (depth * depth - 0.5 * value * storage)
        depth -= step
        if abs(step) <= _LAST_STEP * depth:
            break
    return min(rain, depth)


@njit(cache=True, nogil=True)
def expected_green_ampt_runoff(mean_rain, duration, conductivity, storage):
    """Mean runoff, mm, of events with exponentially distributed rain, mean ``mean_rain`` (mm), each ``duration`` long.

    By 16-point Gauss-Laguerre quadrature from the least rain that ponds.
    """
    if mean_rain <= 0.0:
        return 0.0
    least = ponding_depth(duration, conductivity, storage)
    mean = 0.0
    for place in range(_NODES.size):
        rain = least + mean_rain * _NODES[place]
        mean += _WEIGHTS[place] * (rain - green_ampt(rain, duration, conductivity, storage))
    return mean * math.exp(-least / mean_rain)


@njit(cache=True, nogil=True)
def surface_runoff(
    cells, method, rain, events, random, retention, dry, wet, abstraction, unit, water, wilting_point, field_capacity,
    saturation, conductivity, thickness, conductivity_ratio, duration, runoff,
):  # fmt: skip
    """Runoff of the rain of a part of a step, by what the soil holds at its beginning, into ``runoff`` (n,) kg m-2.

    Parameters
    ----------
    cells : (c,) int64
    method : 0 curve number, 1 curve number by soil moisture, 2 Green & Ampt
    rain : (n,) kg m-2 in the part
    events : number of rain events in the part
    random : bool
        Their depths are exponentially distributed; else they are alike.
    retention, dry, wet : (U,) mm, S of the curve number of the unit, of its dry and its wet one
    abstraction : initial abstraction per S
    unit : (n,) int64
    water, wilting_point, field_capacity, saturation : (n, L) kg m-2
    conductivity : (n, L) kg m-2 yr-1; the top layer's counts, times ``conductivity_ratio``
    thickness : (L,) m
    duration : yr, of an event
    """  # fmt: skip
    layers = water.shape[1]
    for cell in cells:
        row, depth = unit[cell], rain[cell] / events
        if depth <= 0.0:
            runoff[cell] = 0.0
            continue
        if method == 2:
            contents = 1000.0 * thickness[0]
            suction = front_suction(wilting_point[cell, 0], field_capacity[cell, 0], saturation[cell, 0])
            storage = suction * max(0.0, saturation[cell, 0] - water[cell, 0]) / contents
            wetted = conductivity_ratio * conductivity[cell, 0]
            if random:
                lost = expected_green_ampt_runoff(depth, duration, wetted, storage)
            else:
                lost = depth - green_ampt(depth, duration, wetted, storage)
        else:
            store = retention[row]
            if method == 1:
                held, capacity, full = 0.0, 0.0, 0.0
                for layer in range(layers):
                    held += water[cell, layer] - wilting_point[cell, layer]
                    capacity += field_capacity[cell, layer] - wilting_point[cell, layer]
                    full += saturation[cell, layer] - wilting_point[cell, layer]
                store = moist_retention(held, capacity, full, dry[row], wet[row])
            if random:
                lost = expected_runoff(depth, store, abstraction)
            else:
                lost = event_runoff(depth, store, abstraction)
        runoff[cell] = min(rain[cell], events * lost)
