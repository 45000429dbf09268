"""Water in equilibrium with calcite and soil CO2, strong acid in it: solved, and from tables.

Molalities are mol per kg of water.
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

#: mol charge kg-1, strongest acid or base with which an equilibrium is solved: the reach of Davies' equation
STRONGEST = 0.1

_LOG_LOWEST = math.log(LOWEST_PRESSURE)
_PRESSURE_STEPS = math.ceil(-_LOG_LOWEST / PRESSURE_STEP)

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
    constants = equilibrium_constants(temperature)
    ideal = constants[2] * carbon_dioxide
    # first guess: the cubic without acid, then its activity and ion-pair corrections once
    h = math.exp(math.log(2.0 * ideal) / 3.0)
    strength = 1.8 * h + background
    root = math.sqrt(strength)
    h *= (
        math.exp(2.0 * davies_factor(temperature) * (root / (1.0 + root) - 0.3 * strength))
        + (constants[4] * ideal / (h * h) - constants[6] / carbon_dioxide) / 3.0
    )
    h = with_acid(h, strong_acid, constants[3] / carbon_dioxide)
    return solve_charges(constants, temperature, carbon_dioxide, strong_acid, background, h)


@njit(cache=True, nogil=True)
def davies_factor(temperature: float) -> float:
    """A of Davies' equation, of natural logarithms, at ``temperature`` (degC)."""
    return _LN10 * (0.4883 + 8.074e-4 * temperature)


@njit(cache=True, nogil=True)
def equilibrium_constants(temperature: float) -> tuple[float, float, float, float, float, float, float]:
    """What :func:`solve_charges` takes, at ``temperature`` (degC).

    Returns
    -------
    KH, KH K1, KH K1 Kc / K2, K2 / (KH K1), K(CaHCO3+), K(CaCO3) Kc, Kw / (KH K1)
    """
    henry, first, second, calcite, bicarbonate_pair, carbonate_pair, water = log_constants(temperature)
    acid = henry + first
    return (
        math.exp(_LN10 * henry),
        math.exp(_LN10 * acid),
        math.exp(_LN10 * (acid + calcite - second)),
        math.exp(_LN10 * (second - acid)),
        math.exp(_LN10 * bicarbonate_pair),
        math.exp(_LN10 * (carbonate_pair + calcite)),
        math.exp(_LN10 * (water - acid)),
    )


@njit(cache=True, nogil=True)
def with_acid(bicarbonate: float, strong_acid: float, second: float) -> float:
    """About the bicarbonate of water with strong acid (mol charge kg-1), from that of water without: ``2 c h^4 + h^3 +
    s h^2`` stays, by one step of Halley from the nearer of its two limits. ``second`` is c, carbonate per square of
    bicarbonate.
    """
    h, s, twice = bicarbonate, strong_acid, 2.0 * second
    product = (twice * h + 1.0) * h * h * h
    if s > h:
        h = math.sqrt(product / s)
    elif s < -h:
        h = -2.0 * s / (1.0 + math.sqrt(1.0 - 4.0 * twice * s))
    value, slope = ((twice * h + 1.0) * h + s) * h * h - product, ((4.0 * twice * h + 3.0) * h + 2.0 * s) * h
    return h - value * slope / (slope * slope - value * ((6.0 * twice * h + 3.0) * h + s))


@njit(cache=True, nogil=True)
def solve_charges(
    constants: tuple[float, float, float, float, float, float, float],
    temperature: float,
    carbon_dioxide: float,
    strong_acid: float,
    background: float,
    bicarbonate: float,
) -> tuple[float, float, float, float, float]:
    """What :func:`calcite_equilibrium` returns, from ``constants`` and a first guess of ``bicarbonate``."""
    henry, first, product_constant, second, pairing, neutral_pair, water = constants
    aqueous, acid = henry * carbon_dioxide, first * carbon_dioxide
    inverse_pressure = 1.0 / carbon_dioxide
    cubic = 1.0 + water * inverse_pressure
    ideal_product = product_constant * carbon_dioxide
    carbonate_factor = second * inverse_pressure
    davies = davies_factor(temperature)
    h = bicarbonate
    last = pairing * ideal_product / h
    carbonate = carbonate_factor * h * h
    for _ in range(MAXIMUM_ITERATIONS):
        strength = background + 0.5 * (3.0 * h + 8.0 * carbonate + 2.0 * strong_acid + abs(strong_acid) - last)
        root = math.sqrt(max(strength, 1e-12))
        reciprocal = 1.0 / (1.0 + root)
        inverse = math.exp(2.0 * davies * (root * reciprocal - 0.3 * strength))  # 1 / g1^2
        product = ideal_product * inverse * inverse * inverse
        proton = acid * inverse
        pair = pairing * ideal_product * inverse
        quartic = 2.0 * carbonate_factor * inverse
        value = (((quartic * h + cubic) * h + strong_acid) * h - pair - proton) * h - 2.0 * product
        slope = ((4.0 * quartic * h + 3.0 * cubic) * h + 2.0 * strong_acid) * h - pair - proton
        steeper = davies * (0.5 * reciprocal * reciprocal / root - 0.3) * (3.0 + (16.0 * carbonate + last) / h)
        slope += steeper * ((quartic * h * h * h - pair - proton) * h - 6.0 * product)
        step = (
            value / slope if slope > 0.0 else -h
        )  # not positive: far left of the root, the guess was useless
        h = h - step if step < h else 0.5 * h
        carbonate = 0.5 * quartic * h * h
        last = pair / h
        if abs(step) <= TOLERANCE * h:
            break
    calcium = 0.5 * (cubic * h + 2.0 * carbonate + strong_acid + last - proton / h) + neutral_pair
    inorganic_carbon = aqueous + h + carbonate + last + neutral_pair
    return calcium, inorganic_carbon, aqueous, h, acid * math.sqrt(inverse) / h


