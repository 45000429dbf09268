"""Depressions cut open: nothing is left to fill, nothing but trenches is lowered, and no more is dug than must be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kernels.test_flow_routing import (
    METHODS,
    assert_sound,
    lowest_spill,
    masks,
    pitless_terrain,
    rough_terrain,
    route,
    transforms,
)


def assert_breached(z, network, core, open_boundary):
    """The routed surface is the terrain but for trenches, and has no depression."""
    level = network.filled
    taking_part = np.isfinite(level)
    np.testing.assert_array_equal(level, lowest_spill(np.nan_to_num(level), core, open_boundary))
    assert (level <= z)[taking_part].all()
    lowered = taking_part & (level < np.nan_to_num(z))
    assert (network.trench | open_boundary)[lowered].all()
    assert not network.trench[~core].any()
    assert_sound(network, core, open_boundary)


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=60, derandomize=True, deadline=None)
@given(seed=st.integers(0, 10**6), rows=st.integers(3, 12), cols=st.integers(3, 12), levels=st.integers(1, 5))
def test_any_terrain_with_ties_and_holes(method, seed, rows, cols, levels):
    rng = np.random.default_rng(seed)
    z = rng.integers(0, levels, (rows, cols)).astype(float)
    role = rng.choice(3, (rows, cols), p=[0.75, 0.2, 0.05])  # core, closed, open
    rim = np.ones((rows, cols), dtype=bool)
    rim[1:-1, 1:-1] = False
    role[rim & (role == 0)] = 1
    core, open_boundary = role == 0, role == 2
    z[role == 1] = np.nan
    assert_breached(z, route(z, core, open_boundary, method=method, depressions="breach"), core, open_boundary)


@pytest.mark.parametrize("method", METHODS)
def test_rough_terrain(method):
    z = rough_terrain(90, 70, seed=3)
    network = route(z, method=method, depressions="breach")
    assert_breached(z, network, *masks(z.shape))
    filled = route(z, method=method)
    assert 0.01 < network.trench.mean() < (filled.filled > z).mean()


def test_a_dam_is_cut_where_it_is_lowest():
    """A trough that falls west, closed by a dam of 3 m with a notch of 1 m: the trench goes through the notch."""
    z = np.full((7, 9), 20.0)
    z[1:-1] = 5.0 + 0.1 * np.arange(9)
    z[1:-1, 3] = 8.0
    z[4, 3] = 6.0
    core, open_boundary = masks(z.shape)
    open_boundary[:] = False
    open_boundary[3, 0] = True
    network = route(z, core, open_boundary, depressions="breach")
    assert_breached(z, network, core, open_boundary)
    assert network.filled[4, 3] == z[4, 4]  # the floor behind the dam, at 5.4
    cut = network.filled < z
    assert np.argwhere(cut).tolist() == [[4, 3]]
    assert network.area[3, 0] == core.sum()


@pytest.mark.parametrize("seed", range(4))
def test_no_other_way_takes_less_digging(seed):
    """One deep pit in rough ground: what is dug is the cheapest path of a graph whose nodes cost their height."""
    from scipy.sparse import lil_matrix
    from scipy.sparse.csgraph import dijkstra

    rng = np.random.default_rng(seed)
    z = 10.0 + rng.random((15, 17))
    z[8, 8] = 0.0
    z[0, 3] = -1.0  # the only way out
    core, open_boundary = masks(z.shape)
    open_boundary[:] = False
    open_boundary[0, 3] = True
    # all other cells drain to the pit or dig less than it: start from a surface without other pits
    lone = route(np.where(z == 0.0, 20.0, z), core, open_boundary, depressions="breach")
    z[core] = lone.filled[core]
    z[8, 8] = 0.0
    network = route(z, core, open_boundary, depressions="breach")
    dug = (z - network.filled)[core].sum()
    n, cols = z.size, z.shape[1]
    graph = lil_matrix((n, n))
    for node in np.flatnonzero(core):
        for row in (-1, 0, 1):
            for column in (-1, 0, 1):
                other = node + row * cols + column
                if other != node and (core | open_boundary).ravel()[other]:
                    graph[node, other] = max(z.ravel()[other], 0.0) + 1e-12
    cheapest = dijkstra(graph.tocsr(), indices=8 * cols + 8)[3]
    assert dug == pytest.approx(cheapest, rel=1e-9)
    assert_breached(z, network, core, open_boundary)


@pytest.mark.parametrize("transform", list(transforms()))
def test_trenches_turn_with_the_terrain(transform):
    z = rough_terrain(40, 40, seed=2)
    network = route(z, depressions="breach")
    np.testing.assert_array_equal(route(transform(z), depressions="breach").filled, transform(network.filled))


def test_terrain_without_depressions_is_left_alone():
    z = pitless_terrain(31, seed=5)
    network, filled = route(z, depressions="breach"), route(z)
    assert not network.trench.any()
    np.testing.assert_array_equal(network.filled, z)
    np.testing.assert_array_equal(network.area, filled.area)


def test_a_pit_below_its_outlet_lowers_the_outlet():
    z = np.full((3, 5), np.nan)
    z[1] = [2.0, 3.0, 1.0, 4.0, np.nan]
    core, open_boundary = np.zeros((3, 5), dtype=bool), np.zeros((3, 5), dtype=bool)
    core[1, 1:4], open_boundary[1, 0] = True, True
    network = route(z, core, open_boundary, depressions="breach")
    np.testing.assert_array_equal(network.filled[1, :4], [1.0, 1.0, 1.0, 4.0])
    assert network.trench[1].tolist() == [False, True, True, False, False]
    assert network.area[1, 0] == 3


def test_a_wide_floor_is_searched_once():
    """A level floor of 40 000 cells behind a rim: one trench, all of it drained, in no time."""
    z = np.full((202, 202), 5.0)
    z[2:-2, 2:-2] = 0.0
    network = route(z, depressions="breach")
    assert_breached(z, network, *masks(z.shape))
    assert (network.filled < z)[1:-1, 1:-1].sum() == 1
