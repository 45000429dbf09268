"""Official RothC at one site, month by month: four active pools, their radiocarbon, the moisture deficit and CO2.

Coleman & Jenkinson (1996), RothC-26.3, in the order of operations of RothC_Py (f2ab6df) and RothC_Code v2.0.0
(1e0dadc), Rothamsted Research; deficits of dry soils after Farina et al. (2013, doi:10.1016/j.geoderma.2013.01.021).
Stocks are in t C/ha here, as in those programs: their stop rule is an amount in that unit.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from watershed_c.kernels.moisture_laws import deficit_ramp
from watershed_c.kernels.rate_modifiers import COVERED_FACTOR, temperature_factor
from watershed_c.kernels.retention import advance_deficit

#: yr-1, decomposition rates of DPM, RPM, BIO, HUM (Jenkinson 1990)
DPM_RATE, RPM_RATE, BIO_RATE, HUM_RATE = 10.0, 0.3, 0.66, 0.02
#: shares of BIO and HUM in what is not respired (Coleman & Jenkinson 1996)
BIO_SHARE, HUM_SHARE = 0.46, 0.54
#: shares of farmyard manure that enter DPM, RPM, HUM (Coleman & Jenkinson 1996)
MANURE_DPM, MANURE_RPM, MANURE_HUM = 0.49, 0.49, 0.02
#: open-pan evaporation to evapotranspiration (Coleman & Jenkinson 1996)
PAN_FACTOR = 0.75
#: yr, half-life of radiocarbon by which conventional ages are told (Libby)
HALF_LIFE = 5568.0
#: yr-1, decay of radiocarbon in the programs
RADIOCARBON_DECAY = math.log(2.0) / HALF_LIFE
#: yr, conventional age of IOM, which does not decay in the programs
INERT_AGE = 50_000.0
#: yr, by which the programs turn an age into Delta-14C (5568 / ln 2 is 8033)
REPORTED_LIFETIME = 8035.0
#: t C/ha per year, change of the active carbon at which the equilibrium run stops
EQUILIBRIUM_CHANGE = 1e-6

#: columns of the months that drive the site
MODERN, TEMPERATURE, RAIN, PAN_EVAPORATION, PLANT_INPUT, MANURE, COVER, DPM_RPM = range(8)
#: columns of the state: pools (t C/ha), their activities (t C/ha of modern carbon), deficit (mm)
DPM, RPM, BIO, HUM, DPM_ACTIVITY, RPM_ACTIVITY, BIO_ACTIVITY, HUM_ACTIVITY, DEFICIT = range(9)
#: columns that a record has after those of the state
CO2, TEMPERATURE_FACTOR, MOISTURE_FACTOR, COVER_FACTOR = range(9, 13)
#: places in the limits of the deficit
RAMP_START, RAMP_END, COVERED_LIMIT, BARE_LIMIT, LEAST_FACTOR = range(5)


@njit(cache=True, nogil=True)
def advance_site(months, limits, respired_ratio, state, record):
    """Advance the site through ``months``.

    With ``q = a b c / 12``, the product of the factors of temperature, moisture and plant cover times the step::

        S      <- max(limit, min(0, S + rain - 0.75 * pan evaporation))     (retention.advance_deficit)
        b       = 1 above the start of the ramp, linear to its end, the least factor beyond     (deficit_ramp)
        loss_p  = pool_p * (1 - exp(-rate_p * q))
        CO2     = x / (1 + x) * sum(loss);  BIO += 0.46 / (1 + x) * sum(loss);  HUM += 0.54 / (1 + x) * sum(loss)

    and then the input of the month enters. Activities follow their carbon; what was there before the month has
    decayed by ``exp(-ln 2 / 5568 / 12)``, new carbon has not.

    Parameters
    ----------
    months : float64 (M, 8)
        Activity of new carbon (1 = modern), air temperature (degC), rain and open-pan evaporation (mm), plant
        input and farmyard manure (t C/ha), plant cover (1 or 0), DPM/RPM of the plant input.
    limits : float64 (5)
        The four of ``retention.deficit_limits`` (mm, negative): start and end of the ramp, where soil under plants and
        where bare soil stop drying; and the least factor of moisture.
    respired_ratio : float
        ``x``, CO2 : (BIO + HUM).
    state : float64 (9)
        Changed in place.
    record : float64 (M, 13)
        State after each month, CO2 of the month (t C/ha) and the three factors. With no rows nothing is kept.
    """
    keep = record.shape[0] > 0
    lost = np.empty(4)
    to_bio = BIO_SHARE / (respired_ratio + 1.0)
    to_hum = HUM_SHARE / (respired_ratio + 1.0)
    respired = respired_ratio / (respired_ratio + 1.0)
    aged = math.exp(-RADIOCARBON_DECAY / 12.0)
    for m in range(months.shape[0]):
        covered = months[m, COVER] > 0.5
        state[DEFICIT] = advance_deficit(
            state[DEFICIT],
            months[m, RAIN],
            PAN_FACTOR * months[m, PAN_EVAPORATION],
            limits[COVERED_LIMIT],
            limits[BARE_LIMIT],
            covered,
        )
        moisture = deficit_ramp(state[DEFICIT], limits[RAMP_START], limits[RAMP_END], limits[LEAST_FACTOR])
        warmth = temperature_factor(months[m, TEMPERATURE])
        cover = COVERED_FACTOR if covered else 1.0

        q = warmth * moisture * cover / 12.0
        lost[DPM] = DPM_RATE * q
        lost[RPM] = RPM_RATE * q
        lost[BIO] = BIO_RATE * q
        lost[HUM] = HUM_RATE * q
        for p in range(4):
            lost[p] = -math.expm1(-lost[p])
        modern = months[m, MODERN]
        ratio = months[m, DPM_RPM]
        plant = months[m, PLANT_INPUT]
        manure = months[m, MANURE]
        released = 0.0
        for twin in range(2):  # the carbon, then its activity by the same fractions
            first = 4 * twin
            loss = 0.0
            for pool in range(4):
                part = state[first + pool] * lost[pool]
                state[first + pool] -= part
                loss += part
            state[first + BIO] += to_bio * loss
            state[first + HUM] += to_hum * loss
            activity = 1.0
            if twin == 0:
                released = respired * loss
            else:
                activity = modern
                for pool in range(4):
                    state[first + pool] *= aged
            state[first + DPM] += activity * (ratio / (ratio + 1.0) * plant + MANURE_DPM * manure)
            state[first + RPM] += activity * (1.0 / (ratio + 1.0) * plant + MANURE_RPM * manure)
            state[first + HUM] += activity * MANURE_HUM * manure
        if keep:
            record[m, : state.size] = state
            record[m, CO2] = released
            record[m, TEMPERATURE_FACTOR] = warmth
            record[m, MOISTURE_FACTOR] = moisture
            record[m, COVER_FACTOR] = cover


@njit(cache=True, nogil=True)
def equilibrium_run(year, limits, respired_ratio, most_years, state):
    """Repeat the 12 months of ``year`` until the active carbon changes by at most 1e-6 t C/ha from one year's end
    to the next, as the official programs do; -> years taken, 0 if ``most_years`` were not enough.

    It stops below the periodic equilibrium (by up to 2e-4 t C/ha in the official cases). Parameters as in
    :func:`advance_site`.
    """
    nothing = np.empty((0, 13))
    before = 0.0
    for years in range(1, most_years + 1):
        advance_site(year, limits, respired_ratio, state, nothing)
        carbon = state[DPM] + state[RPM] + state[BIO] + state[HUM]
        if abs(carbon - before) <= EQUILIBRIUM_CHANGE:
            return years
        before = carbon
    return 0


def radiocarbon_age(carbon, activity):
    """Conventional age (yr), ``5568 / ln 2 * ln(carbon / activity)``; 0 where there is no carbon, infinite where it is
    dead. Arrays of one shape, in t C/ha and in t C/ha of modern carbon."""
    carbon, activity = np.asarray(carbon, dtype=np.float64), np.asarray(activity, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        age = -np.log(activity / carbon) / RADIOCARBON_DECAY
    return np.where(carbon > 0.0, age, 0.0)


def activity_at_age(age):
    """Activity relative to modern carbon at a conventional age (yr)."""
    return np.exp(-RADIOCARBON_DECAY * np.asarray(age, dtype=np.float64))


def delta_14c(age):
    """Delta-14C (per mil) as the programs report it, ``1000 (exp(-age / 8035) - 1)``."""
    return 1000.0 * (np.exp(-np.asarray(age, dtype=np.float64) / REPORTED_LIFETIME) - 1.0)


def respired_ratio(clay: float) -> float:
    """CO2 : (BIO + HUM) of what is decomposed, ``1.67 (1.85 + 1.60 exp(-0.0786 clay))``; clay in %
    (Coleman & Jenkinson 1996)."""
    return 1.67 * (1.85 + 1.60 * math.exp(-0.0786 * clay))
