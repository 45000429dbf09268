"""The flow router: what it publishes, when it routes anew, and that all water arrives."""

from __future__ import annotations

import numpy as np
import pytest
from landlab import RasterModelGrid
from scipy import ndimage

from watershed_c.components.flow_routing import FlowRouter
from watershed_c.constituents import ConstituentTable, soc_pool
from watershed_c.names import STATE
from watershed_c.state import Watershed

MONTH = 1.0 / 12.0
SECONDS_PER_YEAR = 365.25 * 86400.0


def terrain(rows: int = 40, cols: int = 30, seed: int = 1) -> np.ndarray:
    """Rough slope with pits."""
    rng = np.random.default_rng(seed)
    z = ndimage.gaussian_filter(rng.standard_normal((rows, cols)), 3.0) * 20.0
    return z + 0.1 * np.arange(rows)[:, None] + 0.03 * rng.standard_normal((rows, cols))


def watershed_of(z: np.ndarray, closed: np.ndarray | None = None, spacing=(10.0, 10.0)) -> Watershed:
    """Catchment that is open all round, with ``closed`` nodes outside of it."""
    grid = RasterModelGrid(z.shape, xy_spacing=spacing)
    grid.add_field("topographic__elevation", z.ravel().copy(), at="node")
    if closed is not None:
        grid.status_at_node[closed.ravel()] = grid.BC_NODE_IS_CLOSED
    table = ConstituentTable([soc_pool("carbon", "mineral")])
    return Watershed(grid, constituents=table, layer_bottom=np.array([0.1, 0.3]))


def wet(watershed: Watershed, seed: int = 0) -> float:
    """Give every cell runoff and baseflow (kg m-2); return their sum over the catchment, m3."""
    rng = np.random.default_rng(seed)
    cells = watershed.cells
    watershed.runoff[cells] = 40.0 * rng.random(cells.size)
    watershed.baseflow[cells] = 10.0 * rng.random(cells.size)
    depth = watershed.runoff[cells] + watershed.baseflow[cells]
    return float(depth.sum()) * watershed.cell_area / 1000.0


@pytest.mark.parametrize("method", ["d8", "multiple"])
def test_all_area_and_all_water_arrive(method):
    w = watershed_of(terrain(), spacing=(10.0, 25.0))
    volume = wet(w)
    router = FlowRouter(w, method=method)
    router.run_one_step(MONTH)
    assert w.drainage_area[w.outlets].sum() == pytest.approx(w.cells.size * 250.0, rel=1e-12)
    assert w.discharge[w.outlets].sum() * MONTH * SECONDS_PER_YEAR == pytest.approx(volume, rel=1e-12)
    assert np.array_equal(np.sort(w.order), w.cells)
    count = np.diff(w.first_receiver)
    assert count.min() == 1 and (count.max() == 1 if method == "d8" else 1 < count.max() <= 8)
    assert w.receivers.size == w.weights.size == count.sum()
    np.testing.assert_allclose(np.add.reduceat(w.weights, w.first_receiver[:-1]), 1.0, atol=1e-14)


def test_steepest_descent_is_published_whatever_the_method():
    single, multiple = watershed_of(terrain()), watershed_of(terrain())
    FlowRouter(single, method="d8")
    FlowRouter(multiple, method="multiple")
    for attribute in ("receiver", "steepest_slope", "filled_elevation"):
        np.testing.assert_array_equal(getattr(single, attribute), getattr(multiple, attribute))
    np.testing.assert_array_equal(single.receiver[single.order], single.receivers)
    np.testing.assert_array_equal(single.receiver[single.outlets], single.outlets)
    assert not np.array_equal(single.drainage_area, multiple.drainage_area)
    # steepest of the eight, by hand, where the surface was not filled
    z, level = terrain(), single.filled_elevation.reshape(single.shape)
    for node in single.cells[::7]:
        row, col = divmod(int(node), single.shape[1])
        if (level != z)[row - 1 : row + 2, col - 1 : col + 2].any():
            continue
        descents = {
            (i, j): (z[row, col] - z[row + i, col + j]) / (10.0 * np.hypot(i, j))
            for i in (-1, 0, 1)
            for j in (-1, 0, 1)
            if i or j
        }
        i, j = max(descents, key=descents.get)
        assert single.receiver[node] == node + i * single.shape[1] + j
        assert single.steepest_slope[node] == pytest.approx(descents[i, j], rel=1e-12)


