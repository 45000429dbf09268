"""Biochar that lies loose on the surface: water takes it before the soil it lies on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from watershed_c.kernels.sediment import Selectivity
from watershed_c.state import Watershed

if TYPE_CHECKING:
    from watershed_c.management.tables import UnitTables

#: carrier of the pool of biochar, which is its name, too
CHAR = "char"
#: enrichment of char that lies loose: a prior, 1 to 12. In simulated rain 7 to 55 % (Rumpel et al. 2009, Geoderma 154,
#: 131) and 10 to 61 % (Belle et al. 2021, Biogeosciences 18, 1105) of what was laid on the surface moved sideways
LOOSE_ENRICHMENT = 2.0
#: yr in which 1/e of it stays loose without tillage: a prior, 0.5 to 10. Of char on the surface 23 to 46 % went down
#: into the soil in one simulated rain (Rumpel et al. 2009)
SETTLES = 2.0


class LooseChar:
    """How much of the char in the uppermost layer lies loose on it, and what that does to its enrichment.

    What is laid on the surface is loose; a pass buries the share of it that it buries of residues, the rest settles
    with time, and erosion takes loose char first. What is worked in, or comes with sediment, is as enriched as other
    organic carbon: char that was mixed into soil was not removed preferentially (Seitz et al. 2020, Water 12, 2774).

    Parameters
    ----------
    watershed : Watershed
        With the row ``CHAR``.
    tables : UnitTables
    first_year : int
        As of cropping.
    enrichment : float, at least 0
        Ratio of loose char.
    settles : float, yr, above 0
        e-folding time of what lies loose.

    Attributes
    ----------
    loose : (n,) kg C m-2
    """

    def __init__(
        self,
        watershed: Watershed,
        *,
        tables: UnitTables,
        first_year: int,
        enrichment: float = LOOSE_ENRICHMENT,
        settles: float = SETTLES,
    ) -> None:
        if not (enrichment >= 0.0 and settles > 0.0):
            raise ValueError(f"char needs an enrichment of at least 0 and a time above 0, has {enrichment}, {settles}")
        self.watershed, self.tables, self.first_month = watershed, tables, 12 * first_year
        self.enrichment, self.settles = float(enrichment), float(settles)
        self.row = watershed.constituents.index(CHAR)
        n = watershed.elevation.size
        self.loose, self._share, self._ratio = np.zeros(n), np.zeros(n), np.ones(n)
        self._over_usual = self.enrichment

    def selectivity(self, constant: np.ndarray) -> Selectivity:
        """Constant ratios (K) of the other rows, and that of char cell by cell."""
        self._over_usual = self.enrichment / constant[self.row] if constant[self.row] > 0.0 else 0.0
        follows = self.watershed.constituents.parent == self.row  # twins keep their ratio to it
        follows[self.row] = True
        return Selectivity(constant, follows, self._ratio, self._judge)

    def _judge(self) -> None:
        """Ratio of char by the share of it that lies loose in this step."""
        cells, stock = self.watershed.cells, self.watershed.stocks[:, 0, self.row]
        held = stock[cells]
        loose = np.minimum(self.loose[cells], held)
        self._share[cells] = np.divide(loose, held, out=np.zeros_like(held), where=held > 0.0)
        self._ratio[cells] = 1.0 + (self._over_usual - 1.0) * self._share[cells]

    def follow(self, net: np.ndarray, dt: float) -> None:
        """What erosion took (``net`` (n, K), negative where lost), then passes, time and arrivals of ``dt`` yr."""
        w, cells = self.watershed, self.watershed.cells
        share = self._share[cells]
        taken = np.maximum(-net[cells, self.row], 0.0) * self._over_usual * share / self._ratio[cells]
        left = np.full(len(self.tables.names), np.exp(-dt / self.settles))
        for event in w.units.tillage:
            left[event.unit] *= 1.0 - event.burial
        arriving = self.tables.at(self.tables.char_laid, w.calendar_month - self.first_month) * 12.0 * dt
        unit = w.unit[cells]
        self.loose[cells] = np.maximum(self.loose[cells] - taken, 0.0) * left[unit] + arriving[unit]
