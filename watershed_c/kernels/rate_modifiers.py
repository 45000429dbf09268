"""Rate modifiers of decomposition: temperature, topsoil moisture deficit, plant cover and depth.

The topsoil laws are those of RothC-26.3 (Coleman & Jenkinson 1996; RothC_description.pdf, sections 1.6 to
1.8, and the code of RothC_Py and RothC_Code v2, which decide where the text and the code differ).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

#: degC, monthly mean below which nothing decomposes (RothC code)
COLDEST_ACTIVE_TEMPERATURE = -5.0
#: share of the maximum deficit down to which moisture does not limit (Coleman & Jenkinson 1996)
UNLIMITED_SHARE = 0.444
#: share of the maximum deficit beyond which bare soil dries no further (1 / 1.8; the code's literal is 0.556)
BARE_SHARE = 0.556
#: rate at the maximum deficit relative to moist soil (Coleman & Jenkinson 1996)
DRIEST_FACTOR = 0.2
#: rate under plants relative to bare soil (Coleman & Jenkinson 1996)
COVERED_FACTOR = 0.6
#: m, depth for which RothC was calibrated: the plough layer of the Rothamsted experiments
CALIBRATION_DEPTH = 0.23
#: m, e-folding depth of the rates below the calibrated depth: 1 / (3.30 m-1), default r_exp of the WATEM_C
#: code
DEPTH_SCALE = 0.303


def maximum_deficit(clay, depth=CALIBRATION_DEPTH):
    """Maximum topsoil moisture deficit under plants, a negative number of kg m-2 (mm).

    ``-(20 + 1.3 clay - 0.01 clay^2) * depth / 0.23`` (Coleman & Jenkinson 1996). The manual's second edition
    prints 1.01 clay^2; its own worked example (-44.94 mm at 23.4 %) needs 0.01.

    Parameters
    ----------
    clay : float or array, %
    depth : float, m
        Depth of the bucket.
    """
    clay = np.asarray(clay, dtype=np.float64)
    return -(20.0 + 1.3 * clay - 0.01 * clay * clay) * (depth / 0.23)


def depth_shares(layer_top, layer_bottom, calibration_depth=CALIBRATION_DEPTH, scale=DEPTH_SCALE):
    """Split of the thickness-averaged depth factor of each layer at the calibrated depth.

    The factor is 1 down to ``calibration_depth`` and ``exp(-(z - calibration_depth) / scale)`` below. Its
    average over a layer is ``above + below``: the part from above the calibrated depth, where the topsoil's
    moisture applies, and the part from below, where the layer's own does. Keeping the two apart makes the
    average of (depth factor x moisture factor) exact in the layer that straddles.

    Parameters
    ----------
    layer_top, layer_bottom : float64 (L), m
    calibration_depth, scale : float, m
        An infinite scale means no decline.

    Returns
    -------
    above, below : float64 (L), dimensionless
    """
    top = np.asarray(layer_top, dtype=np.float64)
    bottom = np.asarray(layer_bottom, dtype=np.float64)
    thickness = bottom - top
    above = np.clip(np.minimum(bottom, calibration_depth) - top, 0.0, None) / thickness
    if np.isinf(scale):
        return above, 1.0 - above
    start = np.maximum(top, calibration_depth) - calibration_depth
    end = np.maximum(bottom, calibration_depth) - calibration_depth
    # exp(-start/s) - exp(-end/s), written without cancellation
    below = scale * np.exp(-start / scale) * -np.expm1(-(end - start) / scale) / thickness
    return above, below


@njit(cache=True, nogil=True)
def temperature_factor(temperature):
    """RothC's ``a = 47.91 / (1 + exp(106.06 / (T + 18.27)))``, 0 below -5 degC; T the monthly mean, degC."""
    if temperature < COLDEST_ACTIVE_TEMPERATURE:
        return 0.0
    return 47.91 / (1.0 + math.exp(106.06 / (temperature + 18.27)))


@njit(cache=True, nogil=True)
def deficit_factor(deficit, maximum, unlimited_share=UNLIMITED_SHARE, driest_factor=DRIEST_FACTOR):
    """RothC's ``b``: 1 down to 0.444 of the maximum deficit, then linear to 0.2 at the maximum, flat beyond.

    ``deficit`` and ``maximum`` in kg m-2, both negative. The ramp uses the maximum under plants also for bare
    soil. Variants (:class:`watershed_c.kernels.topsoil_moisture.TopsoilMoisture`) begin and end it elsewhere.
    """
    threshold = unlimited_share * maximum
    if deficit > threshold:
        return 1.0
    if deficit <= maximum:
        return driest_factor
    return driest_factor + (1.0 - driest_factor) * (maximum - deficit) / (maximum - threshold)


