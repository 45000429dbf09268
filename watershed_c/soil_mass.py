"""Stocks to a fixed depth, and in an equivalent soil mass: what is compared when bulk density changes.

A stock to a fixed depth counts more soil after compaction, and so more carbon, of which none was gained. In an
equivalent soil mass (Ellert & Bettany 1995) the cumulative stock is read at one cumulative mass, before and after:
linearly within layers, by a natural cubic spline (Wendt & Hauser 2013, Eur. J. Soil Sci. 64, 58) or by a spline that
keeps it from falling with depth (von Haden, Yang & DeLucia 2020, Glob. Change Biol. 26, 3759; there Hyman's, here
Fritsch & Carlson's), of total fine earth or of its mineral part, as von Haden has it.

Arrays (..., L), layers from the top; mass in kg m-2 (or any unit, alike for soil and reference), stocks in any unit.
"""

from __future__ import annotations

import numpy as np

from watershed_c.constituents import ORGANIC_MATTER_PER_CARBON
from watershed_c.state import Watershed

#: m, kg m-2: of a layer without soil, so that nothing is divided by zero
THINNEST = 1e-9
METHODS = ("linear", "spline", "monotone")


def above_depth(watershed: Watershed, amounts: np.ndarray, depth: float) -> np.ndarray:
    """What of ``amounts`` (n, L) lies from the surface to ``depth`` m, (n), layers shared by nominal depth."""
    thickness = watershed.layer_bottom - watershed.layer_top
    if watershed.bedrock is not None:
        thickness = np.maximum(watershed.bedrock.filled * thickness, THINNEST)
        return np.asarray((amounts * np.clip((depth - watershed.layer_top) / thickness, 0.0, 1.0)).sum(axis=1))
    return amounts @ np.clip((depth - watershed.layer_top) / thickness, 0.0, 1.0)


def mineral_mass(soil: np.ndarray, carbon: np.ndarray) -> np.ndarray:
    """Mineral mass of layers of dry fine earth ``soil`` that hold organic ``carbon``, both kg m-2."""
    return np.asarray(soil) - ORGANIC_MATTER_PER_CARBON * np.asarray(carbon)


def fixed_depth(thickness: np.ndarray, stock: np.ndarray, depth: np.ndarray | float) -> np.ndarray:
    """Stock (...) from the surface to ``depth``; of a layer that is cut, the share of its thickness.

    Raises
    ------
    ValueError
        The layers do not reach that deep.
    """
    return cumulative_at(thickness, stock, depth, "linear")


def equivalent_mass(
    mass: np.ndarray, stock: np.ndarray, reference: np.ndarray | float, method: str = "linear"
) -> np.ndarray:
    """Stock (...) in the uppermost soil of the mass ``reference`` (...).

    Parameters
    ----------
    mass : (..., L) kg m-2, above 0
        Of each layer: total fine earth, or its mineral part (:func:`mineral_mass`).
    stock : (..., L)
    reference : (...) kg m-2
    method : {"linear", "spline", "monotone"}
        How the cumulative stock is read between the bases of layers.

    Raises
    ------
    ValueError
        The layers hold less soil, or the method is unknown.
    """
    return cumulative_at(mass, stock, reference, method)


def cumulative_at(extent: np.ndarray, stock: np.ndarray, at: np.ndarray | float, method: str) -> np.ndarray:
    """Cumulative stock where the cumulative extent is ``at``."""
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, is {method!r}")
    widths, amounts = np.broadcast_arrays(np.asarray(extent, dtype=np.float64), np.asarray(stock, dtype=np.float64))
    shape, layers = widths.shape[:-1], widths.shape[-1]
    widths, amounts = widths.reshape(-1, layers), amounts.reshape(-1, layers)
    place = np.broadcast_to(np.asarray(at, dtype=np.float64), shape).reshape(-1)
    if (widths <= 0.0).any():
        raise ValueError("every layer must have mass and thickness above 0")
    x = np.concatenate((np.zeros((place.size, 1)), np.cumsum(widths, axis=1)), axis=1)
    y = np.concatenate((np.zeros((place.size, 1)), np.cumsum(amounts, axis=1)), axis=1)
    if (place > x[:, -1] * (1.0 + 1e-9)).any():
        worst = int(np.argmax(place - x[:, -1]))
        raise ValueError(f"the layers reach to {x[worst, -1]:.6g}, not to {place[worst]:.6g}")
    each = np.arange(place.size)
    layer = np.minimum((x[:, 1:] < place[:, None]).sum(axis=1), layers - 1)
    width, rise = widths[each, layer], amounts[each, layer]
    t = np.clip((place - x[each, layer]) / width, 0.0, 1.0)
    if method == "linear":
        return (y[each, layer] + t * rise).reshape(shape)
    slopes = _natural(widths, amounts) if method == "spline" else _monotone(widths, amounts)
    start, end = slopes[each, layer] * width, slopes[each, layer + 1] * width
    # Hermite's cubic
    value = y[each, layer] + t * (start + t * (3.0 * rise - 2.0 * start - end + t * (start + end - 2.0 * rise)))
    return np.asarray(value).reshape(shape)


def _natural(widths: np.ndarray, rises: np.ndarray) -> np.ndarray:
    """Slopes (n, L + 1) of the natural cubic spline (no curvature at the ends), by elimination (Thomas)."""
    n, layers = widths.shape
    slope, inverse = rises / widths, 1.0 / widths
    diagonal, right = np.zeros((n, layers + 1)), np.zeros((n, layers + 1))
    diagonal[:, :-1] += 2.0 * inverse
    diagonal[:, 1:] += 2.0 * inverse
    right[:, :-1] += 3.0 * slope * inverse
    right[:, 1:] += 3.0 * slope * inverse
    for i in range(1, layers + 1):
        factor = inverse[:, i - 1] / diagonal[:, i - 1]
        diagonal[:, i] -= factor * inverse[:, i - 1]
        right[:, i] -= factor * right[:, i - 1]
    found = np.zeros_like(right)
    found[:, -1] = right[:, -1] / diagonal[:, -1]
    for i in range(layers - 1, -1, -1):
        found[:, i] = (right[:, i] - inverse[:, i] * found[:, i + 1]) / diagonal[:, i]
    return found


def _monotone(widths: np.ndarray, rises: np.ndarray) -> np.ndarray:
    """Slopes (n, L + 1) of the monotone cubic of Fritsch & Carlson (1980): weighted harmonic means, 0 at extremes."""
    n, layers = widths.shape
    slope = rises / widths
    found = np.zeros((n, layers + 1))
    if layers == 1:
        return np.repeat(slope, 2, axis=1)
    above, below, over, under = slope[:, :-1], slope[:, 1:], widths[:, :-1], widths[:, 1:]
    first, second = 2.0 * under + over, under + 2.0 * over
    same = above * below > 0.0
    safe_above, safe_below = np.where(same, above, 1.0), np.where(same, below, 1.0)
    found[:, 1:-1] = np.where(same, (first + second) / (first / safe_above + second / safe_below), 0.0)
    for end, (a, b) in ((0, (0, 1)), (layers, (layers - 1, layers - 2))):
        edge = ((2.0 * widths[:, a] + widths[:, b]) * slope[:, a] - widths[:, a] * slope[:, b]) / (
            widths[:, a] + widths[:, b]
        )
        edge = np.where(edge * slope[:, a] <= 0.0, 0.0, edge)
        steep = (slope[:, a] * slope[:, b] < 0.0) & (np.abs(edge) > 3.0 * np.abs(slope[:, a]))
        found[:, end] = np.where(steep, 3.0 * slope[:, a], edge)
    return found
