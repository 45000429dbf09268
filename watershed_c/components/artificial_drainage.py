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
    since, until : float, calendar year
        From the first day of one they are there, from that of the other blocked. Default: always.
    """

    spacing: float
    depth: float
    radius: float
    capacity: float
    since: float = -math.inf
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
    fits : (S, n) bool
        Cells that have each of ``drains``; where several are in operation the first is there.
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
        self, watershed: Watershed, *, conductivity: np.ndarray, drains: Sequence[Drains], fits: np.ndarray
    ) -> None:
        super().__init__(watershed)
        w, bottom = watershed, float(watershed.layer_bottom[-1])
        if conductivity.shape != w.water.shape:
            raise ValueError(f"conductivity must be of shape {w.water.shape}, is {conductivity.shape}")
        if fits.shape != (len(drains), w.runoff.size) or fits.dtype != bool:
            raise ValueError(f"fits must be bool of shape {(len(drains), w.runoff.size)}, is {fits.dtype} {fits.shape}")
        for one in drains:
            if not 0.0 < one.depth <= bottom:
                raise ValueError(f"drains must lie above the base of the profile, {bottom:g} m, are at {one.depth:g} m")
            if not (one.spacing > 0.0 and 0.0 < one.radius < one.spacing / 2.0 and one.capacity > 0.0):
                raise ValueError(f"drains need spacing, radius (below half the spacing) and capacity above 0: {one}")
        self.conductivity, self.fits = conductivity, fits
        self._level, self._spacing, self._capacity, self._since, self._until = (
            np.array([getattr(one, name) for one in drains], dtype=np.float64)
            for name in ("depth", "spacing", "capacity", "since", "until")
        )
        #: (n,) int64, place in ``drains`` of those in operation, -1 where there are none; and which kinds are
        self.system, self._operating = np.full(w.runoff.size, -1, dtype=np.int64), np.zeros(len(drains), dtype=bool)
        self._drained_cells = w.cells[:0]
        #: (S,) m, equivalent depth of Hooghoudt
        self.equivalent = np.array([equivalent_depth(one.spacing, bottom - one.depth, one.radius) for one in drains])
        self._thickness = w.layer_bottom - w.layer_top
        self.sideways = w.with_sideways()

    def begin(self) -> None:
        """Begin a step: nothing has been drained yet; some drains may have been laid, or blocked."""
        w = self.watershed
        self.sideways.drained[:] = 0.0
        operating = (12.0 * self._since <= w.calendar_month) & (w.calendar_month < 12.0 * self._until)
        if (operating == self._operating).all():
            return
        self._operating, self.system[:] = operating, -1
        for number in np.flatnonzero(operating)[::-1]:
            self.system[self.fits[number]] = number
        self._drained_cells = w.cells[self.system[w.cells] >= 0]

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