def test_fields_are_landlabs_and_its_components_read_them():
    """Height above drainage from our fields equals that from Landlab's own router (no pits, no ties)."""
    components = pytest.importorskip("landlab.components")
    rng = np.random.default_rng(4)
    y, x = np.indices((30, 30)) * 10.0
    z = 0.05 * y + 0.002 * abs(x - 152.0) * np.sqrt(y + 10) + 1e-4 * rng.random((30, 30))
    w = watershed_of(z)
    FlowRouter(w, method="d8")
    assert not w.in_depression.any()

    theirs = RasterModelGrid(z.shape, xy_spacing=10.0)
    theirs.add_field("topographic__elevation", z.ravel().copy(), at="node")
    components.FlowAccumulator(theirs, flow_director="FlowDirectorD8").run_one_step()
    np.testing.assert_allclose(theirs.at_node["drainage_area"], w.drainage_area, rtol=1e-12)
    heights = []
    for grid in (w.grid, theirs):
        grid.add_field("channel__mask", (grid.at_node["drainage_area"] > 2500.0).astype(np.uint8), at="node")
        components.HeightAboveDrainageCalculator(grid, channel_mask="channel__mask").run_one_step()
        heights.append(grid.at_node["height_above_drainage__elevation"])
    np.testing.assert_allclose(heights[0][w.cells], heights[1][w.cells], rtol=0, atol=1e-12)
    assert heights[0][w.cells].max() > 1.0
    # Landlab's order: every receiver before its donors
    place = np.empty(z.size, dtype=int)
    place[w.grid.at_node["flow__upstream_node_order"]] = np.arange(z.size)
    assert (place[w.receiver[w.cells]] < place[w.cells]).all()


