"""What minerals hold of what they could."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests import build, runs
from watershed_c.errors import ScenarioError
from watershed_c.saturation import FINE_SILT, GEORGIOU, Saturation, capacity
from watershed_c.scenario.resolve import resolve
from watershed_c.simulation import run


def test_capacities_are_those_of_the_papers() -> None:
    """54 % below 20 um hold 4.09 + 0.37 x 54 = 24.07 g C per kg soil; 60 % clay and silt 51.6 and 28.8."""
    clay, soil = np.array([0.30]), np.array([1000.0])
    silt = (0.54 - clay) / FINE_SILT
    assert capacity("hassink", clay, silt, soil, soil) == pytest.approx([24.07], rel=1e-12)
    for law, expected in {"georgiou_high_activity": 51.6, "georgiou_low_activity": 28.8}.items():
        assert capacity(law, clay, np.array([0.30]), soil, 2.0 * soil) == pytest.approx([expected], rel=1e-12)
    assert pytest.approx(0.7153, abs=1e-4) == FINE_SILT  # 20 um on the way from 2 to 50, logarithmic
    with pytest.raises(ValueError, match="law must be one of hassink"):
        capacity("six", clay, silt, soil, soil)


@pytest.mark.parametrize("name", ["rothc", "mimics"])
def test_any_pool_model_by_its_carriers(name: str) -> None:
    """Pools that the folder calls mineral count, whatever the model; texture that soil carries goes before the map."""
    w = build.watershed(name=name)
    model = build.pool_model(name)
    mineral = [pool for pool, carrier in zip(model.pools, model.carriers, strict=True) if carrier == "mineral"]
    assert mineral and len(mineral) < len(model.pools)
    maps = Saturation(w, "georgiou_low_activity", np.full(w.clay.size, np.nan)).maps()
    share = np.array([1.0, 1.0, 1.0, 0.2, 0.0])  # of 5, 10, 25, 50, 100 cm
    rows = [w.constituents.index(pool) for pool in mineral]
    held = w.stocks[:, :, rows].sum(axis=2) @ share
    fine = w.stocks[:, :, w.constituents.of_group("texture")[:2]].sum(axis=2)
    most = GEORGIOU["georgiou_low_activity"] * fine @ share
    cells = w.cells
    np.testing.assert_allclose(maps["maomSaturation"][cells], held[cells] / most[cells], rtol=1e-12)
    np.testing.assert_allclose(maps["maomDeficit"][cells], (most - held)[cells], rtol=1e-12)


def test_maps_of_a_run(tmp_path: Path) -> None:
    changes = {
        "output.maps": ["maomSaturation", "maomDeficit"], "time.end": "2001-06",
        "output.maom_capacity": "georgiou_high_activity",
    }  # fmt: skip
    done = run(runs.small(changes), output=tmp_path / "run", quiet=True)
    with done.ds as dataset:
        saturation, deficit = dataset.maomSaturation[0].values, dataset.maomDeficit[0].values
        assert dataset.maomSaturation.units == "1" and dataset.maomDeficit.units == "kg m-2"
    known = np.isfinite(saturation)
    # 80 % clay and silt, 1.35 g cm-3, 30 cm: 26 kg C m-2 of room or filled
    most = deficit[known] / (1.0 - saturation[known])
    assert most == pytest.approx(0.086 * 0.8 * 1350.0 * 0.3, rel=0.08)
    assert (saturation[known] < 0.5).all()
    assert any("Georgiou" in text for text in runs.record(done.directory)["citations"])


def test_texture_is_needed() -> None:
    changes = {"output.maps": ["maomDeficit"], "soil.sand": None, "processes.soil_water.enabled": False}
    changes |= {"processes.carbonate.enabled": False, "processes.dissolved_carbon.enabled": False}
    with pytest.raises(ScenarioError, match="maomDeficit in output.maps needs texture"):
        resolve(runs.small(changes), overwrite=True)
