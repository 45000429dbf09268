"""Directions of flow: D-infinity on planes and cones in closed form, powers to the last digits, Landlab by cell."""

from __future__ import annotations

import numpy as np
import pytest

from tests.kernels.test_flow_routing import assert_sound, masks, pitless_terrain, rough_terrain, route, transforms
from watershed_c.kernels import flow_directions as fd
from watershed_c.kernels.flow_routing import NEIGHBOUR_COLUMN, NEIGHBOUR_ROW


def angles(network, shape, cells, dx=1.0, dy=1.0) -> np.ndarray:
    """Direction of flow from each of ``cells`` in radians from E, put together from receivers and shares."""
    found = []
    for node in cells:
        cardinal, diagonal = network.receivers[node, :2]
        row, col = np.divmod(node, shape[1])

        def direction(receiver, row=row, col=col):
            there = np.divmod(receiver, shape[1])
            return np.arctan2((there[0] - row) * dy, (there[1] - col) * dx)

        first = direction(cardinal)
        turn = 0.0
        if diagonal >= 0:
            # shares are linear in the angle inside a facet
            turn = network.weights[node, 1] * np.angle(np.exp(1j * (direction(diagonal) - first)))
        found.append(first + turn)
    return np.array(found)


@pytest.mark.parametrize("aspect", np.radians([0, 7, 45, 63, 90, 131, 180, 200, 225, 291, 315, 359]))
@pytest.mark.parametrize(("dx", "dy"), [(10.0, 10.0), (4.0, 12.0)])
def test_d_infinity_follows_a_plane_of_any_aspect(aspect, dx, dy):
    y, x = np.mgrid[0:9, 0:9]
    z = -0.05 * (np.cos(aspect) * x * dx + np.sin(aspect) * y * dy)
    network = route(z, method="d_infinity", dx=dx, dy=dy)
    core, open_boundary = masks(z.shape)
    found = angles(network, z.shape, np.flatnonzero(core), dx, dy)
    np.testing.assert_allclose(np.abs(np.angle(np.exp(1j * (found - aspect)))), 0.0, atol=1e-9)
    assert_sound(network, core, open_boundary)


