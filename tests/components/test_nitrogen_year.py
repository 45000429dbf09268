"""The row of a year: per hectare that a unit had on average, whatever it has in December, to the end of the run."""

from __future__ import annotations

import numpy as np
import pytest

from tests import build
from watershed_c.components.nitrogen_year import AMOUNTS, COLUMNS, NitrogenYear
from watershed_c.kernels.nitrogen import FLUXES


def test_land_that_changes_counts_by_its_months() -> None:
    w = build.watershed(shape=(4, 5), channel=False)
    year, cells = NitrogenYear(w, ("kept", "gained", "lost")), w.cells
    w.unit[cells] = 0
    fluxes, of_unit = np.full((len(FLUXES), w.unit.size), 1e-4), np.array([2e-4, 0.0, 0.0])
    for month in range(8):
        w.at(build.step(month))
        w.unit[cells[:2]] = 2 if month < 6 else 1
        year.add(fluxes, *([of_unit] * (len(AMOUNTS) - len(FLUXES))))
    year.tell()
    told = {row[0]: dict(zip(COLUMNS[1:], row[1:], strict=True)) for row in year.rows}
    area = 2 * w.cell_area / 1e4
    for name, share in (("lost", 0.75), ("gained", 0.25)):
        assert told[name]["area_ha"] == pytest.approx(share * area)
    for name, row in told.items():
        assert row["months"] == 8.0 and row["taken_up"] == pytest.approx(8.0), name  # 1 kg ha-1 a month
        assert row["fertiliser"] == pytest.approx(16.0 if name == "kept" else 0.0)
    year.tell()
    assert len(year.rows) == 3, "it begins anew"
