"""Moisture laws of decomposition, by name: published forms, published constants.

A law is a rate factor: where the published form has no value (NaN) or a negative one, it is 0 here. The driver of each
law is a key of ``laws.DRIVERS``.
"""

from __future__ import annotations

import math

from numba import njit

from watershed_c.kernels.laws import Law, table

# the numbers stay what they are: a new law is added at the end
(
    CONSTANT,
    ROTHC,
    ROTHC_SOILR_BARE,
    CENTURY,
    CENTURY_RELWC,
    DAYCENT_WFPS_COARSE,
    DAYCENT_WFPS_FINE,
    DAYCENT_RWC,
    IPCC_QUAD,
    DEMETER,
    CANDY,
    GOMPERTZ,
    MOYANO,
    SKOPP,
    STANDCARB,
    AMG,
    YASSO,
    SG_CO2,
    SG_CH4,
    SG_N2O,
    EPIC_SUT,
    ANAEROBIC,
) = range(22)


@njit(cache=True, nogil=True, error_model="numpy")
def deficit_ramp(deficit, start, end, least):
    """1 down to ``start``, then linear to ``least`` at ``end`` and flat beyond.

    RothC's ``b`` (Coleman & Jenkinson 1996), and Farina et al. (2013) with other limits and another least factor.
    All three deficits in one unit: kg m-2 (negative), or relative to the one at 15 bar (positive).
    """
    reach = (deficit - start) / (end - start)
    if reach <= 0.0:
        return 1.0
    return least + (1.0 - least) * max(0.0, 1.0 - reach)


@njit(cache=True, nogil=True, error_model="numpy")
def moisture_law(law, parameters, driver):
    """Rate factor (-, >= 0) of a state of moisture.

    Parameters
    ----------
    law : int
        Number of one of ``MOISTURE_LAWS``.
    parameters : float64 (8)
        From :meth:`Law.kernel_parameters`.
    driver : float
        What the law names, in the unit of ``DRIVERS``. NaN gives NaN.
    """
    p = parameters
    w = driver
    f = 0.0
    if law == CONSTANT:
        f = p[0]
    elif math.isnan(w):
        f = w
    elif law == ROTHC or law == ROTHC_SOILR_BARE:
        f = deficit_ramp(w, p[0], p[1], p[2])
    elif law == CENTURY:
        f = 1.0 / (1.0 + p[0] * math.exp(-p[1] * w))
    elif law == CENTURY_RELWC:
        f = 1.0 / (1.0 + p[0] * math.exp(-p[1] * min(1.0, max(0.0, w))))
    elif law == DAYCENT_WFPS_COARSE or law == DAYCENT_WFPS_FINE or (law >= SG_CO2 and law <= SG_N2O):
        least, best, most, shape = p[0], p[1], p[2], p[3]
        if w >= least and w <= most:
            f = ((w - least) / (best - least)) ** shape
            f *= ((w - most) / (best - most)) ** (shape * (most - best) / (best - least))
    elif law == DAYCENT_RWC:
        f = p[0] * (p[1] + math.atan(p[2] * math.pi * (100.0 * w - p[3])) / math.pi)
    elif law == IPCC_QUAD:
        r = min(p[4], w)
        f = p[0] * (p[1] + p[2] * r + p[3] * r * r)
    elif law == DEMETER:
        f = p[0] + p[1] * w
    elif law == CANDY:
        f = 1.0 if w > p[1] else p[0] * w * (1.0 - w)
    elif law == GOMPERTZ:
        f = math.exp(-math.exp(p[0] - p[1] * w))
    elif law == MOYANO:
        f = p[0] * w - p[1] * w * w
    elif law == SKOPP:
        if w > 0.0 and w < 1.0:
            f = min(p[0] * w ** p[1], p[2] * (1.0 - w) ** p[3])
    elif law == STANDCARB:
        if w > -p[0] and w > 0.0:
            f = (1.0 - math.exp(-3.0 / p[1] * (w + p[0]))) ** p[2] * math.exp(-((w / (p[3] + p[4])) ** p[5]))
    elif law == AMG:
        f = 1.0 / (1.0 + p[0] * math.exp(-p[1] * w / 1000.0))
    elif law == YASSO:
        f = -math.expm1(p[0] * w / 1000.0)
    elif law == EPIC_SUT:
        f = p[2]
        if w > 0.0:
            f = min(p[3], max(p[2], p[0] + p[1] * math.sqrt(w)))
    elif law == ANAEROBIC:
        f = 1.0
        # the two other conditions are for an infinite driver, times 0
        if w > p[0] and p[3] < 1.0 and p[2] < 1.0:
            f = max(p[2], 1.0 - (1.0 - p[2]) * (w - p[0]) * (1.0 - p[3]) / (p[1] - p[0]))
    return 0.0 if f < 0.0 else f


