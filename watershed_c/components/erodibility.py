"""Erodibility that follows organic carbon: once a year, within bounds, with its gain told (coupling rule 25)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from watershed_c.components.base import Process
from watershed_c.kernels.erodibility import TOPSOIL_DEPTH
from watershed_c.names import info
from watershed_c.state import Watershed


class ErodibilityFeedback(Process):
    """K of each cell times what a law says of the change of its organic carbon since the start of the run.

    ``K = K0 law(C) / law(C0)``, each January, C the organic carbon of the upper 20 cm per dry fine earth. The ratio
    stays between 1 / ``largest_change`` and ``largest_change``: the laws are regressions over soils, not over time.

    Parameters
    ----------
    watershed : Watershed
        With the erodibility K0 of the start.
    law : callable
        K of the cells (c,) for organic carbon (c,), kg per kg of dry fine earth.
    largest_change : float, above 1

    Attributes
    ----------
    change : (n,) ratio of K to K0 now
    first_carbon, first_erodibility : (n,) of the start of the run; zero before it
    """

    _name = "ErodibilityFeedback"
    _info = info(reads=("mineral", "stocks"), changes=("erodibility",))
    _cite_as = """@techreport{sharpley1990,
        author = {Sharpley, A. N. and Williams, J. R.},
        title = {{EPIC} - Erosion/Productivity Impact Calculator: 1. Model Documentation},
        institution = {USDA}, number = {Technical Bulletin 1768}, year = {1990}}"""

    def __init__(
        self, watershed: Watershed, *, law: Callable[[np.ndarray], np.ndarray], largest_change: float = 2.0
    ) -> None:
        super().__init__(watershed)
        if not largest_change > 1.0:
            raise ValueError(f"largest_change must be above 1, is {largest_change}")
        self.law, self.largest_change = law, largest_change
        n = watershed.elevation.size
        self.change = np.ones(n)
        self.first_carbon, self.first_erodibility = np.zeros(n), np.zeros(n)
        depth = watershed.layer_bottom - watershed.layer_top
        self._share = np.clip((TOPSOIL_DEPTH - watershed.layer_top) / depth, 0.0, 1.0)

    def memory(self) -> dict[str, np.ndarray]:
        """What the change is counted from."""
        return {
            "change": self.change, "first_carbon": self.first_carbon, "first_erodibility": self.first_erodibility
        }  # fmt: skip

    def start_afresh(self) -> None:
        """Count from here."""
        cells = self.watershed.cells
        self.change[:] = 1.0
        self.first_carbon[cells] = self.topsoil_carbon()
        self.first_erodibility[:] = self.watershed.erodibility

    def topsoil_carbon(self) -> np.ndarray:
        """Organic carbon of the upper 20 cm of the cells (c,), kg per kg of dry fine earth."""
        w = self.watershed
        rows, cells = w.constituents.of_group("soc"), w.cells
        carbon, soil = np.zeros(cells.size), np.zeros(cells.size)
        for layer in np.flatnonzero(self._share):
            stocks = w.stocks[cells, layer]
            carbon += self._share[layer] * stocks[:, rows].sum(axis=1)
            soil += self._share[layer] * (w.mineral[cells, layer] + stocks @ w.constituents.dry_mass_per_unit)
        return np.divide(carbon, soil, out=np.zeros_like(carbon), where=soil > 0.0)  # bare rock

    def run_one_step(self, dt: float) -> None:
        """In the first step of January; not before the run has begun (see :meth:`start_afresh`)."""
        w = self.watershed
        if w.month != 0 or not w.month_begins or not self.first_erodibility.any():
            return
        cells = w.cells
        now, first = self.law(self.topsoil_carbon()), self.law(self.first_carbon[cells])
        ratio = np.divide(now, first, out=np.ones_like(now), where=first > 0.0)
        self.change[cells] = np.clip(ratio, 1.0 / self.largest_change, self.largest_change)
        w.erodibility[cells] = self.first_erodibility[cells] * self.change[cells]

    def findings(self) -> dict[str, float]:
        """Mean change of K since the start, that of the carbon it follows, and their gain d ln K / d ln C."""
        cells = self.watershed.cells
        first = self.first_carbon[cells]
        if not first.any():
            return {}
        carbon = float(np.log(self.topsoil_carbon().sum() / first.sum()))
        erodibility = float(np.log(self.change[cells]).mean())
        gain = erodibility / carbon if abs(carbon) > 1e-12 else 0.0
        at_bound = np.isclose(np.abs(np.log(self.change[cells])), np.log(self.largest_change))
        return {
            "change_of_erodibility": float(np.expm1(erodibility)),
            "change_of_topsoil_carbon": float(np.expm1(carbon)),
            "gain": gain,
            "share_of_cells_at_the_bound": float(at_bound.mean()),
        }
