"""Calcite in soil layers: dissolution by carbonic and strong acid, precipitation, and what percolates of it.

Molalities are mol per kg of water and water is kg m-2, so a molality times a layer's water is mol m-2.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from watershed_c.kernels.acidity import NEUTRAL, acidity_at, buffered_ph, ph_of_water
from watershed_c.kernels.calcite import (
    CALCIUM_PER_CARBON,
    MOLAR_MASS_CALCIUM,
    MOLAR_MASS_CARBON,
)
from watershed_c.kernels.layer_waters import (
    AQUEOUS,
    BLOCK,
    CARBON_HELD,
    FILM,
    PH,
    RATIO,
    look_up,
    room_for_waters,
    solve_acid,
    solve_acid_again,
)

#: rows of ``exchange`` filled by :func:`carbonate_step`
(
    LITHOGENIC_DISSOLVED, PEDOGENIC_DISSOLVED, PRECIPITATED, GAS_EXCHANGE, DIC_EXPORT, CALCIUM_EXPORT, ACID_EXPORT,
    NEUTRALISED, ACIDITY_HELD, ACID_HELD,
) = range(10)  # fmt: skip
#: mol charge per kg Ca
CHARGE_PER_CALCIUM = 2.0 / MOLAR_MASS_CALCIUM
#: kg C per mol charge: of the carbonate that exchange or water take up with it
CARBON_PER_CHARGE = 0.5 * MOLAR_MASS_CARBON
#: lowest pH that is told: of water whose acid nothing buffers the charge balance says less
LOWEST_PH = 3.0


@njit(cache=True, nogil=True)
def _take(cell, layer, row, amount, stocks, taken):
    stocks[cell, layer, row] -= amount
    taken[cell] += amount


@njit(cache=True, nogil=True)
def carbonate_step(
    cells: np.ndarray,
    lithogenic: int,
    pedogenic: int,
    acidity: int,
    lime: np.ndarray,
    lime_share: np.ndarray,
    stocks: np.ndarray,
    mineral: np.ndarray,
    calcium: np.ndarray,
    dic: np.ndarray,
    strong_acid: np.ndarray,
    acid: np.ndarray,
    groundwater_calcium: np.ndarray,
    groundwater_dic: np.ndarray,
    groundwater_acid: np.ndarray,
    water: np.ndarray,
    percolation: np.ndarray,
    aside: np.ndarray,
    groundwater: np.ndarray,
    baseflow: np.ndarray,
    temperature: np.ndarray,
    layer_temperature: np.ndarray,
    carbon_dioxide: np.ndarray,
    table: np.ndarray,
    constants: np.ndarray,
    buffer: np.ndarray,
    ph: np.ndarray,
    exchange: np.ndarray,
    lime_dissolved: np.ndarray,
    calcium_carried: np.ndarray,
    dic_carried: np.ndarray,
    acid_carried: np.ndarray,
) -> None:
    """Mix, equilibrate and percolate dissolved carbonate through the layers and groundwater of each cell.

    Parameters
    ----------
    cells
        (m,) int64 node ids.
    lithogenic, pedogenic, acidity
        Rows of ``stocks`` that hold carbonate carbon, and exchangeable acidity (mol charge m-2; -1: none does).
    lime, lime_share
        (r,) int64 rows with the carbon of lime, and the share of each that may dissolve in the step.
    stocks
        (n, L, K) kg m-2; these rows are changed in place.
    mineral
        (n, L) kg m-2; layers without it, below the uppermost, hand on what water brings.
    calcium, dic
        (n, L) kg Ca m-2 and kg C m-2 in soil water; changed in place.
    strong_acid
        (n, L) mol charge m-2 in soil water: anions of strong acids less base cations other than Ca; negative where
        water brought sodium bicarbonate. Changed in place. Of size 0, as ``acid`` and ``groundwater_acid`` then, where
        no acid can come and ``acidity`` is -1: rows of ``exchange`` that tell of it, the last four, are left alone.
    acid
        (n, L) mol charge m-2 that processes of the step made; passed into ``strong_acid`` and set to 0.
    groundwater_calcium, groundwater_dic, groundwater_acid
        (n,) what soil water holds of these in the groundwater reservoir; changed in place.
    water
        (n, L) soil water at the end of the step, kg m-2.
    percolation
        (n, L) water that left each layer downward in the step, >= 0, kg m-2; the last layer's goes to
        groundwater.
    aside
        (n, L) water that left each layer sideways in the step, kg m-2; of size 0 where none does.
    groundwater, baseflow
        (n,) water in the reservoir at the end of the step and what left it for the stream in the step, kg
        m-2.
    temperature, layer_temperature
        (n,) air temperature, and (L,) what soil temperature adds to it in each layer, degC.
    carbon_dioxide
        (n, L) partial pressure of CO2 in soil air, atm, > 0.
    table, constants
        Of :func:`watershed_c.kernels.calcite.equilibrium_table`.
    buffer
        (n, L) mol charge m-2 per pH; of size 0 where ``acidity`` is -1.
    ph
        (n, L) filled: pH of the water at the end of the step; of size 0: not asked for.
    exchange
        (10, n) filled, kg m-2 per step: carbonate C dissolved from the lithogenic and from the pedogenic row, carbonate
        C precipitated (pedogenic), C passed from soil air into DIC (negative: degassed), DIC, calcium and strong acid
        (mol charge m-2) exported with baseflow, C that strong acid set free of bicarbonate, 1 mol per mol charge,
        acidity gained by exchange, and strong acid gained by bases other than calcium that exchange took (mol charge
        m-2).
    lime_dissolved
        (r, n) filled: carbon dissolved of lime, kg m-2 per step.
    calcium_carried, dic_carried, acid_carried
        (n, L) filled, kg m-2 and mol charge m-2 per step: gone sideways; not where ``aside`` is of size 0.

    Notes
    -----
    Dissolution takes hours to days (Plummer, Wigley & Parkhurst 1978), percolation weeks: all water that is
    in a layer during the step, ``V = water + percolation + aside`` (evapotranspiration removes water only), is
    at equilibrium when it leaves. With ``M = calcium + inflow``, ``S = strong_acid +
    acid + inflow`` and ``E`` the equilibrium calcium at the layer's temperature, CO2 and acid ``S / V``, one charge
    balance with both acids in it::

        M < E V:  dissolve min(E V - M, calcium in both rows), from each row in proportion to its mass
        M > E V:  precipitate M - E V into the pedogenic row
        DIC = V CO2(aq) + r max(2 M - S, 0),   r = (DIC_eq - CO2(aq)) / (2 E - S / V)   (1 less the share of CO3--)
        gas exchange = change of DIC - carbonate C dissolved
        outflow = percolation / V of each solute down, aside / V sideways

    Where the soil holds acidity A, calcite gives it A / 2 before the water is at equilibrium, and where that is more
    than there is, exchange and water share the bases (:func:`watershed_c.kernels.acidity.buffered_ph`): what acidity is
    gained, calcium comes into solution, and the reverse, other bases where calcium is short.

    Strong acid that meets alkalinity (2 M - S of the layer, of the inflow, or of what dissolves) is neutralised and
    sets its carbon free, acidity that exchange gives up as well; what finds none goes on with the water.
    """
    layers, kinds = stocks.shape[1], lime.size
    sideways, acidic, told = aside.size > 0, strong_acid.size > 0, ph.size > 0
    equilibria, charges = np.empty((BLOCK, layers, 4)), np.empty((BLOCK, layers))
    waters = room_for_waters(BLOCK * layers if acidic else 1)
    lanes = np.empty(BLOCK * layers, dtype=np.int64)
    for begin in range(0, cells.size, BLOCK):
        block = cells[begin : begin + BLOCK]
        look_up(block, temperature, layer_temperature, carbon_dioxide, table, constants, equilibria)
        if acidic:
            solve_acid(
                block, strong_acid, acid, water, percolation, aside, temperature, layer_temperature, carbon_dioxide,
                constants, told or acidity >= 0, waters, lanes, charges, equilibria,
            )  # fmt: skip
        for i in range(block.size):
            cell = block[i]
            acid_inflow, met, held, bases = 0.0, 0.0, 0.0, 0.0
            for k in range(kinds):
                lime_dissolved[k, cell] = 0.0
            calcium_inflow, dic_inflow = 0.0, 0.0
            dissolved_lithogenic, dissolved_pedogenic, precipitated, gas = 0.0, 0.0, 0.0, 0.0
            for layer in range(layers):
                volume = water[cell, layer] + percolation[cell, layer]
                if sideways:
                    volume += aside[cell, layer]
                old_dic = dic[cell, layer] + dic_inflow
                dissolved_calcium = calcium[cell, layer] + calcium_inflow
                charge = strong_acid[cell, layer] + acid[cell, layer] + acid_inflow if acidic else 0.0
                if acidic and charge != charges[i, layer] and volume > FILM:  # exchange above took other bases
                    solve_acid_again(
                        i, layer, temperature[cell] + layer_temperature[layer], carbon_dioxide[cell, layer],
                        charge / volume, table, constants, told or acidity >= 0, waters, equilibria,
                    )  # fmt: skip
                needed, unmet = equilibria[i, layer, CARBON_HELD] * volume, 0.0
                if charge != 0.0:
                    # acid that finds no alkalinity where it is, as the carbonate that would give it
                    unmet = max(acid[cell, layer], 0.0)
                    unmet += max(strong_acid[cell, layer] - calcium[cell, layer] * CHARGE_PER_CALCIUM, 0.0)
                    unmet += max(acid_inflow - calcium_inflow * CHARGE_PER_CALCIUM, 0.0)
                    if not volume > FILM:
                        needed = CARBON_PER_CHARGE * max(charge, 0.0)
                rock = layer > 0 and mineral[cell, layer] <= 0.0  # nothing for water to be at equilibrium with
                exchangeable = stocks[cell, layer, acidity] if acidity >= 0 and not rock else 0.0
                from_lithogenic = stocks[cell, layer, lithogenic]
                from_pedogenic = stocks[cell, layer, pedogenic]
                solid = from_lithogenic + from_pedogenic
                for k in range(kinds):
                    solid += lime_share[k] * stocks[cell, layer, lime[k]]
                change = needed + exchangeable * CARBON_PER_CHARGE - dissolved_calcium * (1.0 / CALCIUM_PER_CARBON)
                if rock:
                    change = 0.0
                spent = change > solid
                if change >= solid:
                    change = solid
                    for k in range(kinds):
                        taken = lime_share[k] * stocks[cell, layer, lime[k]]
                        _take(cell, layer, lime[k], taken, stocks, lime_dissolved[k])
                elif change > 0.0:
                    part = change / solid
                    from_lithogenic = change * (from_lithogenic / solid)  # the whole, exactly, where there is no other
                    from_pedogenic = change - from_lithogenic
                    for k in range(kinds):
                        taken = part * lime_share[k] * stocks[cell, layer, lime[k]]
                        _take(cell, layer, lime[k], taken, stocks, lime_dissolved[k])
                        from_pedogenic -= taken
                    from_pedogenic = min(max(from_pedogenic, 0.0), stocks[cell, layer, pedogenic])
                else:
                    from_lithogenic, from_pedogenic = 0.0, change
                stocks[cell, layer, lithogenic] -= from_lithogenic
                stocks[cell, layer, pedogenic] -= from_pedogenic
                dissolved_lithogenic += from_lithogenic
                dissolved_pedogenic += max(from_pedogenic, 0.0)
                precipitated -= min(from_pedogenic, 0.0)
                dissolved_calcium += change * CALCIUM_PER_CARBON
                here = equilibria[i, layer, PH]
                if (spent and (told or acidity >= 0)) or exchangeable > 0.0:
                    # alkalinity of water at equilibrium, that there is, and what exchange leaves of it
                    total = dissolved_calcium * CHARGE_PER_CALCIUM - charge
                    saturated = needed * (1.0 / CARBON_PER_CHARGE) - charge
                    left = 0.0
                    if spent and acidity >= 0 and buffer[cell, layer] > 0.0 and volume > FILM:
                        here = buffered_ph(
                            total - exchangeable, volume, max(saturated / volume, 0.0), here, buffer[cell, layer]
                        )
                        left = acidity_at(here, min(NEUTRAL, equilibria[i, layer, PH]), buffer[cell, layer])
                    elif spent and volume > FILM:
                        left = exchangeable
                        most = max(saturated / volume, 0.0)
                        here = ph_of_water(max(min(total / volume, most), -1.0), most, here)
                    elif spent:
                        left = exchangeable
                    if left != exchangeable:
                        gained = left - exchangeable
                        stocks[cell, layer, acidity] = left
                        held += gained
                        met -= gained
                        dissolved_calcium += gained * (1.0 / CHARGE_PER_CALCIUM)
                        if dissolved_calcium < 0.0:
                            # exchange takes other bases where calcium is short
                            bases -= dissolved_calcium * CHARGE_PER_CALCIUM
                            charge -= dissolved_calcium * CHARGE_PER_CALCIUM
                if told:
                    ph[cell, layer] = ph[cell, layer - 1] if rock else max(here, LOWEST_PH)
                dissolved_calcium = max(dissolved_calcium, 0.0)
                alkaline = dissolved_calcium
                if charge != 0.0:
                    alkaline -= charge * (1.0 / CHARGE_PER_CALCIUM)
                    met += unmet - max(-alkaline, 0.0) * CHARGE_PER_CALCIUM
                    alkaline = max(alkaline, 0.0)
                new_dic = equilibria[i, layer, AQUEOUS] * volume + equilibria[i, layer, RATIO] * alkaline
                if rock:
                    new_dic = old_dic
                gas += new_dic - old_dic - change
                share = percolation[cell, layer] / volume if volume > 0.0 else 0.0
                calcium_inflow = share * dissolved_calcium
                dic_inflow = share * new_dic
                calcium[cell, layer] = dissolved_calcium - calcium_inflow
                dic[cell, layer] = new_dic - dic_inflow
                if acidic:
                    acid_inflow = share * charge
                    strong_acid[cell, layer] = charge - acid_inflow
                    acid[cell, layer] = 0.0
                if sideways:
                    share = aside[cell, layer] / volume if volume > 0.0 else 0.0
                    calcium_carried[cell, layer] = share * dissolved_calcium
                    dic_carried[cell, layer] = share * new_dic
                    if acidic:
                        acid_carried[cell, layer] = share * charge
                        strong_acid[cell, layer] -= acid_carried[cell, layer]
                    calcium[cell, layer] = max(calcium[cell, layer] - calcium_carried[cell, layer], 0.0)
                    dic[cell, layer] = max(dic[cell, layer] - dic_carried[cell, layer], 0.0)
            exchange[LITHOGENIC_DISSOLVED, cell] = dissolved_lithogenic
            exchange[PEDOGENIC_DISSOLVED, cell] = dissolved_pedogenic
            exchange[PRECIPITATED, cell] = precipitated
            exchange[GAS_EXCHANGE, cell] = gas
            volume = groundwater[cell] + baseflow[cell]
            share = baseflow[cell] / volume if volume > 0.0 else 0.0
            dissolved_calcium = groundwater_calcium[cell] + calcium_inflow
            new_dic = groundwater_dic[cell] + dic_inflow
            exchange[CALCIUM_EXPORT, cell] = share * dissolved_calcium
            exchange[DIC_EXPORT, cell] = share * new_dic
            groundwater_calcium[cell] = dissolved_calcium - exchange[CALCIUM_EXPORT, cell]
            groundwater_dic[cell] = new_dic - exchange[DIC_EXPORT, cell]
            if acidic:
                charge = groundwater_acid[cell] + acid_inflow
                exchange[ACID_EXPORT, cell] = share * charge
                groundwater_acid[cell] = charge - exchange[ACID_EXPORT, cell]
                exchange[NEUTRALISED, cell] = met * MOLAR_MASS_CARBON
                exchange[ACIDITY_HELD, cell] = held
                exchange[ACID_HELD, cell] = bases
