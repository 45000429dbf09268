"""What a year, or what is left of one, brought and cost each management unit in nitrogen: a row of ``nitrogen.csv``."""

from __future__ import annotations

import numpy as np

from watershed_c.kernels.nitrogen import FLUXES, add_by_unit
from watershed_c.state import Watershed

#: what a row tells, kg N ha-1: fluxes of cells, and what is the same in all cells of a unit; then what is in the soil
AMOUNTS = (*FLUXES, "fertiliser", "manure_mineral", "manure_organic", "volatilised", "deposition")
COLUMNS = ("rotation", "area_ha", "months", *AMOUNTS, "in_the_soil")
KG_HA = 1e4


class NitrogenYear:
    """Sums of the months since the last row.

    Parameters
    ----------
    watershed : Watershed
    names : tuple of str
        Of the units.
    """

    def __init__(self, watershed: Watershed, names: tuple[str, ...]) -> None:
        self.watershed, self.names = watershed, names
        #: (Q, U) kg N of the cells of each unit per m2 of a cell; cells, over months (U); months
        self._sums, self._cells, self._months = np.zeros((len(AMOUNTS), len(names))), np.zeros(len(names)), np.zeros(1)
        self.rows: list[tuple[object, ...]] = []

    def memory(self) -> dict[str, np.ndarray]:
        """What a restart brings back."""
        return {"year": self._sums, "cells": self._cells, "months": self._months}

    def start_afresh(self) -> None:
        """Forget all."""
        for values in self.memory().values():
            values[:] = 0.0
        self.rows.clear()

    def add(self, fluxes: np.ndarray, *of_unit: np.ndarray) -> None:
        """Add the amounts of a step: ``fluxes`` (F, n) of cells and those (U) of units, kg N m-2."""
        w = self.watershed
        add_by_unit(w.cells, w.unit, fluxes, self._sums)
        cells = np.bincount(w.unit[w.cells], minlength=len(self.names))
        self._sums[len(FLUXES) :] += np.stack(of_unit) * cells
        if w.month_ends:
            self._cells += cells
            self._months += 1.0

    def tell(self) -> None:
        """A row for each unit that had cells, per hectare of those it had on average, and begin anew."""
        w, months = self.watershed, float(self._months[0])
        unit = w.unit[w.cells]
        held = np.bincount(unit, w.nitrogen[w.cells].sum(axis=1), minlength=len(self.names))
        left = np.maximum(np.bincount(unit, minlength=len(self.names)), 1)
        for u in np.flatnonzero(self._cells):
            cells = self._cells[u] / months
            amounts = KG_HA * np.append(self._sums[:, u] / cells, held[u] / left[u])
            row = (cells * w.cell_area / KG_HA, months, *amounts)
            self.rows.append((self.names[u], *(float(f"{value:.6g}") for value in row)))
        for values in self.memory().values():
            values[:] = 0.0
