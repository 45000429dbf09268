"""Flow routing: nothing is lost, everything drains, and the network is the one the terrain implies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from watershed_c.kernels import flow_routing as fr
from watershed_c.kernels.flow_network import METHODS, find_network
from watershed_c.parallel import over_cells

EIGHT = np.ones((3, 3), dtype=bool)


@dataclass
class Network:
    """All that routing says of one surface; maps keep the shape of the surface, receivers are (n, 8)."""

    filled: np.ndarray
    order: np.ndarray
    steepest: np.ndarray
    receivers: np.ndarray
    weights: np.ndarray
    slope: np.ndarray
    area: np.ndarray
    trench: np.ndarray


def masks(shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Core nodes inside, open boundary all round."""
    core = np.zeros(shape, dtype=bool)
    core[1:-1, 1:-1] = True
    return core, ~core


def route(
    z, core=None, open_boundary=None, *, method="d8", dx=1.0, dy=1.0, exponent=1.1, depressions="trap"
) -> Network:
    """Run the whole chain; ``area`` counts cells, each of area 1."""
    z = np.ascontiguousarray(z, dtype=np.float64)
    if core is None:
        core, open_boundary = masks(z.shape)
    core, open_boundary = core.ravel(), open_boundary.ravel()
    found = find_network(
        z.ravel(), core, open_boundary, z.shape, dx, dy, method=method, exponent=exponent, depressions=depressions
    )
    area = np.empty(z.size)
    fr.accumulate(found.order, found.first, found.receivers, found.weights, core.astype(np.float64), area)
    count = np.diff(found.first)
    rows = np.repeat(found.order, count)
    columns = np.arange(rows.size) - np.repeat(found.first[:-1], count)
    receivers, weights = np.full((z.size, 8), -1, dtype=np.int64), np.zeros((z.size, 8))
    receivers[rows, columns], weights[rows, columns] = found.receivers, found.weights
    if method == "d8":
        assert (count == 1).all() and np.array_equal(found.receiver[found.order], found.receivers)
    return Network(
        found.filled.reshape(z.shape),
        found.order,
        found.receiver,
        receivers,
        weights,
        found.slope,
        area.reshape(z.shape),
        found.trench.reshape(z.shape),
    )


def rough_terrain(rows: int, cols: int, seed: int) -> np.ndarray:
    """Smoothed noise on a tilt with 5 cm of white noise: many nested pits, no ties."""
    rng = np.random.default_rng(seed)
    z = ndimage.gaussian_filter(rng.standard_normal((rows, cols)), 4.0) * 40.0
    return z + 0.02 * np.arange(rows)[:, None] + 0.05 * rng.standard_normal((rows, cols))


def pitless_terrain(side: int, seed: int) -> np.ndarray:
    """A paraboloid with noise too small to make pits and without ties."""
    rng = np.random.default_rng(seed)
    c = np.arange(side) - (side - 1) / 2 + 0.31
    return -0.5 * (c[:, None] ** 2 + 1.7 * c[None, :] ** 2) + 0.01 * rng.random((side, side))


def assert_sound(network: Network, core: np.ndarray, open_boundary: np.ndarray) -> None:
    """What must hold of every network: complete, adjacent, downstream, shares of one, nothing lost."""
    shape = core.shape
    # boundary nodes pass nothing on: what drains is connected to one through core nodes alone
    pieces, _ = ndimage.label(core, EIGHT)
    touching = ndimage.binary_dilation(open_boundary, EIGHT) & core
    reachable = core & np.isin(pieces, np.unique(pieces[touching]))
    assert np.array_equal(np.sort(network.order), np.flatnonzero(reachable))
    assert np.array_equal(np.isfinite(network.filled), reachable | open_boundary)

    place = np.full(core.size, core.size)  # open boundary: after everything
    place[network.order] = np.arange(network.order.size)
    row, col = np.divmod(np.arange(core.size), shape[1])
    takes_part = (reachable | open_boundary).ravel()
    used = network.receivers >= 0
    donors = np.broadcast_to(np.arange(core.size)[:, None], network.receivers.shape)[used]
    receivers = network.receivers[used]
    assert takes_part[receivers].all()
    assert (place[donors] < place[receivers]).all()
    assert (np.maximum(abs(row[donors] - row[receivers]), abs(col[donors] - col[receivers])) == 1).all()
    level = network.filled.ravel()
    assert (level[receivers] <= level[donors]).all()
    # packed to the left, shares of one, none elsewhere
    assert (np.diff(used.astype(int), axis=1) <= 0).all()
    np.testing.assert_allclose(network.weights[network.order].sum(axis=1), 1.0, rtol=0, atol=1e-15 * 8)
    assert (network.weights >= 0.0).all() and (network.weights[~used] == 0.0).all()
    assert not used[~reachable.ravel()].any()

    arrived = network.area[open_boundary].sum()
    if (network.weights.max(axis=1)[network.order] == 1.0).all():
        assert arrived == reachable.sum()
    else:
        assert arrived == pytest.approx(reachable.sum(), rel=1e-12)
    assert np.array_equal(network.area[core & ~reachable], np.ones((core & ~reachable).sum()))


