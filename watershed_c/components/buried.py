"""Rates that follow the material (coupling rule 12): stirring in place is no change of place."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from watershed_c.state import Watershed

if TYPE_CHECKING:
    from watershed_c.pools import CompiledPoolModel


def remember(
    watershed: Watershed, model: CompiledPoolModel, depth_factor: np.ndarray, depth_scale: float
) -> np.ndarray:
    """Soil comes from where it lies: its memory is the depth factor of its layer (L), below the profile that at the
    base. Returns the groups of pools (G) bool that a depth factor multiplies.

    Raises
    ------
    ValueError
        The model has no depth factor, or the soil no memory.
    """
    w = watershed
    declines = [law.factor == "depth" for law in model.dynamic]
    if not any(declines):
        raise ValueError(f"buried = material is for models with a depth factor; {model.name} has none")
    if w.memory_row < 0:
        raise ValueError("buried = material needs the constituent of the group memory (constituents.MEMORY)")
    w.depth_factor[:] = depth_factor
    w.stocks[:, :, w.memory_row] = w.reference * depth_factor
    below = max(float(w.layer_bottom[-1]) - model.calibration_depth, 0.0)
    w.substratum[w.cells, w.memory_row] = math.exp(-below / depth_scale)
    return np.asarray(model.members[declines].any(axis=0))


@contextmanager
def stirred_in_place(watershed: Watershed, cells: np.ndarray) -> Iterator[None]:
    """While soil of balanced columns is stirred, its memory of depth stays where it is.

    Soil that nothing moves is stirred, too, and its decline of rates with depth stands all the same. Stirring the
    memory would level it within centuries.
    """
    row = watershed.memory_row
    if row < 0:
        yield
        return
    kept = watershed.stocks[cells, :, row]
    yield
    watershed.stocks[cells, :, row] = kept
