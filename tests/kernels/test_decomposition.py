"""Decomposition kernel: exact step, conservation, layers, reproducibility; periodic steady state."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watershed_c.kernels.decomposition import decompose
from watershed_c.kernels.pool_steps import Structure, doublings
from watershed_c.parallel import get_threads, over_cells, set_threads

RATES = np.array([10.0, 0.3, 0.66, 0.02, 0.0])
#: four pools that give alike to the third and fourth, and one that is inert; input to any of them
STRUCTURE = Structure(
    active=np.arange(4),
    group=np.zeros(5, dtype=np.int64),
    donor_set=np.zeros(5, dtype=np.int64),
    sets=np.zeros(1, dtype=np.int64),
    route_set=np.array([0, 0]),
    route_share=np.array([0, 1]),
    route_to=np.array([2, 3]),
    receivers=np.arange(5),
)


def random_case(n: int, layers: int, rows: int = 7, seed: int = 1) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        "stocks": rng.uniform(0.0, 4.0, (n, layers, rows)),
        "coefficients": np.column_stack([rng.uniform(0.05, 0.2, n), rng.uniform(0.05, 0.2, n)]),
        "modifier": rng.uniform(0.0, 3.0, (n, layers)),
        "unit": rng.integers(0, 3, n),
        "plant": rng.uniform(0.0, 0.1, (3, layers, 5)),
        "scale": rng.uniform(0.5, 2.0, n),
        "manure": rng.uniform(0.0, 0.1, (3, layers, 5)),
        "respired": np.full((n, layers), np.nan),
        "doc": np.full((n, layers), np.nan),
    }


def step(
    case: dict[str, np.ndarray], cells: np.ndarray, doc_fraction: float = 0.0, dt: float = 1.0 / 12.0
) -> None:
    over_cells(
        decompose,
        cells,
        case["stocks"],
        1,
        STRUCTURE,
        RATES[:, None],
        case["coefficients"],
        case["modifier"][:, :, None],
        case["unit"],
        case["plant"],
        case["scale"],
        case["manure"],
        doublings(RATES * case["modifier"].max() * dt),
        doc_fraction,
        dt,
        case["respired"],
        case["doc"],
    )


def official_step(
    stock: np.ndarray, coefficients: np.ndarray, modifier: float, dt: float
) -> tuple[np.ndarray, float]:
    """The step as the official programs write it (library exponential, gains summed per pool), without
    input."""
    left = stock * np.exp(-RATES * modifier * dt)
    loss = math.fsum(stock - left)
    left[2] += loss * coefficients[0]
    left[3] += loss * coefficients[1]
    return left, loss * (1.0 - coefficients[0] - coefficients[1])


def test_one_step_equals_the_official_order_of_operations() -> None:
    case = random_case(50, 3)
    before = case["stocks"].copy()
    step(case, np.arange(50))
    for cell in range(50):
        for layer in range(3):
            expected, respired = official_step(
                before[cell, layer, 1:6].copy(),
                case["coefficients"][cell],
                case["modifier"][cell, layer],
                1.0 / 12.0,
            )
            table = case["unit"][cell]
            expected += case["scale"][cell] * case["plant"][table, layer] + case["manure"][table, layer]
            np.testing.assert_allclose(case["stocks"][cell, layer, 1:6], expected, rtol=1e-12)
            assert case["respired"][cell, layer] == pytest.approx(respired, rel=1e-11)
    # rows that are not pools of the model are left alone
    np.testing.assert_array_equal(case["stocks"][:, :, [0, 6]], before[:, :, [0, 6]])


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 1000),
    doc_fraction=st.floats(0.0, 1.0),
    dt=st.floats(1e-4, 2.0),
)
def test_carbon_is_conserved(seed: int, doc_fraction: float, dt: float) -> None:
    case = random_case(6, 4, seed=seed)
    before = case["stocks"].sum(axis=2)
    step(case, np.arange(6), doc_fraction, dt)
    added = case["scale"][:, None] * case["plant"][case["unit"]].sum(axis=2) + case["manure"][
        case["unit"]
    ].sum(axis=2)
    change = case["stocks"].sum(axis=2) - before
    np.testing.assert_allclose(change, added - case["respired"] - case["doc"], rtol=0.0, atol=2e-14)
    total = case["respired"] + case["doc"]
    np.testing.assert_allclose(case["doc"], doc_fraction * total, rtol=1e-12, atol=1e-18)
    assert (case["stocks"] >= 0.0).all()
    assert (case["respired"] >= -1e-18).all()


def test_frozen_soil_keeps_its_carbon_and_input_waits_a_step() -> None:
    case = random_case(2, 1)
    case["modifier"][:] = 0.0
    before = case["stocks"].copy()
    step(case, np.arange(2))
    added = case["scale"][:, None] * case["plant"][case["unit"], 0] + case["manure"][case["unit"], 0]
    np.testing.assert_array_equal(case["stocks"][:, 0, 1:6], before[:, 0, 1:6] + added)
    assert (case["respired"] == 0.0).all()


def test_same_bits_for_any_thread_count_and_only_the_given_cells_change() -> None:
    n = 9000
    cells = np.arange(0, n, 2)
    results = []
    threads = get_threads()
    for count in (1, 2):
        set_threads(count)
        case = random_case(n, 2)
        before = case["stocks"].copy()
        step(case, cells, 0.02)
        results.append(case)
        np.testing.assert_array_equal(case["stocks"][1::2], before[1::2])
        assert np.isnan(case["respired"][1::2]).all()
    set_threads(threads)
    np.testing.assert_array_equal(results[0]["stocks"], results[1]["stocks"])
    np.testing.assert_array_equal(results[0]["respired"], results[1]["respired"])


@pytest.mark.parametrize("layers", [2, 3, 7])
def test_uniform_layers_equal_one_layer(layers: int) -> None:
    """Rule 10: 23 cm cut into n layers with well-mixed carbon and input is official RothC, for 40 years."""
    one, cut = random_case(1, 1), random_case(1, layers)
    for key in ("coefficients", "unit", "scale"):
        cut[key] = one[key]
    for key in ("stocks", "plant", "manure"):
        cut[key] = np.ascontiguousarray(np.repeat(one[key], layers, axis=1) / layers)
    rng = np.random.default_rng(3)
    for _ in range(480):
        factor = rng.uniform(0.0, 2.0)
        one["modifier"][:] = cut["modifier"][:] = factor
        step(one, np.array([0]))
        step(cut, np.array([0]))
    np.testing.assert_allclose(cut["stocks"][:, :, 1:6].sum(axis=1), one["stocks"][:, 0, 1:6], rtol=1e-12)
    assert cut["respired"].sum() == pytest.approx(one["respired"].sum(), rel=1e-12)

