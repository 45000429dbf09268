"""Rule 12: rates that follow the depth and rates that follow the material, and where the two are the same."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from tests import runs
from tests.components.test_decomposition_variants import MODEL, MONTH
from watershed_c.assembly import Assembly, assemble, initialise
from watershed_c.components.decomposition import Decomposition
from watershed_c.components.selectivity import constant_ratios
from watershed_c.components.soil_column import SoilColumn
from watershed_c.constituents import MEMORY, ConstituentTable, soc_pool
from watershed_c.coupling import advance
from watershed_c.errors import ScenarioError
from watershed_c.pools import load_model
from watershed_c.scenario.resolve import resolve
from watershed_c.simulation import resume, run
from watershed_c.state import Watershed

STILL = {"processes.water_erosion.enabled": False, "processes.tillage_erosion.enabled": False}
BOTTOM = np.array([0.10, 0.23, 0.40, 0.70, 1.00])


def column(buried: str, biodiffusivity: float = 0.0) -> tuple[Watershed, Decomposition, SoilColumn]:
    """A balanced soil on level ground, at 12 degC, its water at field capacity."""
    from landlab import RasterModelGrid

    grid = RasterModelGrid((3, 4), xy_spacing=10.0)
    grid.add_zeros("topographic__elevation", at="node")
    rows = [soc_pool(name, carrier) for name, carrier in zip(MODEL.pools, MODEL.carriers, strict=True)]
    w = Watershed(grid, constituents=ConstituentTable([*rows, MEMORY]), layer_bottom=BOTTOM, units=1, pools=5)
    thickness = w.layer_bottom - w.layer_top
    w.mineral[:] = w.reference[:] = 1300.0 * thickness
    w.clay[:], w.temperature[:] = 0.2, 12.0
    w.field_capacity[:], w.wilting_point[:] = 300.0 * thickness, 100.0 * thickness
    w.water[:] = w.field_capacity
    w.stocks[:, :, :5] = 0.01 * w.reference[:, :, None]
    soil_column = SoilColumn(w, biodiffusivity=biodiffusivity, e_folding_depth=math.inf)
    return w, Decomposition(w, MODEL, buried=buried), soil_column


def bury(w: Watershed, depth: float) -> None:
    """Lay topsoil (carbon, memory and all, of the top layer) of this thickness on every cell, ledger told."""
    mass = 1300.0 * depth
    w.deposit_mineral[w.cells] = mass
    w.deposit[w.cells] = w.stocks[w.cells, 0] / w.mineral[w.cells, 0][:, None] * mass
    w.ledger.open()


def months(assembly: Assembly, count: int) -> np.ndarray:
    """Pools (cells, L, P) after so many months; every process proven by the ledger."""
    w, model = assembly.watershed, assembly.model
    for index in range(count):
        advance(w, model.processes, model.clock.step(index))
    return w.stocks[w.cells][:, :, w.constituents.of_group("soc")]


def ready(changes: dict[str, object]) -> Assembly:
    assembly = assemble(resolve(runs.small(changes)))
    initialise(assembly)
    return assembly


def test_without_erosion_the_two_are_the_same() -> None:
    """Ploughing below the calibration depth and soil animals stir the soil; that is no change of place."""
    stirred = {**STILL, "processes.soil_column.biodiffusivity": "2 cm2/yr", "soil.layers": ["15 cm", "15 cm", "20 cm"]}
    found = [ready({**stirred, "processes.decomposition.buried": end}) for end in ("depth", "material")]
    by_depth, by_material = (months(assembly, 18) for assembly in found)
    np.testing.assert_allclose(by_material, by_depth, rtol=1e-12, atol=1e-300)
    w = found[1].watershed
    memory = w.stocks[w.cells, :, w.memory_row] / w.reference[w.cells]
    np.testing.assert_allclose(memory, np.tile(w.depth_factor, (w.cells.size, 1)), rtol=1e-12)
    assert w.depth_factor[0] == 1.0 > w.depth_factor[1] > w.depth_factor[2]


@pytest.mark.parametrize("depth", [0.10, 0.30, 0.80])
def test_buried_topsoil_keeps_its_rate(depth: float) -> None:
    """Below the fresh deposit lies what was topsoil: under "material" as fast as on top."""
    modifiers, left = [], []
    for end in ("depth", "material"):
        w, decomposition, soil_column = column(end)
        before = w.stocks[w.cells[0], :, :5].sum()
        bury(w, depth)
        soil_column.run_one_step(MONTH)
        w.ledger.check("soil_column", soil_column.transforms)
        total = w.stocks[w.cells[0], :, :5].sum()
        assert total > 0.9 * before
        decomposition.run_one_step(MONTH)
        modifiers.append(decomposition.modifier[w.cells[0], :, 0].copy())
        left.append(w.stocks[w.cells[0], :, :5].sum() / total)
        memory = w.stocks[w.cells[0], :, w.memory_row] / w.reference[w.cells[0]]
    by_depth, by_material = modifiers
    assert (by_material >= by_depth * (1.0 - 1e-12)).all() and left[1] < left[0]
    # every layer that now holds nothing but what lay above 23 cm has the topsoil's rate
    topsoil = np.flatnonzero(BOTTOM <= 0.23 + depth + 1e-12)
    np.testing.assert_allclose(by_material[topsoil], by_material[0], rtol=1e-12)
    np.testing.assert_allclose(by_material / by_depth, memory / w.depth_factor, rtol=1e-12)
    assert topsoil.size > 2 or depth < 0.2


def test_exhumed_subsoil_stays_slow() -> None:
    """30 cm are lost from the top: what comes up brings its slow rates, from below the profile those of its base."""
    w, decomposition, soil_column = column("material")
    node = w.cells[0]
    w.mineral[node, :3] -= np.array([130.0, 169.0, 91.0])
    share = w.mineral[node] / w.reference[node]
    w.stocks[node] *= share[:, None]
    w.ledger.open()
    soil_column.run_one_step(MONTH)
    w.ledger.check("soil_column", soil_column.transforms)
    decomposition.run_one_step(MONTH)
    slow, untouched = decomposition.modifier[node, :, 0], decomposition.modifier[w.cells[1], :, 0]
    assert (slow[:-1] < 0.8 * untouched[:-1]).all()
    base = math.exp(-(1.0 - 0.23) / 0.303)
    memory = w.stocks[node, :, w.memory_row] / w.reference[node]
    assert memory[-1] == pytest.approx(base, rel=1e-12) and (np.diff(memory) < 0.0).all()
    # what is left of a layer that was cut is taken as mixed: the top now has the mean of the layer from 23 to 40 cm
    assert memory[0] == pytest.approx(w.depth_factor[2], rel=1e-12)


def test_stirring_leaves_the_memory_where_it_is() -> None:
    """Soil animals carry the buried carbon about; the depth it came from stays with the layer."""
    w, _, soil_column = column("material", biodiffusivity=5e-4)
    w.stocks[:, 3:, :5] *= 0.2
    bury(w, 0.30)
    soil_column.run_one_step(1e-9)
    before = w.stocks[w.cells].copy()
    w.ledger.open()
    for _ in range(24):
        soil_column.run_one_step(MONTH)
        w.ledger.check("soil_column", soil_column.transforms)
    np.testing.assert_array_equal(w.stocks[w.cells, :, w.memory_row], before[:, :, w.memory_row])
    assert np.abs(w.stocks[w.cells, :, 0] / before[:, :, 0] - 1.0).max() > 0.02


def test_erosion_closes_and_keeps_bounds_and_enrichment_leaves_it_alone() -> None:
    enriched = {"law": "constant", "particulate": 2.0, "mineral": 1.5, "bulk": 1.3}
    changes = {"processes.decomposition.buried": "material", "processes.water_erosion.enrichment": enriched}
    assembly = ready(changes)
    w = assembly.watershed
    ratios = constant_ratios(w, {name: ratio for name, ratio in enriched.items() if name != "law"})
    assert ratios[w.memory_row] == 1.0 and (ratios[: w.memory_row] > 1.0).all()
    before = w.stocks[w.cells, :, w.memory_row].sum() * w.cell_area
    months(assembly, 24)
    totals = {term: amount for (label, term), amount in w.ledger.run_totals.amounts.items() if label == "memory"}
    assert totals["water_erosion"] < 0.0 and totals["substratum_import"] > 0.0
    after = (w.stocks[w.cells, :, w.memory_row].sum() + w.deposit[w.cells, w.memory_row].sum()) * w.cell_area
    assert after - before == pytest.approx(sum(t for name, t in totals.items() if "export" not in name), rel=1e-9)
    memory = w.stocks[w.cells, :, w.memory_row] / w.reference[w.cells]
    base = w.substratum[w.cells[0], w.memory_row]
    assert memory.max() <= 1.0 + 1e-12 and memory.min() >= base * (1.0 - 1e-12)
    assert np.ptp(memory[:, 1]) > 0.0


def test_resumed_runs_remember(tmp_path: Path) -> None:
    more = {"output.checkpoint_every": 0.25, "processes.decomposition.buried": "material"}
    changes = {"time.end": "2001-12", **more}
    whole = run(runs.small(changes), output=tmp_path / "whole", quiet=True)

    calls = 0
    original = Decomposition.run_one_step

    class Stop(RuntimeError):
        pass

    def stop(self: Decomposition, dt: float) -> None:
        nonlocal calls
        if self.watershed.ledger.label == "2001-09":
            calls += 1
            raise Stop
        original(self, dt)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Decomposition, "run_one_step", stop)
        with pytest.raises(Stop):
            run(runs.small(changes), output=tmp_path / "broken", quiet=True)
    assert calls == 1
    runs.assert_same_run(whole.directory, resume(tmp_path / "broken", quiet=True).directory)


def test_models_and_words_that_do_not_fit_are_refused() -> None:
    w, *_ = column("depth")
    with pytest.raises(ValueError, match="one of depth, material"):
        Decomposition(w, MODEL, buried="both")
    with pytest.raises(ScenarioError, match="depth factor; yasso07 has none"):
        resolve(runs.small({"processes.decomposition.buried": "material", "carbon.model": "yasso07"}))
    assert not any(law.factor == "depth" for law in load_model("yasso07").dynamic)  # type: ignore[attr-defined]
