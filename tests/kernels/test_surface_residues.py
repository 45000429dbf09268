"""What animals and implements do to residues: closed forms, limits, balance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watershed_c.kernels.surface_residues import incorporate, left_by_fauna, palatability


def test_palatability_is_that_of_daisy() -> None:
    at = {10.0: 1.0, 50.0: 1.0, 75.0: 0.55, 100.0: 0.1, 110.0: 0.055, 120.0: 0.01, 400.0: 0.01}
    assert [palatability(ratio) for ratio in at] == pytest.approx(list(at.values()), rel=1e-12)


def test_fauna_follow_their_equation() -> None:
    """Steps of C' = -R C/(C + half) converge with first order to the closed form C + half ln C = C0 + half ln C0 - R t.

    With much more than half it is exact in one step: all of them eat at their most.
    """
    carbon, rate, half, left = 0.1, 0.3, 0.05, 0.04
    time = (carbon - left + half * np.log(carbon / left)) / rate
    errors = []
    for steps in (20, 40, 80):
        now = carbon
        for _ in range(steps):
            now = left_by_fauna(now, rate * time / steps, half)
        errors.append(abs(now - left))
    assert errors[0] / errors[1] == pytest.approx(2.0, abs=0.1) and errors[1] / errors[2] == pytest.approx(2.0, abs=0.1)
    assert left_by_fauna(0.3, 0.1, 1e-9) == pytest.approx(0.2, rel=1e-7)
    assert left_by_fauna(0.3, 0.0, 1e-3) == pytest.approx(0.3, rel=1e-14)
    assert 0.0 < left_by_fauna(0.3, 100.0, 1e-3) < 1e-5


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_nothing_is_lost_and_the_rest_goes_where_it_is_said(seed: int) -> None:
    random = np.random.default_rng(seed)
    n, layers, pools = 3, 4, 3
    cells, unit = np.array([0, 2]), np.array([0, 1, 1])
    stocks = random.random((n, layers, pools + 2))
    residue, cover, nitrogen = random.random((n, pools)), random.random(n), random.random(n) / 40.0
    arriving = random.random((2, 2, 2, pools))
    arriving_cover, arriving_nitrogen = random.random((2, 2, 2)), random.random((2, 2, 2)) / 60.0
    scale, capacity = random.random(n), random.random(n)
    buried = random.random((2, layers)) / layers
    shares = np.array([0.4, 0.3, 0.2, 0.1])
    litter = np.array([True, True, False])
    mineral = np.array([[1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 0.0]])  # rock below 3 layers
    before = [values.copy() for values in (stocks, residue, cover, nitrogen)]
    respired = np.zeros(n)
    incorporate(
        cells, unit, scale, arriving, arriving_cover, arriving_nitrogen, litter, capacity, 1e-3, 0.5, shares, buried, 1,
        mineral, stocks, residue, cover, nitrogen, respired,
    )  # fmt: skip
    arrived = scale[:, None] * arriving[unit].sum(axis=1)[:, 0] + arriving[unit].sum(axis=1)[:, 1]
    gained = (stocks - before[0]).sum(axis=(1, 2)) + (residue - before[1]).sum(axis=1) + respired
    np.testing.assert_allclose(gained[cells], arrived.sum(axis=1)[cells], rtol=1e-12)
    for now, then in zip((stocks, residue, cover, nitrogen), before, strict=True):
        assert (now >= 0.0).all() and np.array_equal(now[1], then[1])  # a cell that is not asked for
    assert np.array_equal(stocks[:, :, [0, 4]], before[0][:, :, [0, 4]])
    # what is no litter is in the top layer, but for what comes after the last pass
    late = scale[:, None] * arriving[unit, 1, 0] + arriving[unit, 1, 1]
    np.testing.assert_allclose(residue[cells, 2], late[cells, 2], rtol=1e-12)
    # animals eat all pools alike, and cover goes with the mass
    first = before[1] + scale[:, None] * arriving[unit, 0, 0] + arriving[unit, 0, 1]
    kept = (residue - late)[cells, 0] / first[cells, 0]
    first_cover = before[2] + scale * arriving_cover[unit, 0, 0] + arriving_cover[unit, 0, 1]
    late_cover = scale * arriving_cover[unit, 1, 0] + arriving_cover[unit, 1, 1]
    np.testing.assert_allclose((cover - late_cover)[cells], kept * first_cover[cells], rtol=1e-9, atol=1e-12)
    # a layer gets what passes bury in it and its share of what animals leave
    eaten = respired[cells] / 0.5
    lying = first[cells, :2].sum(axis=1)
    down = (0.5 * eaten / lying)[:, None] * shares + (1.0 - eaten / lying)[:, None] * buried[unit[cells]]
    down[1, 2:] = down[1, 2] + down[1, 3], 0.0
    np.testing.assert_allclose(
        (stocks - before[0])[cells, :, 1], down * first[cells, :1], rtol=1e-9, atol=1e-12
    )
