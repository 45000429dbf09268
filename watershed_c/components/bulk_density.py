"""Bulk density follows organic matter, tillage, rain and traffic; mass, and the routed surface, do not."""

from __future__ import annotations

import math

import numpy as np

from watershed_c.components.base import Process
from watershed_c.constituents import ORGANIC_MATTER_PER_CARBON
from watershed_c.kernels.bulk_density import loosen, settled_density, settling
from watershed_c.kernels.pedotransfer import adams_density
from watershed_c.names import info
from watershed_c.state import Watershed


class BulkDensity(Process):
    """Set the bulk density of every layer: settled density x (1 - strain).

    Settled density goes to that of Adams (1973) for the present organic matter, times what the soil of the start had
    more or less than that, and times the compaction of traffic where implements work. Implements leave a strain; what
    water comes into a layer takes it away. Nothing but reports to a fixed depth, and laws that ask for the density,
    see it: layers keep their mass and the surface is mass-based (coupling rule 7).

    Parameters
    ----------
    watershed : Watershed
        With the density of the start; its soil water must run.
    sand : (n), mass fraction of the mineral fine earth
    relaxation_time : float, yr, above 0
        In which settled density goes 63 % of the way. Default 7.5 (5 to 10, a prior).
    traffic : float, 0 to 0.5
        Relative compaction by wheels, from the start of the run on, of what is tilled. Default 0 (0.05 to 0.1, a
        prior).
    traffic_depth : float, m
        Down to which wheels compact. Default 0.4, a prior.
    wet_days : float or (12), optional
        Rains in a month where the climate does not know.

    Attributes
    ----------
    settled, strain : (n, L), kg m-3 and 1
    """

    _name = "BulkDensity"
    _info = info(
        reads=("mineral", "stocks", "unit", "percolation", "precipitation", "runoff"), changes=("bulk_density",)
    )
    _cite_as = """@article{adams1973,
        author = {Adams, W. A.},
        title = {The effect of organic matter on the bulk and true densities of some uncultivated podzolic soils},
        journal = {Journal of Soil Science}, volume = {24}, pages = {10--17}, year = {1973}}
    @techreport{sharpley1990,
        author = {Sharpley, A. N. and Williams, J. R.},
        title = {{EPIC}, Erosion/Productivity Impact Calculator: 1. Model documentation},
        institution = {USDA}, type = {Technical Bulletin}, number = {1768}, year = {1990}}
    """

    def __init__(
        self,
        watershed: Watershed,
        *,
        sand: np.ndarray,
        relaxation_time: float = 7.5,
        traffic: float = 0.0,
        traffic_depth: float = 0.4,
        wet_days: float | np.ndarray | None = None,
    ) -> None:
        super().__init__(watershed)
        if not relaxation_time > 0.0:
            raise ValueError(f"relaxation_time must be above 0 yr, is {relaxation_time}")
        if not 0.0 <= traffic <= 0.5:
            raise ValueError(f"traffic must be 0 to 0.5, is {traffic}")
        w, shape = watershed, watershed.bulk_density.shape
        self.relaxation_time, self.traffic = float(relaxation_time), float(traffic)
        self.wet_days = None if wet_days is None else np.broadcast_to(np.asarray(wet_days, dtype=np.float64), (12,))
        thickness = w.layer_bottom - w.layer_top
        self._sand, self._middle = 100.0 * np.asarray(sand)[:, None], 0.5 * (w.layer_top + w.layer_bottom)
        self._thickness = thickness
        self._under_wheels = np.clip((traffic_depth - w.layer_top) / thickness, 0.0, 1.0)
        self._start = w.bulk_density.copy()
        # no ratio: the run has not begun
        self.settled, self.strain, self.ratio = w.bulk_density.copy(), np.zeros(shape), np.zeros(shape)
        #: cells that were tilled
        self.driven = np.zeros(shape[0])

    def memory(self) -> dict[str, np.ndarray]:
        """Settled density, strain, what the soil had to begin with, and where wheels have been."""
        return {"settled": self.settled, "strain": self.strain, "ratio": self.ratio, "driven": self.driven}

    def organic_matter(self) -> np.ndarray:
        """(n, L) % of dry soil; 0 where there is none."""
        w = self.watershed
        organic = ORGANIC_MATTER_PER_CARBON * w.stocks[:, :, w.constituents.of_group("soc")].sum(axis=2)
        dry = w.mineral + w.stocks @ w.constituents.dry_mass_per_unit
        return 100.0 * np.divide(organic, dry, out=np.zeros_like(dry), where=dry > 0.0)

    def start_afresh(self) -> None:
        """The density of the start is settled, and belongs to the organic matter of the start."""
        self.strain[:], self.driven[:] = 0.0, 0.0
        self.watershed.bulk_density[:] = self.settled[:] = self._start
        self.ratio[:] = self.settled / adams_density(self.organic_matter())

    def run_one_step(self, dt: float) -> None:
        """Settle under the water of the step, follow organic matter over ``dt`` yr, then loosen by its passes."""
        w, cells = self.watershed, self.watershed.cells
        if not self.ratio.any():
            return
        rains = (w.wet_days or 1.0 if self.wet_days is None else float(self.wet_days[w.month])) * dt * 12.0
        water = np.empty((cells.size, self._middle.size))
        water[:, 0] = np.maximum(w.precipitation - w.runoff, 0.0)[cells]
        water[:, 1:] = w.percolation[cells, :-1]
        gone = settling(water / rains, self._sand[cells], self._middle)
        self.strain[cells] *= (1.0 - gone) ** rains
        passes, unit = self._passes(), w.unit[cells]
        for works, _ in passes[:1]:  # every unit that is worked at all has a first pass
            self.driven[cells[works[unit]]] = 1.0
        wheels = 1.0 + self.traffic * self.driven[cells, None] * self._under_wheels
        target = settled_density(self.ratio[cells] * wheels, self.organic_matter()[cells])
        self.settled[cells] -= math.expm1(-dt / self.relaxation_time) * (target - self.settled[cells])
        for works, worked in passes:
            tilled = cells[works[unit]]
            self.strain[tilled] = loosen(self.strain[tilled], worked[w.unit[tilled]])
        w.bulk_density[cells] = self.settled[cells] * (1.0 - self.strain[cells])

    def _passes(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """The first pass of every unit, then the second: units that have it (U) bool, share of layers worked (U, L)."""
        w, passes = self.watershed, list[tuple[np.ndarray, np.ndarray]]()
        count: dict[int, int] = {}
        units = w.units.cover_factor.size
        for event in w.units.tillage:
            number = count[event.unit] = count.get(event.unit, -1) + 1
            if number == len(passes):
                passes.append((np.zeros(units, dtype=bool), np.zeros((units, self._middle.size))))
            works, worked = passes[number]
            works[event.unit] = True
            depth = (event.depth - w.layer_top) / self._thickness
            worked[event.unit] = event.efficiency * np.clip(depth, 0.0, 1.0)
        return passes
