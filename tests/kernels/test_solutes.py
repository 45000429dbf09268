"""Dissolved organic carbon through layers and groundwater: budgets, steady state, closed forms."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watershed_c.kernels.solutes import advect, steady_state


class Column(NamedTuple):
    """Arguments of ``advect`` after ``cells``."""

    solute: np.ndarray
    produced: np.ndarray
    water: np.ndarray
    percolation: np.ndarray
    aside: np.ndarray
    sorption: np.ndarray
    decay: float
    groundwater_solute: np.ndarray
    groundwater: np.ndarray
    baseflow: np.ndarray
    decayed: np.ndarray
    carried: np.ndarray
    exported: np.ndarray

    def step(self) -> None:
        advect(np.arange(self.water.shape[0], dtype=np.int64), *self)


def column(
    layers: int = 4, *, nodes: int = 1, percolation: float = 20.0, sorption: float = 0.0, decay: float = 0.0
) -> Column:
    shape = (nodes, layers)
    return Column(
        np.zeros(shape),
        np.full(shape, 1e-4),
        np.full(shape, 80.0),
        np.full(shape, percolation),
        np.zeros((0, layers)),
        np.full(shape, sorption),
        decay,
        np.zeros(nodes),
        np.full(nodes, 300.0),
        np.full(nodes, percolation),
        np.zeros(shape),
        np.zeros(shape),
        np.zeros(nodes),
    )


def total(c: Column) -> np.ndarray:
    return c.solute.sum(axis=1) + c.groundwater_solute


@pytest.mark.parametrize("sorption", [0.0, 400.0])
def test_steady_outflow_equals_production(sorption: float) -> None:
    """Without decay, sorption delays the outflow and does not change it."""
    c = column(sorption=sorption)
    for _ in range(6000):
        c.step()
    assert c.exported[0] == pytest.approx(c.produced.sum(), rel=1e-9)


def test_sorption_delays() -> None:
    free, sorbed = column(), column(sorption=400.0)
    for _ in range(12):
        free.step()
        sorbed.step()
    assert 0.0 < sorbed.exported[0] < 0.2 * free.exported[0]


@pytest.mark.parametrize("decay", [0.0, 1.0 / 12.0])
def test_steady_state_stays(decay: float) -> None:
    c = column(sorption=300.0, decay=decay)
    c.solute[:] = steady_state(c.produced * 12.0, c.water, c.percolation * 12.0, c.sorption, decay * 12.0)
    before = c.solute.copy()
    for _ in range(24):
        c.step()
    assert c.solute == pytest.approx(before, rel=1e-12)


def test_flux_falls_exponentially_with_depth_when_it_decays() -> None:
    """Production at the top, thin layers: flux(z) = flux(0) exp(-k theta z / q), whatever the sorption."""
    layers, water, percolation, rate = 400, 300.0, 240.0, 1.5
    shape = (1, layers)
    produced = np.zeros(shape)
    produced[0, 0] = 5e-3
    held = steady_state(
        produced, np.full(shape, water / layers), np.full(shape, percolation), np.full(shape, 9.0), rate
    )
    concentration = held[0] / (water / layers + 9.0)
    assert concentration[-1] * percolation == pytest.approx(
        5e-3 * np.exp(-rate * water / percolation), rel=5e-3
    )


def test_pulse_leaves_a_mixed_layer_exponentially() -> None:
    c = column(1, sorption=40.0, decay=0.1)
    c.produced[:] = 0.0
    c.solute[:] = 1.0
    for _ in range(10):
        c.step()
    assert c.solute[0, 0] == pytest.approx(np.exp(-10.0 * (20.0 + 0.1 * 80.0) / 120.0), rel=1e-12)


def test_step_halving_changes_nothing_in_one_layer_of_constant_flow() -> None:
    whole, halves = column(1, decay=0.2), column(1, percolation=10.0, decay=0.1)
    halves.produced[:] *= 0.5
    for c, steps in ((whole, 6), (halves, 12)):
        c.solute[:] = 0.01
        for _ in range(steps):
            c.step()
    assert whole.solute == pytest.approx(halves.solute, rel=1e-12)


def test_no_percolation_no_export() -> None:
    c = column(percolation=0.0)
    c.step()
    assert c.exported[0] == 0.0 and c.groundwater_solute[0] == 0.0
    assert c.solute == pytest.approx(1e-4)


def test_dry_layer_keeps_its_solute() -> None:
    c = column(percolation=0.0, decay=0.5)
    c.water[:] = 0.0
    c.step()
    assert c.solute == pytest.approx(1e-4) and (c.decayed == 0.0).all()


_flow = st.floats(0.0, 200.0) | st.just(0.0) | st.floats(0.0, 1e-9)


@settings(max_examples=80, derandomize=True, deadline=None)
@given(st.data())
def test_conservative_and_positive(data: st.DataObject) -> None:
    decay = data.draw(st.floats(0.0, 1.0) | st.just(0.0))
    c = column(3, nodes=2, decay=decay)
    for array, strategy in (
        (c.solute, st.floats(0.0, 0.1) | st.just(0.0)),
        (c.produced, st.floats(0.0, 0.01)),
        (c.water, _flow),
        (c.percolation, _flow),
        (c.sorption, st.floats(0.0, 2e4) | st.just(0.0)),
        (c.groundwater, _flow),
        (c.baseflow, _flow),
    ):
        array.flat = [data.draw(strategy) for _ in range(array.size)]
    for _ in range(3):
        before = total(c)
        c.step()
        gone = c.exported + c.decayed.sum(axis=1)
        assert total(c) + gone == pytest.approx(before + c.produced.sum(axis=1), rel=1e-14, abs=1e-18)
        for array in (c.solute, c.groundwater_solute, c.decayed, c.exported):
            assert (array >= 0.0).all() and np.isfinite(array).all()


def test_what_leaves_sideways_is_in_the_budget_and_at_the_concentration_of_the_percolate() -> None:
    c = column(percolation=20.0, sorption=50.0, decay=0.3)._replace(aside=np.full((1, 4), 30.0))
    left = 0.0
    for _ in range(300):
        before = total(c)
        c.step()
        gone = c.carried.sum() + c.decayed.sum() + c.exported[0]
        left += c.carried.sum()
        assert float((total(c) - before)[0]) == pytest.approx(4e-4 - gone, abs=1e-18)
    assert left > 0.0
    assert c.carried[0, 0] == pytest.approx(1e-4 * 30.0 / (20.0 + 30.0 + 0.3 * 80.0), rel=1e-9)
    still = steady_state(c.produced, c.water, c.percolation, c.sorption, 0.3, c.aside)
    np.testing.assert_allclose(c.solute, still, rtol=0.02)


def test_nothing_goes_sideways_where_no_water_does() -> None:
    plain, none = (column(percolation=20.0, sorption=50.0, decay=0.3) for _ in range(2))
    none = none._replace(aside=np.zeros((1, 4)))
    for _ in range(5):
        plain.step()
        none.step()
    np.testing.assert_allclose(none.solute, plain.solute, rtol=1e-14)
    assert not none.carried.any()