def lowest_spill(z: np.ndarray, core: np.ndarray, open_boundary: np.ndarray) -> np.ndarray:
    """Filled surface by relaxation: the larger of a node's elevation and its lowest neighbour."""
    level = np.where(open_boundary, z, np.inf)
    while True:
        lowest = ndimage.minimum_filter(level, footprint=EIGHT, mode="constant", cval=np.inf)
        new = np.where(core, np.maximum(z, lowest), level)
        if np.array_equal(new, level):
            return np.where(np.isfinite(level), level, np.nan)
        level = new


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("spacing", [(10.0, 10.0), (5.0, 20.0)])
def test_rough_terrain_drains_completely_and_conserves(method, spacing):
    z = rough_terrain(90, 70, seed=3)
    network = route(z, method=method, dx=spacing[0], dy=spacing[1])
    assert 0.05 < (network.filled > z).mean() < 0.6
    assert_sound(network, *masks(z.shape))


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=60, derandomize=True, deadline=None)
@given(seed=st.integers(0, 10**6), rows=st.integers(3, 12), cols=st.integers(3, 12), levels=st.integers(1, 5))
def test_any_terrain_with_ties_and_holes(method, seed, rows, cols, levels):
    """Few integer levels: flats, ties, nested pits; nodes are closed or open at random, also inside."""
    rng = np.random.default_rng(seed)
    z = rng.integers(0, levels, (rows, cols)).astype(float)
    role = rng.choice(3, (rows, cols), p=[0.75, 0.2, 0.05])  # core, closed, open
    rim = np.ones((rows, cols), dtype=bool)
    rim[1:-1, 1:-1] = False
    role[rim & (role == 0)] = 1
    core, open_boundary = role == 0, role == 2
    z[role == 1] = np.nan
    network = route(z, core, open_boundary, method=method)
    assert_sound(network, core, open_boundary)
    np.testing.assert_array_equal(network.filled, lowest_spill(np.nan_to_num(z), core, open_boundary))


def test_filled_surface_equals_relaxation_on_rough_terrain():
    z = rough_terrain(60, 50, seed=8)
    np.testing.assert_array_equal(route(z).filled, lowest_spill(z, *masks(z.shape)))


def test_nested_pits_fill_to_their_common_sill():
    """Two pits (2 and 1) joined at 4 behind an outer sill of 6, in a trough that drains at its west end."""
    profile = np.array([0.0, 5.0, 6.0, 2.0, 4.0, 1.0, 7.0, 9.0])
    z = np.full((3, 8), 99.0)
    z[1] = profile
    core, open_boundary = np.zeros((3, 8), dtype=bool), np.zeros((3, 8), dtype=bool)
    core[1, 1:7], open_boundary[1, 0] = True, True
    for method in ("d8", "multiple"):
        network = route(z, core, open_boundary, method=method)
        np.testing.assert_array_equal(network.filled[1, :7], [0, 5, 6, 6, 6, 6, 7])
        assert np.array_equal(network.order - 8, [6, 5, 4, 3, 2, 1])
        np.testing.assert_array_equal(network.area[1, :7], [6, 6, 5, 4, 3, 2, 1])
        assert np.array_equal(network.receivers[network.order, 0], network.order - 1)


@pytest.mark.parametrize("pit", [0.0, 4.0])
@pytest.mark.parametrize("method", METHODS)
def test_flat_drains_to_its_nearest_outlet_by_the_fewest_cells(method, pit):
    """A flat, or a flat-floored pit behind a rim, with two outlets: steps are the chessboard distance."""
    z = np.full((13, 15), 10.0)
    z[2:-2, 2:-2] -= pit
    core, open_boundary = masks(z.shape)
    open_boundary[:] = False
    open_boundary[6, 0], z[6, 0] = True, 3.0
    open_boundary[0, 9], z[0, 9] = True, 5.0
    network = route(z, core, open_boundary, method=method)
    steps = np.zeros(z.size, dtype=int)
    for node in network.order[::-1]:
        steps[node] = steps[network.receivers[node, 0]] + 1
    row, col = np.indices(z.shape)
    expected = np.minimum(np.maximum(abs(row - 6), col), np.maximum(row, abs(col - 9)))
    assert np.array_equal(steps.reshape(z.shape)[core], expected[core])
    assert network.area[6, 0] + network.area[0, 9] == core.sum()


