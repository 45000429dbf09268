"""Rule 6: halving the step and permuting the processes, with exact pools and frozen modifiers (docs/coupling.md).

The slope of ``benchmarks/splitting.py``, two columns of cells wide (every column of it is the same slope).
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from benchmarks.splitting import (
    NOTHING_ON_TOP,
    ORDER,
    QUANTITIES,
    STEPS,
    TILLAGE_FIRST,
    Experiment,
    by_thickness,
    observed_order,
)

#: every tenth of the 120 orders, the loop's own first: their spread is 98 % of that of all
ORDERS = list(itertools.islice(itertools.permutations(ORDER), 0, None, 10))


@pytest.fixture(scope="module")
def experiment() -> Experiment:
    return Experiment(changes={"domain.synthetic.width": "20 m"})


@pytest.fixture(scope="module")
def halved(experiment: Experiment) -> np.ndarray:
    """(4, 4): a month in 1, 2, 4 and 8 steps."""
    return np.array([experiment.run(n) for n in STEPS])


@pytest.fixture(scope="module")
def spreads(experiment: Experiment) -> np.ndarray:
    """(3, 4): largest less smallest over the orders, a month in 1, 2 and 4 steps."""
    return np.array([np.ptp([experiment.run(n, order) for order in ORDERS], axis=0) for n in STEPS[:3]])


def test_the_same_run_twice(experiment: Experiment, halved: np.ndarray) -> None:
    """Nothing is left of a run in the next one: what differs is the step."""
    assert experiment.run(2).tobytes() == halved[1].tobytes()


def test_something_happens(halved: np.ndarray) -> None:
    sediment, soc, sic, exchange = halved[-1]
    assert 0.5 < sediment < 50.0  # t ha-1 yr-1
    assert min(soc, sic, abs(exchange)) > 10.0  # kg C ha-1 yr-1


def test_halving_the_step_is_first_order(halved: np.ndarray) -> None:
    """Each halving changes less than the one before, at the order of sequential splitting; the monthly step is within
    1 % of the finest."""
    difference = np.abs(np.diff(halved, axis=0))
    assert (difference > 1e-5 * np.abs(halved[-1])).all()  # far above round-off
    assert (difference[1:] < difference[:-1]).all()
    order = observed_order(halved)
    assert (order >= 0.8).all() and (order <= 1.4).all(), dict(zip(QUANTITIES, order.T, strict=True))
    assert (np.abs(order[-1] - 1.0) < 0.1).all()
    assert (np.abs(halved[0] / halved[-1] - 1.0) < 0.01).all()


def test_the_order_matters_less_by_half(halved: np.ndarray, spreads: np.ndarray) -> None:
    """The spread over the orders is a splitting error like the other: it halves with the step."""
    assert len(ORDERS) == 12 and ORDERS[0] == ORDER
    ratio = spreads[:-1] / spreads[1:]
    assert ((ratio > 1.7) & (ratio < 2.4)).all(), dict(zip(QUANTITIES, ratio.T, strict=True))
    assert (spreads[0] < 0.04 * np.abs(halved[-1])).all()


def test_both_orders_of_tillage_and_wash(experiment: Experiment, halved: np.ndarray) -> None:
    """Wash after tillage takes soil that was just mixed with what lies deeper: less carbon, as much sediment; the
    difference is of the step and halves with it.
    """
    first = np.array([experiment.run(n, TILLAGE_FIRST) for n in STEPS[:3]])
    difference = first / halved[:3] - 1.0
    sediment, soc, sic, exchange = np.abs(difference[0])
    assert 0.0 < sediment < 1e-4
    assert 0.005 < soc < 0.03 and difference[0, 1] < 0.0
    assert sic < 1e-3 and exchange < 5e-3
    np.testing.assert_allclose(difference[:-1] / difference[1:], 2.0, rtol=0.1)


def test_thinner_layers_change_less_and_less() -> None:
    """Layers of 5 cm and more in 1, 2 and 4 parts, from one start: SIC loss at first order, the net exchange faster;
    sediment does not see layers. SOC export has a gradient at the surface thinner than these (docs/coupling.md).
    """
    found = by_thickness({**NOTHING_ON_TOP, "domain.synthetic.width": "10 m"}, parts=(1, 2, 4))
    sediment, _, sic, exchange = observed_order(found)[0]
    assert 0.8 < sic < 1.4 and exchange > 1.3
    np.testing.assert_allclose(found[:, 0], found[-1, 0], rtol=1e-4)
    np.testing.assert_allclose(found[:, 1], found[-1, 1], rtol=0.05)


def test_ledger_closes_in_every_step(experiment: Experiment) -> None:
    """Every account after every process, in an order far from the loop's."""
    ledger = experiment.watershed.ledger
    every_process, ledger.every_process = ledger.every_process, True
    try:
        experiment.run(4, ORDER[::-1])
    finally:
        ledger.every_process = every_process
    assert ledger.worst_residual <= 1.0
    assert max(ledger.cumulative_residual().values()) <= 1e-10
