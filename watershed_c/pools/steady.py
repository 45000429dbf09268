"""The input that sustains a measured stock, and inert carbon."""

from __future__ import annotations

import numpy as np

from watershed_c.kernels.rate_modifiers import CALIBRATION_DEPTH

#: Falloon et al. (1998): IOM = 0.049 TOC^1.139, both t C ha-1, TOC including IOM, at 0-23 cm
FALLOON_FACTOR = 0.049
FALLOON_EXPONENT = 1.139
#: kg m-2 per t ha-1
KG_M2_PER_T_HA = 0.1


def sustaining_scale(
    measured: np.ndarray, inert: np.ndarray, from_plant: np.ndarray, from_manure: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Factor on the plant input whose steady state has the measured SOC.

    ``scale = (measured - inert - from_manure) / from_plant``, elementwise; pass layers or whole columns (sums
    over layers and pools). Plain inversion assumes no erosion (coupling rule 14): with erosion on it reads
    eroded cells as low-input ones.

    Parameters
    ----------
    measured, inert, from_plant, from_manure : float64, same shape, kg C m-2

    Returns
    -------
    scale : float64, dimensionless
        0 where manure and inert carbon alone exceed the measured stock, or where there is no plant input.
    attained : bool
        Where the scaled input does sustain the measured stock.
    """
    needed = measured - inert - from_manure
    attained = (needed >= 0.0) & (from_plant > 0.0) & np.isfinite(from_plant)
    scale = np.zeros(np.shape(measured))
    np.divide(needed, from_plant, out=scale, where=attained)
    return scale, attained


def falloon_iom(topsoil: np.ndarray) -> np.ndarray:
    """Inert organic carbon of a topsoil stock (0-23 cm, inert carbon included), both kg C m-2.

    ``IOM = 0.049 TOC^1.139`` in t C ha-1 (Falloon et al. 1998). Not linear: never apply it layer by layer.
    """
    return KG_M2_PER_T_HA * FALLOON_FACTOR * (np.maximum(topsoil, 0.0) / KG_M2_PER_T_HA) ** FALLOON_EXPONENT


def falloon_inert(
    soc: np.ndarray, layer_top: np.ndarray, layer_bottom: np.ndarray, depth: float = CALIBRATION_DEPTH
) -> np.ndarray:
    """Inert organic carbon of each layer after Falloon et al. (1998).

    ``IOM = 0.049 TOC^1.139`` (t C ha-1) is evaluated once, on the stock from 0 to ``depth`` (or on the whole
    profile where that is shallower): it is not linear, so layer by layer it would give less (coupling rule
    13). Every layer then holds the same share IOM / TOC of its SOC, those below ``depth`` too.

    Parameters
    ----------
    soc : float64 (n, L), kg C m-2
        Including inert carbon.
    layer_top, layer_bottom : float64 (L), m
    depth : float, m

    Returns
    -------
    float64 (n, L), kg C m-2
    """
    top, bottom = np.asarray(layer_top), np.asarray(layer_bottom)
    inside = np.clip(np.minimum(bottom, depth) - top, 0.0, None) / (bottom - top)
    topsoil = soc @ inside
    share = np.divide(falloon_iom(topsoil), topsoil, out=np.zeros_like(topsoil), where=topsoil > 0.0)
    return soc * share[:, np.newaxis]
