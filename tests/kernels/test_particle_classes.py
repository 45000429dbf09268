"""Classes at detachment, their settling, and the routed pass: conservation, texture, and its limit without sorting."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kernels.test_water_erosion import DRY, network
from watershed_c.kernels.flow_routing import in_flow_order
from watershed_c.kernels.particle_classes import (
    BY_MASS,
    CLASSES,
    CLAY,
    IN_AGGREGATES,
    SAND,
    SILT,
    WITH_CLAY,
    classes_at_detachment,
    fall_velocities,
    route_classes,
    settle,
)

HOME = np.array([IN_AGGREGATES, WITH_CLAY, BY_MASS, BY_MASS, CLAY, SILT, SAND])
ALL_DRY = np.concatenate((DRY, np.zeros(3)))


def classes(clay: float, silt: float) -> np.ndarray:
    parts = np.full((5, 3), np.nan)
    classes_at_detachment(clay, silt, 1.0 - clay - silt, parts)
    return parts


# -- classes -----------------------------------------------------------------------------------------------------------
@settings(deadline=None, derandomize=True)
@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_classes_are_the_soil(first: float, second: float) -> None:
    clay, silt = first * second, first - first * second
    parts = classes(clay, silt)
    assert (parts >= -1e-16).all()
    np.testing.assert_allclose(parts.sum(axis=0), [clay, silt, 1.0 - clay - silt], atol=1e-15)


def test_silt_loam_by_hand() -> None:
    """Clay 20 %, silt 60 %, sand 20 %: 4, 7.8, 40, 11.7 and 36.5 %; small aggregates are a quarter clay."""
    parts = classes(0.2, 0.6)
    sand = 0.2 * 0.8**2.4
    np.testing.assert_allclose(parts.sum(axis=1), [0.04, 0.078, 0.4, sand, 0.482 - sand], rtol=1e-12)
    np.testing.assert_allclose(parts[2], [0.1, 0.3, 0.0], rtol=1e-12)


def test_fall_velocities_are_stokes_for_fine_and_slower_for_coarse() -> None:
    """Primary clay 3.5e-6 m s-1; Stokes would give 200 um of sand 0.036 m s-1."""
    found = dict(zip(CLASSES, fall_velocities(), strict=True))
    assert found["clay"] == pytest.approx(1.6 * 9.81 * 4e-12 / 18e-6, rel=1e-3)
    assert 0.015 < found["sand"] < 0.03
    assert found["clay"] < found["silt"] < found["small_aggregates"] < found["sand"] < found["large_aggregates"]


# -- settling ----------------------------------------------------------------------------------------------------------
@settings(deadline=None, derandomize=True)
@given(st.lists(st.floats(0.0, 10.0), min_size=5, max_size=5), st.floats(0.0, 1.0))
def test_what_stays_is_the_target_and_coarse_settles_first(load: list[float], part: float) -> None:
    q, share = np.array(load), np.full(5, np.nan)
    target = part * q.sum()
    settle(q, target, fall_velocities(), share)
    assert share @ q == pytest.approx(target, rel=1e-9, abs=1e-12)
    assert ((share >= 0.0) & (share <= 1.0)).all()
    if 0.0 < target:
        assert (np.diff(share) <= 1e-12).all()  # velocities rise from class to class


def test_equal_velocities_settle_alike() -> None:
    share = np.zeros(5)
    settle(np.array([1.0, 2.0, 3.0, 4.0, 5.0]), 6.0, np.ones(5), share)
    np.testing.assert_allclose(share, 0.4, rtol=1e-12)


# -- the pass ----------------------------------------------------------------------------------------------------------
def routed(seed: int, velocity: np.ndarray, trap: bool = False, lost: float = 0.0):
    """The random network of the tests of the plain pass, with texture rows on non-uniform profiles."""
    field, random = network(seed)
    n, layers = field.mineral.shape
    texture = random.dirichlet(np.ones(3), (n, layers)) * field.mineral[:, :, None]
    stocks = np.ascontiguousarray(np.concatenate((field.stocks, texture), axis=2))
    mineral, before = field.mineral.copy(), stocks.copy()
    potential, capacity = random.exponential(3.0, n), random.exponential(8.0, n) * (random.random(n) > 0.1)
    out = {
        "deposit_mineral": np.zeros(n), "deposit": np.zeros((n, 7)), "carried": np.zeros((n, 5, 8)),
        "eroded": np.zeros(n), "deposited": np.zeros(n), "net_mineral": np.zeros(n), "net": np.zeros((n, 7)),
    }  # fmt: skip
    mineralised = np.zeros((n, 7))
    rows_lost = np.array([0, 1] if lost else [], dtype=np.int64)
    route_classes(
        field.order, *in_flow_order(field.order, field.receivers, field.weights), field.is_soil, field.in_depression,
        trap, np.zeros(0), potential, capacity, mineral, stocks, ALL_DRY, HOME, 4, velocity, rows_lost, lost,
        mineralised, *out.values(),
    )  # fmt: skip
    return field, before, mineral, stocks, potential, capacity, mineralised, out


@settings(max_examples=30, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), trap=st.booleans(), lost=st.sampled_from([0.0, 0.1]))
def test_nothing_is_lost_and_texture_sums_to_the_mineral(seed: int, trap: bool, lost: float) -> None:
    field, before, mineral, stocks, _, _, mineralised, out = routed(seed, fall_velocities(), trap, lost)
    assert (mineral >= 0.0).all() and (stocks >= 0.0).all()
    change = (stocks - before).sum(axis=1) + out["deposit"]
    np.testing.assert_allclose(change, out["net"] + mineralised, atol=1e-12)
    np.testing.assert_allclose(
        (mineral - field.mineral).sum(axis=1) + out["deposit_mineral"], out["net_mineral"], atol=1e-12
    )
    outside = out["carried"][~field.is_soil].sum(axis=(0, 1))
    assert np.abs(out["net"].sum(axis=0) + outside[:7]).max() < 1e-11
    assert abs(out["net_mineral"].sum() + outside[7]) < 1e-11
    for rows, whole in ((stocks[:, :, 4:], mineral), (out["deposit"][:, 4:], out["deposit_mineral"])):
        np.testing.assert_allclose(rows.sum(axis=-1), whole, rtol=1e-12, atol=1e-12)
    export = out["carried"][~field.is_soil]
    np.testing.assert_allclose(export[:, :, 4:7].sum(axis=2), export[:, :, 7], rtol=1e-12, atol=1e-12)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), trap=st.booleans())
def test_without_sorting_it_is_the_plain_pass(seed: int, trap: bool) -> None:
    field, _, mineral, stocks, potential, capacity, _, out = routed(seed, np.ones(5), trap)
    field.route(potential, capacity, trap=trap)
    np.testing.assert_allclose(mineral, field.mineral, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(stocks[:, :, :4], field.stocks, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(out["deposit"][:, :4], field.deposit, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(out["net"][:, :4], field.net, rtol=1e-9, atol=1e-10)


def test_deposits_are_coarse_and_what_goes_on_is_fine() -> None:
    """Two slopes drain over a flat cell that keeps half of what enters it."""
    n = 3
    order, is_soil = np.arange(n), np.array([True, True, False])
    receivers = np.array([[1], [2], [-1]])
    mineral = np.full((n, 1), 100.0)
    texture = np.array([0.2, 0.6, 0.2])
    stocks = np.zeros((n, 1, 7))
    stocks[:, 0] = np.concatenate(([0.4, 1.5, 0.3, 0.0], 100.0 * texture))
    carried, deposit, deposit_mineral = np.zeros((n, 5, 8)), np.zeros((n, 7)), np.zeros(n)
    route_classes(
        order, *in_flow_order(order, receivers, np.ones((n, 1))), is_soil, np.zeros(n, dtype=bool), False,
        np.zeros(0), np.array([10.0, 0.0, 0.0]), np.array([50.0, 5.0, 0.0]), mineral, stocks, ALL_DRY, HOME, 4,
        fall_velocities(),
        np.zeros(0, dtype=np.int64), 0.0, np.zeros((n, 7)), deposit_mineral, deposit, carried, np.zeros(n),
        np.zeros(n), np.zeros(n), np.zeros((n, 7)),
    )  # fmt: skip
    export = carried[2].sum(axis=0)
    leaves, stays = export[:7] / export[7], deposit[1] / deposit_mineral[1]
    source = np.concatenate(([0.004, 0.015, 0.003, 0.0], texture))
    assert leaves[4] > source[4] > stays[4] and leaves[6] < source[6] < stays[6]  # clay; sand
    assert leaves[1] / leaves[4] == pytest.approx(source[1] / source[4], rel=1e-9)  # carbon stays with its clay
    assert leaves[0] < 0.3 * source[0] and stays[0] > 1.5 * source[0]  # particulate carbon settles with aggregates
    assert leaves[2] == pytest.approx(source[2], rel=1e-9)  # what is on all particles follows the mass
