"""Lateral subsurface flow: water of full layers moves downslope, from cell to cell and to the stream."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from watershed_c.components.base import Process
from watershed_c.kernels.parcel_network import on_land
from watershed_c.kernels.subsurface_flow import flow_downslope, passing_shares
from watershed_c.ledger import Term
from watershed_c.names import info
from watershed_c.parallel import along_flow, over_cells
from watershed_c.state import Watershed


class SubsurfaceFlow(Process):
    """Move drainable water of every layer down the slope of the ground; what finds no room comes out as return flow.

    Soil water runs it in each of its substeps (``SoilWater(sideways=...)``); it can run by itself as well.

    Parameters
    ----------
    watershed : Watershed
        Routed: the network of :class:`~watershed_c.components.flow_routing.FlowRouter` is there.
    conductivity : (n, L), kg m-2 yr-1 (= mm yr-1)
        Saturated hydraulic conductivity, read in every step.
    network : callable, optional
        Called before the first part of a step, so that the network is that of the restart file in a resumed run
        (``FlowRouter.bring_back``).
    """

    _name = "SubsurfaceFlow"
    _info = info(reads=("field_capacity", "saturation"), changes=("water", "runoff"))
    _cite_as = """
    @article{beven1981kinematic,
      author = {Beven, Keith},
      title = {Kinematic subsurface stormflow},
      journal = {Water Resources Research}, volume = {17}, number = {5}, pages = {1419--1424}, year = {1981},
      doi = {10.1029/WR017i005p01419}
    }
    """
    ledger_terms = {
        "subsurface_flow": Term("lateral", "Water below ground from cell to cell and to the stream"),
        "return_flow": Term("lateral", "Subsurface flow that came out at the surface, to the stream"),
    }

    def __init__(
        self, watershed: Watershed, *, conductivity: np.ndarray, network: Callable[[], None] | None = None
    ) -> None:
        super().__init__(watershed)
        if conductivity.shape != watershed.water.shape:
            raise ValueError(f"conductivity must be of shape {watershed.water.shape}, is {conductivity.shape}")
        if not watershed.order.size:
            raise ValueError("subsurface flow needs the network of a flow router made before it")
        self.conductivity = conductivity
        self._network = network
        self._thickness = watershed.layer_bottom - watershed.layer_top
        self.sideways = watershed.with_sideways()
        self._arriving = np.zeros_like(watershed.water)
        #: shares of the network without sewers, and of which routing
        self._weights, self._routing = watershed.weights, -1
        #: what layers pass on in the parts of this step, and the length of such a part, yr
        self._shares, self._part = np.zeros((*watershed.water.shape, 5)), 0.0
        self._gained, self._lost, self._returned = np.zeros((3, watershed.runoff.size))

    def begin(self) -> None:
        """Begin a step: nothing has moved yet."""
        if self._network is not None:
            self._network()
        if self._routing != self.watershed.routing_version:
            self._routing = self.watershed.routing_version
            self._weights = on_land(self.watershed.first_receiver, self.watershed.receivers, self.watershed.weights)
        self._part = 0.0  # conductivity and network may have changed
        for amounts in (self.sideways.lateral, self._arriving, self._gained, self._lost, self._returned):
            amounts[:] = 0.0

    def advance(self, h: float) -> None:
        """Let water flow for ``h`` yr."""
        w = self.watershed
        if h != self._part:
            over_cells(
                passing_shares, w.cells, w.field_capacity, w.saturation, self.conductivity, self._thickness,
                w.gradient_x, w.gradient_y, w.dx, w.dy, h, self._shares,
            )  # fmt: skip
            self._part = h
        along_flow(
            w.parts, flow_downslope, w.order, w.first_receiver, w.receivers, self._weights, w.is_soil, w.water,
            self._shares, self._arriving, self.sideways.lateral, self._gained, self._lost, self._returned,
        )  # fmt: skip

    def book(self) -> None:
        """Book what flowed since :meth:`begin`; return flow is runoff from here on."""
        w, ledger = self.watershed, self.watershed.ledger
        outside = ~w.is_soil
        self.sideways.to_stream[outside] = self._arriving[outside].sum(axis=1)
        ledger.book("subsurface_flow", "water", self._gained)
        ledger.book("subsurface_flow", "water", self._lost, factor=-1.0)
        ledger.export("subsurface_flow", "water", float(self._arriving[outside].sum()) * w.cell_area)
        left = ledger.book("return_flow", "water", self._returned, factor=-1.0)
        ledger.export("return_flow", "water", -left)
        np.add(w.runoff, self._returned, out=w.runoff)

    def run_one_step(self, dt: float) -> None:
        """Let water flow for ``dt`` yr and book it."""
        self.begin()
        self.advance(dt)
        self.book()
