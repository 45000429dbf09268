"""MIMICS: two sorts of litter, two of microbes, three of soil organic matter (Wieder et al. 2015).

Wieder et al. (2014, Biogeosciences 11:3899; 2015, Geosci. Model Dev. 8:1789), in the form and with the
constants of the published program MIMIC2_LIDET_GMDD_2015_public.R. With m, s, r, k, p, c, a the stocks of
``POOLS`` in their order, fluxes of r (and of k with 4, 5, 6 for 1, 2, 3)::

    u_rm = r V1 m / (K1 + m)    u_rs = r V2 s / (K2 + s)    u_ra = r V3 a / (K3 + a)
    dm = I_m - u_rm - u_km                       ds = I_s - u_rs - u_ks
    dr = 0.55 (u_rm + u_ra) + 0.25 u_rs - tau_r r
    dk = 0.75 (u_km + u_ka) + 0.35 u_ks - tau_k k
    dp = I_p + fP_r tau_r r + fP_k tau_k k - D p
    dc = I_c + fC_r tau_r r + fC_k tau_k k - Ox
    da = fA_r tau_r r + fA_k tau_k k + D p + Ox - u_ra - u_ka
    Ox = k V5 c / (KO_k K5 + c) + r V2 c / (KO_r K2 + c)

The equations are homogeneous in the stocks when the half-saturations K are, and 1 mg cm-3 is 1 kg m-3: with
K (kg m-2) = K (mg cm-3) x thickness (m) they hold for stocks in kg C m-2 as they stand.

Arrays are blocks, one row a quantity, one column a cell-layer. Inside, all rows lie in one array at constant
distances: only so can the compiler prove that they do not overlap and put the loops over the block in vector
registers.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

POOLS = ("litm", "lits", "micr", "mick", "somp", "somc", "soma")
#: those with the nitrogen of what plants give
LITTER = ("litm", "lits")
#: most cell-layers of one call of `advance`
BLOCK = 64
#: h in the year of this package (365.25 d); the published program has 8760
HOURS_PER_YEAR = 8766.0

_GMD = "Wieder et al. 2015, MIMIC2_LIDET_GMDD_2015_public.R"
#: parameter -> (default, unit, source), in the order of the array `parameters`
PARAMETERS: dict[str, tuple[float, str, str]] = {
    "velocity_slope": (0.063, "degC-1", _GMD),
    "velocity_intercept": (5.47, "-", _GMD),
    "velocity_factor": (8e-6, "h-1", _GMD),
    "velocity_r_litm": (10.0, "-", _GMD),
    "velocity_r_lits": (2.0, "-", _GMD),
    "velocity_r_soma": (10.0, "-", _GMD),
    "velocity_k_litm": (3.0, "-", _GMD),
    "velocity_k_lits": (3.0, "-", _GMD),
    "velocity_k_soma": (2.0, "-", _GMD),
    "saturation_slope_litm": (0.017, "degC-1", _GMD),
    "saturation_slope_lits": (0.027, "degC-1", _GMD),
    "saturation_slope_soma": (0.017, "degC-1", _GMD),
    "saturation_intercept": (3.19, "-", _GMD),
    "saturation_factor": (10.0, "mg C cm-3", _GMD),
    "saturation_r_litm": (8.0, "-", _GMD),
    "saturation_r_lits": (2.0, "-", _GMD),
    "saturation_r_soma": (4.0, "-", _GMD),
    "saturation_k_litm": (2.0, "-", _GMD),
    "saturation_k_lits": (4.0, "-", _GMD),
    "saturation_k_soma": (6.0, "-", _GMD),
    "protection_scale": (2.0, "-", _GMD),
    "protection_exponent": (-2.0, "-", _GMD),
    "oxidation_r": (4.0, "-", _GMD),
    "oxidation_k": (4.0, "-", _GMD),
    "efficiency_r_metabolic": (0.55, "-", _GMD),
    "efficiency_r_structural": (0.25, "-", _GMD),
    "efficiency_k_metabolic": (0.75, "-", _GMD),
    "efficiency_k_structural": (0.35, "-", _GMD),
    "turnover_r": (5.2e-4, "h-1", _GMD),
    "turnover_r_exponent": (0.3, "-", _GMD),
    "turnover_k": (2.4e-4, "h-1", _GMD),
    "turnover_k_exponent": (0.1, "-", _GMD),
    "turnover_productivity": (0.1, "kg C m-2 yr-1", _GMD + ": sqrt(ANPP / 100 g C m-2 yr-1)"),
    "turnover_modifier_low": (0.0, "-", _GMD + ": no bound"),
    "turnover_modifier_high": (1000.0, "-", _GMD + ": no bound"),
    "physical_r": (0.3, "-", _GMD),
    "physical_r_exponent": (1.3, "-", _GMD),
    "physical_k": (0.2, "-", _GMD),
    "physical_k_exponent": (0.8, "-", _GMD),
    "chemical_r": (0.1, "-", _GMD),
    "chemical_k": (0.3, "-", _GMD),
    "chemical_exponent": (-3.0, "-", _GMD),
    "desorption": (1.5e-5, "h-1", _GMD),
    "desorption_exponent": (-1.5, "-", _GMD),
    "microbial_floor": (1e-6, "mg C cm-3", "guard against extinction: 3e-5 of the least published stock"),
}
#: the public program leaves the turnover modifier free; the authors' later code bounds it (mimics_cycle.f90
#: of wwieder/biogeochem_testbed: "Restrict tauMod to values 0.8 - 1.2 (Will Wieder, 5/4/2015)")
PARAMETER_SETS: dict[str, dict[str, float]] = {
    "gmd_2015": {},
    "bounded_turnover": {"turnover_modifier_low": 0.8, "turnover_modifier_high": 1.2},
}
#: rows of the array `rate`: maximum velocities and turnover in yr-1, half-saturations and floor in kg m-2
RATES = (
    "v_rm v_rs v_ra v_km v_ks v_ka k_rm k_rs k_ra k_km k_ks k_ka k_ro k_ko "
    "tau_r tau_k desorption physical_r physical_k chemical_r chemical_k "
    "respired_r_metabolic respired_r_structural respired_k_metabolic respired_k_structural floor"
).split()
#: yr of the whole input that each pool holds in a steady state, roughly (KNZ of the published sites): where
#: Newton starts
RESIDENCE_YEARS = (0.6, 3.0, 0.08, 0.2, 7.0, 2.0, 5.0)
#: substep of RK4, days, that is accurate to 1e-10 of the stocks over a year of +3 K (docs of the model
#: folder)
DEFAULT_SUBSTEP_DAYS = 1.0

# Places of the rows in the scratch array: seven pools each, then what a substep and what the step respires,
# and the rates.
_STATE = 0
_STAGE = 7
_SUM = 14
_INPUT = 22
_RATE = 29
_RESPIRED = 55
#: row of `scratch` where `advance` leaves the carbon that its guards moved between pools, kg C m-2
MOVED_ROW = 56
#: float64 numbers in `scratch`
SCRATCH = 57 * BLOCK


@njit(cache=True, nogil=True, error_model="numpy")
def _exponentials(values):
    """Replace x by exp(x), to 1 unit in the last place; |x| above 700 counts as 700.

    x = n ln 2 + r; Taylor series of exp(r), |r| <= 0.35, to r^13; 2^n is written into the exponent bits.
    Unlike the library function the loop runs in vector registers, with the same bits whatever the C library.
    """
    for b in range(values.shape[0]):
        x = min(max(values[b], -700.0), 700.0)
        # 1.5 * 2^52: adding it rounds to a whole number, which stands in the low bits of the sum
        shifted = x * 1.4426950408889634 + 6755399441055744.0
        whole = shifted - 6755399441055744.0
        r = (x - whole * 6.93147180369123816490e-01) - whole * 1.90821492927058770002e-10
        f = 1.0 / 6227020800.0
        f = f * r + 1.0 / 479001600.0
        f = f * r + 1.0 / 39916800.0
        f = f * r + 1.0 / 3628800.0
        f = f * r + 1.0 / 362880.0
        f = f * r + 1.0 / 40320.0
        f = f * r + 1.0 / 5040.0
        f = f * r + 1.0 / 720.0
        f = f * r + 1.0 / 120.0
        f = f * r + 1.0 / 24.0
        f = f * r + 1.0 / 6.0
        f = f * r + 1.0 / 2.0
        f = f * r + 1.0
        f = f * r + 1.0
        bits = (np.float64(shifted).view(np.int64) << np.int64(52)) + np.float64(f).view(np.int64)
        values[b] = np.int64(bits).view(np.float64)


@njit(cache=True, nogil=True, error_model="numpy")
def rates(temperature, moisture, clay, metabolic_fraction, productivity, thickness, parameters, rate):
    """Rates of each cell-layer, constant over a step.

    Parameters
    ----------
    temperature : float64 (B), degC
    moisture : float64 (B), dimensionless
        Factor on maximum velocities and on microbial turnover, as in the authors' biogeochemical testbed
        (mimics_cycle.f90); the 2015 program has none (1).
    clay : float64 (B), %
    metabolic_fraction : float64 (B), dimensionless
        Metabolic share of the litter of the place, 0.85 - 0.013 lignin/N.
    productivity : float64 (B), kg C m-2 yr-1
        Above-ground litter production: microbial turnover goes with its square root.
    thickness : float64 (B), m
    parameters : float64 (len(PARAMETERS))
    rate : float64 (len(RATES), B)
        Replaced.

    Notes
    -----
    Where clay and litter make fP + fC exceed 1 (clay above 84 %), fP is cut to 1 - fC.
    """
    count = temperature.shape[0]
    # exponents first, row by row, so that the exponential function runs in vector registers
    for b in range(count):
        clay_share = 0.01 * clay[b]
        rate[0, b] = parameters[0] * temperature[b] + parameters[1]
        rate[6, b] = parameters[9] * temperature[b] + parameters[12]
        rate[7, b] = parameters[10] * temperature[b] + parameters[12]
        rate[8, b] = parameters[11] * temperature[b] + parameters[12]
        rate[9, b] = -parameters[21] * math.sqrt(clay_share)
        rate[14, b] = parameters[29] * metabolic_fraction[b]
        rate[15, b] = parameters[31] * metabolic_fraction[b]
        rate[16, b] = parameters[43] * clay_share
        rate[17, b] = parameters[36] * clay_share
        rate[18, b] = parameters[38] * clay_share
        rate[19, b] = parameters[41] * metabolic_fraction[b]
    _exponentials(rate[0])
    for j in range(6, 10):
        _exponentials(rate[j])
    for j in range(14, 20):
        _exponentials(rate[j])
    for b in range(count):
        velocity = rate[0, b] * (parameters[2] * HOURS_PER_YEAR) * moisture[b]
        for j in range(6):
            rate[j, b] = velocity * parameters[3 + j]
    share_r_litm = parameters[13] / parameters[14]
    share_r_lits = parameters[13] / parameters[15]
    share_r_soma = parameters[13] / (parameters[16] * parameters[20])
    share_k_litm = parameters[13] / parameters[17]
    share_k_lits = parameters[13] / parameters[18]
    share_k_soma = parameters[13] / (parameters[19] * parameters[20])
    for b in range(count):
        litm = rate[6, b] * thickness[b]
        lits = rate[7, b] * thickness[b]
        soma = rate[8, b] * rate[9, b] * thickness[b]
        rate[6, b] = litm * share_r_litm
        rate[7, b] = lits * share_r_lits
        rate[8, b] = soma * share_r_soma
        rate[9, b] = litm * share_k_litm
        rate[10, b] = lits * share_k_lits
        rate[11, b] = soma * share_k_soma
        rate[12, b] = lits * (share_r_lits * parameters[22])
        rate[13, b] = lits * (share_k_lits * parameters[23])
    for b in range(count):
        turnover = math.sqrt(productivity[b] / parameters[32])
        turnover = min(max(turnover, parameters[33]), parameters[34]) * HOURS_PER_YEAR * moisture[b]
        rate[14, b] *= parameters[28] * turnover
        rate[15, b] *= parameters[30] * turnover
        rate[16, b] *= parameters[42] * HOURS_PER_YEAR
        rate[20, b] = parameters[40] * rate[19, b]
        rate[19, b] *= parameters[39]
        rate[17, b] = min(parameters[35] * rate[17, b], 1.0 - rate[19, b])
        rate[18, b] = min(parameters[37] * rate[18, b], 1.0 - rate[20, b])
        rate[25, b] = parameters[44] * thickness[b]
    for j in range(4):
        rate[21 + j, :] = 1.0 - parameters[24 + j]


# What follows is written once for the pools and for their twins (`nonlinear_twins`), and is put in place by numba: the
# loops over the block stay loops over one array.
@njit(inline="always")
def fluxes(m, s, r, k, c, a, cm, cs, cr, ck, cp, cc, ca, work, b):
    """Fluxes of lane ``b``, kg C m-2 yr-1, each in proportion to what it carries (``cm`` to ``ca``) out of one pool.

    For carbon that is the stock of the pool; for a twin, what it holds of it. Two fractions of one pool share a
    division.
    """
    of_r = work[(_RATE + 6) * BLOCK + b] + m
    of_k = work[(_RATE + 9) * BLOCK + b] + m
    share = cm / (of_r * of_k)
    rm = r * work[(_RATE + 0) * BLOCK + b] * share * of_k
    km = k * work[(_RATE + 3) * BLOCK + b] * share * of_r
    of_r = work[(_RATE + 7) * BLOCK + b] + s
    of_k = work[(_RATE + 10) * BLOCK + b] + s
    share = cs / (of_r * of_k)
    velocity_rs = r * work[(_RATE + 1) * BLOCK + b]
    velocity_ks = k * work[(_RATE + 4) * BLOCK + b]
    rs = velocity_rs * share * of_k
    ks = velocity_ks * share * of_r
    of_r = work[(_RATE + 8) * BLOCK + b] + a
    of_k = work[(_RATE + 11) * BLOCK + b] + a
    share = ca / (of_r * of_k)
    ra = r * work[(_RATE + 2) * BLOCK + b] * share * of_k
    ka = k * work[(_RATE + 5) * BLOCK + b] * share * of_r
    of_r = work[(_RATE + 12) * BLOCK + b] + c
    of_k = work[(_RATE + 13) * BLOCK + b] + c
    share = cc / (of_r * of_k)
    oxidised = (velocity_rs * of_k + velocity_ks * of_r) * share
    dead_r = work[(_RATE + 14) * BLOCK + b] * cr
    dead_k = work[(_RATE + 15) * BLOCK + b] * ck
    desorbed = work[(_RATE + 16) * BLOCK + b] * cp
    return rm, km, rs, ks, ra, ka, oxidised, dead_r, dead_k, desorbed


@njit(inline="always")
def routes(rm, km, rs, ks, ra, ka, oxidised, dead_r, dead_k, desorbed, entering, work, b):
    """Derivatives of the pools, and what is respired, of fluxes and of the input in the rows from ``entering`` on."""
    to_p = work[(_RATE + 17) * BLOCK + b] * dead_r + work[(_RATE + 18) * BLOCK + b] * dead_k
    to_c = work[(_RATE + 19) * BLOCK + b] * dead_r + work[(_RATE + 20) * BLOCK + b] * dead_k
    by_r = work[(_RATE + 21) * BLOCK + b] * (rm + ra) + work[(_RATE + 22) * BLOCK + b] * rs
    by_k = work[(_RATE + 23) * BLOCK + b] * (km + ka) + work[(_RATE + 24) * BLOCK + b] * ks
    dm = work[(entering + 0) * BLOCK + b] - rm - km
    ds = work[(entering + 1) * BLOCK + b] - rs - ks
    dr = work[(entering + 2) * BLOCK + b] + (rm + ra + rs) - by_r - dead_r
    dk = work[(entering + 3) * BLOCK + b] + (km + ka + ks) - by_k - dead_k
    dp = work[(entering + 4) * BLOCK + b] + to_p - desorbed
    dc = work[(entering + 5) * BLOCK + b] + to_c - oxidised
    da = work[(entering + 6) * BLOCK + b] + (dead_r + dead_k - to_p - to_c) + desorbed + oxidised - ra - ka
    return dm, ds, dr, dk, dp, dc, da, by_r + by_k


@njit(cache=True, nogil=True, error_model="numpy")
def stage(work, count, step, weight):
    """Add ``weight`` times the derivative at the stage to the sums; stage <- state + step x derivative.

    A stock below zero counts as zero, so that no denominator vanishes.
    """
    for b in range(count):
        m = max(work[(_STAGE + 0) * BLOCK + b], 0.0)
        s = max(work[(_STAGE + 1) * BLOCK + b], 0.0)
        r = max(work[(_STAGE + 2) * BLOCK + b], 0.0)
        k = max(work[(_STAGE + 3) * BLOCK + b], 0.0)
        p = max(work[(_STAGE + 4) * BLOCK + b], 0.0)
        c = max(work[(_STAGE + 5) * BLOCK + b], 0.0)
        a = max(work[(_STAGE + 6) * BLOCK + b], 0.0)
        rm, km, rs, ks, ra, ka, oxidised, dead_r, dead_k, desorbed = fluxes(
            m, s, r, k, c, a, m, s, r, k, p, c, a, work, b
        )
        dm, ds, dr, dk, dp, dc, da, respired = routes(
            rm, km, rs, ks, ra, ka, oxidised, dead_r, dead_k, desorbed, _INPUT, work, b
        )
        work[(_SUM + 0) * BLOCK + b] += weight * dm
        work[(_SUM + 1) * BLOCK + b] += weight * ds
        work[(_SUM + 2) * BLOCK + b] += weight * dr
        work[(_SUM + 3) * BLOCK + b] += weight * dk
        work[(_SUM + 4) * BLOCK + b] += weight * dp
        work[(_SUM + 5) * BLOCK + b] += weight * dc
        work[(_SUM + 6) * BLOCK + b] += weight * da
        work[(_SUM + 7) * BLOCK + b] += weight * respired
        work[(_STAGE + 0) * BLOCK + b] = work[(_STATE + 0) * BLOCK + b] + step * dm
        work[(_STAGE + 1) * BLOCK + b] = work[(_STATE + 1) * BLOCK + b] + step * ds
        work[(_STAGE + 2) * BLOCK + b] = work[(_STATE + 2) * BLOCK + b] + step * dr
        work[(_STAGE + 3) * BLOCK + b] = work[(_STATE + 3) * BLOCK + b] + step * dk
        work[(_STAGE + 4) * BLOCK + b] = work[(_STATE + 4) * BLOCK + b] + step * dp
        work[(_STAGE + 5) * BLOCK + b] = work[(_STATE + 5) * BLOCK + b] + step * dc
        work[(_STAGE + 6) * BLOCK + b] = work[(_STATE + 6) * BLOCK + b] + step * da


@njit(cache=True, nogil=True, error_model="numpy")
def right_hand_side(state, rate, inputs, derivative, respired, leached):
    """Time derivative of the pools.

    Parameters
    ----------
    state : float64 (7, B), kg C m-2
    rate : float64 (26, B)
        From `rates`.
    inputs : float64 (7, B), kg C m-2 yr-1
    derivative : float64 (7, B), kg C m-2 yr-1
    respired, leached : float64 (B), kg C m-2 yr-1
        Replaced; MIMICS leaches nothing.
    """
    work = np.zeros(SCRATCH)
    for first in range(0, state.shape[1], BLOCK):
        count = min(BLOCK, state.shape[1] - first)
        for j in range(7):
            for b in range(count):
                work[(_STAGE + j) * BLOCK + b] = state[j, first + b]
                work[(_INPUT + j) * BLOCK + b] = inputs[j, first + b]
        for j in range(26):
            for b in range(count):
                work[(_RATE + j) * BLOCK + b] = rate[j, first + b]
        work[_SUM * BLOCK : (_SUM + 8) * BLOCK] = 0.0
        stage(work, count, 0.0, 1.0)
        for j in range(7):
            for b in range(count):
                derivative[j, first + b] = work[(_SUM + j) * BLOCK + b]
        for b in range(count):
            respired[first + b] = work[(_SUM + 7) * BLOCK + b]
            leached[first + b] = 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def finish(work, count, sixth):
    """Close a substep: new state, guards, and the sums set back.

    Guards: where a stock would be below zero (a substep far too long) it becomes zero and the others are
    scaled to the carbon that is left; no more is respired than there was; microbes below the floor are lifted
    from SOMa as far as it reaches. What was moved is counted.
    """
    for b in range(count):
        m0 = work[(_STATE + 0) * BLOCK + b]
        s0 = work[(_STATE + 1) * BLOCK + b]
        r0 = work[(_STATE + 2) * BLOCK + b]
        k0 = work[(_STATE + 3) * BLOCK + b]
        p0 = work[(_STATE + 4) * BLOCK + b]
        c0 = work[(_STATE + 5) * BLOCK + b]
        a0 = work[(_STATE + 6) * BLOCK + b]
        brought = m0 + s0 + r0 + k0 + p0 + c0 + a0
        received = (
            work[(_INPUT + 0) * BLOCK + b] + work[(_INPUT + 1) * BLOCK + b] + work[(_INPUT + 2) * BLOCK + b]
        )
        received += (
            work[(_INPUT + 3) * BLOCK + b] + work[(_INPUT + 4) * BLOCK + b] + work[(_INPUT + 5) * BLOCK + b]
        )
        received += work[(_INPUT + 6) * BLOCK + b]
        brought += 6.0 * sixth * received
        respired = sixth * work[(_SUM + 7) * BLOCK + b]
        m = m0 + sixth * work[(_SUM + 0) * BLOCK + b]
        s = s0 + sixth * work[(_SUM + 1) * BLOCK + b]
        r = r0 + sixth * work[(_SUM + 2) * BLOCK + b]
        k = k0 + sixth * work[(_SUM + 3) * BLOCK + b]
        p = p0 + sixth * work[(_SUM + 4) * BLOCK + b]
        c = c0 + sixth * work[(_SUM + 5) * BLOCK + b]
        a = a0 + sixth * work[(_SUM + 6) * BLOCK + b]
        total = m + s + r + k + p + c + a
        m = max(m, 0.0)
        s = max(s, 0.0)
        r = max(r, 0.0)
        k = max(k, 0.0)
        p = max(p, 0.0)
        c = max(c, 0.0)
        a = max(a, 0.0)
        above = m + s + r + k + p + c + a
        # above == total exactly where no stock was below zero
        sound = above == total
        respired = respired if sound else min(respired, brought)
        share = 1.0 if sound else (brought - respired) / max(above, 1e-300)
        m *= share
        s *= share
        r *= share
        k *= share
        p *= share
        c *= share
        a *= share
        moved = above - total
        floor = work[(_RATE + 25) * BLOCK + b]
        lift = min(max(floor - r, 0.0), a)
        r += lift
        a -= lift
        moved += lift
        lift = min(max(floor - k, 0.0), a)
        k += lift
        a -= lift
        moved += lift
        work[(_STATE + 0) * BLOCK + b] = m
        work[(_STATE + 1) * BLOCK + b] = s
        work[(_STATE + 2) * BLOCK + b] = r
        work[(_STATE + 3) * BLOCK + b] = k
        work[(_STATE + 4) * BLOCK + b] = p
        work[(_STATE + 5) * BLOCK + b] = c
        work[(_STATE + 6) * BLOCK + b] = a
        work[(_STAGE + 0) * BLOCK + b] = m
        work[(_STAGE + 1) * BLOCK + b] = s
        work[(_STAGE + 2) * BLOCK + b] = r
        work[(_STAGE + 3) * BLOCK + b] = k
        work[(_STAGE + 4) * BLOCK + b] = p
        work[(_STAGE + 5) * BLOCK + b] = c
        work[(_STAGE + 6) * BLOCK + b] = a
        work[(_SUM + 0) * BLOCK + b] = 0.0
        work[(_SUM + 1) * BLOCK + b] = 0.0
        work[(_SUM + 2) * BLOCK + b] = 0.0
        work[(_SUM + 3) * BLOCK + b] = 0.0
        work[(_SUM + 4) * BLOCK + b] = 0.0
        work[(_SUM + 5) * BLOCK + b] = 0.0
        work[(_SUM + 6) * BLOCK + b] = 0.0
        work[(_SUM + 7) * BLOCK + b] = 0.0
        work[_RESPIRED * BLOCK + b] += respired
        work[MOVED_ROW * BLOCK + b] += moved


@njit(cache=True, nogil=True, error_model="numpy")
def advance(state, rate, inputs, dt, substeps, scratch, respired, leached):
    """Carry the pools over ``dt`` by the classical Runge-Kutta method of order 4, in equal substeps.

    What is respired is integrated by the same method: for each cell-layer, sum of stocks after = before +
    inputs dt - respired, to round-off.

    Parameters
    ----------
    state : float64 (7, B), kg C m-2
        B at most 64. Changed in place; not below zero.
    rate : float64 (26, B)
        From `rates`.
    inputs : float64 (7, B), kg C m-2 yr-1
        Enter evenly over the step.
    dt : float, yr
    substeps : int
    scratch : float64 (SCRATCH)
        Work space. Row ``MOVED_ROW`` (of 64) is left holding the carbon that guards moved between pools, kg C
        m-2.
    respired, leached : float64 (B), kg C m-2
        Replaced by what left in this step; MIMICS leaches nothing.
    """
    count = state.shape[1]
    for j in range(7):
        for b in range(count):
            scratch[(_STATE + j) * BLOCK + b] = state[j, b]
            scratch[(_STAGE + j) * BLOCK + b] = state[j, b]
            scratch[(_INPUT + j) * BLOCK + b] = inputs[j, b]
    for j in range(26):
        for b in range(count):
            scratch[(_RATE + j) * BLOCK + b] = rate[j, b]
    scratch[_SUM * BLOCK : (_SUM + 8) * BLOCK] = 0.0
    scratch[_RESPIRED * BLOCK : (MOVED_ROW + 1) * BLOCK] = 0.0
    step = dt / substeps
    for _ in range(substeps):
        stage(scratch, count, 0.5 * step, 1.0)
        stage(scratch, count, 0.5 * step, 2.0)
        stage(scratch, count, step, 2.0)
        stage(scratch, count, 0.0, 1.0)
        finish(scratch, count, step / 6.0)
    for j in range(7):
        for b in range(count):
            state[j, b] = scratch[(_STATE + j) * BLOCK + b]
    for b in range(count):
        respired[b] = scratch[_RESPIRED * BLOCK + b]
        leached[b] = 0.0
