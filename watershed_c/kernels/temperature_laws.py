"""Temperature laws of decomposition, by name: published forms, published constants.

A law is a rate factor: where the published form has no value (NaN) or a negative one, it is 0 here. Each law belongs
to the rates it was calibrated with; to combine it with those of another model needs a new calibration.
"""

from __future__ import annotations

import math

from numba import njit

from watershed_c.kernels.laws import Law, table

# the numbers stay what they are: a new law is added at the end
(
    CONSTANT,
    ROTHC,
    ROTHC_SOILR,
    CENTURY_1987,
    CENTURY_SOILR_2,
    CENTURY4_EXP,
    DAYCENT_ATAN,
    DAYCENT_RAW,
    DAYCENT_EXP,
    IPCC,
    Q10,
    DEMETER,
    KIRSCHBAUM,
    LLOYD_TAYLOR,
    LINEAR,
    STANDCARB,
    ARRHENIUS,
    AMG,
    CTOOL,
    YASSO,
    EXPONENTIAL,
    MEMS,
    SWAT_PLUS,
) = range(23)


@njit(cache=True, nogil=True, error_model="numpy")
def temperature_law(law, parameters, temperature):
    """Rate factor (-, >= 0) of a temperature (degC).

    Parameters
    ----------
    law : int
        Number of one of ``TEMPERATURE_LAWS``.
    parameters : float64 (8)
        From :meth:`Law.kernel_parameters`.
    temperature : float, degC
        NaN gives NaN.
    """
    p = parameters
    t = temperature
    f = 0.0
    if law == CONSTANT:
        f = p[0]
    elif math.isnan(t):
        f = t
    elif law == ROTHC or law == ROTHC_SOILR:
        if t >= p[3] and t > -p[2]:
            f = p[0] / (1.0 + math.exp(p[1] / (t + p[2])))
    elif law == CENTURY_1987 or law == CENTURY_SOILR_2 or law == IPCC:
        u = (p[1] - t) / (p[1] - p[0])
        if u >= 0.0:
            rise = u ** p[2]
            fall = 1.0 - u ** p[3]
            if law == CENTURY_1987:
                f = rise * math.exp(p[2] / p[3] * fall)
            elif law == IPCC:
                f = rise * math.exp(p[4] * fall)
            else:
                f = p[4] * math.exp(p[2] / p[3] * fall * rise)
    elif law == CENTURY4_EXP:
        f = p[0] + p[1] * math.exp(p[2] * t)
    elif law == DAYCENT_ATAN:
        slope = math.pi * p[3]
        here = p[1] + p[2] / math.pi * math.atan(slope * (t - p[0]))
        f = max(p[5], here / (p[1] + p[2] / math.pi * math.atan(slope * (p[4] - p[0]))))
    elif law == DAYCENT_RAW:
        f = p[1] + p[2] / math.pi * math.atan(math.pi * p[3] * (t - p[0]))
    elif law == DAYCENT_EXP or law == EXPONENTIAL:
        f = p[0] * math.exp(p[1] * t)
    elif law == Q10 or law == DEMETER:
        f = p[0] * p[1] ** ((t - p[2]) / 10.0)
    elif law == KIRSCHBAUM or law == CTOOL:
        f = p[0] * math.exp(p[1] + p[2] * t * (1.0 - 0.5 * t / p[3]))
    elif law == LLOYD_TAYLOR:
        above = t + p[3] - p[2]
        if above > 0.0:
            f = math.exp(p[0] * (1.0 / p[1] - 1.0 / above))
    elif law == LINEAR:
        f = p[0] + p[1] * t
    elif law == STANDCARB or law == MEMS:
        limit = (abs(t) / (p[0] + p[1])) ** p[2]
        if t >= 0.0:
            f = math.exp(-limit) * p[3] ** ((t - p[4]) / 10.0)
        elif limit <= 1.0:
            f = math.exp(limit) * p[3] ** ((t - p[4]) / 10.0)
    elif law == ARRHENIUS:
        if t > -p[3]:
            f = p[0] * math.exp(-p[1] / (p[2] * (t + p[3])))
    elif law == AMG:
        if t > 0.0:
            f = p[0] / (1.0 + (p[0] - 1.0) * math.exp(p[1] * p[2]) * math.exp(-p[1] * t))
    elif law == YASSO:
        f = math.exp(p[0] * t + p[1] * t * t)
    elif law == SWAT_PLUS:
        if p[3] < t < p[2] and t > p[0]:
            f = ((t - p[0]) / (p[1] - p[0])) ** ((p[0] - p[1]) / (p[1] - p[2])) * (p[2] - t) / (p[2] - p[1])
    return 0.0 if f < 0.0 else f


