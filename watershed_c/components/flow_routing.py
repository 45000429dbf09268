"""Surface flow: the network of the present surface, drainage area and water discharge."""

from __future__ import annotations

from zlib import crc32

import numpy as np

from watershed_c.components.base import Process
from watershed_c.kernels.flow_network import DEPRESSIONS, METHODS, find_network
from watershed_c.kernels.flow_parts import in_parts
from watershed_c.kernels.flow_routing import accumulate, downslope_gradient, gradient, pass_on
from watershed_c.kernels.mean_year import slope_to_receiver
from watershed_c.kernels.parcel_network import ParcelLand, contributing_area, find_parcel_network
from watershed_c.kernels.two_receivers import RIVER
from watershed_c.names import info
from watershed_c.parallel import along_flow, over_cells
from watershed_c.state import Watershed
from watershed_c.units import HOURS_PER_YEAR

#: method by land use: flux decomposition of WaTEM/SEDEM
TWO_RECEIVERS = "two_receivers"
GRADIENTS = {"downslope": downslope_gradient, "central": gradient, "adjusted": gradient}
#: kg m-3, so that kg m-2 (= mm) of water becomes m
WATER_DENSITY = 1000.0


class FlowRouter(Process):
    """Route water over the surface to the open boundary.

    Every step accumulates the water of the step; the network itself is found anew only when the surface has
    changed: when the largest absolute change of elevation of any core or open boundary node since the last
    routing exceeds ``reroute_threshold``. Network, slopes and depressions all belong to that surface,
    ``routed_elevation``.

    The network is published on the watershed, for every routed pass: ``order`` (c,) int64, all core nodes,
    each before its receivers; ``first_receiver`` (c + 1,) int64, ``receivers`` (r,) int64 and ``weights`` (r,):
    receivers of ``order[i]`` are those from ``first_receiver[i]`` to before ``first_receiver[i + 1]``, their
    shares sum to 1. ``parts`` (p + 2,) int64: places in ``order`` where the parts begin that threads may take at once
    (:func:`watershed_c.kernels.flow_parts.in_parts`). ``gradient_x`` and ``gradient_y`` (n,), m m-1, are those of the
    terrain with its depressions, uncut; ``in_depression`` (n,) bool marks cells below their spill level, or, where
    depressions are breached, the cells of the trenches. ``routing_version`` counts the routings.

    As grid fields for other Landlab components: receiver, slope and order of the steepest descent on the
    filled surface, whatever the method; drainage area and discharge by the method chosen.

    With ``two_receivers`` land has a say: water stays in its parcel as long as it can, ends in the river beside,
    follows drawn ditches, and leaves a pit by a jump to a lower cell nearby, so that no cell is in a depression. The
    area that parcels let pass is ``contributing_area`` of the watershed; drainage area is whole.

    Parameters
    ----------
    watershed : Watershed
        Its surface needs at least one open boundary node.
    method : {"multiple", "d8", "d_infinity", "two_receivers"}
        Shares to all lower neighbours (Freeman 1991), all to the steepest (O'Callaghan & Mark 1984), to the two
        neighbours on either side of the steepest direction (Tarboton 1997), or flux decomposition by parcels (Desmet &
        Govers 1996, as in WaTEM/SEDEM).
    depressions : {"trap", "breach"}
        ``trap``: they are filled for the routing, water crosses them to where they spill and sediment settles in
        them. ``breach``: a trench is cut from each floor to lower ground in the surface that is routed, by the
        least excavation (Lindsay & Dhun 2015); sediment passes through the trenches. The terrain itself stays.
        It is the sediment pass that acts on this (``traps_sediment``).
    slopes : {"downslope", "central", "adjusted"}, optional
        Differences that soil loss and transport capacity take as slope: to the lower neighbours, under which no wave
        of two cells can grow; or central ones, of second order, for terrain that does not change; or central ones, and
        to the receiver of cells that have one (``two_receivers``: the adjusted slope of WaTEM/SEDEM). Downslope if not
        given, but central with ``two_receivers``, which takes its directions from them.
    exponent : float, 0 to 20
        Multiple flow: shares are as slope**exponent. Default 1.1 (Freeman 1991); 0 shares equally.
    reroute_threshold : float, m, >= 0
        Default 0.05, a choice: about 70 years of erosion at 10 t ha-1 yr-1 and 1350 kg m-3 (0.7 mm yr-1). 0
        routes anew after any change.
    parcels : ParcelLand
        What land use says, with ``two_receivers``. Channel cells of the watershed are rivers, whatever their code.

    Raises
    ------
    ValueError
        A parameter is out of range; elevation is not finite; no water could leave; a boundary is looped.

    Attributes
    ----------
    routed_elevation : (n,) m
        Surface of the network; 0 at inactive nodes.
    undrained : (u,) int64
        Core nodes without a path to the open boundary: they have no receiver and keep what enters them. With
        ``two_receivers`` the cells of land that are sinks, and where rivers end on the map.
    sinks : (s,) int64
        Those of them that are land.
    parted : int
        Flows in circles that ``two_receivers`` has cut (:class:`watershed_c.kernels.parcel_network.ParcelNetwork`).
    """

    _name = "FlowRouter"
    _info = info(
        reads=("elevation", "runoff", "baseflow"),
        writes=(
            "drainage_area",
            "receiver",
            "upstream_order",
            "steepest_slope",
            "filled_elevation",
            "discharge",
        ),
    )
    _cite_as = """
@article{barnes2014priority,
  author = {Barnes, Richard and Lehman, Clarence and Mulla, David},
  title = {Priority-flood: An optimal depression-filling and watershed-labeling algorithm for digital elevation models},
  journal = {Computers \\& Geosciences}, volume = {62}, pages = {117--127}, year = {2014},
  doi = {10.1016/j.cageo.2013.04.024}
}
@article{lindsay2015modelling,
  author = {Lindsay, John B. and Dhun, Kristen},
  title = {Modelling surface drainage patterns in altered landscapes using {LiDAR}},
  journal = {International Journal of Geographical Information Science}, volume = {29}, pages = {397--411}, year = {2015},
  doi = {10.1080/13658816.2014.975715}
}
@article{freeman1991calculating,
  author = {Freeman, T. Graham},
  title = {Calculating catchment area with divergent flow based on a regular grid},
  journal = {Computers \\& Geosciences}, volume = {17}, number = {3}, pages = {413--422}, year = {1991},
  doi = {10.1016/0098-3004(91)90048-I}
}
@article{tarboton1997new,
  author = {Tarboton, David G.},
  title = {A new method for the determination of flow directions and upslope areas in grid digital elevation models},
  journal = {Water Resources Research}, volume = {33}, number = {2}, pages = {309--319}, year = {1997},
  doi = {10.1029/96WR03137}
}
@article{desmet1996comparison,
  author = {Desmet, P. J. J. and Govers, G.},
  title = {Comparison of routing algorithms for digital elevation models and their implications for predicting ephemeral gullies},
  journal = {International Journal of Geographical Information Systems}, volume = {10}, number = {3}, pages = {311--331}, year = {1996},
  doi = {10.1080/02693799608902081}
}
"""  # noqa: E501

    def __init__(
        self,
        watershed: Watershed,
        *,
        method: str = "multiple",
        depressions: str = "trap",
        slopes: str | None = None,
        exponent: float = 1.1,
        reroute_threshold: float = 0.05,
        parcels: ParcelLand | None = None,
    ) -> None:
        super().__init__(watershed)
        if method not in (*METHODS, TWO_RECEIVERS):
            raise ValueError(f"method must be one of {', '.join((*METHODS, TWO_RECEIVERS))}, is {method!r}")
        if (method == TWO_RECEIVERS) != (parcels is not None):
            raise ValueError(f"parcels and method {TWO_RECEIVERS!r} go together")
        if depressions not in DEPRESSIONS:
            raise ValueError(f"depressions must be one of {', '.join(DEPRESSIONS)}, is {depressions!r}")
        if slopes is None:
            slopes = "central" if method == TWO_RECEIVERS else "downslope"
        if slopes not in GRADIENTS:
            raise ValueError(f"slopes must be one of {', '.join(GRADIENTS)}, is {slopes!r}")
        if slopes == "adjusted" and method != TWO_RECEIVERS:
            raise ValueError(f"slopes 'adjusted' and method {TWO_RECEIVERS!r} go together")
        if not 0.0 <= exponent <= 20.0:
            raise ValueError(f"exponent must be 0 to 20, is {exponent}")
        if not reroute_threshold >= 0.0:
            raise ValueError(f"reroute_threshold must be at least 0 m, is {reroute_threshold}")
        self.method, self.depressions, self.slopes = method, depressions, slopes
        self.exponent, self.reroute_threshold = float(exponent), float(reroute_threshold)
        w = watershed
        status = w.grid.status_at_node
        if (status == w.grid.BC_NODE_IS_LOOPED).any():
            raise ValueError("flow routing has no looped boundaries: make them open or closed")
        n = status.size
        self._open_boundary = np.zeros(n, dtype=bool)
        self._open_boundary[w.outlets] = True
        self._takes_part = w.active | self._open_boundary
        self._amount = w.work(0)
        self.parcels = parcels
        self.undrained = self.sinks = np.zeros(0, dtype=np.int64)
        self.parted = 0
        self.routed_elevation = np.zeros(n)
        # checksum of the surface of the network in hand; differs after a restart has brought back the one above
        self._network_of = 0
        self.route()
        if self.undrained.size == np.count_nonzero(w.active):
            raise ValueError("no water can leave the catchment: it needs an open boundary node beside one of its cells")
        self.tell()

    def tell(self) -> None:
        """Warn of what the network in hand leaves without a way out, and of nothing else."""
        w, self.warnings = self.watershed, []
        if self.undrained.size:
            row, column = divmod(int(self.undrained[0]), w.shape[1])
            self.warnings.append(
                f"{self.undrained.size} cells have no path to an open boundary and keep what flows into them"
                f" (first: row {row}, column {column}, counted from the south-west)"
            )
        if self.parted:
            self.warnings.append(f"{self.parted} flows in circles were cut, their share goes another way")

    @property
    def traps_sediment(self) -> bool:
        """Whether sediment settles in depressions."""
        return self.depressions == "trap"

    def memory(self) -> dict[str, np.ndarray]:
        """The surface of the network: a resumed run routes when the uninterrupted one does."""
        return {"routed_elevation": self.routed_elevation}

    def route(self) -> None:
        """Find the network of the surface as it is now, and drainage area and slopes with it."""
        elevation = self.watershed.elevation
        lost = np.flatnonzero(self._takes_part & ~np.isfinite(elevation))
        if lost.size:
            row, column = divmod(int(lost[0]), self.watershed.shape[1])
            place = f"first: row {row}, column {column}"
            raise ValueError(f"elevation is not a finite number at {lost.size} nodes ({place})")
        self.routed_elevation[:] = np.where(self._takes_part, elevation, 0.0)
        self._find_network()

    def _find_network(self) -> None:
        """Network of ``routed_elevation``."""
        w = self.watershed
        surface = self.routed_elevation
        by_parcels = self.parcels is not None
        found = find_network(
            surface, w.active, self._open_boundary, w.shape, w.dx, w.dy,
            method="d8" if by_parcels else self.method, exponent=self.exponent, depressions=self.depressions,
            over_cells=over_cells,
        )  # fmt: skip
        core, drained = np.flatnonzero(w.active), found.order
        over_cells(
            GRADIENTS[self.slopes], core, surface, self._takes_part, w.shape[1], w.dx, w.dy,
            w.gradient_x, w.gradient_y,
        )  # fmt: skip
        self.undrained = self.sinks = np.setdiff1d(core, drained, assume_unique=True)
        self._network_of = crc32(surface.data)
        w.receiver[:], w.steepest_slope[:] = found.receiver, found.slope
        w.upstream_order[:] = np.concatenate((np.flatnonzero(~w.active), drained[::-1], self.undrained))
        w.filled_elevation[:] = np.where(np.isnan(found.filled), w.elevation, found.filled)
        if by_parcels:
            self._route_by_parcels()
        else:
            w.order = np.concatenate((self.undrained, drained))
            w.first_receiver = np.concatenate((np.zeros(self.undrained.size, dtype=np.int64), found.first))
            w.receivers, w.weights = found.receivers, found.weights
            w.in_depression[:] = False
            w.in_depression[drained] = found.filled[drained] > surface[drained]
            w.in_depression |= found.trench
        w.order, w.first_receiver, w.receivers, w.weights, w.parts = in_parts(
            w.order, w.first_receiver, w.receivers, w.weights, surface.size
        )
        np.multiply(w.active, w.cell_area, out=self._amount)
        accumulate(w.order, w.first_receiver, w.receivers, w.weights, self._amount, w.drainage_area)
        w.routing_version += 1

    def _route_by_parcels(self) -> None:
        """Network of flux decomposition, and the area that parcels let pass."""
        w = self.watershed
        assert self.parcels is not None
        land = self.parcels._replace(code=np.where(w.channel, RIVER, self.parcels.code))
        network = find_parcel_network(
            self.routed_elevation, w.active, self._open_boundary, w.gradient_x, w.gradient_y, w.shape, w.dx, w.dy, land,
            over_cells=over_cells,
        )  # fmt: skip
        w.order, w.first_receiver, w.receivers, w.weights = network[:4]
        if self.slopes == "adjusted":
            slope_to_receiver(*network[:3], self.routed_elevation, w.shape[1], w.dx, w.gradient_x, w.gradient_y)
        self.sinks, self.parted = network.sinks, network.parted
        self.undrained = np.concatenate((network.sinks, network.river_ends))
        w.contributing_area = contributing_area(network, land, w.active, w.cell_area)
        w.in_depression[:] = False

    @property
    def depression_depth(self) -> np.ndarray:
        """Surface that is routed minus terrain (n,), m: what was filled, negative where a trench was cut.

        0 where nothing drains, and where parcels route.
        """
        w = self.watershed
        drains = w.active & (self.parcels is None)
        drains[self.undrained] = False
        return np.where(drains, w.filled_elevation - self.routed_elevation, 0.0)

    def bring_back(self) -> None:
        """Find the network of ``routed_elevation`` where a restart has changed that; for what runs before this."""
        if self._network_of != crc32(self.routed_elevation.data):
            self._find_network()

    def run_one_step(self, dt: float) -> None:
        """Route anew if the surface asks for it; accumulate runoff and baseflow of a step of ``dt`` yr."""
        w = self.watershed
        change = np.subtract(w.elevation, self.routed_elevation, out=self._amount)
        np.abs(change, out=change)
        if not change.max(where=self._takes_part, initial=0.0) <= self.reroute_threshold:
            self.route()
        else:
            self.bring_back()
        to_discharge = w.cell_area / (WATER_DENSITY * dt * HOURS_PER_YEAR * 3600.0)
        np.add(w.runoff, w.baseflow, out=self._amount)
        if w.sideways is not None:
            self._amount += w.sideways.to_stream
        self._amount *= to_discharge
        w.discharge[:] = self._amount
        along_flow(w.parts, pass_on, w.order, w.first_receiver, w.receivers, w.weights, w.discharge)