def test_routes_anew_only_beyond_the_threshold():
    w = watershed_of(terrain())
    wet(w)
    router = FlowRouter(w, reroute_threshold=0.05)
    assert w.routing_version == 1
    node = w.cells[w.cells.size // 2]
    area, receivers = w.drainage_area.copy(), w.receivers.copy()
    w.elevation[node] += 0.03
    router.run_one_step(MONTH)
    w.elevation[node] += 0.019
    router.run_one_step(MONTH)
    assert w.routing_version == 1
    np.testing.assert_array_equal(w.drainage_area, area)
    w.runoff[:] *= 2.0  # water is of the step, the network is not
    before = w.discharge.copy()
    w.baseflow[:] *= 2.0
    router.run_one_step(MONTH)
    np.testing.assert_allclose(w.discharge, 2.0 * before, rtol=1e-12)
    w.elevation[node] += 30.0
    router.run_one_step(MONTH)
    assert w.routing_version == 2
    assert not np.array_equal(w.receivers, receivers)
    fresh = watershed_of(w.elevation.reshape(w.shape))
    FlowRouter(fresh)
    for attribute in ("first_receiver", "receivers", "weights", "order", "in_depression", "gradient_x", "gradient_y"):
        np.testing.assert_array_equal(getattr(w, attribute), getattr(fresh, attribute))
    np.testing.assert_array_equal(w.drainage_area, fresh.drainage_area)
    assert router.depression_depth[w.in_depression].min() > 0.0
    router.run_one_step(MONTH)
    assert w.routing_version == 2


def test_small_changes_add_up_to_a_new_routing():
    w = watershed_of(terrain())
    router = FlowRouter(w, reroute_threshold=0.05)
    for _ in range(10):
        w.elevation[w.cells[0]] -= 0.011
        router.run_one_step(MONTH)
    assert w.routing_version == 3  # after 5 and 10 steps


def test_resumed_run_has_the_network_of_the_uninterrupted_one():
    """The surface moved since the last routing, but not enough: a fresh router must not use the new one."""
    w = watershed_of(terrain())
    router = FlowRouter(w)
    w.elevation[w.cells] += 1.0 * np.random.default_rng(2).random(w.cells.size)
    router.run_one_step(MONTH)  # routes anew
    w.elevation[w.cells] += 0.04 * np.random.default_rng(3).random(w.cells.size)
    saved, elevation = {name: values.copy() for name, values in router.memory().items()}, w.elevation.copy()
    wet(w)
    router.run_one_step(MONTH)

    again = watershed_of(terrain())
    resumed = FlowRouter(again)
    again.elevation[:] = elevation
    wet(again)
    for name, values in resumed.memory().items():
        values[...] = saved[name]
    resumed.run_one_step(MONTH)
    for attribute in (
        "order",
        "first_receiver",
        "receivers",
        "weights",
        "drainage_area",
        "discharge",
        "in_depression",
        "gradient_x",
    ):
        np.testing.assert_array_equal(getattr(again, attribute), getattr(w, attribute))


def test_single_outlet_catchment_with_nodata():
    z = terrain(25, 25)
    y, x = np.indices(z.shape)
    outside = np.hypot(y - 12, x - 12) > 10
    z[outside] = np.nan
    z[2, 12] = -50.0  # the lowest node of the rim lets the water out
    w = watershed_of(z, closed=outside)
    w.grid.status_at_node[2 * 25 + 12] = w.grid.BC_NODE_IS_FIXED_VALUE
    again = Watershed(w.grid, constituents=w.constituents, layer_bottom=w.layer_bottom)
    volume = wet(again)
    FlowRouter(again).run_one_step(MONTH)
    assert np.array_equal(again.outlets, [2 * 25 + 12])
    assert again.drainage_area[again.outlets[0]] == pytest.approx(again.cells.size * 100.0, rel=1e-12)
    assert again.discharge[again.outlets[0]] * MONTH * SECONDS_PER_YEAR == pytest.approx(volume, rel=1e-12)
    assert np.isfinite(again.gradient_x).all() and np.isfinite(again.gradient_y).all()
    assert np.isfinite(again.steepest_slope).all() and np.isfinite(again.drainage_area).all()


def test_cells_without_a_way_out_keep_their_water_and_are_reported():
    z = terrain(20, 20)
    y, x = np.indices(z.shape)
    ring = np.maximum(abs(y - 9), abs(x - 9)) == 3
    w = watershed_of(z, closed=ring)
    router = FlowRouter(w)
    inside = np.flatnonzero((np.maximum(abs(y - 9), abs(x - 9)) < 3).ravel())
    np.testing.assert_array_equal(router.undrained, inside)
    assert len(router.warnings) == 1 and "25 cells" in router.warnings[0]
    assert np.array_equal(np.sort(w.order), w.cells)
    count = dict(zip(w.order.tolist(), np.diff(w.first_receiver).tolist(), strict=True))
    assert not any(count[cell] for cell in inside.tolist()) and (w.drainage_area[inside] == 100.0).all()
    assert w.drainage_area[w.outlets].sum() == pytest.approx((w.cells.size - 25) * 100.0, rel=1e-12)


def test_depressions_and_slopes_are_those_of_the_terrain():
    z = np.broadcast_to(0.5 * np.arange(9.0)[:, None], (9, 9)).copy()
    z[4, 4] -= 1.2  # at 0.8, spills to row 3, at 1.5
    w = watershed_of(z)
    router = FlowRouter(w, slopes="central")
    assert router.traps_sediment
    assert np.array_equal(np.flatnonzero(w.in_depression), [4 * 9 + 4])
    assert router.depression_depth[4 * 9 + 4] == pytest.approx(0.7)
    assert w.filled_elevation[4 * 9 + 4] == 1.5
    assert w.gradient_x[4 * 9 + 3] == pytest.approx(-0.06)  # towards the pit, which is not filled here
    assert w.gradient_y[2 * 9 + 2] == pytest.approx(0.05)


def test_slopes_are_downslope_unless_asked_otherwise():
    w = watershed_of(terrain())
    assert FlowRouter(w).slopes == "downslope"
    down = np.hypot(w.gradient_x, w.gradient_y)[w.cells]
    FlowRouter(w, slopes="central")
    assert not np.array_equal(down, np.hypot(w.gradient_x, w.gradient_y)[w.cells])


def test_breaching_cuts_a_trench_in_what_is_routed_and_not_in_the_terrain():
    """From the pit over rows 3 (1.5) and 2 (1.0) to row 1, which is lower."""
    z = np.broadcast_to(0.5 * np.arange(9.0)[:, None], (9, 9)).copy()
    z[4, 4] -= 1.2
    w = watershed_of(z)
    before = w.elevation.copy()
    router = FlowRouter(w, method="d8", depressions="breach", slopes="central")
    assert not router.traps_sediment
    trench = np.flatnonzero(w.in_depression)
    assert trench.size == 3 and trench[-1] == 4 * 9 + 4 and (trench // 9).tolist() == [2, 3, 4]
    np.testing.assert_allclose(w.filled_elevation[trench], z[4, 4])
    np.testing.assert_allclose(router.depression_depth[trench], [-0.2, -0.7, 0.0], atol=1e-15)
    assert np.array_equal(w.elevation, before)
    assert w.gradient_x[4 * 9 + 3] == pytest.approx(-0.06)  # slopes are those of the uncut terrain
    # the water of the pit takes the trench
    assert w.receiver[trench[2]] == trench[1] and w.receiver[trench[1]] == trench[0]
    assert w.drainage_area[w.outlets].sum() == pytest.approx(w.cells.size * w.cell_area)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"method": "dinf"}, "method must be one of multiple, d8"),
        ({"depressions": "fill"}, "depressions must be one of trap, breach"),
        ({"slopes": "steepest"}, "slopes must be one of downslope, central"),
        ({"exponent": -0.1}, "exponent must be 0 to 20"),
        ({"exponent": float("nan")}, "exponent must be 0 to 20"),
        ({"reroute_threshold": -1.0}, "reroute_threshold must be at least 0 m"),
    ],
)
def test_bad_parameters_say_what_is_allowed(parameters, message):
    with pytest.raises(ValueError, match=message):
        FlowRouter(watershed_of(terrain(6, 6)), **parameters)


