"""The water erosion process on a watershed: books close, terrain is followed, bad parameters are refused."""

from __future__ import annotations

import numpy as np
import pytest
from landlab import RasterModelGrid

from watershed_c.components.selectivity import constant_ratios, organic_rows
from watershed_c.components.water_erosion import WaterErosion
from watershed_c.constituents import CARBONATE, Constituent, ConstituentTable, soc_pool
from watershed_c.kernels.flow_routing import in_flow_order
from watershed_c.kernels.support_practice import BY_SLOPE, PRACTICES, SLOPE_CLASSES
from watershed_c.state import Watershed

SHAPE = (24, 18)
TABLE = ConstituentTable((soc_pool("fast", "particulate"), soc_pool("slow", "mineral"), *CARBONATE))


def route(w: Watershed) -> None:
    """Steepest descent of the current surface, by the book; a pit has no receiver."""
    columns = SHAPE[1]
    reaches = w.active.copy()
    reaches[w.outlets] = True
    n = w.elevation.size
    w.order = np.flatnonzero(w.active)[np.argsort(-w.elevation[w.active], kind="stable")]
    receivers, weights = np.full((n, 1), -1, dtype=np.int64), np.zeros((n, 1))
    w.drainage_area[:] = np.where(w.active, w.cell_area, 0.0)
    for node in w.order:
        steps = {
            (node + dy * columns + dx): (dx * dx + dy * dy) ** 0.5 for dx in (-1, 0, 1) for dy in (-1, 0, 1) if dx or dy
        }
        drop = {to: (w.elevation[node] - w.elevation[to]) / far for to, far in steps.items() if reaches[to]}
        to = max(drop, key=drop.get)
        if drop[to] > 0:
            receivers[node], weights[node] = to, 1.0
            w.drainage_area[to] += w.drainage_area[node]
    w.first_receiver, w.receivers, w.weights = in_flow_order(w.order, receivers, weights)
    for along, out in ((1, w.gradient_x), (columns, w.gradient_y)):
        inside = w.cells
        here = w.elevation[inside]
        up, down = (np.where(reaches[inside + by], w.elevation[inside + by], here) for by in (along, -along))
        span = reaches[inside + along].astype(float) + reaches[inside - along]
        out[inside] = (up - down) / (np.maximum(span, 1.0) * w.dx)
    w.routing_version += 1


def has_receiver(w: Watershed) -> np.ndarray:
    drains = np.zeros(w.elevation.size, dtype=bool)
    drains[w.order] = np.diff(w.first_receiver) > 0
    return drains


def make(dx: float = 20.0, seed: int = 3, channel: bool = True, rough: float = 0.6) -> Watershed:
    random = np.random.default_rng(seed)
    grid = RasterModelGrid(SHAPE, xy_spacing=dx)
    row, column = np.divmod(np.arange(grid.number_of_nodes), SHAPE[1])
    valley = 0.06 * dx * row + 0.03 * dx * np.abs(column - 9) + rough * random.random(row.size)
    grid.add_field("topographic__elevation", valley, at="node", units="m")
    grid.set_closed_boundaries_at_grid_edges(True, True, True, False)
    river = (column == 9) & (row < 8) if channel else None
    w = Watershed(grid, constituents=TABLE, layer_bottom=np.array([0.1, 0.3, 1.0]), channel=river, units=2)
    w.mineral[w.cells] = np.array([135.0, 280.0, 1000.0])
    w.stocks[w.cells] = w.mineral[w.cells][:, :, None] * random.uniform(0.001, 0.02, (w.cells.size, 3, 4))
    w.erosivity[:], w.erodibility[:] = 100.0, 0.04
    w.unit[column > 8] = 1
    w.units.cover_factor[:] = w.units.cover_factor_annual[:] = (0.3, 0.005)
    route(w)
    w.ledger.open()
    return w


