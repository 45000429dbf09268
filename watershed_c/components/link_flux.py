"""Soil that a flux along the links of the grid carries from cell to cell."""

from __future__ import annotations

import numpy as np
from landlab.grid.linkstatus import LinkStatus

from watershed_c.components.soil_column import Rebalancer
from watershed_c.kernels import tillage
from watershed_c.state import Watershed


class LinkFlux:
    """Carries soil along links, from the top of the upwind cell to the surface of the next, and books it.

    Parameters
    ----------
    watershed : Watershed
    term : str
        Declared lateral term of the ledger.
    """

    def __init__(self, watershed: Watershed, term: str) -> None:
        w = watershed
        self._watershed, self._term = w, term
        self._links = np.flatnonzero(w.grid.status_at_link != LinkStatus.INACTIVE)
        self._tail, self._head = w.grid.node_at_link_tail[self._links], w.grid.node_at_link_head[self._links]
        self._eastward = self._head - self._tail == 1
        self._width = np.where(self._eastward, w.dy, w.dx)
        n, rows = w.deposit.shape
        self.rebalancer = Rebalancer(w)
        self._weightless = np.zeros(rows)
        self._east, self._north, self._outflow, self._depth_mass = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n)
        self._moved_mineral, self._moved = np.zeros(n), np.zeros((n, rows))

    def thickness(self, flux: np.ndarray, dt: float) -> np.ndarray:
        """What crosses each active link in ``dt`` yr, m over a cell, of a flux (links,) m2 yr-1 to the head."""
        return flux[self._links] * self._width * (dt / self._watershed.cell_area)

    def gain(self, thickness: np.ndarray) -> np.ndarray:
        """What each node gains from its links, (n,) m."""
        n = self._outflow.size
        return np.bincount(self._head, thickness, n) - np.bincount(self._tail, thickness, n)

    def carry(self, thickness: np.ndarray) -> np.ndarray:
        """Move soil of that thickness across each active link, at the reference density of the donor's top layer.

        Columns must be in balance, and are again on return. Soil that reaches a node without soil is exported.

        Returns
        -------
        (n,) kg m-2
            Mineral soil that each cell lost; negative where it gained.
        """
        w, n = self._watershed, self._outflow.size
        forward = thickness > 0.0
        donor = np.where(forward, self._tail, self._head)
        mass = np.where(w.is_soil[donor], thickness * (w.full_mass()[donor, 0] / w.layer_bottom[0]), 0.0)
        for faces, here in ((self._east, self._eastward), (self._north, ~self._eastward)):
            faces[:] = 0.0
            faces[self._tail[here]] = mass[here]
        # what tillage calls the tilled layer is here the cut: the top layer, or as deep as it must be; rows without
        # weight make the mass that moves mineral mass
        np.maximum(w.mineral[:, 0], np.bincount(donor, np.abs(mass), n), out=self._depth_mass)
        tillage.take_up(
            w.cells, w.shape[1], self._depth_mass, w.mineral, w.stocks, self._weightless, self._east, self._north,
            self._outflow, self._moved_mineral, self._moved,
        )  # fmt: skip
        tillage.lay_down(
            w.cells, w.shape[1], self._east, self._north, self._outflow, self._moved_mineral, self._moved,
            w.deposit_mineral, w.deposit,
        )  # fmt: skip
        lost = self._moved_mineral - w.deposit_mineral
        w.ledger.book(self._term, "soil", -lost)
        w.ledger.book(self._term, "rows", w.deposit - self._moved)
        self._export(mass, donor, np.where(forward, self._head, self._tail))
        self.rebalancer.run(w.cells)
        return lost

    def _export(self, mass: np.ndarray, donor: np.ndarray, receiver: np.ndarray) -> None:
        """Book what crossed a link from a cell to a node without soil."""
        w, term = self._watershed, self._term
        leaving = (mass != 0.0) & ~w.is_soil[receiver]
        source = donor[leaving]
        share = np.abs(mass[leaving]) / self._outflow[source] * w.cell_area
        w.ledger.export(term, "soil", float(share @ self._moved_mineral[source]))
        rows = share @ self._moved[source]
        for group in w.constituents.groups:
            w.ledger.export(term, group, float(rows[w.constituents.of_group(group)].sum()))
