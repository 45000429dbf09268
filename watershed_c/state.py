"""The watershed: a Landlab raster grid that owns the memory, and typed views of what its cells hold.

Shapes: n nodes (row-major from the south-west), L layers (top first), K constituent rows, U management units.
Units: kg, m, yr, degC (docs/architecture.md). Every array named in ``names.STATE`` is a field of the grid and an
attribute here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from watershed_c.bedrock import LEAST_FILLED, Bedrock
from watershed_c.clock import Step
from watershed_c.constituents import ConstituentTable
from watershed_c.kernels.ledger import OPTIONAL
from watershed_c.kernels.soil_water import IRRIGATION_COLUMNS
from watershed_c.ledger import Ledger
from watershed_c.names import STATE

if TYPE_CHECKING:
    from pathlib import Path

    from landlab import RasterModelGrid

    from watershed_c.scenario.catchment import Catchment

#: amounts that a process keeps apart until they are booked (the most: carbonate)
EXCHANGES = 10
#: number of the first work array over nodes that lies where those amounts do
FIRST_ROW = 3


@dataclass
class TillageEvent:
    """One pass of an implement over the fields of one management unit.

    Attributes
    ----------
    unit : int
    depth : float, m
    efficiency : float
        Share of the tilled layer that is mixed, 0-1.
    transport : float, kg m-1 per pass
        Tillage transport coefficient k_til of this pass (total dry soil).
    inversion : float
        Share of the tilled layer that the pass lays upside down, 0-1, where tillage is told to turn soil.
    burial : float
        Share of the residues on the surface that it buries, 0-1.
    """

    unit: int
    depth: float
    efficiency: float
    transport: float
    inversion: float = 0.0
    burial: float = 0.0


@dataclass
class UnitState:
    """What the calendar says of every management unit this step (set by the cropping process).

    Attributes
    ----------
    cover_factor : (U,)
        RUSLE cover-management factor C of the step.
    cover_factor_annual : (U,)
        Erosivity-weighted annual C, for classes of the transport coefficient.
    practice_factor : (U,)
        RUSLE support-practice factor P.
    practice : (U,) int64
        Support practice whose P follows the slope, a row of ``kernels.support_practice.BY_SLOPE``; 0: none.
    canopy_cover, ground_cover : (U,)
        Share of the ground under plants, and under what lies or grows on it.
    fall_height : (U,), m
        From which drops fall off the canopy.
    plant_cover : (U,)
        1 where the soil is covered by plants in RothC's sense, else 0.
    crop_coefficient : (U,)
        Evapotranspiration relative to the reference.
    curve_number : (U,)
    root_fraction : (U, L)
        Share of water uptake by layer; rows sum to 1.
    inputs : (U, L, P), kg C m-2 per step
        Queued organic input by layer and pool of the carbon model; decomposition adds it (coupling rule 5).
    amendment : (U, L, P), kg C m-2 per step
        The part of it that is manure or another amendment; not scaled by the cell's plant input.
    c4_inputs, c4_amendment : (U, L, P), kg C m-2 per step
        The parts of plant input and of amendments that C4 plants made.
    lime : (U, materials), kg m-2 per step, of no rows where nobody limes
    irrigation : (U, 6), of no rows where nobody irrigates
        Irrigation of the step, in the columns that ``kernels.soil_water.water_balance`` reads.
    tillage : list of TillageEvent
        This step's passes, in order.
    """

    cover_factor: np.ndarray
    cover_factor_annual: np.ndarray
    practice_factor: np.ndarray
    practice: np.ndarray
    canopy_cover: np.ndarray
    ground_cover: np.ndarray
    fall_height: np.ndarray
    plant_cover: np.ndarray
    crop_coefficient: np.ndarray
    curve_number: np.ndarray
    root_fraction: np.ndarray
    inputs: np.ndarray
    amendment: np.ndarray
    c4_inputs: np.ndarray
    c4_amendment: np.ndarray
    lime: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    irrigation: np.ndarray = field(default_factory=lambda: np.zeros((0, IRRIGATION_COLUMNS)))
    tillage: list[TillageEvent] = field(default_factory=list)

    @classmethod
    def bare(cls, units: int, layers: int, pools: int) -> UnitState:
        """Bare soil that nobody tills: the state before any calendar is read."""
        roots = np.zeros((units, layers))
        roots[:, 0] = 1.0
        ones, zeros, practice = np.ones((4, units)), np.zeros((4, units)), np.zeros(units, dtype=np.int64)
        inputs = np.zeros((4, units, layers, pools))
        return cls(
            ones[0], ones[1], ones[2], practice, zeros[0], zeros[1], zeros[2], zeros[3], ones[3], np.full(units, 86.0),
            roots, inputs[0], inputs[1], inputs[2], inputs[3],
        )  # fmt: skip


@dataclass
class Sideways:
    """Water that left layers sideways in the step, kg m-2; only where drains or lateral flow are there.

    Attributes
    ----------
    drained, lateral : (n, L)
        By drains, and downslope to the next cells.
    to_stream : (n,)
        What reached the stream of it, at cells with drains and at the channel and boundary nodes lateral flow ends in.
    """

    drained: np.ndarray
    lateral: np.ndarray
    to_stream: np.ndarray


@dataclass
class Irrigation:
    """Irrigation water of the step, kg m-2; only where somebody irrigates.

    Attributes
    ----------
    brought, arrived : (n,)
        All of it, and what of it reached the ground.
    """

    brought: np.ndarray
    arrived: np.ndarray


@dataclass
class Crops:
    """How the crops of each cell do; only where their growth or nitrogen is followed.

    Attributes
    ----------
    relative : (n,)
        Plant input of the cell per that of its unit's given yield: what the season until now allows.
    expected : (n,)
        The same before nitrogen limits it.
    harvested : (n,), kg DM m-2
        Yields since the last record.
    needed, taken : (n,), kg N m-2
        Nitrogen that the crop wanted and got since its season began.
    leanest : (C,), or (0,) where nitrogen is not followed
        Nitrogen per yield at which crops cease to grow, over that of crops that have enough.
    """

    relative: np.ndarray
    expected: np.ndarray
    harvested: np.ndarray
    needed: np.ndarray
    taken: np.ndarray
    leanest: np.ndarray


@dataclass
class Mineralisation:
    """Nitrogen that goes with the carbon of the pools; only where nitrogen is followed.

    Attributes
    ----------
    per_carbon : (U, P), kg N per kg C
    released : (n, L), kg N m-2
        Set free in the step; negative: wanted by organic matter.
    owed : (n, L), kg N m-2
        Wanted by it until now and not found.
    returned : (n,), kg N m-2
        What entered it since the last harvest, less organic nitrogen of manure.
    """

    per_carbon: np.ndarray
    released: np.ndarray
    owed: np.ndarray
    returned: np.ndarray


class Watershed:
    """Grid, soil column and ledger of one catchment.

    Parameters
    ----------
    grid : RasterModelGrid
        Core nodes are land of the catchment, closed nodes are outside, open boundary nodes let water out.
        ``topographic__elevation`` must be there.
    constituents : ConstituentTable
    layer_bottom : (L,) float64, m
        Nominal depth of the base of each layer, increasing.
    channel : (n,) bool, optional
        Nodes that are channel: no soil column (coupling rule 22).
    units, pools : int
        Number of management units, and of pools of the carbon model.
    residues : bool
        Whether residues lie on the surface: fields that only they need are there then.
    check_every_process : bool
        See :class:`watershed_c.ledger.Ledger`.
    nitrogen, acid, minerals : bool
        Whether there is mineral nitrogen, strong acid in the water of the soil, and sulfate and magnesium of gypsum and
        dolomite, to follow. The last need acid.
    dissolved_isotopes : of "c14", "c13"
        Of dissolved organic carbon, to follow.

    Raises
    ------
    ValueError
        When layers do not increase or no cell is left.
    """

    def __init__(
        self,
        grid: RasterModelGrid,
        *,
        constituents: ConstituentTable,
        layer_bottom: np.ndarray,
        channel: np.ndarray | None = None,
        units: int = 1,
        pools: int = 0,
        residues: bool = False,
        check_every_process: bool = True,
        nitrogen: bool = False,
        acid: bool = False,
        minerals: bool = False,
        dissolved_isotopes: Sequence[str] = (),
    ) -> None:
        self.grid = grid
        self.shape: tuple[int, int] = tuple(grid.shape)
        self.dx, self.dy = float(grid.dx), float(grid.dy)
        self.cell_area = self.dx * self.dy
        self.constituents = constituents
        self.layer_bottom = np.ascontiguousarray(layer_bottom, dtype=np.float64)
        self.layer_top = np.concatenate(([0.0], self.layer_bottom[:-1]))
        if (self.layer_bottom <= self.layer_top).any():
            raise ValueError(f"layer boundaries must increase downward from 0: {layer_bottom}")
        n = grid.number_of_nodes
        core = np.asarray(grid.status_at_node == 0)  # not core_nodes: the grid keeps what it is asked for
        self.channel = np.zeros(n, dtype=bool)
        self.active = core
        self._find_cells()
        self._shapes = {"node": n, "layer": self.layer_bottom.size, "constituent": len(constituents),
                        "pool": pools}  # fmt: skip
        #: what soil is made of: constituents and mineral
        self._shapes["soil part"] = len(constituents) + 1
        self._shapes["exchange"] = EXCHANGES
        self._work: dict[tuple[int, bool], np.ndarray] = {}
        self.has_residues = residues
        #: isotopes of dissolved organic carbon that are followed, and names of the fields there are
        self.dissolved_isotopes = tuple(dissolved_isotopes)
        followed = {"", "residues" * residues, "nitrogen" * nitrogen, "acid" * acid, "minerals" * minerals}
        followed |= set(dissolved_isotopes)
        self.fields = tuple(name for name, field in STATE.items() if field.where in followed)
        for attribute in self.fields:
            setattr(self, attribute, self._allocate(attribute))
        # which the ledger is handed all the same
        for name in OPTIONAL:
            if name not in self.fields:
                setattr(self, name, np.zeros((0, self.layer_bottom.size)))
                setattr(self, f"groundwater_{name.removeprefix('strong_')}", np.zeros(0))
        # nodes without field or unit say so
        self.input_scale[:] = 1.0
        self.field[:] = -1
        self.receiver[:] = np.arange(n)
        #: departure of the soil temperature of each layer from air temperature this step (L,), degC
        self.layer_temperature = np.zeros(self.layer_bottom.size)
        #: factor of decomposition rates by the place of each layer (L,), and the row of ``MEMORY``; -1: soil has none
        self.depth_factor = np.ones(self.layer_bottom.size)
        self.memory_row = int(constituents.of_group("memory")[0]) if "memory" in constituents.groups else -1
        #: days with rain of the month being taken, from the climate table; 0 where it does not know or there was none
        self.wet_days = 0.0
        #: share of each day in the rain of the month being taken, where the climate table has days
        self.rain_shares: np.ndarray | None = None
        #: months since year 0 of the step being taken, and its place in the year (0 = January)
        self.calendar_month, self.month = 0, 0
        #: whether it is the first, or only, step of its month: what has a date happens then; and whether it is the last
        self.month_begins = True
        self.month_ends = True
        #: solar radiation of the month, MJ m-2 d-1, where the climate knows it
        self.radiation = math.nan
        self.units = UnitState.bare(units, self.layer_bottom.size, pools)
        #: (n, L) mol charge m-2 of strong acid that processes make in the step, until carbonate takes it into
        #: `strong_acid`; of size 0 where no carbonate, or no acid, is. Who adds to it books it on that account
        self.acid = np.zeros((0, self.layer_bottom.size))
        #: methane given off since the last record (n,), kg CH4 m-2, where it is told
        self.methane: np.ndarray | None = None
        #: how crops do, where something follows it
        self.crops: Crops | None = None
        #: (n, L) pH of the water of layers, of size 0 where there is no carbonate or nobody asks; kept by that process
        self.ph = np.zeros((0, self.layer_bottom.size))
        #: nitrogen that goes with the carbon of the pools, where it is followed
        self.mineralisation: Mineralisation | None = None
        #: water that leaves layers sideways, where something makes it do so
        self.sideways: Sideways | None = None
        #: water of irrigation, where somebody irrigates
        self.irrigation: Irrigation | None = None
        #: share of the volume of each layer that is stones, (n, L); None: none
        self.coarse_fragments: np.ndarray | None = None
        #: rock below the soil, where soil ends
        self.bedrock: Bedrock | None = None
        #: routing network of the current surface, upstream to downstream; set by the flow router
        self.order = np.zeros(0, dtype=np.int64)
        self.first_receiver = np.zeros(1, dtype=np.int64)
        self.receivers, self.weights = np.zeros(0, dtype=np.int64), np.zeros(0)
        #: places in ``order`` of the parts of the network that threads may take, and of its trunk
        self.parts = np.zeros(2, dtype=np.int64)
        self.in_depression = np.zeros(n, dtype=bool)
        self.gradient_x, self.gradient_y = np.zeros(n), np.zeros(n)
        #: area that contributes to each node without and with its own, (n,) m2, where parcels hold some of it
        #: back; None: drainage area
        self.contributing_area: tuple[np.ndarray, np.ndarray] | None = None
        self.routing_version = 0
        self.ledger = Ledger(self, every_process=check_every_process)
        #: where it was cut out of a DEM, and what of; see `from_dem`
        self.catchment: Catchment | None = None
        if channel is not None:
            self.set_channel(channel)

    @classmethod
    def from_dem(
        cls,
        path: str | Path,
        outlet: tuple[float, float],
        *,
        snap: float | None = None,
        streams: str | Path | float | None = None,
        constituents: ConstituentTable | None = None,
        layer_bottom: np.ndarray | tuple[float, ...] = (1.0,),
    ) -> Watershed:
        """The watershed above a point of a DEM: the outlet snapped to the stream, clipped, with closed collar.

        ``catchment`` of what it returns says when printed how large it is and how far the outlet was moved, and gives
        streams, basins and sinks (``catchment.drainage()``). Any component can be put on it, and ``grid`` is Landlab's.

        Parameters
        ----------
        path, outlet, snap, streams
            See :func:`watershed_c.catchment_from_dem`, which also tells what it raises.
        constituents : ConstituentTable, optional
            What its soil carries; nothing but soil if not given. A scenario (``domain.dem``, ``domain.outlet``) fills
            soil and land use in, too.
        layer_bottom : (L,), m
            Depth of the base of each layer; one layer of 1 m if not given.
        """
        from watershed_c.scenario.catchment import catchment_from_dem

        catchment = catchment_from_dem(path, outlet, snap=snap, streams=streams)
        table = ConstituentTable(()) if constituents is None else constituents
        watershed = cls(catchment.grid(), constituents=table, layer_bottom=np.asarray(layer_bottom))
        watershed.catchment = catchment
        return watershed

    def set_channel(self, channel: np.ndarray) -> None:
        """Make cells channel, (n,) bool: they lose their soil column. Before any component but the flow router is made.

        Raises
        ------
        ValueError
            No cell with soil is left.
        """
        self.channel = np.asarray(channel, dtype=bool) & self.active
        self._find_cells()

    def _find_cells(self) -> None:
        self.is_soil = self.active & ~self.channel
        self.cells = np.flatnonzero(self.is_soil).astype(np.int64)
        if self.cells.size == 0:
            raise ValueError("the catchment has no cell with soil")

    if TYPE_CHECKING:
        # fields of names.STATE, as attributes

        def __getattr__(self, name: str) -> np.ndarray: ...

    def _allocate(self, attribute: str) -> np.ndarray:
        """Create (or find) the grid field and return a view of its natural shape; Landlab keeps 3-D fields flat."""
        record = STATE[attribute]
        shape = tuple(self._shapes[dim] for dim in record.dims)
        at_node = self.grid.at_node
        if record.name in at_node:
            values = np.asarray(at_node[record.name])
            if values.dtype != np.dtype(record.dtype) or values.size != int(np.prod(shape)):
                raise ValueError(
                    f"field {record.name} must be {record.dtype} of shape {shape}, "
                    f"is {values.dtype} of shape {values.shape}"
                )
        else:
            flat = (
                np.zeros((shape[0], int(np.prod(shape[1:])))) if len(shape) > 1 else np.zeros(shape, dtype=record.dtype)
            )
            self.grid.add_field(record.name, flat, at="node", units=record.units, copy=False)
            values = self.grid.at_node[record.name]
        view = values.reshape(shape)
        if not np.shares_memory(view, values) and values.size:
            raise ValueError(f"field {record.name} is not contiguous")
        return view

    def work(self, number: int, *dims: str) -> np.ndarray:
        """Work array over nodes (and ``dims``: "layer", "constituent", "soil part", "exchange") that processes share.

        Arrays of one number share their memory, but for those over nodes alone; of these, 3 to 12 are the rows of
        number 1 as "exchange". What one holds lasts while one process runs, and is zero before the first.
        """
        if not dims and FIRST_ROW <= number < FIRST_ROW + EXCHANGES:
            return self.work(1, "exchange").reshape(EXCHANGES, -1)[number - FIRST_ROW]
        shape = tuple(self._shapes[dim] for dim in ("node", *dims))
        key = number, len(dims) > 0
        if key not in self._work:
            # memory that nobody touches is none
            widest = max(self._shapes[dim] for dim in ("layer", "soil part", "exchange")) if dims else 1
            self._work[key] = np.zeros(self._shapes["node"] * widest)
        return self._work[key][: math.prod(shape)].reshape(shape)

    def with_sideways(self) -> Sideways:
        """Record of the water that leaves layers sideways, made when first asked for."""
        if self.sideways is None:
            drained, lateral = np.zeros_like(self.water), np.zeros_like(self.water)
            self.sideways = Sideways(drained, lateral, np.zeros(self.runoff.size))
        return self.sideways

    def irrigate(self) -> None:
        """Make room for the irrigation of units and cells."""
        self.units.irrigation = np.zeros((self.units.cover_factor.size, IRRIGATION_COLUMNS))
        if self.irrigation is None:
            self.irrigation = Irrigation(np.zeros(self.runoff.size), np.zeros(self.runoff.size))

    def with_crops(self) -> Crops:
        """Record of how crops do, made when first asked for: as their unit's given yields say."""
        if self.crops is None:
            n = self.unit.size
            relative, expected = np.ones((2, n))
            harvested, needed, taken = np.zeros((3, n))
            self.crops = Crops(relative, expected, harvested, needed, taken, leanest=np.zeros(0))
        return self.crops

    @property
    def plant_scale(self) -> np.ndarray:
        """Plant input of each node per that of its unit's tables, (n,)."""
        return self.input_scale if self.crops is None else self.input_scale * self.crops.relative

    def at(self, step: Step) -> None:
        """Set the date of the step being taken."""
        self.calendar_month, self.month = step.year * 12 + step.month, step.month
        self.month_begins, self.month_ends = step.part == 0, step.ends_month
        self.ledger.step, self.ledger.label = step.index, step.label

    def full_mass(self) -> np.ndarray:
        """Mineral mass of layers that are as thick as their boundaries say, (n, L) kg m-2."""
        return self.reference if self.bedrock is None else self.bedrock.full

    def thickness(self) -> np.ndarray:
        """Thickness of the layers of each cell as dense as they are now, stones among the soil, (c, L) m."""
        soil = self.mineral[self.cells] + self.stocks[self.cells] @ self.constituents.dry_mass_per_unit
        soil /= self.bulk_density[self.cells]
        if self.coarse_fragments is not None:
            soil /= 1.0 - self.coarse_fragments[self.cells]
        return np.asarray(soil)

    def rows_of_units(self) -> np.ndarray:
        """Row (n) of each cell in tables of management units as :meth:`by_rows` gives them."""
        if self.bedrock is None:
            return self.unit
        return np.asarray(self.unit + self.units.cover_factor.size * self.bedrock.empty)

    def as_full(self, held: np.ndarray, *, stones: bool = False) -> np.ndarray:
        """What layers would hold, (n, L), if those that rock makes thinner were as thick as their boundaries say; with
        ``stones``, and if these were soil.
        """
        if self.bedrock is not None:
            held = held / np.maximum(self.bedrock.filled, LEAST_FILLED)
        return held / (1.0 - self.coarse_fragments) if stones and self.coarse_fragments is not None else held

    def of_fine_earth(self, held: np.ndarray) -> np.ndarray:
        """:meth:`as_full`, with ``stones``."""
        return self.as_full(held, stones=True)

    def by_rows(self, table: np.ndarray, *, layered: bool = True) -> np.ndarray:
        """A table (U, L, ...) of units, or one without layers (U, ...), for the layers that each column has: see
        :meth:`Bedrock.by_rows`.
        """
        return table if self.bedrock is None else self.bedrock.by_rows(table, layered=layered)

    @property
    def outlets(self) -> np.ndarray:
        """Open boundary nodes."""
        return np.flatnonzero(np.isin(self.grid.status_at_node, (1, 2))).astype(np.int64)

    def mean_ph(self, depth: float, bounds: Any = None) -> np.ndarray:
        """pH of the layers to ``depth`` (m), weighted by thickness of soil, (n,); nan where it is not followed.

        ``bounds``, if given, has the ``low`` and ``high`` it is kept between.
        """
        if not self.ph.size:
            return np.full(self.elevation.size, np.nan)
        share = np.clip(depth - self.layer_top, 0.0, self.layer_bottom - self.layer_top)
        if self.bedrock is None:
            found = np.asarray(self.ph @ (share / share.sum()))
        else:
            share = share * np.maximum(self.bedrock.filled, LEAST_FILLED)
            found = (self.ph * share).sum(axis=1) / share.sum(axis=1)
        return found if bounds is None else np.clip(found, bounds.low, bounds.high)

    def stock(self, group: str) -> np.ndarray:
        """Stock of a constituent group in the column of each node, (n,) kg m-2."""
        return self.stocks[:, :, self.constituents.of_group(group)].sum(axis=(1, 2))

    def state_arrays(self) -> dict[str, np.ndarray]:
        """Everything a restart needs beyond the scenario, by attribute name."""
        transient = ("receiver", "upstream_order", "steepest_slope", "filled_elevation", "drainage_area")
        return {attribute: getattr(self, attribute) for attribute in self.fields if attribute not in transient}