@pytest.mark.parametrize(("dx", "dy"), [(10.0, 10.0), (4.0, 12.0)])
def test_plane_in_closed_form(dx, dy):
    """On a plane that falls south, row k from the crest has k cells upslope, however the flow is split."""
    rows, cols, fall = 9, 41, 0.05
    z = np.broadcast_to(fall * dy * np.arange(rows)[:, None], (rows, cols)).copy()
    core, open_boundary = masks(z.shape)
    open_boundary[1:] = False  # only the south edge is open
    single = route(z, core, open_boundary, dx=dx, dy=dy)
    for k in range(1, rows - 1):
        assert (single.area[rows - 1 - k, 1:-1] == k).all()
    np.testing.assert_allclose(single.slope.reshape(z.shape)[core], fall, rtol=1e-12)

    multiple = route(z, core, open_boundary, method="multiple", dx=dx, dy=dy)
    middle = slice(1 + rows, cols - 1 - rows)  # the closed sides are felt one column further each row
    for k in range(1, rows - 1):
        np.testing.assert_allclose(multiple.area[rows - 1 - k, middle], k, rtol=1e-13)
    # diagonal slope relative to the cardinal one is dy / diagonal
    diagonal = (dy / np.hypot(dx, dy)) ** 1.1
    node = 5 * cols + cols // 2
    shares = dict(zip(multiple.receivers[node, :3], multiple.weights[node, :3], strict=True))
    assert shares[node - cols] == pytest.approx(1 / (1 + 2 * diagonal), rel=1e-13)
    assert shares[node - cols + 1] == pytest.approx(diagonal / (1 + 2 * diagonal), rel=1e-13)


def test_cone_spreads_most_evenly_at_freemans_exponent():
    """Specific area of a cone is r / 2 in every direction; Freeman (1991) found 1.1 the most even."""
    side = 121
    c = np.arange(side) - 60.0
    r = np.hypot(c[:, None], c[None, :])
    ring = (r > 35) & (r < 55)
    spread, mean = {}, {}
    for exponent in (0.7, 1.0, 1.1, 1.3, 2.0):
        network = route(100.0 - r, method="multiple", exponent=exponent)
        specific = network.area[ring] / (r[ring] / 2)
        mean[exponent], spread[exponent] = specific.mean(), specific.std() / specific.mean()
    assert min(spread, key=spread.get) == 1.1
    assert spread[1.1] < 0.015
    # a cell takes in flow over a width between D and sqrt(2) D, 4 / pi D on average round the ring
    assert 1.0 < mean[1.1] < 4 / np.pi
    # what crosses a circle is what lies inside it
    inside = (r < 40.5).ravel()
    network = route(100.0 - r, method="multiple")
    crossing = inside[:, None] & (network.receivers >= 0) & ~inside[network.receivers]
    flow = (network.weights * network.area.reshape(-1, 1))[crossing].sum()
    assert flow == pytest.approx(inside.sum(), rel=1e-12)


def transforms():
    """The eight rotations and mirrors of a square."""
    for turns in range(4):
        yield lambda a, turns=turns: np.rot90(a, turns)
        yield lambda a, turns=turns: np.rot90(a, turns).T


@pytest.mark.parametrize("transform", list(transforms()))
def test_network_turns_with_the_terrain(transform):
    z = pitless_terrain(31, seed=5)
    single, multiple = route(z), route(z, method="multiple")
    assert not (single.filled > z).any()
    np.testing.assert_array_equal(route(transform(z)).area, transform(single.area))
    np.testing.assert_allclose(route(transform(z), method="multiple").area, transform(multiple.area), rtol=1e-12)
    pitted = rough_terrain(40, 40, seed=2)
    np.testing.assert_array_equal(route(transform(pitted)).filled, transform(route(pitted).filled))


def test_large_exponent_tends_to_single_direction():
    z = pitless_terrain(25, seed=9)
    np.testing.assert_allclose(route(z, method="multiple", exponent=1e9).area, route(z).area, rtol=1e-9)


