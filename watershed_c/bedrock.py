"""Soil on rock: fine earth that ends (docs/processes/soil_column.md)."""

from __future__ import annotations

import numpy as np

from watershed_c.kernels.bedrock import rest_on_rock, weather_rock
from watershed_c.parallel import over_cells

#: share of the nominal thickness of a layer that hydraulic properties see at least: a layer without soil then lets
#: water through and holds next to none, and nothing is divided by zero
LEAST_FILLED = 1e-3


class Bedrock:
    """Fine earth above the rock of every cell.

    Where it is there, the mass that a layer is brought back to (``reference``) is no longer constant: layers are full
    from the top as far as the fine earth goes, the one that meets the rock holds what is left, those below nothing.

    Parameters
    ----------
    full : (n, L), kg m-2
        Mineral fine earth of each layer where it is as thick as its boundaries say.
    above : (n), kg m-2
        Mineral fine earth between the surface and the rock, more than the layers hold where rock lies deeper.
    reference : (n, L), kg m-2
        Of the watershed; set here, and by :meth:`settle`.
    rate : float, kg m-2 yr-1
        Rock that weathers to fine earth where there is no soil; ``rate exp(-depth / scale)`` under soil.
    scale : float, m
    layer_bottom : (L), m

    Attributes
    ----------
    renewed : bool
        While it is true soil that is lost is renewed from below, as if rock weathered as fast: columns keep their
        shape. So it is before the start of a run.
    """

    def __init__(
        self,
        full: np.ndarray,
        above: np.ndarray,
        reference: np.ndarray,
        *,
        layer_bottom: np.ndarray,
        rate: float = 0.0,
        scale: float = 0.5,
    ) -> None:
        self.full, self.above, self._reference = np.ascontiguousarray(full), np.array(above), reference
        self.rate, self.scale = float(rate), float(scale)
        self._thickness = np.diff(layer_bottom, prepend=0.0)
        self.renewed = False
        over = np.cumsum(self.full, axis=1) - self.full
        reference[:] = np.clip(self.above[:, None] - over, 0.0, self.full)

    @property
    def empty(self) -> np.ndarray:
        """(n) layers at the base of each column that hold no soil; the uppermost never counts."""
        layers = self._reference.shape[1]
        return np.minimum((self._reference <= 0.0).sum(axis=1), layers - 1)

    @property
    def filled(self) -> np.ndarray:
        """(n, L) share of the thickness of each layer that is soil."""
        return np.divide(self._reference, self.full, out=np.zeros_like(self.full), where=self.full > 0.0)

    @property
    def depth(self) -> np.ndarray:
        """(n) m from the surface to the rock, soil below the profile as dense as that of the lowest layer."""
        density = self.full[:, -1] / self._thickness[-1]
        below = np.maximum(self.above - self.full.sum(axis=1), 0.0)
        below = np.divide(below, density, out=np.zeros_like(below), where=density > 0.0)
        return np.asarray(self.filled @ self._thickness + below)

    def settle(
        self, cells: np.ndarray, mineral: np.ndarray, deposit_mineral: np.ndarray, lost: np.ndarray
    ) -> None:
        """Take what columns have lost since they were last in balance off what lies above the rock.

        ``lost`` (n), kg m-2 of mineral soil, is filled for ``cells``; ``reference`` becomes what the layers are to be
        brought back to.
        """
        over_cells(
            rest_on_rock, cells, mineral, deposit_mineral, self.full, self._reference, self.above, self.renewed, lost
        )  # fmt: skip

    def weather(
        self,
        cells: np.ndarray,
        dt: float,
        substratum: np.ndarray,
        mineral: np.ndarray,
        stocks: np.ndarray,
        made: np.ndarray,
        made_rows: np.ndarray,
    ) -> None:
        """Add the fine earth that rock gives in ``dt`` yr, composed as the substratum, to the lowest soil.

        ``made`` (n) and ``made_rows`` (n, K), kg m-2, are filled: what came into columns; more is made below those that
        are full.
        """
        amount = np.zeros(self.above.size)
        amount[cells] = self.rate * dt * np.exp(-self.depth[cells] / self.scale)
        over_cells(
            weather_rock, cells, amount, substratum, self.full, self._reference, self.above, mineral, stocks, made,
            made_rows,
        )  # fmt: skip

    def by_rows(self, table: np.ndarray, *, layered: bool) -> np.ndarray:
        """A table of management units, for cells with 0, 1, 2 ... empty layers: blocks of units one below the other.

        ``table`` (U, ...), or, ``layered``, (U, L, ...) amounts by layer: what it gives to layers without soil goes to
        the lowest that has some.
        """
        blocks = [np.array(table, dtype=np.float64)]
        for empty in range(1, int(self.empty.max()) + 1):
            block = blocks[0].copy()
            if layered:
                block[:, -1 - empty] = block[:, -1 - empty :].sum(axis=1)
                block[:, block.shape[1] - empty :] = 0.0
            blocks.append(block)
        return np.concatenate(blocks)
