"""Liming: what is spread of lime and gypsum, and what inventories say of its CO2."""

from __future__ import annotations

import numpy as np

from watershed_c.components.base import Process
from watershed_c.constituents import DOLOMITE_LIME, GYPSUM, LIME
from watershed_c.ledger import Term
from watershed_c.names import info
from watershed_c.state import Watershed


class Liming(Process):
    """Spread lime on the top layer: its minerals into rows of their own, carbonate by size; quicklime into water.

    Tillage mixes it in, erosion takes it with soil, ``Carbonate`` or ``MineralCarbonate`` dissolves it.

    Parameters
    ----------
    watershed : Watershed
        With the constituent rows of lime, and of gypsum and dolomitic lime where that is spread.
    carbon, dolomite : (materials, 3) array, kg C per kg of material
        Of fine, medium and coarse particles of calcite and of dolomite.
    sulfur : (materials,) array, kg S per kg
        Of gypsum.
    calcium : (materials,) array, kg per kg
        What dissolves at once.
    factors : (materials, 2) array, kg C per kg
        CO2-C by IPCC 2006 and by West & McBride (2005).
    """

    _name = "Liming"
    _info = info(reads=("unit",), changes=("stocks", "calcium"))
    changes_only = ("sic", "gypsum")
    ledger_terms = {"lime": Term("vertical", "Brought by lime and gypsum")}

    def __init__(
        self,
        watershed: Watershed,
        *,
        carbon: np.ndarray,
        dolomite: np.ndarray,
        sulfur: np.ndarray,
        calcium: np.ndarray,
        factors: np.ndarray,
    ) -> None:
        super().__init__(watershed)
        missing = [row.name for row in LIME if row.name not in watershed.constituents.names]
        if missing:
            raise ValueError(f"liming needs the constituents {', '.join(missing)}")
        self._contents = [(row.name, carbon[:, k]) for k, row in enumerate(LIME)]
        self._contents += [(row.name, dolomite[:, k]) for k, row in enumerate(DOLOMITE_LIME)]
        self._contents += [(GYPSUM.name, sulfur), ("calcium", calcium)]
        self._factors = factors
        self._amount = watershed.work(0)
        #: kg of the domain since the start: carbon brought, CO2-C by both factors
        self._told = np.zeros(3)

    def memory(self) -> dict[str, np.ndarray]:
        """What is told at the end."""
        return {"told": self._told}

    def start_afresh(self) -> None:
        """Begin what is told at the end."""
        self._told[:] = 0.0

    def findings(self) -> dict[str, float]:
        """Three accounts of the CO2 of lime, t C: two by factor, one by what this run's inorganic carbon gave off."""
        if not self._told.any():
            return {}
        brought, ipcc, west = (float(value) for value in 1e-3 * self._told)
        vertical = ("carbonic_acid_weathering", "precipitation_degassing", "strong_acid_degassing", "dic_gas_exchange")
        amounts = self.watershed.ledger.run_totals.amounts
        explicit = -1e-3 * sum(amounts.get(("dic", term), 0.0) for term in vertical)
        return {
            "carbon of lime, t C": brought,
            "CO2 of lime by IPCC 2006, t C": ipcc,
            "CO2 of lime by West & McBride 2005, t C": west,
            "CO2 given off by inorganic carbon, t C": explicit,
        }

    def run_one_step(self, dt: float) -> None:
        """Spread and book what the calendar has for the step."""
        w, spread = self.watershed, self.watershed.units.lime
        if not spread.any():
            return
        unit = w.unit[w.cells]
        for account, content in self._contents:
            per_unit = spread @ content
            if not per_unit.any():
                continue
            self._amount[w.cells] = per_unit[unit]
            if account == "calcium":
                w.calcium[w.cells, 0] += per_unit[unit]
            elif account not in w.constituents.names:
                raise ValueError(f"what is spread needs the constituent {account}")
            else:
                row = w.constituents.index(account)
                w.stocks[w.cells, 0, row] += per_unit[unit]
                if w.constituents.rows[row].group == "sic":
                    self._told[0] += float(per_unit[unit].sum()) * w.cell_area
            w.ledger.book("lime", account, self._amount)
        self._told[1:] += (spread @ self._factors)[unit].sum(axis=0) * w.cell_area
