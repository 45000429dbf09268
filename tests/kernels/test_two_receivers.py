"""Flux decomposition: shares on a plane, who may receive by land and height, jumps out of pits, and no circles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watershed_c.kernels.flow_routing import accumulate
from watershed_c.kernels.parcel_network import (
    SEWER,
    ParcelLand,
    ParcelNetwork,
    contributing_area,
    find_parcel_network,
    follow_tillage,
)
from watershed_c.kernels.two_receivers import FOREST, GRASS_STRIP, OUTSIDE, RIVER

SIZE = 10.0


def network(z: np.ndarray, code: np.ndarray | None = None, **land: object) -> ParcelNetwork:
    """Network of a raster whose perimeter is open; one field by default."""
    n, shape = z.size, z.shape
    core = np.zeros(shape, dtype=bool)
    core[1:-1, 1:-1] = True
    code = np.where(core, 1 if code is None else code, OUTSIDE).ravel().astype(np.int64)
    gy, gx = (component.ravel() for component in np.gradient(z, SIZE))
    parcels = ParcelLand(code=code, own=np.ones(n), **land)  # type: ignore[arg-type]
    return find_parcel_network(z.ravel(), core.ravel(), ~core.ravel(), gx, gy, shape, SIZE, SIZE, parcels)


def receivers_of(found: ParcelNetwork, node: int) -> dict[int, float]:
    place = int(np.flatnonzero(found.order == node)[0])
    along = slice(int(found.first[place]), int(found.first[place + 1]))
    return dict(zip(found.receivers[along].tolist(), found.weights[along].tolist(), strict=True))


def plane(rows: int, cols: int, east: float, north: float) -> np.ndarray:
    """Plane that falls towards the east and the north where the components are positive."""
    row, col = np.mgrid[:rows, :cols]
    return 100.0 - SIZE * (east * col + north * row)


@pytest.mark.parametrize("bearing", [10.0, 45.0, 100.0, 200.0, 333.0])
def test_shares_on_a_plane_are_the_components_of_the_direction(bearing: float) -> None:
    east, north = np.sin(np.radians(bearing)), np.cos(np.radians(bearing))
    z = plane(7, 8, 0.1 * east, 0.1 * north)
    node = 3 * 8 + 4
    expected = {
        node + (1 if east > 0 else -1): abs(east) / (abs(east) + abs(north)),
        node + (8 if north > 0 else -8): abs(north) / (abs(east) + abs(north)),
    }
    assert receivers_of(network(z), node) == pytest.approx(expected, rel=1e-9)


def test_water_stays_in_its_field_along_the_border() -> None:
    """The plane falls north-east; the border runs north: water turns north along it and does not cross."""
    z = plane(9, 9, 0.05, 0.05)
    code = np.ones((9, 9))
    code[:, 5:] = 2
    found = network(z, code)
    assert receivers_of(found, 4 * 9 + 4) == {5 * 9 + 4: 1.0}
    assert set(receivers_of(found, 4 * 9 + 5)) == {5 * 9 + 5, 4 * 9 + 6}


@pytest.mark.parametrize(
    ("east", "north", "expected"),
    [  # land to the east and to the north of field 1, both lower (flow chart of the documentation, lower half)
        (1, 1, "both"), (2, 1, "north"), (1, 2, "east"), (GRASS_STRIP, 1, "searched"), (1, GRASS_STRIP, "searched"),
        (GRASS_STRIP, 2, "east"), (2, GRASS_STRIP, "north"), (GRASS_STRIP, GRASS_STRIP, "searched"), (2, 3, "searched"),
    ],
)  # fmt: skip
def test_land_decides_which_lower_neighbour_receives(east: int, north: int, expected: str) -> None:
    z, node = plane(7, 7, 0.05, 0.06), 3 * 7 + 3
    code = np.ones((7, 7))
    code[3, 4], code[4, 3] = east, north
    code[4, 4] = 9  # the lowest of the eight neighbours, of other land
    found = receivers_of(network(z, code), node)
    # the search prefers the lowest of the same field: north-west, or east, or north
    lower = {place: code.ravel()[place] for place in (node + 1, node + 7, node + 8, node + 6, node - 6)}
    same = [place for place, land in lower.items() if land == 1 and z.ravel()[place] < z.ravel()[node]]
    searched = min(same or lower, key=lambda place: z.ravel()[place])
    where = {"both": {node + 1, node + 7}, "north": {node + 7}, "east": {node + 1}, "searched": {searched}}
    assert set(found) == where[expected]


def test_rivers_draw_what_lies_beside() -> None:
    z = plane(7, 7, 0.05, 0.03)
    code = np.ones((7, 7))
    code[1:6, 1] = RIVER  # uphill, in the west
    found = network(z, code)
    assert set(receivers_of(found, 3 * 7 + 2)) == {3 * 7 + 1}
    code[2:, 1] = 1  # one river cell in the south-west, cornerwise of the cell
    assert set(receivers_of(network(z, code), 2 * 7 + 2)) == {2 * 7 + 3, 3 * 7 + 2}
    assert set(receivers_of(network(z, code, cardinal_rivers=False), 2 * 7 + 2)) == {1 * 7 + 1}


def test_rivers_stay_rivers_to_the_boundary() -> None:
    """A river with a pit in it reaches the boundary over river cells; one that ends on the map is told."""
    z = plane(9, 9, 0.0, -0.02)
    z[4, 4] -= 3.0
    code = np.ones((9, 9))
    code[1:8, 4] = RIVER
    found = network(z, code)
    for row in range(7, 1, -1):
        assert set(receivers_of(found, row * 9 + 4)) == {(row - 1) * 9 + 4}
    assert found.river_ends.size == 0
    code[[1, 7], 4] = 1
    assert set(network(z, code).river_ends.tolist()) == {row * 9 + 4 for row in range(2, 7)}


def test_a_pit_is_left_by_a_jump_within_the_window() -> None:
    z = plane(13, 13, 0.0, 0.001)
    z[4:9, 4:9] += np.array([[5.0] * 5, [5, 3, 3, 3, 5], [5, 3, 0, 3, 5], [5, 3, 3, 3, 5], [5.0] * 5])
    z[6, 6] -= 0.035  # as low as the plane is between rows 9 and 10
    node = 6 * 13 + 6
    assert receivers_of(network(z, window=4), node) == {10 * 13 + 2: 1.0}  # of row 10, the first from the west
    shut_in = network(z, window=3)
    assert receivers_of(shut_in, node) == {} and shut_in.sinks.tolist() == [node]


def test_equally_high_cells_do_not_pass_water_to_and_fro() -> None:
    """Two cells on a saddle are each other's receiver; the later from the north-west stops."""
    z = np.full((5, 6), 10.0)
    z[2, 2:4] = 5.0
    z[2, 1], z[2, 4] = 7.0, 7.0
    found = network(z, window=1)
    assert found.parted == 1
    assert receivers_of(found, 2 * 6 + 2) == {2 * 6 + 3: 1.0} and found.sinks.tolist() == [2 * 6 + 3]


