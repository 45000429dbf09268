"""Water in equilibrium with calcite, gypsum and dolomite, or with what there is of them; how fast dolomite dissolves.

Molalities are mol per kg of water. Of one water :func:`mineral_equilibrium`, of soil layers
:mod:`watershed_c.kernels.mineral_layers`.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from watershed_c.kernels.calcite import ZERO_CELSIUS, calcite_equilibrium, log_constants

#: kg mol-1, standard atomic weights (IUPAC 2021)
MOLAR_MASS_MAGNESIUM, MOLAR_MASS_SULFUR = 0.024305, 0.03206
#: kg mol-1, CaSO4 2 H2O and CaMg(CO3)2
MOLAR_MASS_GYPSUM, MOLAR_MASS_DOLOMITE = 0.172164, 0.184399
#: m3 mol-1, dolomite (phreeqc.dat)
MOLAR_VOLUME_DOLOMITE = 6.45e-5

#: change of the logarithms of activities at which the equilibrium is called solved, and where it is solved in every
#: layer and step; each step leaves less than a fifth of the error
TOLERANCE, CLOSE = 1e-10, 1e-6
MAXIMUM_ITERATIONS = 200
#: longest step of these logarithms
_LONGEST = 1.5
#: mol kg-1, less than which of an ion is none
_NOTHING = 1e-30
#: mol kg-1, ionic strength up to which Davies' equation is used; what is stronger counts as this
STRONGEST_IONIC = 0.5

_LN10 = math.log(10.0)
#: K, where reaction enthalpies and rate constants below hold
_REFERENCE = 298.15
#: J mol-1 K-1, CODATA 2018
_GAS_CONSTANT = 8.314462618
#: J per thermochemical kcal
_KILOCALORIE = 4184.0
#: rows of ``activities``
CALCIUM, MAGNESIUM, SULFATE, HYDROGEN = range(4)


@njit(cache=True, nogil=True)
def _vant_hoff(log_constant: float, enthalpy: float, kelvin: float) -> float:
    """log10 K at ``kelvin``, from that at 25 degC and the enthalpy of reaction (kcal mol-1)."""
    return log_constant - enthalpy * _KILOCALORIE / (_LN10 * _GAS_CONSTANT) * (1.0 / kelvin - 1.0 / _REFERENCE)


@njit(cache=True, nogil=True)
def log_mineral_constants(temperature: float) -> tuple[float, float, float, float, float, float, float]:
    """log10 of equilibrium constants of gypsum, dolomite and their ion pairs at ``temperature`` (degC).

    Returns
    -------
    gypsum, dolomite, calcium_sulfate, magnesium_sulfate, hydrogen_sulfate, magnesium_bicarbonate, magnesium_carbonate
        CaSO4 2H2O = Ca++ + SO4-- + 2 H2O; CaMg(CO3)2 = Ca++ + Mg++ + 2 CO3--; Ca++ + SO4-- = CaSO4(aq); Mg++ + SO4--
        = MgSO4(aq); H+ + SO4-- = HSO4-; Mg++ + HCO3- = MgHCO3+; Mg++ + CO3-- = MgCO3(aq).

    Notes
    -----
    Those of phreeqc.dat (Parkhurst & Appelo 2013, USGS Techniques and Methods 6-A43; most from Nordstrom et al. 1990,
    ACS Symposium Series 416, 398-413), where enthalpies are given by van 't Hoff from 25 degC: ordered dolomite -9.436,
    CaSO4 1.325, MgSO4 4.550 kcal mol-1. MgHCO3+ is written there from CO3-- and H+, here from HCO3-.
    """
    kelvin = temperature + ZERO_CELSIUS
    log_kelvin = math.log10(kelvin)
    return (
        68.2401 - 3221.51 / kelvin - 25.0627 * log_kelvin,
        _vant_hoff(-17.09, -9.436, kelvin),
        _vant_hoff(2.25, 1.325, kelvin),
        _vant_hoff(2.37, 4.550, kelvin),
        -56.889 + 0.006473 * kelvin + 2307.9 / kelvin + 19.8858 * log_kelvin,
        -59.2150 + 2537.455 / kelvin + 20.92298 * log_kelvin,
        0.9910 + 0.00667 * kelvin,
    )


@njit(cache=True, nogil=True)
def mineral_constants(temperature: float) -> tuple[
    float, float, float, float, float, float, float, float, float, float, float, float, float, float, float
]:  # fmt: skip
    """What :func:`solve_water` takes, at ``temperature`` (degC; below 0 counts as 0, above 60 as 60).

    Returns
    -------
    K of CO2(aq), of HCO3-, of CO3--, calcite, CaHCO3+, CaCO3(aq), water, gypsum, dolomite, CaSO4(aq), MgSO4(aq), HSO4-,
    MgHCO3+, MgCO3(aq); and the factor of Davies' equation
    """
    celsius = min(max(temperature, 0.0), 60.0)
    henry, first, second, calcite, bicarbonate_pair, carbonate_pair, water = log_constants(celsius)
    gypsum, dolomite, calcium_pair, magnesium_pair, bisulfate, bicarbonate_magnesium, carbonate_magnesium = (
        log_mineral_constants(celsius)
    )
    return (
        10.0**henry, 10.0**first, 10.0**second, 10.0**calcite, 10.0**bicarbonate_pair, 10.0**carbonate_pair,
        10.0**water, 10.0**gypsum, 10.0**dolomite, 10.0**calcium_pair, 10.0**magnesium_pair, 10.0**bisulfate,
        10.0**bicarbonate_magnesium, 10.0**carbonate_magnesium, _LN10 * (0.4883 + 8.074e-4 * celsius),
    )  # fmt: skip


@njit(cache=True, nogil=True)
def solve_water(
    constants: tuple[
        float, float, float, float, float, float, float, float, float, float, float, float, float, float, float
    ],
    carbon_dioxide: float,
    other: float,
    background: float,
    calcium: float,
    magnesium: float,
    sulfate: float,
    calcite: bool,
    gypsum: bool,
    dolomite: bool,
    tolerance: float,
    activities: np.ndarray,
    system: np.ndarray,
) -> tuple[float, float, float, float]:
    """Species of water under an open CO2 reservoir, in equilibrium with the minerals that are said to be there.

    Parameters
    ----------
    constants
        Of :func:`mineral_constants`.
    carbon_dioxide
        Partial pressure of CO2, atm, > 0.
    other
        Anions of strong acids but sulfate, less base cations but Ca and Mg, mol charge kg-1. Counted as monovalent in
        the ionic strength.
    background
        Ionic strength of salts that take no part, mol kg-1.
    calcium, magnesium, sulfate
        Of water and these minerals together, mol kg-1. What is not at equilibrium is all dissolved; an amount that a
        mineral fixes is not read (that of calcium with calcite; magnesium with calcite and dolomite; sulfate with
        calcite and gypsum): without calcite ``calcium - sulfate - magnesium`` is.
    calcite, gypsum, dolomite
        Whether the water is in equilibrium with it.
    tolerance
        Change of the logarithms of activities at which it is called solved.
    activities
        (4,) filled: logarithms of the activities of Ca++, Mg++, SO4-- and H+.
    system
        (4, 5) used.

    Returns
    -------
    calcium, magnesium, sulfate, inorganic_carbon
        Total dissolved, ion pairs included, mol kg-1.

    Notes
    -----
    One charge balance and, for each of Ca, Mg and SO4, either the mass of what is dissolved or the solubility product,
    by Newton's method in the logarithms of activities, activity coefficients after Davies (1962) renewed in each step.
    With open CO2 the activities of HCO3- and CO3-- follow from that of H+. Activity of water 1.
    """
    (
        henry, first, second, solubility, calcium_bicarbonate, calcium_carbonate, water, gypsum_product,
        dolomite_product, calcium_sulfate, magnesium_sulfate, hydrogen_sulfate, magnesium_bicarbonate,
        magnesium_carbonate, davies,
    ) = constants  # fmt: skip
    aqueous = henry * carbon_dioxide
    acid = first * aqueous  # a(H) a(HCO3)
    double_acid = second * acid  # a(H)^2 a(CO3)
    _first_guess(
        acid, double_acid, solubility, gypsum_product, other, calcium, magnesium, sulfate, calcite, gypsum, dolomite,
        activities,
    )  # fmt: skip
    balance = calcium
    if gypsum:
        balance -= sulfate
    if dolomite:
        balance -= magnesium
    single, double = 1.0, 1.0  # activity coefficients
    total_calcium, total_magnesium, total_sulfate, carbon = 0.0, 0.0, 0.0, 0.0
    for _ in range(MAXIMUM_ITERATIONS):
        a_calcium, a_magnesium = math.exp(activities[CALCIUM]), math.exp(activities[MAGNESIUM])
        a_sulfate, a_hydrogen = math.exp(activities[SULFATE]), math.exp(activities[HYDROGEN])
        a_bicarbonate = acid / a_hydrogen
        a_carbonate = double_acid / (a_hydrogen * a_hydrogen)
        ca, mg, so4 = a_calcium / double, a_magnesium / double, a_sulfate / double
        h, oh, hco3, co3 = (
            a_hydrogen / single, water / (a_hydrogen * single), a_bicarbonate / single, a_carbonate / double
        )  # fmt: skip
        cahco3 = calcium_bicarbonate * a_calcium * a_bicarbonate / single
        caco3, caso4 = calcium_carbonate * a_calcium * a_carbonate, calcium_sulfate * a_calcium * a_sulfate
        mghco3 = magnesium_bicarbonate * a_magnesium * a_bicarbonate / single
        mgco3, mgso4 = magnesium_carbonate * a_magnesium * a_carbonate, magnesium_sulfate * a_magnesium * a_sulfate
        hso4 = hydrogen_sulfate * a_hydrogen * a_sulfate / single
        total_calcium, total_magnesium = ca + cahco3 + caco3 + caso4, mg + mghco3 + mgco3 + mgso4
        total_sulfate = so4 + hso4 + caso4 + mgso4
        carbon = aqueous + hco3 + co3 + cahco3 + caco3 + mghco3 + mgco3

        system[:] = 0.0
        if calcite:
            system[0, CALCIUM], system[0, HYDROGEN] = 1.0, -2.0
            system[0, 4] = activities[CALCIUM] + math.log(a_carbonate / solubility)
        elif gypsum or dolomite:
            slope_calcium, slope_magnesium, slope_sulfate = total_calcium, 0.0, caso4
            slope_hydrogen, value, size = -cahco3 - 2.0 * caco3, total_calcium - balance, total_calcium
            if gypsum:
                slope_calcium -= caso4
                slope_magnesium -= mgso4
                slope_sulfate -= total_sulfate
                slope_hydrogen -= hso4
                value -= total_sulfate
                size += total_sulfate
            if dolomite:
                slope_magnesium -= total_magnesium
                slope_sulfate -= mgso4
                slope_hydrogen += mghco3 + 2.0 * mgco3
                value -= total_magnesium
                size += total_magnesium
            system[0, CALCIUM], system[0, MAGNESIUM] = slope_calcium / size, slope_magnesium / size
            system[0, SULFATE], system[0, HYDROGEN] = slope_sulfate / size, slope_hydrogen / size
            system[0, 4] = value / size
        elif calcium > _NOTHING:
            system[0, CALCIUM], system[0, SULFATE] = 1.0, caso4 / total_calcium
            system[0, HYDROGEN] = (-cahco3 - 2.0 * caco3) / total_calcium
            system[0, 4] = math.log(total_calcium / calcium)
        else:
            system[0, CALCIUM] = 1.0
        if dolomite:
            system[1, CALCIUM], system[1, MAGNESIUM], system[1, HYDROGEN] = 1.0, 1.0, -4.0
            system[1, 4] = (
                activities[CALCIUM] + activities[MAGNESIUM] + math.log(a_carbonate * a_carbonate / dolomite_product)
            )
        elif magnesium > _NOTHING:
            system[1, MAGNESIUM], system[1, SULFATE] = 1.0, mgso4 / total_magnesium
            system[1, HYDROGEN] = (-mghco3 - 2.0 * mgco3) / total_magnesium
            system[1, 4] = math.log(total_magnesium / magnesium)
        else:
            system[1, MAGNESIUM] = 1.0
        if gypsum:
            system[2, CALCIUM], system[2, SULFATE] = 1.0, 1.0
            system[2, 4] = activities[CALCIUM] + activities[SULFATE] - math.log(gypsum_product)
        elif sulfate > _NOTHING:
            system[2, CALCIUM], system[2, MAGNESIUM] = caso4 / total_sulfate, mgso4 / total_sulfate
            system[2, SULFATE], system[2, HYDROGEN] = 1.0, hso4 / total_sulfate
            system[2, 4] = math.log(total_sulfate / sulfate)
        else:
            system[2, SULFATE] = 1.0
        system[3, CALCIUM], system[3, MAGNESIUM] = 2.0 * ca + cahco3, 2.0 * mg + mghco3
        system[3, SULFATE] = -2.0 * so4 - hso4
        system[3, HYDROGEN] = h + oh + hco3 + 4.0 * co3 - cahco3 - mghco3 - hso4
        system[3, 4] = 2.0 * (ca + mg - co3 - so4) + cahco3 + mghco3 + h - oh - hco3 - hso4 - other
        step = _eliminate(system, activities)

        strength = background + 2.0 * (ca + mg + so4 + co3)
        strength += 0.5 * (cahco3 + mghco3 + h + oh + hco3 + hso4 + abs(other))
        root = math.sqrt(min(strength, STRONGEST_IONIC))
        last = single
        single = math.exp(-davies * (root / (1.0 + root) - 0.3 * root * root))
        double = single**4
        if step <= tolerance and abs(single - last) <= tolerance:
            break
    return total_calcium, total_magnesium, total_sulfate, carbon


@njit(cache=True, nogil=True)
def _first_guess(
    acid, double_acid, solubility, gypsum_product, other, calcium, magnesium, sulfate, calcite, gypsum, dolomite,
    activities,
):  # fmt: skip
    """Activities of water that is nearly pure, or that its totals would have without pairs."""
    if calcite:
        hydrogen = acid / math.exp(math.log(2.0 * acid * acid * solubility / double_acid) / 3.0)
        activities[CALCIUM] = math.log(solubility * hydrogen * hydrogen / double_acid)
    else:
        alkalinity = 2.0 * (calcium + magnesium - sulfate) - other
        root = math.sqrt(alkalinity * alkalinity + 4.0 * acid)
        hydrogen = 2.0 * acid / (root + alkalinity) if alkalinity > 0.0 else 0.5 * (root - alkalinity)
        activities[CALCIUM] = math.log(max(0.6 * calcium, 0.1 * _NOTHING))
    activities[HYDROGEN] = math.log(hydrogen)
    activities[MAGNESIUM] = activities[CALCIUM] if dolomite else math.log(max(0.6 * magnesium, 0.1 * _NOTHING))
    activities[SULFATE] = math.log(max(0.5 * sulfate, 0.1 * _NOTHING))
    if gypsum and not calcite:
        activities[CALCIUM] = math.log(gypsum_product) * 0.5
    if gypsum:
        activities[SULFATE] = math.log(gypsum_product) - activities[CALCIUM]


@njit(cache=True, nogil=True)
def _eliminate(system: np.ndarray, activities: np.ndarray) -> float:
    """Take a step of Newton's method, as long as it may be, from ``system`` (matrix and residual); returns its length.

    No pivots are sought: each unknown has the diagonal of the equation that fixes it.
    """
    for k in range(3):
        inverse = 1.0 / system[k, k]
        for i in range(k + 1, 4):
            factor = system[i, k] * inverse
            if factor != 0.0:
                for j in range(k + 1, 5):
                    system[i, j] -= factor * system[k, j]
    length = 0.0
    for k in range(3, -1, -1):
        value = system[k, 4]
        for j in range(k + 1, 4):
            value -= system[k, j] * system[j, 4]
        system[k, 4] = value / system[k, k]
        length = max(length, abs(system[k, 4]))
    shortened = 1.0 if length <= _LONGEST else _LONGEST / length
    for k in range(4):
        activities[k] -= shortened * system[k, 4]
    return length


@njit(cache=True, nogil=True)
def mineral_equilibrium(
    temperature: float,
    carbon_dioxide: float,
    gypsum: bool,
    dolomite: bool,
    strong_acid: float,
    background: float,
) -> tuple[float, float, float, float, float]:
    """Water in equilibrium with calcite, an open CO2 reservoir and, where told so, gypsum and dolomite.

    Parameters
    ----------
    temperature
        degC, 0 to 60.
    carbon_dioxide
        Partial pressure of CO2, atm, > 0.
    gypsum, dolomite
        Whether it is there; without either this is :func:`watershed_c.kernels.calcite.calcite_equilibrium`.
    strong_acid
        Other strong-acid anions (not the sulfate of ``gypsum``) minus base cations other than Ca and Mg, mol charge
        kg-1. Counted as monovalent in the ionic strength.
    background
        Ionic strength of salts that take no part, mol kg-1.

    Returns
    -------
    calcium, magnesium, sulfate, inorganic_carbon, hydrogen_activity
        Total dissolved (ion pairs included), mol kg-1; H+ activity.
    """
    activities, system = np.empty(4), np.empty((4, 5))
    calcium, magnesium, sulfate, carbon = solve_water(
        mineral_constants(temperature), carbon_dioxide, strong_acid, background, 0.0, 0.0, 0.0, True, gypsum, dolomite,
        TOLERANCE, activities, system,
    )  # fmt: skip
    if not gypsum:
        sulfate = 0.0
    if not dolomite:
        magnesium = 0.0
    return calcium, magnesium, sulfate, carbon, math.exp(activities[HYDROGEN])


@njit(cache=True, nogil=True)
def dolomite_rate(temperature: float, hydrogen: float, carbon_dioxide: float) -> float:
    """Forward rate of dissolution of ordered dolomite, mol m-2 of its surface s-1.

    Parameters
    ----------
    temperature : degC
    hydrogen : activity of H+
    carbon_dioxide : atm

    Notes
    -----
    ``k1 a(H+)^0.5 + k2 + k3 pCO2^0.5`` with log k -3.76, -8.60 and -5.37 at 25 degC and activation energies of 56.7,
    95.3 and 45.7 kJ mol-1 (Palandri & Kharaka 2004, USGS Open-File Report 2004-1068, table 33, after Busenberg &
    Plummer 1982): at 10 degC and 1 % of CO2 a seventh of that of calcite.
    """
    kelvin = min(max(temperature, 0.0), 60.0) + ZERO_CELSIUS
    colder = (1.0 / kelvin - 1.0 / _REFERENCE) / _GAS_CONSTANT
    return (
        10.0**-3.76 * math.exp(-56.7e3 * colder) * math.sqrt(hydrogen)
        + 10.0**-8.60 * math.exp(-95.3e3 * colder)
        + 10.0**-5.37 * math.exp(-45.7e3 * colder) * math.sqrt(carbon_dioxide)
    )


def dissolution_rate_constants(temperature: float) -> tuple[float, float, float]:
    """k1, k2, k3 of the forward rate of calcite ``k1 a(H+) + k2 a(CO2) + k3 a(H2O)`` at ``temperature`` (degC).

    Plummer, Wigley & Parkhurst (1978), Am. J. Sci. 278, 179-216 mol m-2 s-1 (there mmol cm-2 s-1).
    """
    kelvin = temperature + ZERO_CELSIUS
    solvent = -5.86 - 317.0 / kelvin if temperature <= 25.0 else -1.1 - 1737.0 / kelvin
    return (
        10.0 * 10.0 ** (0.198 - 444.0 / kelvin),
        10.0 * 10.0 ** (2.84 - 2177.0 / kelvin),
        10.0 * 10.0**solvent,
    )


def time_to_saturation(temperature: float, carbon_dioxide: float, surface: float, share: float = 0.99) -> float:
    """Time in which pure water comes to ``share`` of its calcium at equilibrium with calcite, s.

    Parameters
    ----------
    temperature : float, degC
    carbon_dioxide : float, atm
        Partial pressure of CO2, which does not change.
    surface : float, m2 of calcite per kg of water
        Of spheres: 6 / (diameter x 2710 kg m-3) times kg calcite per kg of water.
    share : float, 0 to 1

    Notes
    -----
    Net rate ``R (1 - Omega^(2/3))`` (as in the rates of phreeqc.dat) with R the forward rate, at the H+ of saturation:
    the least there is on the way, so the time is rather too long. With open CO2 calcium goes with Omega^(1/3), and
    ``c = c_eq tanh(R surface t / c_eq)``.
    """
    calcium, _, aqueous, _, hydrogen = calcite_equilibrium(temperature, carbon_dioxide, 0.0, 0.0)
    proton, carbonic, solvent = dissolution_rate_constants(temperature)
    forward = proton * hydrogen + carbonic * aqueous + solvent
    return calcium / (forward * surface) * math.atanh(share)
