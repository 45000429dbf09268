"""Moisture deficits of a topsoil: from water retention, by the options of RothC v2, and from month to month.

Farina et al. (2013, doi:10.1016/j.geoderma.2013.01.021) let RothC's topsoil dry to 1000 bar and take its deficits from
the retention curve; RothC_Code v2.0.0 (1e0dadc) has this as options.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from watershed_c.kernels.rate_modifiers import BARE_SHARE, CALIBRATION_DEPTH, UNLIMITED_SHARE, maximum_deficit

#: % organic matter in % organic carbon, as RothC_Code v2 has it
MATTER_PER_CARBON = 1.72
#: m3 m-3, residual water content (RothC_Code v2; Wosten et al. 1999 fitted with it)
RESIDUAL_CONTENT = 0.01
#: mbar, suction at field capacity (RothC_Code v2)
CAPACITY_SUCTION = 50.0
#: mbar, suctions at which the deficits are told
SUCTIONS = (1.0e3, 1.5e4, 1.0e6)
#: share of the ramp's depth that bare soil does not go through with opt_SMDbare = 1: RothC's factor at its own limit
#: of bare soil is 0.8388, and 0.8388 - 0.2 = 0.6388 of the 0.8 (RothC_Code v2; Farina et al. 2013)
BARE_RAMP_SHARE = 0.6388 / 0.8
#: SoilR divides the maximum deficit of bare soil by this, the whole ramp with it
SOILR_BARE_DIVISOR = 1.8


def wosten(clay, silt, bulk_density, organic_matter, topsoil=1.0):
    """Retention curve and conductivity after Wosten et al. (1999, doi:10.1016/S0016-7061(98)00132-3), continuous.

    Parameters
    ----------
    clay, silt, organic_matter : float or array, %, positive
    bulk_density : float or array, g cm-3
    topsoil : float or array
        1 in topsoil, 0 in subsoil.

    Returns
    -------
    saturated : float or array, m3 m-3
    alpha : float or array, cm-1 (= mbar-1)
    n : float or array, dimensionless
        For :func:`water_content`.
    """
    c = np.asarray(clay, dtype=np.float64)
    s = np.asarray(silt, dtype=np.float64)
    d = np.asarray(bulk_density, dtype=np.float64)
    om = np.asarray(organic_matter, dtype=np.float64)
    saturated = (
        0.7919 + 0.001691 * c - 0.29619 * d - 0.000001491 * s**2 + 0.0000821 * om**2 + 0.02427 / c + 0.01113 / s
        + 0.01472 * np.log(s) - 0.0000733 * om * c - 0.000619 * d * c - 0.001183 * d * om - 0.0001664 * topsoil * s
    )  # fmt: skip
    log_alpha = (
        -14.96 + 0.03135 * c + 0.0351 * s + 0.646 * om + 15.29 * d - 0.192 * topsoil - 4.671 * d**2
        - 0.000781 * c**2 - 0.00687 * om**2 + 0.0449 / om + 0.0663 * np.log(s) + 0.1482 * np.log(om)
        - 0.04546 * d * s - 0.4852 * d * om + 0.00673 * topsoil * c
    )  # fmt: skip
    log_n = (
        -25.23 - 0.02195 * c + 0.0074 * s - 0.1940 * om + 45.5 * d - 7.24 * d**2 + 0.0003658 * c**2
        + 0.002885 * om**2 - 12.81 / d - 0.1524 / s - 0.01958 / om - 0.2876 * np.log(s) - 0.0709 * np.log(om)
        - 44.6 * np.log(d) - 0.02264 * d * c + 0.0896 * d * om + 0.00718 * topsoil * c
    )  # fmt: skip
    return saturated, np.exp(log_alpha), 1.0 + np.exp(log_n)


def wosten_conductivity(clay, silt, bulk_density, organic_matter, topsoil=1.0):
    """Saturated conductivity, cm d-1, of the same authors; parameters of :func:`wosten`."""
    c = np.asarray(clay, dtype=np.float64)
    s = np.asarray(silt, dtype=np.float64)
    d = np.asarray(bulk_density, dtype=np.float64)
    om = np.asarray(organic_matter, dtype=np.float64)
    return np.exp(
        7.755 + 0.0352 * s + 0.93 * topsoil - 0.967 * d**2 - 0.000484 * c**2 - 0.000322 * s**2 + 0.001 / s
        - 0.0748 / om - 0.643 * np.log(s) - 0.01398 * d * c - 0.1673 * d * om + 0.02986 * topsoil * c
        - 0.03305 * topsoil * s
    )  # fmt: skip


def wosten_topsoil(clay, silt, bulk_density, organic_carbon):
    """:func:`wosten` of a topsoil by its organic carbon, %, with the factor of RothC_Code v2."""
    return wosten(clay, silt, bulk_density, MATTER_PER_CARBON * np.asarray(organic_carbon, dtype=np.float64))


def water_content(saturated, alpha, n, suction):
    """Water content (m3 m-3) at a suction (mbar), van Genuchten (1980) with m = 1 - 1/n::

    theta = theta_r + (theta_s - theta_r) / (1 + (alpha h)^n)^m,    theta_r = 0.01
    """
    return RESIDUAL_CONTENT + (saturated - RESIDUAL_CONTENT) / (1.0 + (alpha * suction) ** n) ** (1.0 - 1.0 / n)


def farina_deficits(clay, silt, bulk_density, organic_carbon, depth=CALIBRATION_DEPTH):
    """Deficits of a topsoil between field capacity (50 mbar) and 1, 15 and 1000 bar.

    Parameters
    ----------
    clay, silt, organic_carbon : float or array, %, positive
    bulk_density : float or array, g cm-3
    depth : float or array, m

    Returns
    -------
    m1, m15, m1000 : floats or arrays, kg m-2 (mm), negative

    Raises
    ------
    ValueError
        The soil lies outside what the pedotransfer functions can describe: the deficits do not grow with suction.
    """
    retention = wosten_topsoil(clay, silt, bulk_density, organic_carbon)
    capacity = water_content(*retention, CAPACITY_SUCTION)
    millimetres = 1000.0 * np.asarray(depth, dtype=np.float64)
    m1, m15, m1000 = ((water_content(*retention, suction) - capacity) * millimetres for suction in SUCTIONS)
    if not np.all((m1 < 0.0) & (m15 < m1) & (m1000 < m15)):
        raise ValueError(
            "clay, silt, bulk density (g cm-3) and organic carbon (%) must be positive and within reach of the "
            "functions of Wosten et al. (1999): the deficits at 1, 15 and 1000 bar they give do not grow with suction"
        )
    return m1, m15, m1000


def deficit_limits(
    moisture_option: int, bare_option: int, maximum, deficits: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None
):
    """Limits of the deficit by the options of RothC_Code v2.0.0.

    =========  ==============================  =================  =====================================
    option     ramp                            under plants to    bare soil to
    =========  ==============================  =================  =====================================
    1 with 1   0.444 maximum .. maximum        maximum            0.556 maximum
    2 with 1   1 .. 15 bar                     1000 bar           15 bar - 0.6388/0.8 (15 bar - 1 bar)
    3 with 1   1 .. 15 bar                     15 bar             15 bar - 0.6388/0.8 (15 bar - 1 bar)
    any, 2     as above                        as above           the end of the ramp
    =========  ==============================  =================  =====================================

    The program reads minRM_Moist, the least factor, only with ``moisture_option`` 2 and 3, and has 0.2 with 1.

    Parameters
    ----------
    moisture_option : int
        opt_RMmoist, 1 to 3.
    bare_option : int
        opt_SMDbare, 1 or 2.
    maximum : float or array, kg m-2
        RothC's own, of ``rate_modifiers.maximum_deficit``; read with option 1.
    deficits : of :func:`farina_deficits`
        Read with options 2 and 3.

    Returns
    -------
    ramp_start, ramp_end : floats or arrays, kg m-2
        Where drying begins to limit, and where the factor is least.
    covered_limit, bare_limit : floats or arrays, kg m-2
        Where soil under plants and bare soil dry no further.

    Raises
    ------
    ValueError
        An option the program does not have, or options 2 and 3 without ``deficits``.
    """
    if moisture_option not in (1, 2, 3) or bare_option not in (1, 2):
        raise ValueError(
            f"opt_RMmoist must be 1, 2 or 3 and opt_SMDbare 1 or 2, got {moisture_option!r} and {bare_option!r}"
        )
    if moisture_option == 1:
        end = covered = np.asarray(maximum, dtype=np.float64)
        start, bare = UNLIMITED_SHARE * end, BARE_SHARE * end
    else:
        if deficits is None:
            raise ValueError(f"opt_RMmoist = {moisture_option} needs the deficits of the retention curve")
        start, end, driest = (np.asarray(value, dtype=np.float64) for value in deficits)
        covered = driest if moisture_option == 2 else end
        bare = end - BARE_RAMP_SHARE * (end - start)
    return start, end, covered, end if bare_option == 2 else bare


def soilr_limits(clay, depth=CALIBRATION_DEPTH, bare: bool = False):
    """Limits of SoilR 1.2.105's fW.RothC, as :func:`deficit_limits` returns them.

    One flag for all months, and of bare soil the whole ramp divided by 1.8.

    Parameters
    ----------
    clay : float or array, %
    depth : float or array, m
    """
    end = maximum_deficit(clay, depth) / (SOILR_BARE_DIVISOR if bare else 1.0)
    return UNLIMITED_SHARE * end, end, end, end


@njit(cache=True, nogil=True)
def advance_deficit(before, rain, evapotranspiration, covered_limit, bare_limit, covered):
    """Topsoil moisture deficit (kg m-2, <= 0) after a month.

    ``S <- max(limit, min(0, S + rain - evapotranspiration))`` with ``limit = covered_limit`` under plants and
    ``min(bare_limit, S)`` when bare: soil drier than bare soil gets (dried under plants) holds its deficit or re-wets.
    With RothC's limits the same numbers as ``rate_modifiers.update_deficit``.

    Parameters
    ----------
    before : float, kg m-2, <= 0
    rain, evapotranspiration : float, kg m-2 in the month
    covered_limit, bare_limit : float, kg m-2, negative
    covered : bool
    """
    after = min(0.0, before + rain - evapotranspiration)
    limit = covered_limit if covered else min(bare_limit, before)
    return max(limit, after)
