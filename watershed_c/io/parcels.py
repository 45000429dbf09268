"""Balance of soil organic carbon of every parcel, in both control volumes, as a table."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from watershed_c.ledger import KINDS
from watershed_c.state import Watershed

#: kg -> t
TONNES = 1e-3
#: m2 -> ha
HECTARES = 1e-4
COLUMNS = (
    "parcel", "land_use", "cells", "area_ha", "soc_start_t", "soc_end_t", "change_t", *(f"{kind}_t" for kind in KINDS),
    "residual_t", "change_same_material_t",
)  # fmt: skip


class ParcelTable:
    """``parcels.csv``: a row for each parcel, and one for the cells of no parcel, at the end of a run.

    ``change`` is that of the column below the moving surface; it is ``vertical + lateral + substratum + internal``, to
    the ``residual``. ``change_same_material`` is that of the soil that was there at the start, with what was carried
    off it and laid on it: all but the substratum (:mod:`watershed_c.ledger`).

    Parameters
    ----------
    directory : Path
    watershed : Watershed
    number : (n,) int64
        Number of the parcel of each node as the user's map has it, -1: none.
    land_use : (n,) int64, names : sequence of str
        Class of each node.
    """

    def __init__(
        self, directory: Path, watershed: Watershed, number: np.ndarray, land_use: np.ndarray, names: tuple[str, ...]
    ) -> None:
        self.file, self._watershed = directory / "parcels.csv", watershed
        cells = watershed.cells
        pairs = np.column_stack((number[cells], land_use[cells]))
        self._rows, self._row = np.unique(pairs, axis=0, return_inverse=True)
        self._row = self._row.reshape(-1)
        self._names = names
        self._start = np.zeros(watershed.elevation.size)

    def memory(self) -> dict[str, np.ndarray]:
        """Stock at the start."""
        return {"soc_start": self._start}

    def start(self) -> None:
        """The run begins."""
        self._start[:] = self._stock()

    def _stock(self) -> np.ndarray:
        """(n) kg m-2 in the soil and, where the run has them apart, in the residues on it."""
        w = self._watershed
        soil = w.stock("soc")
        return soil + w.residue.reshape(soil.size, -1).sum(axis=1) if w.has_residues else soil

    def _sum(self, values: np.ndarray) -> np.ndarray:
        """t of each parcel, of (n,) kg m-2."""
        w = self._watershed
        return np.bincount(self._row, values[w.cells], self._rows.shape[0]) * w.cell_area * TONNES

    def finish(self) -> None:
        """Write the table."""
        w = self._watershed
        count = np.bincount(self._row, minlength=self._rows.shape[0])
        start, end = self._sum(self._start), self._sum(self._stock())
        kinds = [self._sum(w.ledger.soc_by_kind[kind]) for kind in KINDS]
        change, explained = end - start, np.sum(kinds, axis=0)
        same = explained - kinds[KINDS.index("substratum")]
        amounts = np.column_stack((start, end, change, *kinds, change - explained, same))
        part = self.file.with_suffix(".csv.part")
        with part.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.writer(handle, lineterminator="\n")
            writer.writerow(COLUMNS)
            for (number, land_use), cells, row in zip(self._rows, count, amounts, strict=True):
                area = repr(float(cells * w.cell_area * HECTARES))
                known = ("" if number < 0 else int(number), self._names[land_use], int(cells), area)
                writer.writerow([*known, *(repr(float(amount)) for amount in row)])
        part.replace(self.file)
