"""The mean year of WaTEM/SEDEM: soil loss, transport capacity and sediment of a catchment in one pass."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from watershed_c.kernels import water_erosion as rusle
from watershed_c.kernels.flow_routing import accumulate, gradient
from watershed_c.kernels.mean_year import mean_year_sediment, mean_year_tillage, slope_to_receiver
from watershed_c.kernels.parcel_network import (
    SEWER,
    ParcelLand,
    ParcelNetwork,
    contributing_area,
    find_parcel_network,
    on_land,
)
from watershed_c.kernels.sediment import NOTHING_KEPT
from watershed_c.kernels.two_receivers import OPEN_WATER, OUTSIDE, RIVER, ROAD
from watershed_c.parallel import over_cells

#: kg m-2 -> t ha-1
_TONNES_PER_HECTARE = 10.0


@dataclass(frozen=True)
class Catchment:
    """A catchment as WaTEM/SEDEM describes it; n nodes row by row from the south-west.

    Attributes
    ----------
    shape : (rows, columns)
    dx : float, m
    elevation : (n,) m
        NaN where there is none; outside the catchment heights decide where water leaves.
    parcels : ParcelLand
        Land codes and rules of the routing; the outermost rows and columns are outside.
    erodibility : (n,) t ha h ha-1 MJ-1 mm-1
    cover, practice : (n,)
        C and P of the year.
    erosivity : float, MJ mm ha-1 h-1 yr-1
    coefficient : (n,)
        ktc, m or m-1.8.
    tillage : (n,) kg m-1 yr-1, optional
        Tillage transport coefficient ktil.
    length_exponent, slope_factor, capacity : str
        As in ``WaterErosion``.
    adjusted_slope : bool
        Slopes of cells with one receiver are those to it.
    ls_correction : float
        What LS is divided by.
    bulk_density : float, kg m-3
        Turns masses into millimetres, nothing else.
    segments : (n,) int64, optional
        Number of the segment of river cells.
    """

    shape: tuple[int, int]
    dx: float
    elevation: np.ndarray
    parcels: ParcelLand
    erodibility: np.ndarray
    cover: np.ndarray
    practice: np.ndarray
    erosivity: float
    coefficient: np.ndarray
    tillage: np.ndarray | None = None
    length_exponent: str = "van_oost_2003"
    slope_factor: str = "nearing_1997"
    capacity: str = "van_oost_2000"
    adjusted_slope: bool = False
    ls_correction: float = 1.0
    bulk_density: float = 1350.0
    segments: np.ndarray | None = None


@dataclass(frozen=True)
class MeanYear:
    """The mean year of a catchment; (n,), kg yr-1 of a cell unless said otherwise.

    Attributes
    ----------
    network : ParcelNetwork
    gradient_x, gradient_y : m m-1
    area : m2
        Contributing area with the cell's own.
    ls : dimensionless
    potential : kg m-2 yr-1
    capacity, inflow, outflow
    tillage_in, tillage_out : or None
    """

    catchment: Catchment
    network: ParcelNetwork
    gradient_x: np.ndarray
    gradient_y: np.ndarray
    area: np.ndarray
    ls: np.ndarray
    potential: np.ndarray
    capacity: np.ndarray
    inflow: np.ndarray
    outflow: np.ndarray
    tillage_in: np.ndarray | None = None
    tillage_out: np.ndarray | None = None

    @property
    def change(self) -> np.ndarray:
        """What each cell of land gains, negative what it loses; 0 elsewhere."""
        return np.where(self.land, self.inflow - self.outflow, 0.0)

    @property
    def land(self) -> np.ndarray:
        """(n,) bool, the catchment without its rivers."""
        code = self.catchment.parcels.code
        return (code != OUTSIDE) & (code != RIVER)

    @property
    def in_river(self) -> np.ndarray:
        """Sediment that passes each river cell, all that entered rivers above it counted; 0 elsewhere."""
        found, river = np.zeros(self.inflow.size), self.catchment.parcels.code == RIVER
        accumulate(*self.network[:4], np.where(river, self.inflow, 0.0), found)
        return np.where(river, found, 0.0)

    def totals(self) -> dict[str, float]:
        """Budget of sediment, kg yr-1: its terms sum to 0.

        ``erosion`` (negative) and ``deposition`` of cells that lose and gain in all; ``river``, ``outside``,
        ``buffers`` and ``sewers``: where the difference goes. What settles in sinks is part of the deposition.
        """
        change, code, kept = self.change, self.catchment.parcels.code, self.catchment.parcels.kept
        buffers = 0.0
        if kept is not None:
            outlets = self.land & (kept >= 0.0)
            buffers = float(change[outlets].sum())
            change = np.where(outlets, 0.0, change)
        outside = code == OUTSIDE
        sewers = 0.0
        if self.catchment.parcels.sewer is not None:
            sewers = float(self.inflow[SEWER])
            outside[SEWER] = False
        return {
            "erosion": float(change[change < 0.0].sum()), "deposition": float(change[change > 0.0].sum()),
            "river": float(self.inflow[code == RIVER].sum()), "outside": float(self.inflow[outside].sum()),
            "buffers": buffers, "sewers": sewers,
        }  # fmt: skip

    @property
    def sediment_yield(self) -> float:
        """Sediment that enters the rivers, t ha-1 yr-1 of the catchment."""
        cells = int((self.catchment.parcels.code != OUTSIDE).sum())
        return self.totals()["river"] / (cells * self.catchment.dx**2) * _TONNES_PER_HECTARE


def mean_year(catchment: Catchment) -> MeanYear:
    """Route water, find LS, soil loss and capacity, and route the sediment of the mean year.

    As in WaTEM/SEDEM, and unlike :class:`~watershed_c.components.water_erosion.WaterErosion`, L takes the contributing
    area with the cell's own, and the capacity of Verstraeten et al. (2007) the slope angle in radians: its coefficients
    are calibrated with them.
    """
    given = catchment
    code, n, ncols, dx = given.parcels.code, given.elevation.size, given.shape[1], given.dx
    core, heights = code != OUTSIDE, np.isfinite(given.elevation)
    surface = np.where(heights, given.elevation, 0.0)
    every = np.flatnonzero(core).astype(np.int64)
    gradient_x, gradient_y = np.zeros(n), np.zeros(n)
    over_cells(gradient, every, surface, heights, ncols, dx, dx, gradient_x, gradient_y)
    network = find_parcel_network(
        surface, core, heights & ~core, gradient_x, gradient_y, given.shape, dx, dx, given.parcels,
        over_cells=over_cells,
    )  # fmt: skip
    area = contributing_area(network, given.parcels, core, dx * dx)[1]
    if given.adjusted_slope:
        slope_to_receiver(*network[:3], surface, ncols, dx, gradient_x, gradient_y)
    cells = np.flatnonzero(core & (code != RIVER)).astype(np.int64)
    ls = np.zeros(n)
    models = rusle.LENGTH[given.length_exponent], rusle.SLOPE[given.slope_factor]
    over_cells(rusle.ls_factor, cells, area, gradient_x, gradient_y, dx, np.inf, *models, ls)
    ls /= given.ls_correction
    found = MeanYear(
        given, network, gradient_x, gradient_y, area, ls, np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n)
    )
    erosivity, numbers = np.full(n, given.erosivity), np.arange(n)
    over_cells(
        rusle.potential_soil_loss, cells, erosivity, given.erodibility, ls, numbers, given.cover, given.practice,
        found.potential,
    )  # fmt: skip
    return with_coefficient(found, given.coefficient)


def with_coefficient(year: MeanYear, coefficient: np.ndarray) -> MeanYear:
    """The mean year with another transport capacity coefficient, (n,): capacity and sediment anew, nothing else."""
    given = replace(year.catchment, coefficient=coefficient)
    n, dx, network = coefficient.size, given.dx, year.network
    cells = np.flatnonzero(year.land).astype(np.int64)
    slope_x, slope_y = year.gradient_x, year.gradient_y
    if given.capacity == "verstraeten_2007":
        slope_x, slope_y = rusle.slope_as_angle(slope_x, slope_y)
    terrain, capacity, code = np.zeros(n), np.zeros(n), rusle.CAPACITY[given.capacity]
    over_cells(
        rusle.capacity_of_terrain, cells, code, year.ls, year.area, slope_x, slope_y, dx, np.inf,
        terrain,
    )  # fmt: skip
    over_cells(
        rusle.transport_capacity, cells, terrain, np.full(n, given.erosivity), given.erodibility, np.arange(n),
        coefficient, year.potential, capacity,
    )  # fmt: skip
    capacity *= dx * dx
    inflow, outflow = np.zeros(n), np.zeros(n)
    kept = NOTHING_KEPT if given.parcels.kept is None else given.parcels.kept
    mean_year_sediment(*network[:4], year.land, year.potential * (dx * dx), capacity, kept, inflow, outflow)
    found = replace(year, catchment=given, capacity=capacity, inflow=inflow, outflow=outflow)
    if given.tillage is None:
        return found
    arrives, leaves = np.zeros(n), np.zeros(n)
    moves = outflow > 0.0
    if given.parcels.sewer is not None:
        moves &= given.parcels.sewer < 1.0
    mean_year_tillage(
        *network[:3], on_land(*network[1:4]), given.parcels.code, year.gradient_x, year.gradient_y, given.tillage, dx,
        moves, arrives, leaves,
    )  # fmt: skip
    return replace(found, tillage_in=arrives, tillage_out=leaves)


def coefficients(
    code: np.ndarray, cover: np.ndarray, low: float, high: float, limit: float, *, dam: np.ndarray | None = None,
    ditch: np.ndarray | None = None,
) -> np.ndarray:  # fmt: skip
    """Transport capacity coefficient by land, (n,): ``low`` where C is at most ``limit``, else ``high``; no limit on
    roads, rivers, open water and in ditches; ``low`` on dams.
    """
    found = np.where(cover > limit, high, low)
    found[np.isin(code, (ROAD, RIVER, OPEN_WATER))] = rusle.NO_LIMIT
    if dam is not None:
        found[dam] = low
    if ditch is not None:
        found[ditch] = rusle.NO_LIMIT
    return found