def test_tiny_slopes_still_share_all_the_flow():
    """Slopes of 1e-200 to the power 1.1 or 4 are below the smallest float; the shares are not."""
    z = np.linspace(0, 1, 7)[:, None] * np.ones(5) * 1e-200
    network = route(z, method="multiple", exponent=4.0)
    assert_sound(network, *masks(z.shape))
    assert network.weights[3 * 5 + 2, 0] == pytest.approx(1 / 1.5, rel=1e-12)  # diagonals: 2 * (1 / sqrt 2)^4


def test_threads_and_repetition_do_not_change_a_bit():
    z = np.round(rough_terrain(120, 110, seed=4), 1)  # many ties
    first = route(z, method="multiple")
    again = route(z, method="multiple")
    assert np.array_equal(first.order, again.order) and np.array_equal(first.area, again.area)
    core, open_boundary = (mask.ravel() for mask in masks(z.shape))
    for method in METHODS:
        alone = find_network(z.ravel(), core, open_boundary, z.shape, 1.0, 1.0, method=method)
        chunks = find_network(z.ravel(), core, open_boundary, z.shape, 1.0, 1.0, method=method, over_cells=over_cells)
        for attribute in ("filled", "receiver", "slope", "order", "first", "receivers", "weights"):
            np.testing.assert_array_equal(getattr(alone, attribute), getattr(chunks, attribute))


def test_no_open_boundary_leaves_every_core_node_out():
    z = rough_terrain(6, 6, seed=1)
    core, _ = masks(z.shape)
    network = route(z, core, np.zeros_like(core))
    assert network.order.size == 0 and np.isnan(network.filled).all() and (network.receivers == -1).all()


def landlab_grid(z: np.ndarray, spacing: float):
    landlab = pytest.importorskip("landlab")
    grid = landlab.RasterModelGrid(z.shape, xy_spacing=spacing)
    grid.add_field("topographic__elevation", z.ravel().copy(), at="node")
    return grid


def test_receivers_equal_landlab_flow_director():
    components = pytest.importorskip("landlab.components")
    z = pitless_terrain(40, seed=11)
    grid = landlab_grid(z, 10.0)
    components.FlowAccumulator(grid, flow_director="FlowDirectorD8").run_one_step()
    network = route(z, dx=10.0, dy=10.0)
    assert np.array_equal(grid.at_node["flow__receiver_node"][network.order], network.receivers[network.order, 0])
    np.testing.assert_allclose(
        grid.at_node["topographic__steepest_slope"][network.order], network.slope[network.order], rtol=1e-12
    )
    np.testing.assert_allclose(grid.at_node["drainage_area"], network.area.ravel() * 100.0, rtol=1e-12)


@pytest.fixture
def jacksboro() -> np.ndarray:
    """The fault DEM that matplotlib installs, south first, bilinear at 90 m (cells are 74.5 by 92.6 m)."""
    cbook = pytest.importorskip("matplotlib.cbook")
    z = cbook.get_sample_data("jacksboro_fault_dem.npz")["elevation"][::-1].astype(np.float64)
    rows = np.arange(0, (z.shape[0] - 1) * 92.6, 90.0) / 92.6
    cols = np.arange(0, (z.shape[1] - 1) * 74.5, 90.0) / 74.5
    return ndimage.map_coordinates(z, np.meshgrid(rows, cols, indexing="ij"), order=1)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_jacksboro_agrees_with_landlab_priority_flood(jacksboro):
    components = pytest.importorskip("landlab.components")
    grid = landlab_grid(jacksboro, 90.0)
    components.PriorityFloodFlowRouter(
        grid, flow_metric="D8", depression_handler="fill", suppress_out=True
    ).run_one_step()
    network = route(jacksboro, dx=90.0, dy=90.0)
    core, open_boundary = masks(jacksboro.shape)
    assert_sound(network, core, open_boundary)
    largest = network.area[open_boundary].max() * 90.0**2
    assert largest == pytest.approx(grid.at_node["drainage_area"][open_boundary.ravel()].max(), rel=2e-4)

    # elsewhere than on flats and between equally steep neighbours (to the round-off of interpolated whole
    # metres) the receivers are the same
    theirs = grid.at_node["flow__receiver_node"][network.order]
    ours = network.receivers[network.order, 0]
    level = network.filled.ravel()
    row, col = np.divmod(np.arange(level.size), core.shape[1])
    distance = 90.0 * np.hypot(row[theirs] - row[network.order], col[theirs] - col[network.order])
    slope = network.slope[network.order]
    tie = np.isclose((level[network.order] - level[theirs]) / distance, slope, rtol=1e-9, atol=1e-12)
    assert ((ours == theirs) | (slope == 0.0) | tie).all()
    assert (ours == theirs).mean() > 0.95


