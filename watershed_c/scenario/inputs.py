"""What a run starts from: everything a scenario points to, read and checked."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from watershed_c.constituents import Fallout
from watershed_c.io.climate import MonthlyForcing
from watershed_c.io.rasters import Raster
from watershed_c.isotopes import Atmosphere
from watershed_c.kernels.parcel_network import ParcelLand
from watershed_c.management.calendar import Calendar
from watershed_c.scenario.land import LandUse
from watershed_c.scenario.management import Rotation
from watershed_c.scenario.schema import Scenario
from watershed_c.scenario.soil import Column


@dataclass(frozen=True)
class Inputs:
    """What a run starts from, on the grid of the catchment (docs/architecture.md: units inside, node order of Landlab).

    n nodes, L layers; floats are NaN and integers -1 outside the catchment.

    Attributes
    ----------
    scenario : Scenario
    terrain : Raster
        Elevation (rows, cols), m, row 0 = south; carries dx, dy, x_left, y_bottom, crs.
    status : (n,) uint8
        Landlab node status: 0 core, 1 open boundary, 4 closed.
    channel : (n,) bool
        Cells that the map domain.channel makes channel: land and column have nothing there.
    land : LandUse
        `names`, and (n,) `index`, `field`, `offset`.
    rotations : dict of str to Rotation
        By land-use class, those of single crops included (and that of carbon.initial.history_class).
    calendars : dict of str to Calendar
        Of the mean year.
    by_year : dict of (str, int) to Calendar
        Of rotations and offsets that follow the temperatures of each year of the run.
    column : Column
        `thickness` (L) m; `clay`, `sand`, `ph`, `erodibility`, `biodiffusivity`, `base_conductivity` (n) or None;
        `bulk_density` (n, L) kg m-3; `soc`, `sic` (n, L) kg C m-2; `mineral` (n, L) kg m-2; `substratum_soc`,
        `substratum_sic` (n) kg C per kg mineral.
    soc_depth : float, m
        Depth to which SOC was measured.
    climate : MonthlyForcing
        At `reference_elevation`, the change of the scenario applied.
    reference_elevation : float, m
    latitude : float, degrees north
    points : dict of str to int
        Nodes of output.points.
    fallout : dict of str to Fallout
        By tracer.
    atmosphere : Atmosphere or None
        Of isotopes; None where there are none.
    drains : (S, n) bool or None
        Nodes that have each of processes.artificial_drainage.system; None where that is off.
    memory : float
        Bytes a run is predicted to need.
    warnings : tuple of str
    parcels : ParcelLand or None
        What land use says in flux decomposition.
    ktc : (n,) or None
        Transport capacity coefficient of cells that have one of their own, NaN elsewhere.
    cover, practice : (n,) or None
        C and P of cells that have their own, NaN elsewhere.
    methane : (n,) and (n,) kg CH4 m-2 yr-1, or None
        What peat gives off drained, and wet.
    ponds : (n,) or None
        Share of the sediment that ponds keep, -1 elsewhere.
    series_erosivity : (12,) MJ mm ha-1 h-1, or None
        Of the months of the mean year, from a series of rain.
    peat : (n,) kg C m-2 yr-1, or None
        Net carbon loss of peat: NaN by the water table, infinite where there is none; None where that is off.
    """

    scenario: Scenario
    terrain: Raster
    status: np.ndarray
    channel: np.ndarray
    land: LandUse
    rotations: dict[str, Rotation]
    calendars: dict[str, Calendar]
    column: Column
    soc_depth: float
    climate: MonthlyForcing
    reference_elevation: float
    latitude: float
    points: dict[str, int]
    drains: np.ndarray | None
    fallout: dict[str, Fallout]
    atmosphere: Atmosphere | None
    memory: float
    warnings: tuple[str, ...]
    parcels: ParcelLand | None = None
    ktc: np.ndarray | None = None
    series_erosivity: np.ndarray | None = None
    peat: np.ndarray | None = None
    cover: np.ndarray | None = None
    practice: np.ndarray | None = None
    ponds: np.ndarray | None = None
    methane: tuple[np.ndarray, np.ndarray] | None = None
    by_year: dict[tuple[str, int], Calendar] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, cols)."""
        return self.terrain.shape

    @property
    def elevation(self) -> np.ndarray:
        """(n,) m; NaN outside the catchment."""
        return self.terrain.values.ravel()

    @property
    def active(self) -> np.ndarray:
        """(n,) bool, cells of the catchment (core nodes)."""
        return np.asarray(self.status == 0)

    @property
    def layer_bottom(self) -> np.ndarray:
        """(L,) m."""
        return np.cumsum(self.column.thickness)


def on_nodes(values: np.ndarray) -> np.ndarray:
    """Values on nodes as fields hold them: zero outside the catchment."""
    return np.ascontiguousarray(np.nan_to_num(values, nan=0.0))
