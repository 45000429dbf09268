"""Size classes on a watershed and in a run: clay leaves, sand stays, texture and the books close."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests import build
from tests.runs import assert_same_run, record, small
from watershed_c.components.texture import Texture
from watershed_c.components.water_erosion import WaterErosion
from watershed_c.simulation import run

CHANGES = {
    "processes.water_erosion.size_classes": True,
    "processes.water_erosion.enrichment": {"law": "none"},
    "processes.water_erosion.ktc_low": 0.5,
    "processes.water_erosion.ktc_high": 2.0,
    "soil.erodibility": {"law": "epic"},
}


def test_export_is_finer_than_the_soil_and_texture_still_sums() -> None:
    w = build.watershed()
    texture = w.constituents.of_group("texture")
    erosion = WaterErosion(w, transport_capacity_coefficient=(0.3, 1.0), size_classes=True)
    w.ledger.start_afresh()
    w.erosivity *= 5.0
    stocks, mineral = w.stocks.sum(axis=(0, 1)), w.mineral.sum()
    laid, laid_mineral = w.deposit.sum(axis=0), w.deposit_mineral.sum()
    for _ in range(6):
        erosion.run_one_step(build.MONTH)
        w.ledger.check("WaterErosion")
    assert w.ledger.worst_residual < 1.0 and erosion.gross_deposition.sum() > 0.0
    cells = w.cells
    np.testing.assert_allclose(w.stocks[cells][:, :, texture].sum(axis=2), w.mineral[cells], rtol=1e-12)
    laid_down = w.deposit[cells][:, texture].sum(axis=1)
    np.testing.assert_allclose(laid_down, w.deposit_mineral[cells], rtol=1e-12, atol=1e-15)
    lost = stocks - w.stocks.sum(axis=(0, 1)), mineral - w.mineral.sum()
    kept = w.deposit.sum(axis=0) - laid, w.deposit_mineral.sum() - laid_mineral
    detached, deposited = lost[0] / lost[1], kept[0] / kept[1]
    export = (lost[0] - kept[0]) / (lost[1] - kept[1])
    clay, _, sand = texture
    assert export[clay] > 1.02 * detached[clay] > detached[clay] > deposited[clay]
    assert export[sand] < detached[sand] < deposited[sand]


def test_topsoil_texture_reaches_the_pool_models_in_january() -> None:
    w = build.watershed()
    texture = Texture(w, erodibility=lambda sand, clay: 0.02 + 0.1 * clay)
    clay = w.constituents.of_group("texture")
    w.stocks[:, :, clay[1]] += 0.25 * w.stocks[:, :, clay[0]]  # a quarter of the clay turns silt
    w.stocks[:, :, clay[0]] *= 0.75
    before = w.clay.copy()
    w.at(build.CLOCK.step(4))
    texture.run_one_step(build.MONTH)
    np.testing.assert_array_equal(w.clay, before)
    w.at(build.CLOCK.step(12))
    texture.run_one_step(build.MONTH)
    np.testing.assert_allclose(w.clay[w.cells], 0.75 * before[w.cells], rtol=1e-12)
    np.testing.assert_allclose(w.erodibility[w.cells], 0.02 + 0.075 * before[w.cells], rtol=1e-12)


def test_a_run_has_the_same_bits_on_one_thread_and_two(tmp_path: Path) -> None:
    first = run(small(CHANGES, **{"output.dir": str(tmp_path / "a")}), quiet=True)
    assert first.budget.worst_cell < 1.0
    assert record(tmp_path / "a")["status"] == "done"
    assert record(tmp_path / "a")["constituents"][-3:] == ["clay", "silt", "sand"]
    again = run(small(CHANGES, **{"output.dir": str(tmp_path / "b"), "numerics.threads": 2}), quiet=True)
    assert again.budget.gross_erosion == pytest.approx(first.budget.gross_erosion, rel=0.0)
    assert_same_run(tmp_path / "a", tmp_path / "b")
