"""Artificial drainage: tiles and ditches lower the water table of fields and lead its water to the stream."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from watershed_c.components.base import Process
from watershed_c.kernels.artificial_drainage import drain, equivalent_depth
from watershed_c.ledger import Term
from watershed_c.names import info
from watershed_c.parallel import over_cells
from watershed_c.state import Watershed


@dataclass(frozen=True)
class Drains:
    """Drains of one kind.

    Attributes
    ----------
    spacing : float, m
    depth : float, m
        Of tiles, or of the water level that ditches are held at.
    radius : float, m
        Of tiles; of a ditch its wetted perimeter over pi.
    capacity : float, kg m-2 yr-1
        Drainage coefficient: most that they carry.
    until : float, calendar year
        From its first day on they are blocked, and drain nothing. Default: never.
    """

    spacing: float
    depth: float
    radius: float
    capacity: float
    until: float = math.inf


class ArtificialDrainage(Process):
    """Let drains carry off the water table above them, at Hooghoudt's flow.

    Soil water runs it in each of its substeps (``SoilWater(sideways=...)``); it can run by itself as well.

    Parameters
    ----------
    watershed : Watershed
    conductivity : (n, L), kg m-2 yr-1 (= mm yr-1)
        Saturated hydraulic conductivity, read in every step. The base of the profile is the impermeable one.
    drains : sequence of Drains
    system : (n,) int64, place in ``drains``
        Drains of each cell; -1 where there are none.
    """

    _name = "ArtificialDrainage"
    _info = info(reads=("field_capacity", "saturation"), changes=("water",))
    _cite_as = """
    @article{vandermolen1991solution,
      author = {van der Molen, W. H. and Wesseling, J.},
      title = {A solution in closed form and a series solution to replace the tables for the thickness of the
        equivalent layer in {Hooghoudt}'s drain spacing formula},
      journal = {Agricultural Water Management}, volume = {19}, pages = {1--16}, year = {1991},
      doi = {10.1016/0378-3774(91)90058-Q}
    }
    """
    ledger_terms = {"drain_flow": Term("lateral", "Water that tiles and ditches led to the stream")}

    def __init__(
        self, watershed: Watershed, *, conductivity: np.ndarray, drains: Sequence[Drains], system: np.ndarray
    ) -> None:
        super().__init__(watershed)
        w, bottom = watershed, float(watershed.layer_bottom[-1])
        if conductivity.shape != w.water.shape:
            raise ValueError(f"conductivity must be of shape {w.water.shape}, is {conductivity.shape}")
        if system.shape != w.runoff.shape or system.min() < -1 or system.max() >= len(drains):
            raise ValueError(f"system must be -1 to {len(drains) - 1} and of shape {w.runoff.shape}")
        for one in drains:
            if not 0.0 < one.depth <= bottom:
                raise ValueError(f"drains must lie above the base of the profile, {bottom:g} m, are at {one.depth:g} m")
            if not (one.spacing > 0.0 and 0.0 < one.radius < one.spacing / 2.0 and one.capacity > 0.0):
                raise ValueError(f"drains need spacing, radius (below half the spacing) and capacity above 0: {one}")
        self.conductivity, self.system = conductivity, np.ascontiguousarray(system, dtype=np.int64)
        self._level, self._spacing, self._capacity, self._until = (
            np.array([getattr(one, name) for one in drains], dtype=np.float64)
            for name in ("depth", "spacing", "capacity", "until")
        )
        #: (S,) m, equivalent depth of Hooghoudt
        self.equivalent = np.array([equivalent_depth(one.spacing, bottom - one.depth, one.radius) for one in drains])
        self._thickness = w.layer_bottom - w.layer_top
        self.sideways = w.with_sideways()
        with_drains = w.cells[self.system[w.cells] >= 0]
        self._with_drains, self._blocked_in = with_drains, self._until[self.system[with_drains]]
        self._drained_cells = with_drains

    def begin(self) -> None:
        """Begin a step: nothing has been drained yet; some drains may have been blocked."""
        self.sideways.drained[:] = 0.0
        if np.isfinite(self._until).any():
            self._drained_cells = self._with_drains[self.watershed.calendar_month < 12.0 * self._blocked_in]

    def advance(self, h: float) -> None:
        """Drain for ``h`` yr."""
        w = self.watershed
        over_cells(
            drain, self._drained_cells, self.system, self._level, self._spacing, self.equivalent, self._capacity,
            w.water, w.field_capacity, w.saturation, self.conductivity, self._thickness, h, self.sideways.drained,
        )  # fmt: skip

    def book(self) -> None:
        """Book what was drained since :meth:`begin`."""
        w, drained = self.watershed, self.sideways.drained
        self.sideways.to_stream[w.cells] = drained[w.cells].sum(axis=1)
        left = w.ledger.book("drain_flow", "water", drained, factor=-1.0)
        w.ledger.export("drain_flow", "water", -left)

    def run_one_step(self, dt: float) -> None:
        """Drain for ``dt`` yr and book it."""
        self.begin()
        self.advance(dt)
        self.book()
