"""Calcite in soil layers: equilibrium with soil CO2, dissolution, precipitation, and what percolates of it.

Molalities are mol per kg of water and water is kg m-2, so a molality times a layer's water is mol m-2.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

#: kg mol-1, standard atomic weight of carbon (IUPAC 2021)
MOLAR_MASS_CARBON = 0.012011
#: kg mol-1, standard atomic weight of calcium (IUPAC 2021)
MOLAR_MASS_CALCIUM = 0.040078
#: kg Ca per kg carbonate carbon in CaCO3
CALCIUM_PER_CARBON = MOLAR_MASS_CALCIUM / MOLAR_MASS_CARBON
#: K at 0 degC
ZERO_CELSIUS = 273.15
#: relative change of bicarbonate at which the equilibrium is called solved; each step leaves less than 1 % of
#: the error
TOLERANCE = 1e-10
MAXIMUM_ITERATIONS = 50
#: knots of the table of equilibria: step (K) and number of steps of temperature from 0 degC; step of the logarithm of
#: CO2 from the lowest (atm) to 1 atm. Interpolated to 1e-7 of the solution, Henry's constant to 2e-7 (tests)
TEMPERATURE_STEP, TEMPERATURE_STEPS = 0.25, 240
PRESSURE_STEP, LOWEST_PRESSURE = 0.025, 1e-4

_LOG_LOWEST = math.log(LOWEST_PRESSURE)
_PRESSURE_STEPS = math.ceil(-_LOG_LOWEST / PRESSURE_STEP)

#: rows of ``exchange`` filled by :func:`carbonate_step`
LITHOGENIC_DISSOLVED, PEDOGENIC_DISSOLVED, PRECIPITATED, GAS_EXCHANGE, DIC_EXPORT, CALCIUM_EXPORT = range(6)

_LN10 = math.log(10.0)


@njit(cache=True, nogil=True)
def log_constants(temperature: float) -> tuple[float, float, float, float, float, float, float]:
    """log10 of the carbonate equilibrium constants at ``temperature`` (degC).

    Returns
    -------
    henry, first, second, calcite, calcium_bicarbonate, calcium_carbonate, water
        CO2(g) = CO2(aq) in mol kg-1 atm-1; CO2(aq) + H2O = H+ + HCO3-; HCO3- = H+ + CO3--; CaCO3(calcite) =
        Ca++ + CO3--; Ca++ + HCO3- = CaHCO3+; Ca++ + CO3-- = CaCO3(aq); H2O = H+ + OH-.

    Notes
    -----
    Plummer & Busenberg (1982), Geochim. Cosmochim. Acta 46, 1011-1040, valid 0-90 degC. The ion product of
    water is the form ``-4470.99/T + 6.0875 - 0.01706 T`` of Harned & Owen (1958) that their study uses.
    """
    kelvin = temperature + ZERO_CELSIUS
    inverse = 1.0 / kelvin
    log_kelvin = math.log(kelvin) / _LN10
    henry = 108.3865 + 0.01985076 * kelvin + (669365.0 * inverse - 6919.53) * inverse - 40.45154 * log_kelvin
    first = (
        -356.3094 - 0.06091964 * kelvin + (21834.37 - 1684915.0 * inverse) * inverse + 126.8339 * log_kelvin
    )
    second = (
        -107.8871 - 0.03252849 * kelvin + (5151.79 - 563713.9 * inverse) * inverse + 38.92561 * log_kelvin
    )
    calcite = -171.9065 - 0.077993 * kelvin + 2839.319 * inverse + 71.595 * log_kelvin
    calcium_bicarbonate = 1209.120 + 0.31294 * kelvin - 34765.05 * inverse - 478.782 * log_kelvin
    calcium_carbonate = -1228.732 - 0.299444 * kelvin + 35512.75 * inverse + 485.818 * log_kelvin
    water = -4470.99 * inverse + 6.0875 - 0.01706 * kelvin
    return henry, first, second, calcite, calcium_bicarbonate, calcium_carbonate, water


@njit(cache=True, nogil=True)
def calcite_equilibrium(
    temperature: float, carbon_dioxide: float, strong_acid: float, background: float
) -> tuple[float, float, float, float, float]:
    """Water in equilibrium with calcite and an open CO2 reservoir.

    Parameters
    ----------
    temperature
        degC.
    carbon_dioxide
        Partial pressure of CO2, atm, > 0.
    strong_acid
        Strong-acid anions minus base cations other than Ca, mol charge kg-1; negative for sodium bicarbonate
        water. Counted as monovalent in the ionic strength.
    background
        Ionic strength of salts that take no part, whose charges balance (NaCl: its molality), mol kg-1.

    Returns
    -------
    calcium, inorganic_carbon, aqueous_carbon_dioxide, bicarbonate, hydrogen_activity
        Total dissolved calcium and inorganic carbon (ion pairs included), CO2(aq) and free HCO3- (mol kg-1);
        H+ activity.

    Notes
    -----
    Charge balance ``2 Ca + CaHCO3 + H = h + 2 CO3 + OH + s`` with h = [HCO3-], s = ``strong_acid`` and a = K1
    KH pCO2::

        Ca = kp / h^2,  kp = a Kc / (K2 g2 g1^2);   CaHCO3 = K g2 kp / h;   CaCO3(aq) = K Kc
        CO3 = K2 g1^2 h^2 / (a g2);                 H = a / (g1^2 h);       OH = Kw h / a

    which is, times h^2, ``2 d h^4 + (1 + Kw/a) h^3 + s h^2 - b h - 2 kp = 0`` with one positive root. Without
    ion pairs, CO3, H and OH it is the cubic ``h^3 + s h^2 - 2 kp = 0``. Activity coefficients after Davies
    (1962), ``log g_z = -A z^2 (sqrt I / (1 + sqrt I) - 0.3 I)``, ``A = 0.4883 + 8.074e-4 T``, I <= 0.1 mol
    kg-1; the Newton slope contains the dependence of kp on them.
    """
    henry, first, second, calcite, bicarbonate_pair, carbonate_pair, water = log_constants(temperature)
    aqueous = math.exp(_LN10 * henry) * carbon_dioxide
    acid = math.exp(_LN10 * first) * aqueous
    second_constant = math.exp(_LN10 * second)
    calcite_constant = math.exp(_LN10 * calcite)
    pairing = math.exp(_LN10 * bicarbonate_pair)
    neutral_pair = math.exp(_LN10 * (carbonate_pair + calcite))
    cubic = 1.0 + math.exp(_LN10 * water) / acid
    ideal_product = acid * calcite_constant / second_constant
    carbonate_factor = second_constant / acid
    davies = _LN10 * (0.4883 + 8.074e-4 * temperature)

    # first guess: the cubic without acid, then its activity and ion-pair corrections once
    h = math.exp((_LN10 * (henry + first + calcite - second) + math.log(2.0 * carbon_dioxide)) / 3.0)
    strength = 1.8 * h + background
    root = math.sqrt(strength)
    h *= (
        math.exp(2.0 * davies * (root / (1.0 + root) - 0.3 * strength))
        + (pairing * ideal_product / (h * h) - cubic + 1.0) / 3.0
    )
    if h < -strong_acid:
        h = -strong_acid
    pair = pairing * ideal_product / h
    carbonate = carbonate_factor * h * h
    for _ in range(MAXIMUM_ITERATIONS):
        strength = background + 0.5 * (3.0 * h + 8.0 * carbonate + 2.0 * strong_acid + abs(strong_acid) - pair)
        root = math.sqrt(max(strength, 1e-12))
        reciprocal = 1.0 / (1.0 + root)
        inverse = math.exp(2.0 * davies * (root * reciprocal - 0.3 * strength))  # 1 / g1^2
        product = ideal_product * inverse * inverse * inverse
        proton = acid * inverse
        pair = pairing * ideal_product * inverse
        quartic = 2.0 * carbonate_factor * inverse
        value = (((quartic * h + cubic) * h + strong_acid) * h - pair - proton) * h - 2.0 * product
        slope = ((4.0 * quartic * h + 3.0 * cubic) * h + 2.0 * strong_acid) * h - pair - proton
        slope -= 18.0 * product * davies * (0.5 * reciprocal * reciprocal / root - 0.3)
        step = (
            value / slope if slope > 0.0 else -h
        )  # not positive: far left of the root, the guess was useless
        h = h - step if step < h else 0.5 * h
        carbonate = 0.5 * quartic * h * h
        pair /= h
        if abs(step) <= TOLERANCE * h:
            break
    calcium = 0.5 * (cubic * h + 2.0 * carbonate + strong_acid + pair - proton / h) + neutral_pair
    inorganic_carbon = aqueous + h + carbonate + pair + neutral_pair
    return calcium, inorganic_carbon, aqueous, h, acid * math.sqrt(inverse) / h


@njit(cache=True, nogil=True)
def _solve_table(table, henry):
    for i in range(henry.size):
        celsius = (i - 1) * TEMPERATURE_STEP
        henry[i] = math.exp(_LN10 * log_constants(celsius)[0])
        for j in range(table.shape[1]):
            pressure = LOWEST_PRESSURE * math.exp((j - 1) * PRESSURE_STEP)
            calcium, carbon, aqueous, _, _ = calcite_equilibrium(celsius, pressure, 0.0, 0.0)
            table[i, j, 0] = calcium
            table[i, j, 1] = (carbon - aqueous) / calcium


def equilibrium_table() -> tuple[np.ndarray, np.ndarray]:
    """Equilibria without strong acid (I, J, 2) and Henry's constant (I,), solved once, for
    :func:`interpolated_equilibrium`.

    Solving them in every layer of every cell and step was half of the time of a whole run.
    """
    table, henry = np.empty((TEMPERATURE_STEPS + 3, _PRESSURE_STEPS + 3, 2)), np.empty(TEMPERATURE_STEPS + 3)
    _solve_table(table, henry)
    return table, henry


@njit(cache=True, nogil=True)
def _quadratic(steps: float) -> tuple[int, float, float, float]:
    """First of the three knots around ``steps`` from the first inner one (Lagrange), and their weights."""
    knot = int(steps + 0.5)
    u = steps - knot
    return knot, 0.5 * u * (u - 1.0), 1.0 - u * u, 0.5 * u * (u + 1.0)


@njit(cache=True, nogil=True)
def interpolated_equilibrium(
    table: np.ndarray, henry: np.ndarray, temperature: float, log_carbon_dioxide: float
) -> tuple[float, float, float]:
    """Equilibrium with calcite at ``temperature`` (degC) and the logarithm of CO2 (atm), quadratic in both.

    Below 0 degC counts as 0 (the water that moves is liquid), above 60 as 60; CO2 counts as 1e-4 to 1 atm.

    Returns
    -------
    calcium, ratio, henry
        Dissolved calcium (mol kg-1); dissolved carbon but CO2(aq) per calcium; CO2(aq) per CO2 (mol kg-1 atm-1).
    """
    across = min(max(temperature * (1.0 / TEMPERATURE_STEP), 0.0), 1.0 * TEMPERATURE_STEPS)
    along = min(max((log_carbon_dioxide - _LOG_LOWEST) * (1.0 / PRESSURE_STEP), 0.0), 1.0 * _PRESSURE_STEPS)
    i, cold, mild, warm = _quadratic(across)
    j, low, middle, high = _quadratic(along)
    calcium, ratio = 0.0, 0.0
    for k, weight in enumerate((cold, mild, warm)):
        row = table[i + k]
        calcium += weight * (low * row[j, 0] + middle * row[j + 1, 0] + high * row[j + 2, 0])
        ratio += weight * (low * row[j, 1] + middle * row[j + 1, 1] + high * row[j + 2, 1])
    return calcium, ratio, cold * henry[i] + mild * henry[i + 1] + warm * henry[i + 2]


@njit(cache=True, nogil=True)
def carbonate_step(
    cells: np.ndarray,
    lithogenic: int,
    pedogenic: int,
    stocks: np.ndarray,
    calcium: np.ndarray,
    dic: np.ndarray,
    groundwater_calcium: np.ndarray,
    groundwater_dic: np.ndarray,
    water: np.ndarray,
    percolation: np.ndarray,
    aside: np.ndarray,
    groundwater: np.ndarray,
    baseflow: np.ndarray,
    temperature: np.ndarray,
    layer_temperature: np.ndarray,
    carbon_dioxide: np.ndarray,
    table: np.ndarray,
    henry: np.ndarray,
    exchange: np.ndarray,
    calcium_carried: np.ndarray,
    dic_carried: np.ndarray,
) -> None:
    """Mix, equilibrate and percolate dissolved carbonate through the layers and groundwater of each cell.

    Parameters
    ----------
    cells
        (m,) int64 node ids.
    lithogenic, pedogenic
        Rows of ``stocks`` that hold carbonate carbon.
    stocks
        (n, L, K) kg m-2; the two rows are changed in place.
    calcium, dic
        (n, L) kg Ca m-2 and kg C m-2 in soil water; changed in place.
    groundwater_calcium, groundwater_dic
        (n,) the same in the groundwater reservoir; changed in place.
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
    table, henry
        Of :func:`equilibrium_table`.
    exchange
        (6, n) filled, kg m-2 per step, all >= 0 but the fourth: carbonate C dissolved from the lithogenic and
        from the pedogenic row, carbonate C precipitated (pedogenic), C passed from soil air into DIC
        (negative: degassed), DIC and calcium exported with baseflow.
    calcium_carried, dic_carried
        (n, L) filled, kg m-2 per step: gone sideways; not where ``aside`` is of size 0.

    Notes
    -----
    Dissolution takes hours to days (Plummer, Wigley & Parkhurst 1978), percolation weeks: all water that is
    in a layer during the step, ``V = water + percolation + aside`` (evapotranspiration removes water only), is
    at equilibrium when it leaves. With ``M = calcium + inflow`` and ``E`` the equilibrium calcium at the layer's
    temperature and CO2::

        M < E V:  dissolve min(E V - M, calcium in both rows), from each row in proportion to its mass
        M > E V:  precipitate M - E V into the pedogenic row
        DIC = V CO2(aq) + r M,  r = (DIC_eq - CO2(aq)) / E     (r = 2 minus the share of CO3-- and CaCO3(aq))
        gas exchange = change of DIC - carbonate C dissolved
        outflow = percolation / V of each solute down, aside / V sideways
    """
    layers = stocks.shape[1]
    sideways = aside.size > 0
    equilibria = np.empty((layers, 3))
    for cell in cells:
        # independent of each other, unlike what percolates: looked up ahead, many at a time
        for layer in range(layers):
            equilibria[layer, 0] = math.log(carbon_dioxide[cell, layer])
        for layer in range(layers):
            molality, ratio, solubility = interpolated_equilibrium(
                table, henry, temperature[cell] + layer_temperature[layer], equilibria[layer, 0]
            )
            equilibria[layer, 0] = molality * MOLAR_MASS_CARBON  # of calcium, as the carbonate carbon it came with
            equilibria[layer, 1] = ratio / CALCIUM_PER_CARBON
            equilibria[layer, 2] = solubility * carbon_dioxide[cell, layer] * MOLAR_MASS_CARBON
        calcium_inflow, dic_inflow = 0.0, 0.0
        dissolved_lithogenic, dissolved_pedogenic, precipitated, gas = 0.0, 0.0, 0.0, 0.0
        for layer in range(layers):
            volume = water[cell, layer] + percolation[cell, layer]
            if sideways:
                volume += aside[cell, layer]
            old_dic = dic[cell, layer] + dic_inflow
            dissolved_calcium = calcium[cell, layer] + calcium_inflow
            from_lithogenic = stocks[cell, layer, lithogenic]
            from_pedogenic = stocks[cell, layer, pedogenic]
            solid = from_lithogenic + from_pedogenic
            change = equilibria[layer, 0] * volume - dissolved_calcium * (1.0 / CALCIUM_PER_CARBON)
            if change >= solid:
                change = solid
            elif change > 0.0:
                from_lithogenic = change * (from_lithogenic / solid)  # the whole, exactly, where there is no other
                from_pedogenic = change - from_lithogenic
            else:
                from_lithogenic, from_pedogenic = 0.0, change
            stocks[cell, layer, lithogenic] -= from_lithogenic
            stocks[cell, layer, pedogenic] -= from_pedogenic
            dissolved_lithogenic += from_lithogenic
            dissolved_pedogenic += max(from_pedogenic, 0.0)
            precipitated -= min(from_pedogenic, 0.0)
            dissolved_calcium = max(dissolved_calcium + change * CALCIUM_PER_CARBON, 0.0)
            new_dic = equilibria[layer, 2] * volume + equilibria[layer, 1] * dissolved_calcium
            gas += new_dic - old_dic - change
            share = percolation[cell, layer] / volume if volume > 0.0 else 0.0
            calcium_inflow = share * dissolved_calcium
            dic_inflow = share * new_dic
            calcium[cell, layer] = dissolved_calcium - calcium_inflow
            dic[cell, layer] = new_dic - dic_inflow
            if sideways:
                share = aside[cell, layer] / volume if volume > 0.0 else 0.0
                calcium_carried[cell, layer] = share * dissolved_calcium
                dic_carried[cell, layer] = share * new_dic
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
