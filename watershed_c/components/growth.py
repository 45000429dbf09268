"""Growth: what the crop of every cell yields this season, and so how much carbon it gives the soil."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from watershed_c.components.base import Process
from watershed_c.kernels.growth import (
    CROP,
    TEMPERATURE_LIMIT,
    WATER_LIMIT,
    limit_growth,
    relative_yields,
)
from watershed_c.names import info
from watershed_c.parallel import over_cells
from watershed_c.state import Watershed

if TYPE_CHECKING:
    from watershed_c.management.growth import GrowthTables

YIELDS = ("given", "potential")
#: share of the yield lost per m of soil lost: 4.3 % per 10 cm, mean of comparative plots (Bakker et al. 2004, Catena
#: 57:55); transects give 10.9 %, desurfacing 26.6 %
PRODUCTIVITY_LOSS = 0.43
#: photosynthetically active share of solar radiation (Monteith 1977; EPIC)
ACTIVE_RADIATION = 0.5
#: times the given yield above which a yield is not believed; a choice
HIGHEST = 3.0
DAYS_IN_MONTH = 365.0 / 12.0
#: of the table of yields, after step and month
COLUMNS = (
    "rotation", "field", "crop", "area_ha", "yield_t_ha_dry", "given_yield_t_ha_dry", "limit_temperature",
    "limit_water", "limit_soil", "limit_nitrogen",
)  # fmt: skip


def codes(names: Iterable[str]) -> np.ndarray:
    """A number for each name, and for each time it comes again (units by year), the same in every run, as float64."""
    written = list(names)
    again = [f"{name} {written[:place].count(name)}" for place, name in enumerate(written)]
    return np.array([zlib.crc32(name.encode()) for name in again], dtype=np.float64)


class Growth(Process):
    """Find the yield of each crop and cell, and scale the plants' carbon with it.

    Runs after soil water, before decomposition. Books nothing: decomposition adds the input, which cropping tabulated
    for the given yields, times ``watershed.crops.relative``.

    Parameters
    ----------
    watershed : Watershed
    tables : GrowthTables
    names : tuple of str
        Of the units, for the table of yields.
    first_year : int
        Calendar year in which a unit of offset 0 is in the first year of its rotation.
    cycle_months : (U,) int64, months
        Length of the cycle of each unit.
    yields : {"given", "potential"}
        *given*: the yield of the tables is that of the mean year in the mean cell of the unit, where crops find their
        nitrogen; temperature and water count relative to the ones they had there. *potential*: radiation intercepted,
        times radiation use, times the product's share of biomass, times warmth, water, soil and nitrogen.
    productivity_loss : float, m-1, 0 to 10
        Share of the yield lost per depth of soil lost since the run began. Default 0.43 (Bakker et al. 2004).

    Notes
    -----
    docs/processes/growth.md. Until a run begins (:meth:`start_afresh`) the limits of each month are those of the mean
    year: their means over the cells of each unit are what "given" yields refer to.
    """

    _name = "Growth"
    _info = info(reads=("temperature", "pet", "evapotranspiration", "unit", "field", "elevation", "mineral"))
    _cite_as = """@techreport{doorenbos1979,
  author = {Doorenbos, J. and Kassam, A. H.}, title = {Yield response to water},
  institution = {FAO Irrigation and Drainage Paper 33}, year = {1979}}
