"""Water in equilibrium with calcite and with gypsum, dolomite or both beside it.

A calculation for one water, of irrigation, of gypsum spread, of dolomitic rock; the layers of a run hold calcite only.
Molalities are mol per kg of water.
"""

from __future__ import annotations

import math

from numba import njit

from watershed_c.kernels.calcite import ZERO_CELSIUS, calcite_equilibrium, log_constants

#: change of the logarithm of calcium activity at which the equilibrium is called solved
TOLERANCE = 1e-12
MAXIMUM_ITERATIONS = 200
#: longest step of that logarithm
_LONGEST = 1.0

_LN10 = math.log(10.0)
#: K, where reaction enthalpies below hold
_REFERENCE = 298.15
#: J mol-1 K-1, CODATA 2018
_GAS_CONSTANT = 8.314462618
#: J per thermochemical kcal
_KILOCALORIE = 4184.0


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
        degC.
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

    Notes
    -----
    With calcite and CO2 every activity is a constant times a power of y = sqrt(a(Ca))::

        a(Ca) = y^2,   a(Mg) = Kd / Kc^2 y^2,   a(CO3) = Kc / y^2,   a(SO4) = Kg / y^2
        a(H) = y sqrt(K1 K2 KH pCO2 / Kc),      a(HCO3) = K1 KH pCO2 / a(H)

    (Kg, Kd: gypsum, dolomite), so that pairs of Ca and Mg with HCO3 go with y, HSO4 with 1/y and neutral pairs are
    constant. The charge balance ``p2 y^2 + p1 y - n1 / y - n2 / y^2 = s`` rises with y everywhere and has one root:
    Newton in log y, activity coefficients after Davies (1962) renewed in each step; I <= 0.1 mol kg-1. Activity of
    water 1.
    """
    henry, first, second, calcite, calcium_bicarbonate, calcium_carbonate, water = log_constants(temperature)
    (
        gypsum_log, dolomite_log, calcium_sulfate, magnesium_sulfate, hydrogen_sulfate, magnesium_bicarbonate,
        magnesium_carbonate,
    ) = log_mineral_constants(temperature)  # fmt: skip
    davies = _LN10 * (0.4883 + 8.074e-4 * temperature)
    aqueous = 10.0**henry * carbon_dioxide
    acid = 10.0**first * aqueous
    hydrogen = math.sqrt(acid * 10.0 ** (second - calcite))
    carbonate = 10.0**calcite
    sulfate = 10.0**gypsum_log if gypsum else 0.0
    magnesium = 10.0 ** (dolomite_log - 2.0 * calcite) if dolomite else 0.0
    bicarbonate = acid / hydrogen
    pairs = bicarbonate * (10.0**calcium_bicarbonate + magnesium * 10.0**magnesium_bicarbonate)
    hydroxide = 10.0**water / hydrogen
    bisulfate = 10.0**hydrogen_sulfate * hydrogen * sulfate

    logarithm = 0.25 * math.log((carbonate + sulfate) / (1.0 + magnesium))
    single, double = 1.0, 1.0  # activity coefficients
    for _ in range(MAXIMUM_ITERATIONS):
        y = math.exp(logarithm)
        square = y * y
        rising_2, rising_1 = 2.0 * (1.0 + magnesium) * square / double, (hydrogen + pairs) * y / single
        falling_1 = (bicarbonate + hydroxide + bisulfate) / (y * single)
        falling_2 = 2.0 * (carbonate + sulfate) / (square * double)
        value = rising_2 + rising_1 - falling_1 - falling_2 - strong_acid
        step = value / (2.0 * (rising_2 + falling_2) + rising_1 + falling_1)
        step = min(max(step, -_LONGEST), _LONGEST)
        logarithm -= step
        strength = background + rising_2 + falling_2 + 0.5 * (rising_1 + falling_1 + abs(strong_acid))
        # far from the root it may be any: no more than Davies' equation knows
        root = math.sqrt(min(strength, 0.5))
        last = single
        single = math.exp(-davies * (root / (1.0 + root) - 0.3 * root * root))
        double = single**4
        if abs(step) <= TOLERANCE and abs(single - last) <= TOLERANCE:
            break
    y = math.exp(logarithm)
    square = y * y
    neutral_sulfate = 10.0**calcium_sulfate * sulfate
    neutral_carbonate = 10.0**calcium_carbonate * carbonate
    magnesium_pairs = magnesium * (10.0**magnesium_carbonate * carbonate + 10.0**magnesium_sulfate * sulfate)
    paired_calcium = 10.0**calcium_bicarbonate * bicarbonate * y / single
    paired_magnesium = magnesium * 10.0**magnesium_bicarbonate * bicarbonate * y / single
    return (
        square / double + paired_calcium + neutral_carbonate + neutral_sulfate,
        magnesium * square / double + paired_magnesium + magnesium_pairs,
        sulfate / (square * double)
        + bisulfate / (y * single)
        + neutral_sulfate
        + magnesium * 10.0**magnesium_sulfate * sulfate,
        aqueous
        + bicarbonate / (y * single)
        + carbonate / (square * double)
        + paired_calcium
        + paired_magnesium
        + neutral_carbonate
        + magnesium * 10.0**magnesium_carbonate * carbonate,
        hydrogen * y,
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
