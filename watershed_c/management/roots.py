"""How roots are distributed with depth: by the law of biomes or by that of single crops."""

from __future__ import annotations

import math

import numpy as np

from watershed_c.management.library import Crop

#: laws a scenario can choose; "fan" falls back on "jackson" for crops whose file has no numbers for it
ROOT_LAWS = ("jackson", "fan")


def root_shares(beta: float, layer_bottom: np.ndarray, deepest: float = math.inf) -> np.ndarray:
    """Share of roots in each layer (L), Y(d) = 1 - beta^d with d in cm (Jackson et al. 1996); the rest is deeper.

    With ``deepest`` (m) none is below that: Y is then scaled to 1 there.
    """
    depth = np.minimum(np.concatenate(([0.0], layer_bottom)), deepest)
    reached = 1.0 - beta ** (100.0 * depth)
    return np.diff(reached) / (1.0 - beta ** (100.0 * deepest))


def fan_root_shares(half_depth: float, shape: float, deepest: float, layer_bottom: np.ndarray) -> np.ndarray:
    """Share of roots in each layer (L) after Fan et al. (2016), Field Crops Res. 189:68.

    ``Y(d) = 1 / (1 + (d / half_depth)^shape) + (1 - 1 / (1 + (deepest / half_depth)^shape)) d / deepest`` down to
    ``deepest``, where it is 1 (m; shape below 0).
    """

    def logistic(depth: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore"):  # at the surface: 1 / (1 + inf) = 0
            return np.asarray(1.0 / (1.0 + (depth / half_depth) ** shape))

    depth = np.minimum(np.concatenate(([0.0], layer_bottom)), deepest)
    rest = 1.0 - logistic(np.asarray(deepest))
    return np.diff(logistic(depth) + rest * depth / deepest)


def crop_root_shares(crop: Crop, layer_bottom: np.ndarray, law: str) -> np.ndarray:
    """Share of a crop's roots in each layer (L) by the law chosen, see ``ROOT_LAWS``."""
    if law == "fan" and not math.isnan(crop.half_depth):
        return fan_root_shares(crop.half_depth, crop.shape, crop.deepest, layer_bottom)
    return root_shares(crop.beta, layer_bottom, crop.root_end)
