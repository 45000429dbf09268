"""Texture of the topsoil where water sorts particles: clay of the cell, and erodibility by a law, once a year."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from watershed_c.components.base import Process
from watershed_c.names import info
from watershed_c.state import Watershed

#: depth of the soil whose clay pool models know, m: the calibration depth of RothC
TOPSOIL_DEPTH = 0.23


class Texture(Process):
    """Bring the clay of each cell, and its erodibility by a law, to the texture that erosion has left.

    Selective deposition changes texture: rows ``clay``, ``silt`` and ``sand`` of the soil move with the classes of
    particles. Each January the clay fraction of the upper 23 cm becomes that of the cell, from which pool models take
    how much of what decays is respired.

    Parameters
    ----------
    watershed : Watershed
        With the rows of ``constituents.TEXTURE``.
    erodibility : callable, optional
        K of the cells (c,) for their sand and clay (c,), where K is by a law.
    """

    _name = "Texture"
    _info = info(reads=("mineral", "stocks"), changes=("clay", "erodibility"))
    _cite_as = ""

    def __init__(
        self, watershed: Watershed, *, erodibility: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None
    ) -> None:
        super().__init__(watershed)
        self.erodibility = erodibility
        self.rows = watershed.constituents.of_group("texture")
        depth = watershed.layer_bottom - watershed.layer_top
        self._share = np.clip((TOPSOIL_DEPTH - watershed.layer_top) / depth, 0.0, 1.0)

    def topsoil(self) -> np.ndarray:
        """Clay, silt and sand of the upper 23 cm of the cells, (c, 3), fractions of the mineral fine earth."""
        w = self.watershed
        masses = np.zeros((w.cells.size, 3))
        for layer in np.flatnonzero(self._share):
            masses += self._share[layer] * w.stocks[w.cells, layer][:, self.rows]
        total = masses.sum(axis=1, keepdims=True)
        # bare rock has the texture of what lies below
        below = w.substratum[w.cells][:, self.rows]
        return np.asarray(np.where(total > 0.0, masses / np.where(total > 0.0, total, 1.0), below))

    def start_afresh(self) -> None:
        """From the texture of the start."""
        self._follow()

    def run_one_step(self, dt: float) -> None:
        """In the first step of January."""
        if self.watershed.month == 0 and self.watershed.month_begins:
            self._follow()

    def _follow(self) -> None:
        w, texture = self.watershed, self.topsoil()
        w.clay[w.cells] = texture[:, 0]
        if self.erodibility is not None:
            w.erodibility[w.cells] = self.erodibility(texture[:, 2], texture[:, 0])
