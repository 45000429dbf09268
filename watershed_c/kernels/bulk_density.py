"""Bulk density that follows organic matter, is loosened by tillage and settles under rain. Plain numpy.

Loosening and settling are those of EPIC (Sharpley & Williams 1990, USDA Technical Bulletin 1768; Williams 1995).
"""

from __future__ import annotations

import math

import numpy as np

from watershed_c.kernels.pedotransfer import adams_density

#: density of soil that an implement of efficiency 1 has just worked, over that of settled soil
LOOSEST = 2.0 / 3.0
#: settling by a rain: 10 % of the way for a scale of 5 mm, 95 % for one of 100 mm
_LITTLE, _MUCH = (5.0, 0.10), (100.0, 0.95)
#: of the curve f = S / (S + exp(a - b S)) through these two
CURVATURE = (
    math.log(_LITTLE[0] * (1.0 / _LITTLE[1] - 1.0)) - math.log(_MUCH[0] * (1.0 / _MUCH[1] - 1.0))
) / (_MUCH[0] - _LITTLE[0])
START = math.log(_LITTLE[0] * (1.0 / _LITTLE[1] - 1.0)) + CURVATURE * _LITTLE[0]
#: of the scale S = 0.2 O (1 + 2 sand / (sand + exp(8.597 - 0.075 sand))) / Z^0.6; from memory, a prior
SHARE, SAND_START, SAND_CURVATURE, DEPTH_EXPONENT = 0.2, 8.597, 0.075, 0.6


def settled_density(ratio: np.ndarray, organic_matter: np.ndarray) -> np.ndarray:
    """Density of settled soil, kg m-3: ``ratio`` times that of Adams (1973) for its organic matter, % of dry soil."""
    return np.asarray(ratio * adams_density(organic_matter))


def loosen(strain: np.ndarray, efficiency: np.ndarray | float) -> np.ndarray:
    """Strain 1 - density / settled density after a pass that works this share of a layer: s + E (1/3 - s).

    EPIC: BDP = BDP0 - (BDP0 - 2/3 BD) E.
    """
    return np.asarray(strain + efficiency * (1.0 - LOOSEST - strain))


def settling(water: np.ndarray, sand: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """Share of the way to settled soil that a rain takes.

    Parameters
    ----------
    water : array, kg m-2
        That came into the layer with the rain.
    sand : array, %
    depth : array, m
        Of the middle of the layer.
    """
    texture = 1.0 + 2.0 * sand / (sand + np.exp(SAND_START - SAND_CURVATURE * sand))
    scale = SHARE * np.maximum(water, 0.0) * texture / depth**DEPTH_EXPONENT
    with np.errstate(under="ignore"):
        left = np.exp(START - CURVATURE * scale)
    return np.asarray(scale / (scale + left))
