"""How much of biochar is left after 100 years, by its H/C and the temperature of the soil (Woolf et al. 2021)."""

from __future__ import annotations

import numpy as np

#: soil temperature, degC, and c, m of ``persistent = c + m H/C`` (Woolf et al. 2021, Environ. Sci. Technol. 55:14795)
TEMPERATURE = (5.0, 10.0, 10.9, 14.9, 15.0, 20.0, 25.0)
INTERCEPT = (1.13, 1.10, 1.09, 1.04, 1.04, 1.01, 0.98)
SLOPE = (-0.46, -0.59, -0.60, -0.64, -0.64, -0.65, -0.66)


def persistence(hydrogen_carbon: float, temperature: float) -> float:
    """Share of the carbon of biochar left after 100 years, 0 to 1.

    Parameters
    ----------
    hydrogen_carbon : float, mol H per mol organic C
        Up to 0.7, where the regressions end.
    temperature : float, degC
        Mean of the soil; the coefficients are taken linearly between those published and held beyond 5 and 25 degC.
    """
    intercept = np.interp(temperature, TEMPERATURE, INTERCEPT)
    slope = np.interp(temperature, TEMPERATURE, SLOPE)
    return float(np.clip(intercept + slope * hydrogen_carbon, 0.0, 1.0))
