"""Fallout and decay: exact in time, nothing lost, where it falls."""

from __future__ import annotations

import math

import numpy as np
import pytest

from watershed_c.kernels.tracers import fall_and_decay

CELLS = np.array([1, 2], dtype=np.int64)
DECAY = math.log(2.0) / 22.2


def columns(layers: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(4)
    mineral = random.uniform(20.0, 150.0, (4, layers))
    return mineral, random.random((4, layers, 3)), random.random((4, 3)), np.zeros(4)


def test_steady_inventory_is_flux_over_decay_whatever_the_step() -> None:
    """100 Bq m-2 yr-1 of a half-life of 22.3 yr: 3217 Bq m-2."""
    decay = math.log(2.0) / 22.3
    for dt in (1.0 / 12.0, 1.0, 10.0):
        mineral, stocks, deposit, decayed = columns()
        for _ in range(round(600.0 / dt)):
            fall_and_decay(CELLS, 1, 100.0, 4.0, decay, dt, mineral, stocks, deposit, decayed)
        total = stocks[1, :, 1].sum() + deposit[1, 1]
        assert total == pytest.approx(100.0 / decay, rel=1e-7)
        assert total == pytest.approx(3217.0, abs=1.0)


@pytest.mark.parametrize("decay", [0.0, DECAY, 5.0])
def test_what_is_there_and_what_fell_is_there_or_decayed(decay: float) -> None:
    mineral, stocks, deposit, decayed = columns()
    before = stocks.copy(), deposit.copy()
    fall_and_decay(CELLS, 1, 40.0, 4.0, decay, 0.25, mineral, stocks, deposit, decayed)
    held = stocks[CELLS, :, 1].sum(axis=1) + deposit[CELLS, 1]
    had = before[0][CELLS, :, 1].sum(axis=1) + before[1][CELLS, 1]
    np.testing.assert_allclose(held + decayed[CELLS], had + 10.0, rtol=1e-14)
    assert (decayed[CELLS] > 0.0).all() == (decay > 0.0)
    others = np.array([0, 2])
    np.testing.assert_array_equal(stocks[:, :, others], before[0][:, :, others])
    np.testing.assert_array_equal(stocks[[0, 3]], before[0][[0, 3]])


def test_steps_of_any_length_give_the_same() -> None:
    ends = []
    for parts in (1, 7):
        mineral, stocks, deposit, decayed = columns()
        for _ in range(parts):
            fall_and_decay(CELLS, 0, 40.0, 4.0, DECAY, 10.0 / parts, mineral, stocks, deposit, decayed)
        ends.append(np.concatenate((stocks[CELLS, :, 0].ravel(), deposit[CELLS, 0])))
    np.testing.assert_allclose(ends[0], ends[1], rtol=1e-13)


@pytest.mark.parametrize("relaxation", [0.0, 4.0, 200.0])
def test_fallout_declines_with_mass_depth(relaxation: float) -> None:
    mineral, stocks, deposit, decayed = columns()
    stocks[:] = 0.0
    fall_and_decay(CELLS, 0, 1.0, relaxation, 0.0, 1.0, mineral, stocks, deposit, decayed)
    depth = np.cumsum(mineral[1])
    below = np.exp(-depth[:-1] / relaxation) if relaxation > 0.0 else np.zeros(3)
    expected = np.concatenate(([1.0], below)) - np.concatenate((below, [0.0]))
    np.testing.assert_allclose(stocks[1, :, 0], expected, atol=1e-15)