def _law(name: str, number: int, parameters: dict[str, float], source: str, doc: str) -> Law:
    return Law(name, number, "temperature", parameters, source, doc)


_SOILR = "as in SoilR 1.2.105 (Sierra et al. 2012, doi:10.5194/gmd-5-1045-2012)"
_CENTURY_SHAPE = {"optimum": 35.0, "maximum": 45.0, "rise": 0.2, "fall": 2.63}

TEMPERATURE_LAWS: dict[str, Law] = table(
    Law("constant", CONSTANT, "none", {"value": 1.0}, "-", "value"),
    _law(
        "rothc",
        ROTHC,
        {"scale": 47.91, "steepness": 106.06, "shift": 18.27, "coldest": -5.0},
        "Coleman & Jenkinson 1996; code of RothC_Py and RothC_Code v2",
        "scale / (1 + exp(steepness / (T + shift))), 0 below coldest; T monthly mean of the air",
    ),
    _law(
        "rothc_soilr",
        ROTHC_SOILR,
        {"scale": 47.9, "steepness": 106.0, "shift": 18.3, "coldest": -18.3},
        f"Jenkinson et al. 1990, rounded constants and no cut at -5 degC, {_SOILR} (fT.RothC)",
        "scale / (1 + exp(steepness / (T + shift))), 0 at and below -shift and below coldest",
    ),
    _law(
        "century_1987",
        CENTURY_1987,
        _CENTURY_SHAPE,
        f"Parton et al. 1987 (SSSAJ 51, 1173), {_SOILR} (fT.Century1)",
        "u^rise exp(rise/fall (1 - u^fall)), u = (maximum - T) / (maximum - optimum); 0 from maximum on",
    ),
    _law(
        "century_soilr_2",
        CENTURY_SOILR_2,
        _CENTURY_SHAPE | {"scale": 3.439423},
        f"{_SOILR} (fT.Century2, after Adair et al. 2008); the power u^rise stands inside the exponential, apparently "
        "a misprint of century_1987",
        "scale exp(rise/fall (1 - u^fall) u^rise), u = (maximum - T) / (maximum - optimum); 0 above maximum",
    ),
    _law(
        "century4_exp",
        CENTURY4_EXP,
        {"t1": 0.0, "t2": 0.125, "t3": 0.07},
        "CENTURY 4.0, teff(1..3) (Metherell et al. 1993); defaults not checked against the manual",
        "t1 + t2 exp(t3 T); T monthly mean at the soil surface",
    ),
    _law(
        "daycent_atan",
        DAYCENT_ATAN,
        {"a": 15.4, "b": 11.75, "c": 29.7, "d": 0.031, "reference": 30.0, "floor": 0.01},
        "DayCent 4.5 and later, teff(1..4) (Parton et al. 1998, Del Grosso et al. 2005); Millennial v1",
        "max(floor, g(T) / g(reference)), g(T) = b + c/pi atan(pi d (T - a)); T mean of soil at 2-10 cm",
    ),
    _law(
        "daycent_raw",
        DAYCENT_RAW,
        {"a": 15.7, "b": 0.56, "c": 1.46, "d": 0.0309},
        f"Del Grosso et al. 2005, {_SOILR} (fT.Daycent2)",
        "b + c/pi atan(pi d (T - a)), 0 where that is negative (below about -11 degC)",
    ),
    _law(
        "daycent_exp",
        DAYCENT_EXP,
        {"scale": 0.08, "rate": 0.095},
        f"Kelly et al. 2000, {_SOILR} (fT.Daycent1)",
        "scale exp(rate T)",
    ),
    _law(
        "ipcc",
        IPCC,
        _CENTURY_SHAPE | {"optimum": 33.69, "factor": 0.2 / 2.63},
        "IPCC 2019 Refinement, vol. 4 ch. 5, Tier 2 steady-state method; factor is rise/fall, of which the guideline "
        "prints 0.076 (up to 0.2 % in the year factor)",
        "u^rise exp(factor (1 - u^fall)), u = (maximum - T) / (maximum - optimum); 0 from maximum on; the method takes "
        "the mean of the 12 months",
    ),
    _law(
        "q10",
        Q10,
        {"scale": 1.0, "q10": 2.0, "reference": 10.0},
        f"van 't Hoff, {_SOILR} (fT.Q10)",
        "scale q10^((T - reference) / 10)",
    ),
    _law(
        "demeter",
        DEMETER,
        {"scale": 1.0, "q10": 2.0, "reference": 20.0},
        f"Foley 1995 (DEMETER), {_SOILR} (fT.Demeter)",
        "scale q10^((T - reference) / 10)",
    ),
    _law(
        "kirschbaum",
        KIRSCHBAUM,
        {"scale": 1.0, "offset": -3.764, "rate": 0.204, "optimum": 36.9},
        f"Kirschbaum 1995, {_SOILR} (fT.KB)",
        "scale exp(offset + rate T (1 - 0.5 T / optimum))",
    ),
    _law(
        "lloyd_taylor",
        LLOYD_TAYLOR,
        {"activation": 308.56, "reference": 56.02, "lowest": 227.13, "zero": 273.0},
        f"Lloyd & Taylor 1994, {_SOILR} (fT.LandT)",
        "exp(activation (1/reference - 1/(T + zero - lowest))), all in K; 0 at and below lowest",
    ),
    _law(
        "linear",
        LINEAR,
        {"offset": 0.198306, "slope": 0.036337},
        f"Adair et al. 2008, {_SOILR} (fT.linear)",
        "offset + slope T, 0 where that is negative",
    ),
    _law(
        "standcarb",
        STANDCARB,
        {"optimum": 45.0, "lag": 4.0, "shape": 15.0, "q10": 2.0, "reference": 10.0},
        f"Harmon & Domingo 2001 (STANDCARB 2.0), {_SOILR} (fT.Standcarb)",
        "exp(-(T / (optimum + lag))^shape) q10^((T - reference) / 10); below 0 degC the power is taken as odd, as it "
        "is with shape 15; 0 below -(optimum + lag), where the form would rise without bound",
    ),
    _law(
        "arrhenius",
        ARRHENIUS,
        {"scale": 1000.0, "energy": 75000.0, "gas_constant": 8.3144621, "zero": 273.15},
        f"Arrhenius, {_SOILR} (fT.Arrhenius)",
        "scale exp(-energy / (gas_constant (T + zero))), energy in J mol-1, gas_constant in J mol-1 K-1, zero in K",
    ),
    _law(
        "amg",
        AMG,
        {"maximum": 25.0, "rate": 0.12, "reference": 15.0},
        "AMG v2 (Clivot et al. 2019, doi:10.1016/j.envsoft.2019.04.004)",
        "maximum / (1 + (maximum - 1) exp(rate reference) exp(-rate T)), 0 at and below 0 degC; T mean of the year",
    ),
    _law(
        "ctool",
        CTOOL,
        {"scale": 7.24, "offset": -3.432, "rate": 0.168, "optimum": 36.9},
        "C-TOOL (Taghizadeh-Toosi et al. 2014, doi:10.1016/j.ecolmodel.2014.08.016), after Kirschbaum 1995",
        "scale exp(offset + rate T (1 - 0.5 T / optimum)); 1 at 10 degC; T of the soil at the depth of the layer",
    ),
    _law(
        "yasso",
        YASSO,
        {"linear": 0.096, "quadratic": -0.0014},
        "Yasso07 (Tuomi et al. 2009, doi:10.1016/j.ecolmodel.2009.05.016), set of Tuomi et al. 2011; Yasso15 and "
        "Yasso20 give values by pool",
        "exp(linear T + quadratic T^2); the models take the mean of the law over the year, not the law of the mean",
    ),
    _law(
        "exponential",
        EXPONENTIAL,
        {"scale": 1.0, "rate": 0.067},
        "Hashimoto et al. 2011 (doi:10.1016/j.ecolmodel.2011.01.013): rate 0.067 CO2, 0.009 CH4 uptake, 0.12 N2O",
        "scale exp(rate T)",
    ),
    _law(
        "mems",
        MEMS,
        {"optimum": 35.0, "lag": 7.0, "shape": 3.0, "q10": 3.0, "reference": 13.5},
        "MEMS v1 (Robertson et al. 2019, doi:10.5194/bg-16-1225-2019); defaults not checked against a run",
        "as standcarb",
    ),
    _law(
        "swat_plus",
        SWAT_PLUS,
        {"minimum": -5.0, "optimum": 30.0, "maximum": 50.0, "frozen": 0.0},
        "SWAT+ rev. 62, read from its code at cb442f7c, not run",
        "((T - minimum) / (optimum - minimum))^q (maximum - T) / (maximum - optimum), q = (minimum - optimum) / "
        "(optimum - maximum); 0 at and below frozen and from maximum on",
    ),
)