def slopes(z, active, dx, dy):
    cells = np.flatnonzero(active & masks(z.shape)[0]).astype(np.int64)
    gx, gy = np.zeros(z.size), np.zeros(z.size)
    fr.gradient(cells, np.ascontiguousarray(z.ravel()), active.ravel(), z.shape[1], dx, dy, gx, gy)
    return gx.reshape(z.shape), gy.reshape(z.shape)


def test_gradient_of_a_plane_is_exact_also_beside_inactive_nodes():
    y, x = np.meshgrid(np.arange(6) * 20.0, np.arange(7) * 5.0, indexing="ij")
    active = np.random.default_rng(0).random(y.shape) > 0.3
    z = np.where(active, 0.3 * x - 0.1 * y, np.nan)
    gx, gy = slopes(z, active, 5.0, 20.0)
    core = active & masks(y.shape)[0]
    has_x = np.roll(active, 1, axis=1) | np.roll(active, -1, axis=1)
    has_y = np.roll(active, 1, axis=0) | np.roll(active, -1, axis=0)
    np.testing.assert_allclose(gx[core], np.where(has_x, 0.3, 0.0)[core], rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(gy[core], np.where(has_y, -0.1, 0.0)[core], rtol=1e-12, atol=1e-15)
    assert not (has_x & has_y)[core].all()


def downslope(z, active, dx, dy):
    cells = np.flatnonzero(active & masks(z.shape)[0]).astype(np.int64)
    gx, gy = np.zeros(z.size), np.zeros(z.size)
    fr.downslope_gradient(
        cells, np.ascontiguousarray(z.ravel()), active.ravel(), z.shape[1], dx, dy, gx, gy
    )
    return gx.reshape(z.shape), gy.reshape(z.shape)


@pytest.mark.parametrize("aspect", np.radians([0, 31, 90, 145, 222, 300]))
def test_downslope_gradient_of_a_plane_is_exact_also_beside_inactive_nodes(aspect):
    y, x = np.meshgrid(np.arange(6) * 20.0, np.arange(7) * 5.0, indexing="ij")
    active = np.random.default_rng(0).random(y.shape) > 0.3
    z = np.where(active, 0.3 * (np.cos(aspect) * x + np.sin(aspect) * y), np.nan)
    for found, central in zip(downslope(z, active, 5.0, 20.0), slopes(z, active, 5.0, 20.0), strict=True):
        np.testing.assert_allclose(found, central, rtol=1e-12, atol=1e-14)


def test_downslope_gradient_sees_the_shortest_waves_and_converges_with_first_order():
    checks = np.indices((8, 8)).sum(axis=0) % 2 * 1.0
    everywhere = np.ones(checks.shape, dtype=bool)
    gx, gy = downslope(checks, everywhere, 1.0, 1.0)
    central_x, _ = slopes(checks, everywhere, 1.0, 1.0)
    core = masks(checks.shape)[0]
    assert (np.abs(gx) == checks)[core].all() and (np.abs(gy) == checks)[core].all() and not central_x[core].any()
    errors = []
    for cells in (20, 40, 80):
        h = 1.0 / cells
        y, x = np.meshgrid(np.arange(cells + 1) * h, np.arange(cells + 1) * h, indexing="ij")
        gx, _ = downslope(np.sin(2 * x) * np.exp(y), np.ones(x.shape, dtype=bool), h, h)
        errors.append(np.abs(gx - 2 * np.cos(2 * x) * np.exp(y))[1:-1, 1:-1].max())
    order = np.log2(np.array(errors[:-1]) / errors[1:])
    assert (order > 0.8).all() and (order < 1.2).all()


def test_gradient_converges_with_second_order():
    errors = []
    for cells in (20, 40, 80):
        h = 1.0 / cells
        y, x = np.meshgrid(np.arange(cells + 1) * h, np.arange(cells + 1) * h, indexing="ij")
        gx, gy = slopes(np.sin(2 * x) * np.exp(y), np.ones(x.shape, dtype=bool), h, h)
        inner = (slice(1, -1), slice(1, -1))
        error_x = abs(gx - 2 * np.cos(2 * x) * np.exp(y))[inner].max()
        error_y = abs(gy - np.sin(2 * x) * np.exp(y))[inner].max()
        errors.append(max(error_x, error_y))
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert (orders > 1.9).all() and (orders < 2.1).all()