def cone(side: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Height, distance from the axis and direction outwards, of a cone whose axis is in the middle cell."""
    c = np.arange(side) - (side - 1) / 2
    y, x = np.meshgrid(c, c, indexing="ij")
    r = np.hypot(x, y)
    return 1000.0 - r, r, np.arctan2(y, x)


def test_d_infinity_points_down_a_cone_to_first_order():
    """Water of a cone runs along its radii; the facets miss it by an angle that halves with the cell size."""
    z, r, outwards = cone(161)
    network = route(z, method="d_infinity")
    error = []
    for radius in (18.0, 36.0, 72.0):
        cells = np.flatnonzero((abs(r - radius) < 1.0).ravel())
        miss = np.angle(np.exp(1j * (angles(network, z.shape, cells) - outwards.ravel()[cells])))
        error.append(abs(miss).max())
    order = np.log2(np.array(error[:-1]) / error[1:])
    assert error[-1] < 0.01
    np.testing.assert_allclose(order, 1.0, atol=0.15)


def test_specific_area_of_a_cone_is_half_its_radius():
    """And round a ring D-infinity spreads it much more evenly than D8; what crosses a circle is what lies inside."""
    z, r, _ = cone(121)
    ring = (r > 35) & (r < 55)
    spread = {}
    for method in ("d8", "d_infinity"):
        area = route(z, method=method).area
        specific = area[ring] / (r[ring] / 2)
        spread[method] = specific.std() / specific.mean()
    # at t from a cardinal direction a step leads (1, p) on average, p = t / 45 degrees, and thus cos t + p sin t
    # outwards: a cell takes in the flow of one over that much width, 0.883 on average round the ring
    t = np.linspace(0.0, np.pi / 4, 1001)
    width = (1.0 / (np.cos(t) + t / (np.pi / 4) * np.sin(t))).mean()
    assert specific.mean() == pytest.approx(width, rel=0.02)
    assert spread["d_infinity"] < 0.07 < 0.5 < spread["d8"]
    network = route(z, method="d_infinity")
    inside = (r < 40.5).ravel()
    crossing = inside[:, None] & (network.receivers >= 0) & ~inside[network.receivers]
    assert (network.weights * network.area.reshape(-1, 1))[crossing].sum() == pytest.approx(inside.sum(), rel=1e-12)


@pytest.mark.parametrize("transform", list(transforms()))
def test_d_infinity_turns_with_the_terrain(transform):
    z = pitless_terrain(31, seed=5)
    found = route(transform(z), method="d_infinity").area
    np.testing.assert_allclose(found, transform(route(z, method="d_infinity").area), rtol=1e-10)


def test_facets_beside_nodata_and_squares_that_vanish():
    """Only the east and the north-east are there: half a facet; and slopes of 1e-200 still have a direction."""
    z = np.full((3, 3), np.nan)
    z[1, 1], z[1, 2], z[2, 2] = 2.0, 1.5, 0.0
    core, open_boundary = np.zeros((3, 3), dtype=bool), np.zeros((3, 3), dtype=bool)
    core[1, 1], open_boundary[1:, 2] = True, True
    open_boundary[0, 2] = False
    network = route(z, core, open_boundary, method="d_infinity")
    # s1 = 0.5, s2 = 1.5: beyond the diagonal, which takes all
    assert network.receivers[4].tolist() == [8] + 7 * [-1] and network.weights[4, 0] == 1.0
    open_boundary[2, 2], z[2, 2] = False, np.nan
    assert route(z, core, open_boundary, method="d_infinity").receivers[4].tolist() == [5] + 7 * [-1]
    tiny = np.linspace(0, 1, 7)[:, None] * np.ones(5) * 1e-200
    network = route(tiny, method="d_infinity")
    assert_sound(network, *masks(tiny.shape))
    assert network.receivers[3 * 5 + 2, 0] == 2 * 5 + 2


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.1, 4.0, 20.0])
def test_powers_are_those_of_the_library(exponent):
    x = np.concatenate((10.0 ** np.random.default_rng(1).uniform(-9, 0, 2000), [1.0, 0.5, np.nextafter(1.0, 0.0)]))
    found = x.copy()
    fd._powers(found, found.size, exponent)
    error = abs(found / x.astype(np.longdouble) ** exponent - 1.0).astype(float)
    assert (error <= 2e-15 + 3e-16 * exponent * abs(np.log(x))).all()
    assert found[-3] == 1.0
    gone = np.array([1e-300, 0.0])
    fd._powers(gone, 2, 4.0)
    assert (gone == 0.0).all()


def test_directions_are_numbered_as_landlab_does():
    assert [(c, r) for c, r in zip(NEIGHBOUR_COLUMN, NEIGHBOUR_ROW, strict=True)] == [
        *((1, 0), (0, 1), (-1, 0), (0, -1)),
        *((1, 1), (-1, 1), (-1, -1), (1, -1)),
    ]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("pits", [False, True])
def test_landlab_priority_flood_cell_for_cell(pits):
    """Without flats or ties everything is the same; with pits the filled surface and the descent on it are."""
    landlab = pytest.importorskip("landlab")
    components = pytest.importorskip("landlab.components")
    z = rough_terrain(60, 50, seed=8) if pits else pitless_terrain(45, seed=12)
    grid = landlab.RasterModelGrid(z.shape, xy_spacing=10.0)
    grid.add_field("topographic__elevation", z.ravel().copy(), at="node")
    components.PriorityFloodFlowRouter(
        grid, flow_metric="D8", depression_handler="fill", suppress_out=True
    ).run_one_step()
    ours = route(z, dx=10.0, dy=10.0)
    core, open_boundary = (mask.ravel() for mask in masks(z.shape))
    filled = grid.at_node["depression_free_elevation"]
    np.testing.assert_allclose(ours.filled.ravel()[core], filled[core], rtol=0, atol=1e-9)
    same = ours.steepest[core] == grid.at_node["flow__receiver_node"][core]
    theirs = grid.at_node["drainage_area"] / 100.0
    if not pits:
        assert same.all()
        np.testing.assert_allclose(ours.area.ravel(), theirs, rtol=1e-12)
    else:
        # two neighbours in one lake are equally low: there either may receive
        sloping = ours.slope[core] > 0.0
        node, receiver = np.flatnonzero(core), grid.at_node["flow__receiver_node"][core]
        distance = np.hypot(
            grid.x_of_node[node] - grid.x_of_node[receiver], grid.y_of_node[node] - grid.y_of_node[receiver]
        )
        slope = (ours.filled.ravel()[node] - ours.filled.ravel()[receiver])[sloping] / distance[sloping]
        np.testing.assert_allclose(slope, ours.slope[core][sloping], rtol=1e-9)
        assert same[sloping].mean() > 0.99 and 0.05 < (~sloping).mean() < 0.5
        assert theirs[open_boundary].sum() == ours.area.ravel()[open_boundary].sum() == core.sum()
