"""Calcite, gypsum and dolomite in soil layers: what dissolves, precipitates and percolates.

What :mod:`watershed_c.kernels.carbonate` does for calcite alone. Molalities are mol per kg of water and water is
kg m-2, so a molality times a layer's water is mol m-2.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from watershed_c.kernels.acidity import NEUTRAL, acidity_at, buffered_ph
from watershed_c.kernels.calcite import CALCIUM_PER_CARBON, MOLAR_MASS_CALCIUM, MOLAR_MASS_CARBON
from watershed_c.kernels.carbonate import (
    ACID_EXPORT,
    ACID_HELD,
    ACIDITY_HELD,
    CALCIUM_EXPORT,
    CHARGE_PER_CALCIUM,
    DIC_EXPORT,
    FILM,
    GAS_EXCHANGE,
    LITHOGENIC_DISSOLVED,
    LOWEST_PH,
    NEUTRALISED,
    PEDOGENIC_DISSOLVED,
    PRECIPITATED,
)
from watershed_c.kernels.minerals import (
    CALCIUM,
    CLOSE,
    HYDROGEN,
    MAGNESIUM,
    MOLAR_MASS_MAGNESIUM,
    MOLAR_MASS_SULFUR,
    MOLAR_VOLUME_DOLOMITE,
    SULFATE,
    dolomite_rate,
    mineral_constants,
    solve_water,
)

#: rows of ``traded`` filled by :func:`mineral_step`
GYPSUM_DISSOLVED, SULFATE_EXPORT, MAGNESIUM_EXPORT = range(3)
#: kg per kg of sulfur in gypsum and in sulfate, of carbon in dolomite; mol charge per kg of sulfur and of magnesium
CALCIUM_PER_SULFUR = MOLAR_MASS_CALCIUM / MOLAR_MASS_SULFUR
CALCIUM_PER_DOLOMITE_CARBON = 0.5 * MOLAR_MASS_CALCIUM / MOLAR_MASS_CARBON
MAGNESIUM_PER_DOLOMITE_CARBON = 0.5 * MOLAR_MASS_MAGNESIUM / MOLAR_MASS_CARBON
CHARGE_PER_SULFUR, CHARGE_PER_MAGNESIUM = 2.0 / MOLAR_MASS_SULFUR, 2.0 / MOLAR_MASS_MAGNESIUM

_LN10 = math.log(10.0)
#: logarithm of a saturation that is still none
_CLOSE = 1e-5


@njit(cache=True, nogil=True)
def _with_gypsum(
    constants, carbon_dioxide, other, calcium, magnesium, sulfate, solid, calcite, dolomite, activities, system
):
    """:func:`solve_water` with gypsum (``solid`` of it in ``calcium`` and ``sulfate``, mol kg-1) where there is some.

    Returns its (calcium, magnesium, sulfate, inorganic carbon), and the gypsum that is left, mol kg-1.
    """
    gypsum = solid > 0.0
    for _ in range(2):
        found = solve_water(
            constants, carbon_dioxide, other, 0.0, calcium, magnesium, sulfate, calcite, gypsum, dolomite, CLOSE,
            activities, system,
        )  # fmt: skip
        left = sulfate - found[2] if gypsum else 0.0
        if gypsum:
            if left >= 0.0:
                return found, left
            gypsum = False
        elif (
            sulfate > 0.0
            and activities[CALCIUM] + activities[SULFATE] > math.log(constants[7]) + _CLOSE
        ):  # fmt: skip
            gypsum = True
        else:
            break
    return found, max(left, 0.0)


@njit(cache=True, nogil=True)
def _settle(
    constants, carbon_dioxide, volume, calcium, magnesium, sulfate, other, calcite, gypsum, exchangeable, buffer,
    activities, system,
):  # fmt: skip
    """Equilibrium of a layer's water with calcite and gypsum as far as they go, with exchange where calcite is spent.

    All in mol m-2 (``exchangeable`` and ``other`` mol charge m-2, ``buffer`` per pH, 0: no exchange); ``volume`` > 0.

    Returns
    -------
    calcite, gypsum
        Dissolved, negative: precipitated.
    left
        Acidity of the exchange.
    carbon
        Dissolved inorganic carbon, mol kg-1.
    ph
    spent
        Whether no calcite is left.
    """
    inverse = 1.0 / volume
    total = (calcium + calcite + gypsum - 0.5 * exchangeable) * inverse
    found, solid = _with_gypsum(
        constants, carbon_dioxide, other * inverse, max(total, 0.0), magnesium * inverse,
        (sulfate + gypsum) * inverse, gypsum * inverse, True, False, activities, system,
    )  # fmt: skip
    ph = -activities[HYDROGEN] / _LN10
    left_calcite = (total - found[0] - solid) * volume
    if left_calcite >= 0.0:
        return calcite - left_calcite, gypsum - solid * volume, 0.0, found[3], ph, False
    left = exchangeable
    if buffer > 0.0:
        saturated = 2.0 * (found[0] + found[1] - found[2]) - other * inverse
        alkalinity = 2.0 * (calcium + calcite + magnesium - sulfate) - other
        ph = buffered_ph(alkalinity - exchangeable, volume, max(saturated, 0.0), ph, buffer)
        left = acidity_at(ph, min(NEUTRAL, -activities[HYDROGEN] / _LN10), buffer)
    total = calcium + calcite + gypsum + 0.5 * (left - exchangeable)
    short = min(total, 0.0)  # exchange takes other bases where calcium is short
    found, solid = _with_gypsum(
        constants, carbon_dioxide, (other - 2.0 * short) * inverse, (total - short) * inverse, magnesium * inverse,
        (sulfate + gypsum) * inverse, gypsum * inverse, False, False, activities, system,
    )  # fmt: skip
    if buffer <= 0.0:
        ph = -activities[HYDROGEN] / _LN10
    return calcite, gypsum - solid * volume, left, found[3], ph, True


@njit(cache=True, nogil=True)
def mineral_step(
    cells: np.ndarray,
    lithogenic: int,
    pedogenic: int,
    acidity: int,
    lime: np.ndarray,
    lime_share: np.ndarray,
    gypsum: int,
    dolomite: np.ndarray,
    dolomite_share: np.ndarray,
    dolomite_size: np.ndarray,
    seconds: float,
    stocks: np.ndarray,
    mineral: np.ndarray,
    calcium: np.ndarray,
    dic: np.ndarray,
    strong_acid: np.ndarray,
    acid: np.ndarray,
    sulfate: np.ndarray,
    magnesium: np.ndarray,
    groundwater_calcium: np.ndarray,
    groundwater_dic: np.ndarray,
    groundwater_acid: np.ndarray,
    groundwater_sulfate: np.ndarray,
    groundwater_magnesium: np.ndarray,
    water: np.ndarray,
    percolation: np.ndarray,
    aside: np.ndarray,
    groundwater: np.ndarray,
    baseflow: np.ndarray,
    temperature: np.ndarray,
    layer_temperature: np.ndarray,
    carbon_dioxide: np.ndarray,
    buffer: np.ndarray,
    ph: np.ndarray,
    exchange: np.ndarray,
    traded: np.ndarray,
    lime_dissolved: np.ndarray,
    dolomite_dissolved: np.ndarray,
    carried: np.ndarray,
) -> None:
    """Mix, equilibrate and percolate what calcite, gypsum and dolomite dissolve to, through layers and groundwater.

    Parameters
    ----------
    cells, lithogenic, pedogenic, acidity, lime, lime_share, stocks, calcium, dic, strong_acid, acid, water, percolation
        As for :func:`watershed_c.kernels.carbonate.carbonate_step`, with all that is named as there. ``strong_acid``
        has the sulfate among its anions and the magnesium among its bases.
    gypsum
        Row of ``stocks`` with its sulfur, kg m-2.
    dolomite, dolomite_share, dolomite_size
        (d,) int64 rows with the carbon of dolomite, the share of each that may dissolve in the step however fast it
        could, and the diameter of its grains, m.
    seconds
        Length of the step, s.
    mineral
        (n, L) kg m-2; layers without it, below the uppermost, hand on what water brings.
    sulfate, magnesium, groundwater_sulfate, groundwater_magnesium
        (n, L) kg S m-2 and kg Mg m-2 in soil water, (n,) in groundwater; changed in place.
    traded
        (3, n) filled, kg m-2 per step: sulfur of gypsum dissolved less precipitated, sulfur and magnesium exported with
        baseflow.
    dolomite_dissolved
        (d, n) filled: carbon dissolved of dolomite, kg m-2 per step.
    carried
        (5, n, L) filled: calcium, dic, strong acid, sulfate and magnesium gone sideways; not where ``aside`` is of
        size 0.

    Notes
    -----
    All water that is in a layer during the step, ``V = water + percolation + aside``, is at equilibrium with calcite
    and gypsum when it leaves, or has dissolved them (:func:`watershed_c.kernels.minerals.solve_water`: one charge
    balance): gypsum dissolves in minutes to hours. Dolomite does not precipitate, and dissolves

        D = De (1 - exp(-F / De)),   F = sum of m (1 - exp(-6 R Vm t / d))

    with R its forward rate at the pH without it, d the diameter of its grains, and De what would bring the layer (its
    exchange included) to equilibrium with it: F far from it, De at last. What percolates, what exchange does where
    calcite is spent and what acid sets free of bicarbonate is as in ``carbonate_step``.
    """
    layers = stocks.shape[1]
    sideways, told = aside.size > 0, ph.size > 0
    activities, system = np.empty(4), np.empty((4, 5))
    ready = np.empty(dolomite.size)
    inflow, amount = np.empty(5), np.empty(5)
    for cell in cells:
        exchange[:, cell], traded[:, cell] = 0.0, 0.0
        lime_dissolved[:, cell], dolomite_dissolved[:, cell] = 0.0, 0.0
        inflow[:] = 0.0
        for layer in range(layers):
            volume = water[cell, layer] + percolation[cell, layer]
            if sideways:
                volume += aside[cell, layer]
            old_dic = dic[cell, layer] + inflow[1]
            new_dic = old_dic
            dissolved_calcium = calcium[cell, layer] + inflow[0]
            charge = strong_acid[cell, layer] + acid[cell, layer] + inflow[2]
            dissolved_sulfate = sulfate[cell, layer] + inflow[3]
            dissolved_magnesium = magnesium[cell, layer] + inflow[4]
            if volume > FILM and (layer == 0 or mineral[cell, layer] > 0.0):
                # acid that finds no alkalinity where it is
                unmet = max(acid[cell, layer], 0.0)
                unmet += max(strong_acid[cell, layer] - calcium[cell, layer] * CHARGE_PER_CALCIUM, 0.0)
                unmet += max(inflow[2] - inflow[0] * CHARGE_PER_CALCIUM, 0.0)
                celsius = temperature[cell] + layer_temperature[layer]
                pressure = min(max(carbon_dioxide[cell, layer], 1e-4), 1.0)
                constants = mineral_constants(celsius)
                other = charge - CHARGE_PER_SULFUR * dissolved_sulfate + CHARGE_PER_MAGNESIUM * dissolved_magnesium
                exchangeable = stocks[cell, layer, acidity] if acidity >= 0 else 0.0
                capacity = buffer[cell, layer] if acidity >= 0 else 0.0
                from_lithogenic, from_pedogenic = stocks[cell, layer, lithogenic], stocks[cell, layer, pedogenic]
                solid = from_lithogenic + from_pedogenic
                for k in range(lime.size):
                    solid += lime_share[k] * stocks[cell, layer, lime[k]]
                calcite = solid / MOLAR_MASS_CARBON
                sulfur = stocks[cell, layer, gypsum] / MOLAR_MASS_SULFUR
                change, gone, left, carbon, here, spent = _settle(
                    constants, pressure, volume, dissolved_calcium / MOLAR_MASS_CALCIUM,
                    dissolved_magnesium / MOLAR_MASS_MAGNESIUM, dissolved_sulfate / MOLAR_MASS_SULFUR, other, calcite,
                    sulfur, exchangeable, capacity, activities, system,
                )  # fmt: skip
                taken = _dissolve_dolomite(
                    cell, layer, dolomite, dolomite_share, dolomite_size, seconds, stocks, constants, celsius, pressure,
                    volume, dissolved_calcium / MOLAR_MASS_CALCIUM, dissolved_magnesium / MOLAR_MASS_MAGNESIUM,
                    dissolved_sulfate / MOLAR_MASS_SULFUR, other, calcite, sulfur, exchangeable, left, spent, here,
                    activities, system, ready,
                )  # fmt: skip
                if taken > 0.0:
                    for k in range(dolomite.size):
                        stocks[cell, layer, dolomite[k]] -= ready[k]
                        dolomite_dissolved[k, cell] += ready[k]
                    dissolved_calcium += taken * CALCIUM_PER_DOLOMITE_CARBON
                    dissolved_magnesium += taken * MAGNESIUM_PER_DOLOMITE_CARBON
                    charge -= taken * (MAGNESIUM_PER_DOLOMITE_CARBON * CHARGE_PER_MAGNESIUM)
                    change, gone, left, carbon, here, spent = _settle(
                        constants, pressure, volume, dissolved_calcium / MOLAR_MASS_CALCIUM,
                        dissolved_magnesium / MOLAR_MASS_MAGNESIUM, dissolved_sulfate / MOLAR_MASS_SULFUR, other,
                        calcite, sulfur, exchangeable, capacity, activities, system,
                    )  # fmt: skip
                if told:
                    ph[cell, layer] = max(here, LOWEST_PH)
                change = solid if spent else change * MOLAR_MASS_CARBON
                if change > 0.0:
                    part = change / solid
                    from_lithogenic, from_pedogenic = part * from_lithogenic, part * from_pedogenic
                    for k in range(lime.size):
                        from_lime = part * lime_share[k] * stocks[cell, layer, lime[k]]
                        stocks[cell, layer, lime[k]] -= from_lime
                        lime_dissolved[k, cell] += from_lime
                else:
                    from_lithogenic, from_pedogenic = 0.0, change
                stocks[cell, layer, lithogenic] -= from_lithogenic
                stocks[cell, layer, pedogenic] -= from_pedogenic
                exchange[LITHOGENIC_DISSOLVED, cell] += from_lithogenic
                exchange[PEDOGENIC_DISSOLVED, cell] += max(from_pedogenic, 0.0)
                exchange[PRECIPITATED, cell] -= min(from_pedogenic, 0.0)
                dissolved_calcium += change * CALCIUM_PER_CARBON
                gone = min(gone * MOLAR_MASS_SULFUR, stocks[cell, layer, gypsum])
                stocks[cell, layer, gypsum] -= gone
                traded[GYPSUM_DISSOLVED, cell] += gone
                dissolved_calcium += gone * CALCIUM_PER_SULFUR
                dissolved_sulfate += gone
                charge += gone * CHARGE_PER_SULFUR
                met = unmet
                if left != exchangeable:
                    gained = left - exchangeable
                    stocks[cell, layer, acidity] = left
                    exchange[ACIDITY_HELD, cell] += gained
                    met -= gained
                    dissolved_calcium += gained * (1.0 / CHARGE_PER_CALCIUM)
                    if dissolved_calcium < 0.0:
                        # exchange takes other bases where calcium is short
                        exchange[ACID_HELD, cell] -= dissolved_calcium * CHARGE_PER_CALCIUM
                        charge -= dissolved_calcium * CHARGE_PER_CALCIUM
                dissolved_calcium = max(dissolved_calcium, 0.0)
                met -= max(charge - dissolved_calcium * CHARGE_PER_CALCIUM, 0.0)
                exchange[NEUTRALISED, cell] += met * MOLAR_MASS_CARBON
                new_dic = carbon * volume * MOLAR_MASS_CARBON
                exchange[GAS_EXCHANGE, cell] += new_dic - old_dic - change - taken
            elif layer > 0 and told:
                ph[cell, layer] = ph[cell, layer - 1]
            acid[cell, layer] = 0.0
            amount[0], amount[1], amount[2] = dissolved_calcium, new_dic, charge
            amount[3], amount[4] = dissolved_sulfate, dissolved_magnesium
            share = percolation[cell, layer] / volume if volume > 0.0 else 0.0
            beside = aside[cell, layer] / volume if sideways and volume > 0.0 else 0.0
            for k in range(5):
                inflow[k] = share * amount[k]
                amount[k] -= inflow[k]
                if sideways:
                    carried[k, cell, layer] = beside * (inflow[k] + amount[k])
                    amount[k] -= carried[k, cell, layer]
            calcium[cell, layer], dic[cell, layer] = max(amount[0], 0.0), max(amount[1], 0.0)
            strong_acid[cell, layer] = amount[2]
            sulfate[cell, layer], magnesium[cell, layer] = max(amount[3], 0.0), max(amount[4], 0.0)
        volume = groundwater[cell] + baseflow[cell]
        share = baseflow[cell] / volume if volume > 0.0 else 0.0
        exchange[CALCIUM_EXPORT, cell] = share * (groundwater_calcium[cell] + inflow[0])
        exchange[DIC_EXPORT, cell] = share * (groundwater_dic[cell] + inflow[1])
        exchange[ACID_EXPORT, cell] = share * (groundwater_acid[cell] + inflow[2])
        traded[SULFATE_EXPORT, cell] = share * (groundwater_sulfate[cell] + inflow[3])
        traded[MAGNESIUM_EXPORT, cell] = share * (groundwater_magnesium[cell] + inflow[4])
        groundwater_calcium[cell] += inflow[0] - exchange[CALCIUM_EXPORT, cell]
        groundwater_dic[cell] += inflow[1] - exchange[DIC_EXPORT, cell]
        groundwater_acid[cell] += inflow[2] - exchange[ACID_EXPORT, cell]
        groundwater_sulfate[cell] += inflow[3] - traded[SULFATE_EXPORT, cell]
        groundwater_magnesium[cell] += inflow[4] - traded[MAGNESIUM_EXPORT, cell]


@njit(cache=True, nogil=True)
def _dissolve_dolomite(
    cell, layer, rows, share, size, seconds, stocks, constants, celsius, carbon_dioxide, volume, calcium, magnesium,
    sulfate, other, calcite, gypsum, exchangeable, left, spent, ph, activities, system, ready,
):  # fmt: skip
    """Carbon of dolomite that dissolves in the step, kg m-2; of each row: ``ready``. ``activities`` are without it."""
    available = 0.0
    for k in range(rows.size):
        available += stocks[cell, layer, rows[k]]
    if available <= 0.0:
        return 0.0
    carbonate = math.log(constants[0] * constants[1] * constants[2] * carbon_dioxide)
    saturation = activities[CALCIUM] + activities[MAGNESIUM] + 2.0 * carbonate - 4.0 * activities[HYDROGEN]
    if saturation > math.log(constants[8]) - _CLOSE:
        return 0.0
    rate = dolomite_rate(celsius, math.exp(-_LN10 * ph), carbon_dioxide) * MOLAR_VOLUME_DOLOMITE * seconds
    forward = 0.0
    for k in range(rows.size):
        ready[k] = stocks[cell, layer, rows[k]] * min(-math.expm1(-6.0 * rate / size[k]), share[k])
        forward += ready[k]
    if forward <= 0.0:
        return 0.0
    # at equilibrium, exchange has given up its acidity to it: four charges per magnesium
    inverse = 1.0 / volume
    held = left if spent else 0.0
    total = calcium + gypsum + 0.5 * (held - exchangeable)
    if spent:
        total += calcite
    found, _ = _with_gypsum(
        constants, carbon_dioxide, other * inverse, max(total, 0.0) * inverse, magnesium * inverse,
        (sulfate + gypsum) * inverse, gypsum * inverse, not spent, True, activities, system,
    )  # fmt: skip
    most = 2.0 * MOLAR_MASS_CARBON * (found[1] * volume - magnesium + 0.25 * held)
    if not most > 0.0:
        return 0.0
    dissolved = -most * math.expm1(-forward / most)
    for k in range(rows.size):
        ready[k] *= dissolved / forward
    return dissolved
