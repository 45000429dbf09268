"""Millennial version 2: five measurable pools, bilinear in microbes and substrate (Abramoff et al. 2022).

Abramoff et al. (2022, Soil Biology and Biochemistry 164:108466) as the authors' derivs_V2_MM.R, _ECA.R and
_LIN.R compute it (rabramoff/Millennial 859f977). P, L, A, B, M are the stocks of ``POOLS`` in their order,
equation numbers the paper's::

    F_PL = V_pl P B / (K_pl + saturating B + competing P)             (2, 2a, 2b)
    F_LB = V_lb L B / (K_lb + saturating L + competing B)             (13, 13a, 13b)
    F_PA = aggregation P                                              (5)
    F_A  = breakdown A                                                (6)
    leached = leaching L                                              (8)
    F_LM = sorption L (1 - M / Qmax)                                  (9)
    F_ML = desorption M                                               (12)
    F_B  = turnover B^2                                               (16)
    F_MA = mineral_aggregation M                                      (18)
    respired = F_LB (1 - efficiency)                                  (21)
    dP = I_P + pa F_A - F_PA - F_PL                                   (1)
    dL = I_L + F_PL + (1 - pb) F_B + F_ML - F_LM - F_LB - leached     (7)
    dA = I_A + F_MA + F_PA - F_A                                      (17)
    dB = I_B + F_LB - respired - F_B                                  (20)
    dM = I_M + F_LM + pb F_B + (1 - pa) F_A - F_ML - F_MA             (19)

Kinetics: Michaelis-Menten (``saturating`` 1, ``competing`` 0), equilibrium chemistry approximation (1, 1),
linear (0, 0).

The published constants are for g C m-2 of a soil 1 m deep (capacity Qmax = bulk density x (clay + silt) x
0.86). A layer of thickness h is taken as that share of such a soil: K and Qmax are multiplied by h, the
quadratic turnover divided.

Blocks and the one work array: as in `mimics`.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

POOLS = ("pom", "lmwc", "agg", "mic", "maom")
#: those with the nitrogen of what plants give
LITTER = ("pom", "lmwc")
#: most cell-layers of one call of `advance`
BLOCK = 64
#: d in the year of this package
DAYS_PER_YEAR = 365.25
#: J mol-1 K-1 and K, as in the published program
GAS_CONSTANT = 8.31446
ZERO_CELSIUS = 273.15
#: kg per g
KG_PER_G = 1e-3

_DEFAULT = "Abramoff et al. 2022, soilpara_in_default.txt"
#: parameter -> (default, unit, source), in the order of the array `parameters`
PARAMETERS: dict[str, tuple[float, str, str]] = {
    "breakdown_pom_fraction": (0.33, "-", _DEFAULT + " param_pa"),
    "turnover_maom_fraction": (0.5, "-", _DEFAULT + " param_pb"),
    "affinity_pl": (1e4, "g C m-2", _DEFAULT + " kaff_pl"),
    "velocity_pl": (2.5e12, "d-1", _DEFAULT + " alpha_pl"),
    "energy_pl": (64320.0, "J mol-1", _DEFAULT + " eact_pl"),
    "aggregation": (0.02, "d-1", _DEFAULT + " rate_pa"),
    "breakdown": (0.019, "d-1", _DEFAULT + " rate_break"),
    "leaching": (0.0015, "d-1", _DEFAULT + " rate_leach"),
    "desorption": (1.0, "g C m-2 d-1", _DEFAULT + " kaff_des"),
    "sorption_ph": (0.186, "-", _DEFAULT + " param_p1"),
    "sorption_intercept": (0.216, "-", _DEFAULT + " param_p2"),
    "affinity_lb": (290.0, "g C m-2", _DEFAULT + " kaff_lb"),
    "velocity_lb": (2.6e12, "d-1", _DEFAULT + " alpha_lb"),
    "energy_lb": (60260.0, "J mol-1", _DEFAULT + " eact_lb"),
    "turnover": (0.0036, "m2 g-1 d-1", _DEFAULT + " rate_bd"),
    "mineral_aggregation": (0.02, "d-1", _DEFAULT + " rate_ma"),
    "efficiency": (0.6, "-", _DEFAULT + " cue_ref"),
    "efficiency_slope": (0.012, "degC-1", _DEFAULT + " cue_t"),
    "efficiency_temperature": (15.0, "degC", _DEFAULT + " tae_ref"),
    "matric_potential": (15.0, "kPa", _DEFAULT + " matpot, a constant"),
    "matric_sensitivity": (2.1e-4, "kPa-1", _DEFAULT + " lambda"),
    "porosity": (0.6, "m3 m-3", _DEFAULT + " porosity"),
    "anoxic_rate": (0.2, "-", _DEFAULT + " kamin"),
    "capacity": (0.86, "g C kg-1 %-1", "Georgiou et al. 2022, model_tutorial.Rmd param_pc"),
    "saturating": (1.0, "-", "Abramoff et al. 2022: 1 Michaelis-Menten and ECA, 0 linear"),
    "competing": (0.0, "-", "Abramoff et al. 2022: 1 ECA, 0 Michaelis-Menten and linear"),
    "microbial_floor": (
        1e-3,
        "g C m-2",
        "guard against extinction: 1e-3 of the first state of published runs",
    ),
}
#: soilpara_in_fit.txt of the same repository: fitted to a global set of profiles
PARAMETER_SETS: dict[str, dict[str, float]] = {
    "default": {},
    "fit": {
        "affinity_pl": 6443.0,
        "velocity_pl": 1.8e12,
        "energy_pl": 63909.0,
        "aggregation": 0.018,
        "breakdown": 0.02,
        "sorption_ph": 0.12,
        "affinity_lb": 774.6,
        "velocity_lb": 2.3e12,
        "energy_lb": 57865.0,
        "turnover": 0.0045,
        "mineral_aggregation": 0.0048,
        "efficiency": 0.19,
    },
}
KINETICS: dict[str, dict[str, float]] = {
    "michaelis_menten": {"saturating": 1.0, "competing": 0.0},
    "equilibrium_chemistry": {"saturating": 1.0, "competing": 1.0},
    "linear": {"saturating": 0.0, "competing": 0.0},
}
#: rows of the array `rate`: yr-1, kg m-2, m2 kg-1 (of the layer), shares
RATES = (
    "velocity_pl affinity_pl velocity_lb affinity_lb saturating competing aggregation breakdown leaching "
    "sorption inverse_capacity desorption turnover mineral_aggregation respired_fraction "
    "breakdown_pom_fraction turnover_maom_fraction floor"
).split()
#: yr of the whole input that each pool holds in a steady state, roughly (fitted set at 11 degC): where Newton
#: starts
RESIDENCE_YEARS = (3.0, 0.02, 9.0, 0.03, 26.0)
#: substep of RK4, days: the authors' own (run_functions.R)
DEFAULT_SUBSTEP_DAYS = 1.0

# Places of the rows in the scratch array: five pools each, then what a substep and what the step respires and
# leaches, and the rates.
_STATE = 0
_STAGE = 5
_SUM = 10
_INPUT = 17
_RATE = 22
_RESPIRED = 40
_LEACHED = 41
#: row of `scratch` where `advance` leaves the carbon that its guards moved between pools, kg C m-2
MOVED_ROW = 42
#: float64 numbers in `scratch`
SCRATCH = 43 * BLOCK


@njit(cache=True, nogil=True, error_model="numpy")
def rates(temperature, moisture, clay, silt, ph, bulk_density, thickness, parameters, rate):
    """Rates of each cell-layer, constant over a step.

    Parameters
    ----------
    temperature : float64 (B), degC
    moisture : float64 (B), m3 m-3
        Volumetric water; above the porosity it counts as the porosity.
    clay, silt : float64 (B), %
    ph : float64 (B)
    bulk_density : float64 (B), kg m-3
    thickness : float64 (B), m
    parameters : float64 (len(PARAMETERS))
    rate : float64 (len(RATES), B)
        Replaced.

    Notes
    -----
    With w = moisture / porosity (equations 4 and 15)::

        wd = sqrt(w)
        wb = exp(-lambda psi) (kamin + (1 - kamin) sqrt(1 - w)) wd

    The efficiency cue_ref - cue_t (T - 15) is cut to 0..1: with the fitted set it is negative above 30.8
    degC.
    """
    dry = math.exp(-parameters[20] * parameters[19])
    for b in range(temperature.shape[0]):
        filled = min(max(moisture[b] / parameters[21], 0.0), 1.0)
        diffusion = math.sqrt(filled)
        living = dry * (parameters[22] + (1.0 - parameters[22]) * math.sqrt(1.0 - filled)) * diffusion
        thermal = 1.0 / (GAS_CONSTANT * (temperature[b] + ZERO_CELSIUS))
        layer = thickness[b] * KG_PER_G
        capacity = bulk_density[b] * parameters[23] * (clay[b] + silt[b])
        wet_day = diffusion * DAYS_PER_YEAR
        rate[0, b] = parameters[3] * math.exp(-parameters[4] * thermal) * wet_day
        rate[1, b] = parameters[2] * layer
        rate[2, b] = parameters[12] * math.exp(-parameters[13] * thermal) * living * DAYS_PER_YEAR
        rate[3, b] = parameters[11] * layer
        rate[4, b] = parameters[24]
        rate[5, b] = parameters[25]
        rate[6, b] = parameters[5] * wet_day
        rate[7, b] = parameters[6] * wet_day
        rate[8, b] = parameters[7] * wet_day
        rate[9, b] = math.exp(-parameters[9] * ph[b] - parameters[10]) * parameters[8] * wet_day
        rate[10, b] = 1.0 / (capacity * layer)
        rate[11, b] = parameters[8] / capacity * DAYS_PER_YEAR
        rate[12, b] = parameters[14] * DAYS_PER_YEAR / layer
        rate[13, b] = parameters[15] * wet_day
        efficiency = parameters[16] - parameters[17] * (temperature[b] - parameters[18])
        rate[14, b] = 1.0 - min(max(efficiency, 0.0), 1.0)
        rate[15, b] = parameters[0]
        rate[16, b] = parameters[1]
        rate[17, b] = parameters[26] * layer


# Written once for the pools and for their twins, and put in place by numba: as in `mimics`.
@njit(inline="always")
def fluxes(p, l, m, n, cp, cl, ca, cm, cn, ct, work, b):  # noqa: E741
    """Fluxes of lane ``b``, kg C m-2 yr-1: F_PL F_LB F_PA F_A leached F_LM F_ML F_B F_MA.

    Each in proportion to what it carries (``cp`` to ``cn``) out of one pool: for carbon the stock of the pool. Sorption
    carries ``ct``: of LMWC, but of MAOM where that holds more than its capacity, and the flux is negative.
    """
    saturating = work[(_RATE + 4) * BLOCK + b]
    competing = work[(_RATE + 5) * BLOCK + b]
    of_pl = work[(_RATE + 1) * BLOCK + b] + saturating * m + competing * p
    of_lb = work[(_RATE + 3) * BLOCK + b] + saturating * l + competing * m
    share = m / (of_pl * of_lb)
    depolymerised = work[(_RATE + 0) * BLOCK + b] * cp * share * of_lb
    taken_up = work[(_RATE + 2) * BLOCK + b] * cl * share * of_pl
    aggregated = work[(_RATE + 6) * BLOCK + b] * cp
    broken = work[(_RATE + 7) * BLOCK + b] * ca
    leached = work[(_RATE + 8) * BLOCK + b] * cl
    sorbed = work[(_RATE + 9) * BLOCK + b] * ct * (1.0 - n * work[(_RATE + 10) * BLOCK + b])
    desorbed = work[(_RATE + 11) * BLOCK + b] * cn
    dead = work[(_RATE + 12) * BLOCK + b] * m * cm
    protected = work[(_RATE + 13) * BLOCK + b] * cn
    return depolymerised, taken_up, aggregated, broken, leached, sorbed, desorbed, dead, protected


@njit(inline="always")
def routes(depolymerised, taken_up, aggregated, broken, leached, sorbed, desorbed, dead, protected, entering, work, b):
    """Derivatives of the pools, and what is respired, of fluxes and of the input in the rows from ``entering`` on."""
    respired = work[(_RATE + 14) * BLOCK + b] * taken_up
    to_pom = work[(_RATE + 15) * BLOCK + b] * broken
    to_maom = work[(_RATE + 16) * BLOCK + b] * dead
    dp = work[(entering + 0) * BLOCK + b] + to_pom - aggregated - depolymerised
    dl = (
        work[(entering + 1) * BLOCK + b]
        + depolymerised
        + (dead - to_maom)
        + desorbed
        - sorbed
        - taken_up
        - leached
    )
    da = work[(entering + 2) * BLOCK + b] + protected + aggregated - broken
    dm = work[(entering + 3) * BLOCK + b] + (taken_up - respired) - dead
    dn = work[(entering + 4) * BLOCK + b] + sorbed + to_maom + (broken - to_pom) - desorbed - protected
    return dp, dl, da, dm, dn, respired


@njit(cache=True, nogil=True, error_model="numpy")
def stage(work, count, step, weight):
    """Add ``weight`` times the derivative at the stage to the sums; stage <- state + step x derivative.

    A stock below zero counts as zero, as in the authors' programs.
    """
    for b in range(count):
        p = max(work[(_STAGE + 0) * BLOCK + b], 0.0)
        l = max(work[(_STAGE + 1) * BLOCK + b], 0.0)  # noqa: E741
        a = max(work[(_STAGE + 2) * BLOCK + b], 0.0)
        m = max(work[(_STAGE + 3) * BLOCK + b], 0.0)
        n = max(work[(_STAGE + 4) * BLOCK + b], 0.0)
        depolymerised, taken_up, aggregated, broken, leached, sorbed, desorbed, dead, protected = fluxes(
            p, l, m, n, p, l, a, m, n, l, work, b
        )
        dp, dl, da, dm, dn, respired = routes(
            depolymerised, taken_up, aggregated, broken, leached, sorbed, desorbed, dead, protected, _INPUT, work, b
        )
        work[(_SUM + 0) * BLOCK + b] += weight * dp
        work[(_SUM + 1) * BLOCK + b] += weight * dl
        work[(_SUM + 2) * BLOCK + b] += weight * da
        work[(_SUM + 3) * BLOCK + b] += weight * dm
        work[(_SUM + 4) * BLOCK + b] += weight * dn
        work[(_SUM + 5) * BLOCK + b] += weight * respired
        work[(_SUM + 6) * BLOCK + b] += weight * leached
        work[(_STAGE + 0) * BLOCK + b] = work[(_STATE + 0) * BLOCK + b] + step * dp
        work[(_STAGE + 1) * BLOCK + b] = work[(_STATE + 1) * BLOCK + b] + step * dl
        work[(_STAGE + 2) * BLOCK + b] = work[(_STATE + 2) * BLOCK + b] + step * da
        work[(_STAGE + 3) * BLOCK + b] = work[(_STATE + 3) * BLOCK + b] + step * dm
        work[(_STAGE + 4) * BLOCK + b] = work[(_STATE + 4) * BLOCK + b] + step * dn


@njit(cache=True, nogil=True, error_model="numpy")
def right_hand_side(state, rate, inputs, derivative, respired, leached):
    """Time derivative of the pools.

    Parameters
    ----------
    state : float64 (5, B), kg C m-2
    rate : float64 (18, B)
        From `rates`.
    inputs : float64 (5, B), kg C m-2 yr-1
    derivative : float64 (5, B), kg C m-2 yr-1
    respired, leached : float64 (B), kg C m-2 yr-1
        Replaced.
    """
    work = np.zeros(SCRATCH)
    for first in range(0, state.shape[1], BLOCK):
        count = min(BLOCK, state.shape[1] - first)
        for j in range(5):
            for b in range(count):
                work[(_STAGE + j) * BLOCK + b] = state[j, first + b]
                work[(_INPUT + j) * BLOCK + b] = inputs[j, first + b]
        for j in range(18):
            for b in range(count):
                work[(_RATE + j) * BLOCK + b] = rate[j, first + b]
        work[_SUM * BLOCK : (_SUM + 7) * BLOCK] = 0.0
        stage(work, count, 0.0, 1.0)
        for j in range(5):
            for b in range(count):
                derivative[j, first + b] = work[(_SUM + j) * BLOCK + b]
        for b in range(count):
            respired[first + b] = work[(_SUM + 5) * BLOCK + b]
            leached[first + b] = work[(_SUM + 6) * BLOCK + b]


@njit(cache=True, nogil=True, error_model="numpy")
def finish(work, count, sixth):
    """Close a substep: new state, guards, and the sums set back.

    Guards: where a stock would be below zero (a substep far too long for the uptake) it becomes zero and the
    others are scaled to the carbon that is left; no more leaves than there was; microbes below the floor are
    lifted from LMWC as far as it reaches. What was moved is counted.
    """
    for b in range(count):
        p0 = work[(_STATE + 0) * BLOCK + b]
        l0 = work[(_STATE + 1) * BLOCK + b]
        a0 = work[(_STATE + 2) * BLOCK + b]
        m0 = work[(_STATE + 3) * BLOCK + b]
        n0 = work[(_STATE + 4) * BLOCK + b]
        brought = p0 + l0 + a0 + m0 + n0
        received = (
            work[(_INPUT + 0) * BLOCK + b] + work[(_INPUT + 1) * BLOCK + b] + work[(_INPUT + 2) * BLOCK + b]
        )
        received += work[(_INPUT + 3) * BLOCK + b] + work[(_INPUT + 4) * BLOCK + b]
        brought += 6.0 * sixth * received
        respired = sixth * work[(_SUM + 5) * BLOCK + b]
        leached = sixth * work[(_SUM + 6) * BLOCK + b]
        p = p0 + sixth * work[(_SUM + 0) * BLOCK + b]
        l = l0 + sixth * work[(_SUM + 1) * BLOCK + b]  # noqa: E741
        a = a0 + sixth * work[(_SUM + 2) * BLOCK + b]
        m = m0 + sixth * work[(_SUM + 3) * BLOCK + b]
        n = n0 + sixth * work[(_SUM + 4) * BLOCK + b]
        total = p + l + a + m + n
        p = max(p, 0.0)
        l = max(l, 0.0)  # noqa: E741
        a = max(a, 0.0)
        m = max(m, 0.0)
        n = max(n, 0.0)
        above = p + l + a + m + n
        # above == total exactly where no stock was below zero
        sound = above == total
        part = 1.0 if sound else min(brought / max(respired + leached, 1e-300), 1.0)
        respired *= part
        leached *= part
        share = 1.0 if sound else max(brought - respired - leached, 0.0) / max(above, 1e-300)
        p *= share
        l *= share  # noqa: E741
        a *= share
        m *= share
        n *= share
        lift = min(max(work[(_RATE + 17) * BLOCK + b] - m, 0.0), l)
        m += lift
        l -= lift  # noqa: E741
        work[(_STATE + 0) * BLOCK + b] = p
        work[(_STATE + 1) * BLOCK + b] = l
        work[(_STATE + 2) * BLOCK + b] = a
        work[(_STATE + 3) * BLOCK + b] = m
        work[(_STATE + 4) * BLOCK + b] = n
        work[(_STAGE + 0) * BLOCK + b] = p
        work[(_STAGE + 1) * BLOCK + b] = l
        work[(_STAGE + 2) * BLOCK + b] = a
        work[(_STAGE + 3) * BLOCK + b] = m
        work[(_STAGE + 4) * BLOCK + b] = n
        work[(_SUM + 0) * BLOCK + b] = 0.0
        work[(_SUM + 1) * BLOCK + b] = 0.0
        work[(_SUM + 2) * BLOCK + b] = 0.0
        work[(_SUM + 3) * BLOCK + b] = 0.0
        work[(_SUM + 4) * BLOCK + b] = 0.0
        work[(_SUM + 5) * BLOCK + b] = 0.0
        work[(_SUM + 6) * BLOCK + b] = 0.0
        work[_RESPIRED * BLOCK + b] += respired
        work[_LEACHED * BLOCK + b] += leached
        work[MOVED_ROW * BLOCK + b] += lift + (above - total)


@njit(cache=True, nogil=True, error_model="numpy")
def advance(state, rate, inputs, dt, substeps, scratch, respired, leached):
    """Carry the pools over ``dt`` by the classical Runge-Kutta method of order 4, in equal substeps.

    What is respired and leached is integrated by the same method: for each cell-layer, sum of stocks after =
    before + inputs dt - respired - leached, to round-off.

    Parameters
    ----------
    state : float64 (5, B), kg C m-2
        B at most 64. Changed in place; not below zero.
    rate : float64 (18, B)
        From `rates`.
    inputs : float64 (5, B), kg C m-2 yr-1
        Enter evenly over the step.
    dt : float, yr
    substeps : int
    scratch : float64 (SCRATCH)
        Work space. Row ``MOVED_ROW`` (of 64) is left holding the carbon that guards moved between pools, kg C
        m-2.
    respired, leached : float64 (B), kg C m-2
        Replaced by what left in this step.
    """
    count = state.shape[1]
    for j in range(5):
        for b in range(count):
            scratch[(_STATE + j) * BLOCK + b] = state[j, b]
            scratch[(_STAGE + j) * BLOCK + b] = state[j, b]
            scratch[(_INPUT + j) * BLOCK + b] = inputs[j, b]
    for j in range(18):
        for b in range(count):
            scratch[(_RATE + j) * BLOCK + b] = rate[j, b]
    scratch[_SUM * BLOCK : (_SUM + 7) * BLOCK] = 0.0
    scratch[_RESPIRED * BLOCK : (MOVED_ROW + 1) * BLOCK] = 0.0
    step = dt / substeps
    for _ in range(substeps):
        stage(scratch, count, 0.5 * step, 1.0)
        stage(scratch, count, 0.5 * step, 2.0)
        stage(scratch, count, step, 2.0)
        stage(scratch, count, 0.0, 1.0)
        finish(scratch, count, step / 6.0)
    for j in range(5):
        for b in range(count):
            state[j, b] = scratch[(_STATE + j) * BLOCK + b]
    for b in range(count):
        respired[b] = scratch[_RESPIRED * BLOCK + b]
        leached[b] = scratch[_LEACHED * BLOCK + b]
