"""Laws of the soil in decomposition, by name: pH, clay, carbonate, C:N.

What a model can write as a plain expression of texture (CENTURY's 0.25 + 0.75 sand, RothC's CO2 ratio) is not here.
"""

from __future__ import annotations

import math

from numba import njit

from watershed_c.kernels.laws import Law, table

# the numbers stay what they are: a new law is added at the end
(
    CONSTANT,
    PH_METABOLIC,
    PH_STRUCTURAL,
    PH_PASSIVE,
    PH_AMG,
    CLAY_AMG_1,
    CLAY_AMG_2,
    CARBONATE_AMG_1,
    CARBONATE_AMG_2,
    CARBON_TO_NITROGEN_AMG,
) = range(10)


@njit(cache=True, nogil=True, error_model="numpy")
def soil_law(law, parameters, driver):
    """Rate factor (-, >= 0) of a property of the soil.

    Parameters
    ----------
    law : int
        Number of one of ``SOIL_LAWS``.
    parameters : float64 (8)
        From :meth:`Law.kernel_parameters`.
    driver : float
        What the law names, in the unit of ``DRIVERS``. NaN gives NaN.
    """
    p = parameters
    x = driver
    f = 0.0
    if law == CONSTANT:
        f = p[0]
    elif math.isnan(x):
        f = x
    elif law >= PH_METABOLIC and law <= PH_PASSIVE:
        f = min(1.0, p[1] + p[2] / math.pi * math.atan(math.pi * p[3] * (x - p[0])))
    elif law == PH_AMG:
        f = math.exp(-p[0] * (x - p[1]) ** 2)
    elif law == CLAY_AMG_1 or law == CLAY_AMG_2:
        f = math.exp(-p[0] * x)
    elif law == CARBONATE_AMG_1 or law == CARBONATE_AMG_2:
        f = 1.0 / (1.0 + p[0] * x)
    elif law == CARBON_TO_NITROGEN_AMG:
        f = p[0] * math.exp(-p[1] * (x - p[2]) ** 2) + p[3]
    return 0.0 if f < 0.0 else f


_CLIVOT = "Clivot et al. 2019, doi:10.1016/j.envsoft.2019.04.004"
_NO_RUN = f"AMG v2 ({_CLIVOT}); from the published constants, no run to check against"


def _ph(name: str, number: int, a: float, c: float, pools: str) -> Law:
    return Law(
        name,
        number,
        "ph",
        {"a": a, "b": 0.5, "c": c, "d": 0.7},
        f"CENTURY and DayCent, {pools}; verified at pH 7 in runs of DDCent17",
        "b + c/pi atan(pi d (pH - a)), bounded by 0 and 1",
    )


SOIL_LAWS: dict[str, Law] = table(
    Law("constant", CONSTANT, "none", {"value": 1.0}, "-", "value"),
    _ph("ph_metabolic", PH_METABOLIC, 4.8, 1.14, "metabolic litter and soil active pool"),
    _ph("ph_structural", PH_STRUCTURAL, 4.0, 1.1, "structural litter, surface active and slow pools"),
    _ph("ph_passive", PH_PASSIVE, 3.0, 1.1, "passive pool"),
    Law(
        "ph_amg",
        PH_AMG,
        "ph",
        {"width": 0.112, "optimum": 8.5},
        _NO_RUN,
        "exp(-width (pH - optimum)^2)",
    ),
    Law("clay_amg_1", CLAY_AMG_1, "clay", {"rate": 0.00272}, f"AMG v1 ({_CLIVOT})", "exp(-rate clay)"),
    Law("clay_amg_2", CLAY_AMG_2, "clay", {"rate": 0.002519}, f"AMG v2 ({_CLIVOT})", "exp(-rate clay)"),
    Law(
        "carbonate_amg_1",
        CARBONATE_AMG_1,
        "carbonate",
        {"rate": 0.00167},
        f"AMG v1 ({_CLIVOT})",
        "1 / (1 + rate CaCO3)",
    ),
    Law(
        "carbonate_amg_2",
        CARBONATE_AMG_2,
        "carbonate",
        {"rate": 0.00150},
        f"AMG v2 ({_CLIVOT})",
        "1 / (1 + rate CaCO3)",
    ),
    Law(
        "carbon_to_nitrogen_amg",
        CARBON_TO_NITROGEN_AMG,
        "carbon_to_nitrogen",
        {"scale": 0.8, "width": 0.06, "optimum": 11.0, "least": 0.2},
        _NO_RUN,
        "scale exp(-width (C:N - optimum)^2) + least",
    ),
)