def test_a_drawn_circle_is_cut_and_its_end_is_a_sink() -> None:
    z = plane(8, 8, 0.05, 0.02)
    route = np.full(64, -1)
    ring = [3 * 8 + 3, 3 * 8 + 4, 4 * 8 + 4, 4 * 8 + 3]
    for here, there in zip(ring, ring[1:] + ring[:1], strict=True):
        route[here] = there
    line = route >= 0
    found = network(z, route=route, line=line)
    check_whole(found, z)
    assert found.parted >= 1 and set(found.sinks.tolist()) <= set(ring) and found.sinks.size >= 1
    # what lies beside the ditch is drawn to its lowest cell
    assert set(receivers_of(found, 3 * 8 + 2)) == {4 * 8 + 3}


def check_whole(found: ParcelNetwork, z: np.ndarray) -> None:
    """Every cell once, before its receivers; shares sum to 1; what every cell gives arrives at boundary or sinks."""
    n = z.size
    core = np.zeros(z.shape, dtype=bool)
    core[1:-1, 1:-1] = True
    assert np.array_equal(np.sort(found.order), np.flatnonzero(core))
    place = np.full(n, n)
    place[found.order] = np.arange(found.order.size)
    count = np.diff(found.first)
    donor = np.repeat(np.arange(found.order.size), count)
    assert (place[found.receivers] > donor).all()
    shares = np.bincount(donor, weights=found.weights, minlength=found.order.size)
    np.testing.assert_allclose(shares[count > 0], 1.0, atol=1e-14)
    amount, out = core.ravel().astype(float), np.empty(n)
    accumulate(*found[:4], amount, out)
    ends = np.concatenate((np.flatnonzero(~core), found.sinks, found.river_ends))
    assert out[ends].sum() == pytest.approx(core.sum(), rel=1e-12)
    assert set(found.order[count == 0].tolist()) == {*found.sinks.tolist(), *found.river_ends.tolist()}


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1, 6))
def test_nothing_is_lost_on_any_surface(seed: int, heights: int, window: int) -> None:
    """Few heights make flats, pits and circles of every kind; fields, rivers, strips and drawn routes at random."""
    random = np.random.default_rng(seed)
    z = random.integers(0, heights, (9, 11)).astype(float)
    code = random.choice([1, 1, 1, 2, 3, FOREST, GRASS_STRIP, RIVER], z.shape)
    node = np.arange(z.size).reshape(z.shape)
    route = np.full(z.size, -1)
    drawn = np.flatnonzero((random.random(z.size) < 0.1) & (node.ravel() // 11 % 8 > 0) & (node.ravel() % 11 % 10 > 0))
    route[drawn] = drawn + random.choice([1, -1, 11, -11, 12, 10], drawn.size)
    sewer = np.where(random.random(z.size) < 0.05, 0.4, 0.0)
    sewer.reshape(z.shape)[[0, -1]] = 0.0
    sewer.reshape(z.shape)[:, [0, -1]] = 0.0
    sewer[code.ravel() == RIVER] = 0.0
    found = network(z, code, window=window, route=route, line=route >= 0, cardinal_rivers=bool(seed % 2))
    check_whole(found, z)
    with_sewer = network(z, code, window=window, route=route, line=route >= 0, sewer=sewer)
    count = np.diff(with_sewer.first)
    donor = np.repeat(np.arange(with_sewer.order.size), count)
    shares = np.bincount(donor, weights=with_sewer.weights, minlength=with_sewer.order.size)
    np.testing.assert_allclose(shares[count > 0], 1.0, atol=1e-14)
    taken = np.zeros(z.size)
    np.add.at(taken, with_sewer.order[donor[with_sewer.receivers == SEWER]], 1.0)
    assert (taken[sewer > 0.0] == 1.0).all()


def test_borders_hold_back_area_where_flow_is_not_split() -> None:
    """A column of cells that falls north: field 1, field 2, forest, grass strip, field 3."""
    z = plane(8, 3, 0.0, 0.05)
    z[:, [0, 2]] += 50.0  # between walls
    code = np.zeros((8, 3))
    code[1:7, 1] = [1, 1, 2, FOREST, GRASS_STRIP, 3]
    found = network(z, code)
    core = np.zeros((8, 3), dtype=bool)
    core[1:-1, 1] = True
    own = np.ones(24)
    own[4 * 3 + 1] = 0.25  # the forest holds back three quarters of its own
    land = ParcelLand(np.where(core, code, 0).ravel().astype(np.int64), own, connectivity=(0.9, 0.3, 0.5))
    area_in, area = contributing_area(found, land, core.ravel(), 1.0)
    into = [0.0, 1.0, 2.0 * 0.9, 2.8 * 0.3, (0.84 + 0.25) * 0.5, 1.545 * 0.9]
    np.testing.assert_allclose(area_in.reshape(8, 3)[1:7, 1], into, rtol=1e-12)
    np.testing.assert_allclose((area - area_in).reshape(8, 3)[1:7, 1], [1, 1, 1, 0.25, 1, 1], rtol=1e-12)


def test_furrows_lead_gentle_flow_and_not_steep_flow() -> None:
    """Logit of Takken et al. 2001: -5.92 + 0.133 S + 0.102 a - 0.417 Ro; furrows 60 degrees off, 5 cm high."""
    slope = np.array([0.02, 0.40])
    bearing, roughness = np.full(2, 60.0), np.full(2, 5.0)
    x, y = follow_tillage(np.zeros(2), slope, bearing, roughness)
    assert -5.92 + 0.133 * 2.0 + 0.102 * 60.0 - 0.417 * 5.0 < 0.0 < -5.92 + 0.133 * 40.0 + 0.102 * 60.0 - 0.417 * 5.0
    np.testing.assert_allclose([x[0], y[0]], [0.02 * np.sin(np.pi / 3), 0.02 * 0.5], rtol=1e-12)
    assert (x[1], y[1]) == (0.0, 0.40)
    # furrows have two ends: water takes the lower
    back = follow_tillage(np.zeros(1), np.array([0.02]), np.array([240.0]), np.array([5.0]))
    np.testing.assert_allclose([back[0][0], back[1][0]], [x[0], y[0]], rtol=1e-12)