@njit(cache=True, nogil=True)
def layer_water_factor(
    water, field_capacity, wilting_point, unlimited_share=UNLIMITED_SHARE, driest_factor=DRIEST_FACTOR
):
    """The ramp of ``deficit_factor`` on a layer's own relative deficit (FC - W) / (FC - WP), bounded by its
    least factor and 1."""
    available = field_capacity - wilting_point
    if available <= 0.0:
        return 1.0
    relative = (field_capacity - water) / available
    if relative <= unlimited_share:
        return 1.0
    if relative >= 1.0:
        return driest_factor
    return driest_factor + (1.0 - driest_factor) * (1.0 - relative) / (1.0 - unlimited_share)


@njit(cache=True, nogil=True)
def update_deficit(cells, rain, evapotranspiration, unit, plant_cover, covered_limit, bare_limit, deficit):
    """Advance RothC's topsoil moisture deficit by one month; one bucket per cell, whatever its layers.

    ``D = rain - evapotranspiration``. Under plants ``S <- max(covered_limit, min(0, S + D))``. Bare soil stops at
    ``bare_limit`` (officially 0.556 of the maximum), but soil that is already drier (dried under plants) holds its
    deficit or re-wets.

    Parameters
    ----------
    cells : int64 (c)
    rain, evapotranspiration : float64 (n), kg m-2 in this step
        Potential evapotranspiration; RothC's 0.75 x open-pan evaporation stands for it.
    unit : int64 (n)
        Row of ``plant_cover`` that a cell uses.
    plant_cover : float64 (U)
        1 under plants, 0 when bare.
    covered_limit, bare_limit : float64 (n), kg m-2, negative
    deficit : float64 (n), kg m-2, <= 0
        Changed in place.
    """
    for i in range(cells.size):
        cell = cells[i]
        before = deficit[cell]
        after = min(0.0, before + rain[cell] - evapotranspiration[cell])
        if plant_cover[unit[cell]] > 0.5:
            limit = covered_limit[cell]
        else:
            limit = min(bare_limit[cell], before)
        deficit[cell] = max(limit, after)


@njit(cache=True, nogil=True)
def rate_modifier(
    cells,
    temperature,
    layer_temperature,
    unit,
    plant_cover,
    deficit,
    maximum,
    unlimited_share,
    driest_factor,
    water,
    field_capacity,
    wilting_point,
    share_above,
    share_below,
    modifier,
):
    """Product of the rate modifiers of every layer of ``cells``.

    ``modifier = a(temperature + layer_temperature) * cover * (share_above * b(deficit) + share_below *
    b(layer water))``

    Parameters
    ----------
    cells : int64 (c)
    temperature : float64 (n), degC
        Air temperature, mean of the step.
    layer_temperature : float64 (L), K
        Departure of each layer from air temperature.
    unit : int64 (n)
        Row of ``plant_cover`` that a cell uses.
    plant_cover : float64 (U)
        1 under plants (``cover`` = 0.6), 0 when bare (``cover`` = 1).
    deficit, maximum : float64 (n), kg m-2
        Topsoil moisture deficit and the one at which the factor is least, both negative.
    unlimited_share : float64 (n), dimensionless
        Share of the maximum at which the factor begins to fall.
    driest_factor : float
        The least factor.
    water, field_capacity, wilting_point : float64 (n, L), kg m-2
        Read only where ``share_below`` is positive.
    share_above, share_below : float64 (L), dimensionless
        From :func:`depth_shares`.
    modifier : float64 (n, L, 1), dimensionless
        Overwritten.
    """
    layers = modifier.shape[1]
    for i in range(cells.size):
        cell = cells[i]
        topsoil = deficit_factor(deficit[cell], maximum[cell], unlimited_share[cell], driest_factor)
        air = temperature[cell]
        cover = COVERED_FACTOR if plant_cover[unit[cell]] > 0.5 else 1.0
        warmth = 0.0
        for layer in range(layers):
            if layer == 0 or layer_temperature[layer] != layer_temperature[layer - 1]:
                warmth = temperature_factor(air + layer_temperature[layer]) * cover
            moisture = share_above[layer] * topsoil
            if share_below[layer] > 0.0:
                moisture += share_below[layer] * layer_water_factor(
                    water[cell, layer],
                    field_capacity[cell, layer],
                    wilting_point[cell, layer],
                    unlimited_share[cell],
                    driest_factor,
                )
            modifier[cell, layer, 0] = warmth * moisture