@article{bakker2004,
  author = {Bakker, M. M. and Govers, G. and Rounsevell, M. D. A.},
  title = {The crop productivity-erosion relationship: an analysis based on experimental work},
  journal = {Catena}, volume = {57}, pages = {55--76}, year = {2004}}"""

    def __init__(
        self,
        watershed: Watershed,
        *,
        tables: GrowthTables,
        names: tuple[str, ...],
        first_year: int,
        cycle_months: np.ndarray,
        yields: str = "given",
        productivity_loss: float = PRODUCTIVITY_LOSS,
    ) -> None:
        super().__init__(watershed)
        if yields not in YIELDS:
            raise ValueError(f"yields must be one of {', '.join(YIELDS)}, is {yields!r}")
        if not 0.0 <= productivity_loss <= 10.0:
            raise ValueError(f"productivity_loss must be 0 to 10 m-1, is {productivity_loss}")
        n = watershed.elevation.size
        self.tables, self.names, self.cycle_months = tables, names, cycle_months
        self.first_month, self.potential = 12 * first_year, yields == "potential"
        self.productivity_loss = float(productivity_loss)
        self.crops = watershed.with_crops()
        self._base, self._optimum, self._response = (
            tables.of_crops(name) for name in ("base_temperature", "optimum_temperature", "water_response")
        )
        product, whole = tables.of_crops("product"), tables.of_crops("roots") + tables.of_crops("straw")
        self._product_use = tables.of_crops("radiation_use") * product / (product + whole)
        #: numbers by which units (U) and crops (C) are known in other runs
        self._called, self._sorts = codes(names), codes(crop.name for crop in tables.crops)
        #: (4, n) limits until now: temperature, water, soil, nitrogen
        self.limits = np.ones((4, n))
        self._season = np.zeros((5, n))
        self._first_elevation, self._begun = watershed.elevation.copy(), np.zeros(1)
        #: (M, U) mean over the cells of each unit of temperature times water limit in the mean year; 0: it had none
        self.reference = np.zeros(tables.crop.shape)
        #: tables it tells, and their rows until somebody fetches them
        self.columns = {"yields": COLUMNS}
        self.rows: dict[str, list[tuple[object, ...]]] = {"yields": []}

    def deciding_arrays(self) -> list[np.ndarray]:
        """What its numbers depend on beside the scenario: seasons and crops."""
        seasons = [value for value in vars(self.tables).values() if isinstance(value, np.ndarray)]
        return [*seasons, self._base, self._optimum, self._response, self._product_use]

    def memory(self) -> dict[str, np.ndarray]:
        """Season, reference, and the surface the run began with."""
        crops = self.crops
        return {
            "season": self._season, "limits": self.limits, "reference": self.reference, "begun": self._begun,
            "first_elevation": self._first_elevation, "relative": crops.relative, "harvested": crops.harvested,
            "needed": crops.needed, "taken": crops.taken, "share": self.tables.share, "units": self._called,
            "crops": self._sorts,
        }  # fmt: skip

    def refer_to(self, other: Mapping[str, np.ndarray]) -> bool:
        """Take the mean year of another run, as its :meth:`memory` has it, for that of this one.

        Returns whether it could: that run must have all units of this one, with the same seasons. Called before
        :meth:`start_afresh`.
        """
        places = {code: place for place, code in enumerate(other.get("units", ()))}
        if not (places.keys() >= set(self._called) and len(other["share"]) == len(self.reference)):
            return False
        columns = [places[code] for code in self._called]
        same = np.array_equal(other["share"][:, columns], self.tables.share)
        if same:
            self.reference[:] = other["reference"][:, columns]
        return same

    def go_on_from(self, other: Mapping[str, np.ndarray]) -> None:
        """Seasons so far are those of another run, as its :meth:`memory` has them, that stopped where this begins."""
        for name, values in self.memory().items():
            if name in ("season", "limits", "relative", "needed", "taken"):
                values[:] = other[name]
        of_theirs = np.array([np.append(np.flatnonzero(self._sorts == code), -1)[0] for code in other["crops"]])
        self._season[CROP] = of_theirs[other["season"][CROP].astype(np.int64)]

    def start_afresh(self) -> None:
        """The run begins: what the mean year was like, and the surface, are the reference from here on."""
        self._begun[:] = 1.0
        self._first_elevation[:] = self.watershed.elevation
        self.crops.harvested[:] = 0.0
        self.rows["yields"].clear()

    def run_one_step(self, dt: float) -> None:
        """Add ``dt`` yr to the season of each cell, and reap where it ends."""
        w, tables, crops, units = self.watershed, self.tables, self.crops, self.watershed.units
        month = w.calendar_month - self.first_month
        row, column = month % self.cycle_months, np.arange(self.cycle_months.size)
        crop, elapsed = tables.crop[row, column], tables.elapsed[row, column]
        part = 12.0 * dt
        light = tables.green[row, column] * part
        if self.potential:
            light = light * (w.radiation * ACTIVE_RADIATION * DAYS_IN_MONTH)
        over_cells(
            limit_growth, w.cells, w.unit, crop, tables.begins[row, column] & w.month_begins, light,
            np.ascontiguousarray(units.plant_cover, dtype=np.float64),
            np.ascontiguousarray(units.crop_coefficient, dtype=np.float64), self._base, self._optimum, self._response,
            w.temperature, w.pet, w.evapotranspiration, self._first_elevation if self._begun[0] else w.elevation,
            w.elevation, self.productivity_loss, crops.needed, crops.taken, crops.leanest, self._season, self.limits,
        )  # fmt: skip
        given = tables.yield_dry_matter[row, column]
        if not (self.potential or self._begun[0]):
            self._refer(row, column, crop)
        over_cells(
            relative_yields, w.cells, w.unit, w.mineral, crop, given, elapsed, self._product_use,
            self.reference[tables.refers[row, column], tables.of_mean_year], self.potential, HIGHEST, self._season,
            self.limits, crops.expected, crops.relative,
        )  # fmt: skip
        ends = tables.ends[row, column]
        if ends.any() and w.month_ends:
            cells = w.cells[(ends & (crop >= 0))[w.unit[w.cells]]]
            self._reap(cells, w.unit[cells], crop, given[w.unit[cells]])

    def _refer(self, row: np.ndarray, column: np.ndarray, crop: np.ndarray) -> None:
        """The mean of this month over the cells of each unit is what its given yield belongs to."""
        w = self.watershed
        cells = w.cells[crop[w.unit[w.cells]] >= 0]
        unit, limits = w.unit[cells], self.limits[:, cells]
        both = np.bincount(unit, limits[TEMPERATURE_LIMIT] * limits[WATER_LIMIT], minlength=row.size)
        self.reference[row, column] = both / np.maximum(np.bincount(unit, minlength=row.size), 1)

    def _reap(self, cells: np.ndarray, unit: np.ndarray, crop: np.ndarray, given: np.ndarray) -> None:
        """Yields of the cells whose season ends, and a row for each field and unit among them."""
        w, crops = self.watershed, self.crops
        harvest = given * crops.relative[cells]
        crops.harvested[cells] += harvest
        if not self._begun[0]:
            return
        pairs, member = np.unique(np.stack((unit, w.field[cells])), axis=1, return_inverse=True)
        member = member.ravel()
        count = np.bincount(member)

        def mean(values: np.ndarray) -> np.ndarray:
            return np.bincount(member, values) / count

        columns = (10.0 * mean(harvest), 10.0 * mean(given), *(mean(of) for of in self.limits[:, cells]))
        for group, (u, field) in enumerate(pairs.T):
            name, area = self.tables.crops[crop[u]].name, count[group] * w.cell_area / 1e4
            numbers = (area, *(column[group] for column in columns))
            self.rows["yields"].append((self.names[u], int(field), name, *(float(f"{value:.6g}") for value in numbers)))