@njit(cache=True, nogil=True)
def _solve_table(table, constants):
    for i in range(constants.shape[0]):
        celsius = (i - 1) * TEMPERATURE_STEP
        for k, value in enumerate(equilibrium_constants(celsius)):
            constants[i, k] = value
        for j in range(table.shape[1]):
            pressure = LOWEST_PRESSURE * math.exp((j - 1) * PRESSURE_STEP)
            calcium, carbon, aqueous, _, hydrogen = calcite_equilibrium(celsius, pressure, 0.0, 0.0)
            table[i, j, 0] = calcium
            table[i, j, 1] = (carbon - aqueous) / calcium
            table[i, j, 2] = -math.log(hydrogen) / _LN10


def equilibrium_table() -> tuple[np.ndarray, np.ndarray]:
    """Equilibria without strong acid (I, J, 3) and equilibrium constants (I, 7), solved once, for
    :func:`interpolated_equilibrium` and :func:`watershed_c.kernels.acid_waters.equilibrate`.

    Solving them in every layer of every cell and step was half of the time of a whole run.
    """
    table = np.empty((TEMPERATURE_STEPS + 3, _PRESSURE_STEPS + 3, 3))
    constants = np.empty((TEMPERATURE_STEPS + 3, 7))
    _solve_table(table, constants)
    return table, constants


@njit(cache=True, nogil=True)
def quadratic(steps: float) -> tuple[int, float, float, float]:
    """First of the three knots around ``steps`` from the first inner one (Lagrange), and their weights."""
    knot = int(steps + 0.5)
    u = steps - knot
    return knot, 0.5 * u * (u - 1.0), 1.0 - u * u, 0.5 * u * (u + 1.0)


@njit(cache=True, nogil=True)
def interpolated_equilibrium(
    table: np.ndarray, constants: np.ndarray, temperature: float, log_carbon_dioxide: float
) -> tuple[float, float, float, float]:
    """Equilibrium with calcite at ``temperature`` (degC) and the logarithm of CO2 (atm), quadratic in both.

    Below 0 degC counts as 0 (the water that moves is liquid), above 60 as 60; CO2 counts as 1e-4 to 1 atm.

    Returns
    -------
    calcium, ratio, henry, ph
        Dissolved calcium (mol kg-1); dissolved carbon but CO2(aq) per calcium; CO2(aq) per CO2 (mol kg-1 atm-1); pH.
    """
    across = min(max(temperature * (1.0 / TEMPERATURE_STEP), 0.0), 1.0 * TEMPERATURE_STEPS)
    along = min(max((log_carbon_dioxide - _LOG_LOWEST) * (1.0 / PRESSURE_STEP), 0.0), 1.0 * _PRESSURE_STEPS)
    i, cold, mild, warm = quadratic(across)
    j, low, middle, high = quadratic(along)
    calcium, ratio, ph = 0.0, 0.0, 0.0
    for k, weight in enumerate((cold, mild, warm)):
        row = table[i + k]
        calcium += weight * (low * row[j, 0] + middle * row[j + 1, 0] + high * row[j + 2, 0])
        ratio += weight * (low * row[j, 1] + middle * row[j + 1, 1] + high * row[j + 2, 1])
        ph += weight * (low * row[j, 2] + middle * row[j + 1, 2] + high * row[j + 2, 2])
    return calcium, ratio, cold * constants[i, 0] + mild * constants[i + 1, 0] + warm * constants[i + 2, 0], ph