def test_books_close_and_export_is_what_was_lost() -> None:
    w = make()
    erosion = WaterErosion(w, enrichment={"particulate": 2.0}, depressions="breach")
    mineral, stocks = w.mineral.sum(), w.stocks.sum(axis=(0, 1))
    for _ in range(3):
        erosion.run_one_step(1 / 12)
        w.ledger.check("WaterErosion")
    totals = w.ledger.close()
    assert totals["soil", "water_erosion"] == pytest.approx(-totals["soil", "water_erosion_export"], rel=1e-12)
    lost = mineral - w.mineral.sum() - w.deposit_mineral.sum()
    assert lost * w.cell_area == pytest.approx(totals["soil", "water_erosion_export"], rel=1e-9)
    assert lost > 0 and w.deposit_mineral.sum() > 0
    carbon = (stocks - w.stocks.sum(axis=(0, 1)) - w.deposit.sum(axis=0))[:2].sum()
    assert carbon * w.cell_area == pytest.approx(totals["soc", "water_erosion_export"], rel=1e-9)
    dry = (erosion.gross_erosion - erosion.gross_deposition).sum()
    assert erosion.exported.sum() == pytest.approx(dry, rel=1e-10)
    assert erosion.exported[w.channel].sum() > 0 and not erosion.exported[w.is_soil].any()


def test_potential_is_the_product_of_its_factors() -> None:
    w = make(channel=False)
    w.units.practice_factor[:] = 0.5
    erosion = WaterErosion(w)
    erosion.run_one_step(1 / 12)
    cover = np.where(w.unit == 0, 0.3, 0.005)[w.cells]
    expected = 0.1 * 100.0 * 0.04 * erosion.ls[w.cells] * cover * 0.5
    np.testing.assert_allclose(erosion._potential[w.cells], expected, rtol=1e-13)
    assert (erosion._eroded <= erosion._potential * (1 + 1e-14)).all()


def test_practice_by_slope_multiplies_the_potential() -> None:
    w = make(channel=False, rough=4.0)
    erosion = WaterErosion(w)
    erosion.run_one_step(1 / 12)
    bare = erosion._potential.copy()
    fresh = make(channel=False, rough=4.0)
    fresh.units.practice[:] = (PRACTICES.index("contouring"), 0)
    with_practice = WaterErosion(fresh)
    with_practice.run_one_step(1 / 12)
    cells = fresh.cells
    ratio = with_practice._potential[cells] / bare[cells]
    tangent = np.hypot(fresh.gradient_x, fresh.gradient_y)[cells]
    class_of = np.digitize(tangent, SLOPE_CLASSES)
    expected = np.where(fresh.unit[cells] == 0, BY_SLOPE[1][class_of], 1.0)
    np.testing.assert_allclose(ratio, expected, rtol=1e-13)
    assert np.unique(expected).size > 3


def test_low_cover_class_has_the_low_coefficient() -> None:
    w = make(channel=False)
    w.units.cover_factor_annual[:] = (0.18, 0.05)  # a ploughed field, grass
    erosion = WaterErosion(w, transport_capacity_coefficient=(2.0, 8.0))
    erosion.run_one_step(1 / 12)
    assert erosion.loss._factors()[2].tolist() == [8.0, 2.0]
    assert not erosion.warnings