_SOILR = "as in SoilR 1.2.105 (Sierra et al. 2012, doi:10.5194/gmd-5-1045-2012)"
_HASHIMOTO = "Hashimoto et al. 2011 (doi:10.1016/j.ecolmodel.2011.01.013), SG model"
_HUMP = (
    "((w - least) / (best - least))^shape ((w - most) / (best - most))^(shape (most - best) / (best - least)), 0 "
    "outside least..most; 1 at best"
)
_DAYCENT = f"DayCent IDEF 3, {_SOILR} (fW.Daycent1, after Kelly et al. 2000)"
_RAMP = "1 up to start, then linear to minimum at end, flat beyond"


def _hump(name: str, number: int, shape: tuple[float, float, float, float], source: str) -> Law:
    parameters = dict(zip(("least", "best", "most", "shape"), shape, strict=True))
    return Law(name, number, "saturation", parameters, source, _HUMP)


MOISTURE_LAWS: dict[str, Law] = table(
    Law("constant", CONSTANT, "none", {"value": 1.0}, "-", "value"),
    Law(
        "rothc",
        ROTHC,
        "deficit",
        {"start": 0.444, "end": 1.0, "minimum": 0.2},
        "Coleman & Jenkinson 1996; Farina et al. 2013 (doi:10.1016/j.geoderma.2013.01.021) change start and minimum",
        _RAMP,
    ),
    Law(
        "rothc_soilr_bare",
        ROTHC_SOILR_BARE,
        "deficit",
        {"start": 0.444 / 1.8, "end": 1.0 / 1.8, "minimum": 0.2},
        f"{_SOILR}, fW.RothC with bare = TRUE: maximum and ramp both divided by 1.8, so that bare soil comes down to "
        "0.2 (official RothC: 0.84); under plants that function is the law rothc",
        _RAMP,
    ),
    Law(
        "century",
        CENTURY,
        "rain_over_pet",
        {"scale": 30.0, "rate": 8.5},
        f"CENTURY IDEF 2 (Parton et al. 1987, Adair et al. 2008), {_SOILR} (fW.Century)",
        "1 / (1 + scale exp(-rate R))",
    ),
    Law(
        "century_relwc",
        CENTURY_RELWC,
        "relative_water",
        {"scale": 30.0, "rate": 9.0},
        "DayCent IDEF 1, its default; verified in runs of DDCent17",
        "1 / (1 + scale exp(-rate r)), r bounded by 0 and 1",
    ),
    _hump("daycent_wfps_coarse", DAYCENT_WFPS_COARSE, (-0.007, 0.55, 1.70, 3.22), f"{_DAYCENT}, coarse soil"),
    _hump("daycent_wfps_fine", DAYCENT_WFPS_FINE, (0.0012, 0.60, 1.27, 2.84), f"{_DAYCENT}, medium and fine soil"),
    Law(
        "daycent_rwc",
        DAYCENT_RWC,
        "relative_water",
        {"scale": 5.0, "offset": 0.287, "slope": 0.009, "midpoint": 17.47},
        f"Del Grosso et al. 2005, {_SOILR} (fW.Daycent2)",
        "scale (offset + atan(slope pi (100 r - midpoint)) / pi), 0 where that is negative",
    ),
    Law(
        "ipcc_quad",
        IPCC_QUAD,
        "rain_over_pet",
        {"scale": 1.5, "offset": 0.2129, "linear": 1.331, "quadratic": -0.2413, "cap": 1.25},
        "IPCC 2019 Refinement, vol. 4 ch. 5, Tier 2 steady-state method",
        "scale (offset + linear R + quadratic R^2), R at most cap; the method takes the mean of the 12 months",
    ),
    Law(
        "demeter",
        DEMETER,
        "saturation",
        {"offset": 0.25, "slope": 0.75},
        f"Foley 1995 (DEMETER), {_SOILR} (fW.Demeter)",
        "offset + slope w",
    ),
    Law(
        "candy",
        CANDY,
        "saturation",
        {"scale": 4.0, "enough": 0.5},
        f"Bauer et al. 2008 (CANDY), {_SOILR} (fW.Candy)",
        "scale w (1 - w) up to enough, 1 above",
    ),
    Law(
        "gompertz",
        GOMPERTZ,
        "volumetric_water",
        {"offset": 0.824, "rate": 30.8},
        f"Janssens et al. 2003, {_SOILR} (fW.Gompertz)",
        "exp(-exp(offset - rate theta))",
    ),
    Law(
        "moyano",
        MOYANO,
        "volumetric_water",
        {"linear": 3.11, "quadratic": 2.42},
        f"Moyano et al. 2013, {_SOILR} (fW.Moyano)",
        "linear theta - quadratic theta^2, 0 where that is negative",
    ),
    Law(
        "skopp",
        SKOPP,
        "saturation",
        {"substrate": 2.0, "substrate_power": 1.3, "oxygen": 2.0, "oxygen_power": 0.8},
        f"Skopp et al. 1990, {_SOILR} (fW.Skopp)",
        "min(substrate w^substrate_power, oxygen (1 - w)^oxygen_power), 0 outside 0..1",
    ),
    Law(
        "standcarb",
        STANDCARB,
        "water_percent_of_mass",
        {
            "matric_lag": 0.0,
            "minimum": 30.0,
            "matric_shape": 5.0,
            "maximum": 350.0,
            "diffusion_lag": 4.0,
            "diffusion_shape": 15.0,
        },
        f"Harmon & Domingo 2001 (STANDCARB 2.0), {_SOILR} (fW.Standcarb)",
        "(1 - exp(-3/minimum (m + matric_lag)))^matric_shape exp(-(m / (maximum + diffusion_lag))^diffusion_shape), 0 "
        "when dry",
    ),
    Law(
        "amg",
        AMG,
        "rain_minus_pet",
        {"scale": 0.03, "rate": 5.247},
        "AMG v2 (Clivot et al. 2019, doi:10.1016/j.envsoft.2019.04.004); rate in yr m-1",
        "1 / (1 + scale exp(-rate (P - PET) / 1000))",
    ),
    Law(
        "yasso",
        YASSO,
        "rain_per_year",
        {"exponent": -1.21},
        "Yasso07 (Tuomi et al. 2009, doi:10.1016/j.ecolmodel.2009.05.016), set of Tuomi et al. 2011; exponent per m; "
        "Yasso15 and Yasso20 give values by pool",
        "1 - exp(exponent P / 1000)",
    ),
    _hump("sg_co2", SG_CO2, (-0.10, 0.50, 2.69, 1.52), f"{_HASHIMOTO}, CO2"),
    _hump("sg_ch4", SG_CH4, (-1.99, 0.073, 1.12, 4.31), f"{_HASHIMOTO}, CH4 uptake"),
    _hump("sg_n2o", SG_N2O, (-0.41, 1.00, 1.81, 9.03), f"{_HASHIMOTO}, N2O"),
    Law(
        "epic_sut",
        EPIC_SUT,
        "relative_water",
        {"offset": 0.1, "slope": 0.9, "lowest": 0.05, "highest": 1.0},
        "EPIC and SWAT (Izaurralde et al. 2006), read from the code of SWAT+, not run",
        "offset + slope sqrt(r), bounded by lowest and highest; lowest at and below the wilting point",
    ),
    Law(
        "anaerobic",
        ANAEROBIC,
        "rain_over_pet",
        {"wet": 1.5, "wettest": 3.0, "least": 0.3, "drain": 1.0},
        "CENTURY's aneref(1..3) and drain (Metherell et al. 1993); least is 1 (no effect) in the sets of DayCent, the "
        "0.3 of CENTURY 4 is not checked against the manual",
        "1 up to wet, then 1 - (1 - least) (R - wet) (1 - drain) / (wettest - wet), not below least; soil pools only; "
        "drain 1 where water drains freely, 0 where it does not",
    ),
)
