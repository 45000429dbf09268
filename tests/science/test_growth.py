"""Yield feeds back on the carbon of eroding soil: sign and size, on a slope that erodes fast."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from tests import runs
from watershed_c.simulation import run

SLOPE = {
    "domain.synthetic.length": "60 m", "domain.synthetic.width": "20 m", "time.start": "2001-01",
    "time.end": "2016-12", "land.rules": [{"class": "maize-wheat"}], "carbon.plant_input": "inverted",
    "carbon.initial": {"method": "inversion"}, "processes.carbonate.enabled": False, "soil.sic": None,
    "processes.dissolved_carbon.enabled": False, "climate.erosivity.annual": 9000.0, "output.every": "end",
    "output.maps": ["cSoilOrg", "netEro", "fVertSoil", "yield"], "processes.growth.enabled": True,
}  # fmt: skip


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> dict[float, Path]:
    """Without a loss of productivity, and with that of transects (Bakker et al. 2004)."""
    folder = tmp_path_factory.mktemp("growth")
    return {
        loss: run(
            runs.small(SLOPE, **{"processes.growth.productivity_loss": loss}), output=folder / f"{loss}", quiet=True
        ).directory
        for loss in (0.0, 1.09)
    }  # fmt: skip


def maps(directory: Path, name: str) -> np.ndarray:
    found = runs.arrays(directory / "results.nc")[name]
    return found[:, ~np.isnan(found[0])]


def test_eroding_soil_that_yields_less_loses_more_carbon(pair: dict[float, Path]) -> None:
    stable, falling = pair.values()
    eroding = maps(stable, "netEro")[-1] > 100.0  # 7 cm and more
    loss = [maps(one, "cSoilOrg")[0] - maps(one, "cSoilOrg")[-1] for one in (stable, falling)]
    vertical = [maps(one, "fVertSoil")[-1] for one in (stable, falling)]
    assert eroding.sum() >= 4
    assert (loss[1] > loss[0])[eroding].all() and (vertical[1] < vertical[0])[eroding].all()
    assert (vertical[0][eroding] > 0.0).all(), "under stable yields exhumed soil takes up carbon"
    # Bouchoms et al. (2019): 37 % more loss in the mean of ten catchments, over longer times
    assert 1.01 < loss[1].sum() / loss[0].sum() < 2.0


def test_yields_fall_with_the_soil_that_is_lost(pair: dict[float, Path]) -> None:
    stable, falling = pair.values()
    tables = [list(csv.DictReader((one / "yields.csv").read_text().splitlines())) for one in (stable, falling)]
    for rows in tables:
        assert [row["crop"] for row in rows[:4]] == ["maize", "winter-wheat"] * 2 and len(rows) == 16
    first, last = ([float(rows[i]["yield_t_ha_dry"]) for rows in tables] for i in (0, -1))
    assert first[0] == pytest.approx(8.5, rel=1e-4), "the mean year gives the yield of the crop file"
    assert last[1] < 0.95 * last[0]
    mean = [10.0 * maps(one, "yield")[-1].mean() for one in (stable, falling)]
    for rows, total in zip(tables, mean, strict=True):
        assert sum(float(row["yield_t_ha_dry"]) for row in rows) == pytest.approx(total, rel=1e-4)