def test_surfaces_that_cannot_be_routed_say_why():
    z = terrain(8, 8)
    rim = np.ones(z.shape, dtype=bool)
    rim[1:-1, 1:-1] = False
    with pytest.raises(ValueError, match="no water can leave the catchment"):
        FlowRouter(watershed_of(z, closed=rim))
    z[3, 4] = np.nan
    with pytest.raises(ValueError, match="not a finite number at 1 nodes .first: row 3, column 4"):
        FlowRouter(watershed_of(z))


def test_contract_is_complete_and_books_close():
    w = watershed_of(terrain())
    assert {record.name for a, record in STATE.items() if a in ("discharge", "receiver", "drainage_area")} <= {
        name for name, entry in FlowRouter._info.items() if entry["intent"] == "out"
    }
    router = FlowRouter(w)
    w.ledger.open()
    kept = {name: w.grid.at_node[name].copy() for name in w.grid.at_node}
    wet(w)
    w.elevation[w.cells[5]] += 1.0
    router.run_one_step(MONTH)
    w.ledger.check("flow_routing")
    written = {name for name, entry in FlowRouter._info.items() if entry["intent"] == "out"}
    touched = {name for name in kept if not np.array_equal(kept[name], w.grid.at_node[name], equal_nan=True)}
    by_hand = {STATE[a].name for a in ("runoff", "baseflow", "elevation")}
    assert touched - by_hand <= written