def test_trapped_sediment_stays_in_depressions() -> None:
    trapped, breached = make(), make()
    pit = trapped.is_soil & (np.arange(trapped.elevation.size) // SHAPE[1] == 12)
    trapped.in_depression, breached.in_depression = pit, pit
    for w, rule in ((trapped, "trap"), (breached, "breach")):
        WaterErosion(w, depressions=rule).run_one_step(1 / 12)
        w.ledger.check("WaterErosion")
    drains = pit & has_receiver(breached)
    assert drains.any() and trapped.deposit_mineral[drains].sum() > 0
    assert breached.deposit_mineral[drains].sum() == 0


def test_sinks_are_listed_and_keep_their_sediment() -> None:
    w = make(rough=6.0)
    erosion = WaterErosion(w)
    erosion.run_one_step(1 / 12)
    w.ledger.check("WaterErosion")
    assert erosion.sinks.size and not has_receiver(w)[erosion.sinks].any()
    assert not erosion.gross_erosion[erosion.sinks].any() and erosion.gross_deposition[erosion.sinks].sum() > 0


def test_ls_follows_the_terrain() -> None:
    w = make()
    erosion = WaterErosion(w)
    erosion.run_one_step(1 / 12)
    before = erosion.ls.copy()
    w.elevation *= 1.5
    erosion.run_one_step(1 / 12)
    np.testing.assert_array_equal(erosion.ls, before)
    route(w)
    erosion.run_one_step(1 / 12)
    assert (erosion.ls[w.cells] > before[w.cells]).mean() > 0.9


def test_upslope_area_is_capped_at_the_channel_area() -> None:
    free, capped = make(channel=False), make(channel=False)
    one, two = WaterErosion(free), WaterErosion(capped, channel_area=4000.0)
    one.run_one_step(1 / 12)
    two.run_one_step(1 / 12)
    above = free.is_soil & (free.drainage_area - free.cell_area > 4000.0)
    assert above.any() and (two.ls[above] < one.ls[above]).all()
    np.testing.assert_array_equal(one.ls[free.is_soil & ~above], two.ls[free.is_soil & ~above])


def test_no_rain_moves_nothing() -> None:
    w = make()
    w.erosivity[:] = 0.0
    mineral = w.mineral.copy()
    erosion = WaterErosion(w)
    erosion.run_one_step(1 / 12)
    w.ledger.check("WaterErosion")
    np.testing.assert_array_equal(w.mineral, mineral)
    assert not erosion.exported.any()


def test_uncalibrated_coefficient_and_coarse_cells_are_said() -> None:
    assert any("WaTEM/SEDEM" in warning for warning in WaterErosion(make(dx=10.0)).warnings)
    coarse = WaterErosion(make(dx=90.0), transport_capacity_coefficient=(3.0, 12.0)).warnings
    assert len(coarse) == 1 and "90 m" in coarse[0]


def test_isotope_twin_is_enriched_like_its_parent() -> None:
    w = make()
    w.constituents = ConstituentTable(
        (soc_pool("fast", "particulate"), Constituent("twin", "c14", 0.0, "bulk", "fast"), *CARBONATE)
    )
    np.testing.assert_array_equal(constant_ratios(w, {"particulate": 1.7}), [1.7, 1.7, 1.0, 1.0])
    assert organic_rows(w).tolist() == [True, True, False, False]


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"model": "wepp"}, "model must be one of"),
        ({"model": "mmf"}, "mmf parameters"),
        ({"model": "musle", "storm_hours": 0.0}, "storm_hours"),
        ({"length_exponent": "moore"}, "length_exponent"),
        ({"slope_factor": "x"}, "slope_factor"),
        ({"capacity": "x"}, "capacity"),
        ({"capacity": "verstraeten_2007"}, "no default"),
        ({"transport_capacity_coefficient": (0.0, 1.0)}, "above 0"),
        ({"cover_threshold": 1.5}, "cover_threshold"),
        ({"channel_area": 0.0}, "channel_area"),
        ({"depressions": "fill"}, "depressions"),
        ({"enrichment": {"clay": 1.2}}, "carrier"),
        ({"enrichment": {"bulk": -1.0}}, "at least 0"),
        ({"enrichment_law": "lal"}, "enrichment law must be one of"),
        ({"enrichment_law": "menzel_1980", "events_per_year": 0.0}, "events_per_year must be above 0"),
        ({"enrichment_law": "watem_c", "largest_enrichment": 0.5}, "at least 1"),
        ({"enrichment_law": "watem_c", "enrichment": {"bulk": 1.5}}, "one selectivity"),
        ({"size_classes": True, "enrichment_law": "watem_c"}, "one selectivity"),
        ({"size_classes": True}, "needs the texture"),
        ({"transit_mineralisation": 1.2}, "transit_mineralisation"),
        ({"downstream_mineralisation": -0.1}, "downstream_mineralisation"),
    ],
)
def test_bad_parameters_are_refused(parameters: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        WaterErosion(make(), **parameters)
