"""The carbon balance of peat in one column: what is taken from where, and how far the surface moves."""

from __future__ import annotations

import numpy as np
import pytest

from watershed_c.kernels.peat import INTERCEPT, IPCC, SLOPE, exchange_peat

TOP, BOTTOM = np.array([0.0, 0.1, 0.3]), np.array([0.1, 0.3, 1.0])
DENSITY = np.array([60.0, 50.0, 40.0])
#: two rows of pools after a row of something else
CARBON = DENSITY * (BOTTOM - TOP)


def exchange(loss: float, depth: float, years: float = 1.0, stocks: np.ndarray | None = None):
    if stocks is None:
        stocks = np.stack((np.full(3, 7.0), 0.25 * CARBON, 0.75 * CARBON), axis=1)[None]
    gained, raised = np.zeros(1), np.zeros(1)
    exchange_peat(
        np.array([0]), np.array([loss]), np.array([depth]), TOP, BOTTOM, DENSITY[None], 1, 2, 2, years, stocks, gained,
        raised,
    )  # fmt: skip
    return stocks[0], gained[0], raised[0]


def test_a_loss_comes_from_above_the_water_table_in_the_proportion_of_its_pools() -> None:
    stocks, gained, raised = exchange(0.6, 0.2)
    exposed = np.array([6.0, 5.0, 0.0])  # of the second layer the half above the table
    taken = 0.6 * exposed / exposed.sum()
    assert stocks[:, 1:].sum(axis=1) == pytest.approx(CARBON - taken, rel=1e-14)
    assert stocks[:, 1] / stocks[:, 1:].sum(axis=1) == pytest.approx(0.25, rel=1e-14)
    assert gained == pytest.approx(-0.6, rel=1e-14)
    assert raised == pytest.approx(-(taken / DENSITY).sum(), rel=1e-14)
    assert (stocks[:, 0] == 7.0).all()


def test_no_more_is_lost_than_lies_above_the_water_table() -> None:
    stocks, gained, raised = exchange(100.0, 0.3)
    assert stocks[:2, 1:].max() == 0.0 and stocks[2, 1:].sum() == pytest.approx(28.0, rel=1e-14)
    assert gained == pytest.approx(-16.0, rel=1e-14)
    assert raised == pytest.approx(-0.3, rel=1e-14)  # all of the peat above the table is gone
    assert exchange(1.0, 0.0)[1:] == (0.0, 0.0)


def test_a_gain_goes_to_the_top_and_lifts_the_surface() -> None:
    stocks, gained, raised = exchange(-0.12, 0.0, 0.5)
    assert stocks[0, 1:] == pytest.approx([1.5 * 1.01, 4.5 * 1.01], rel=1e-14)
    assert (gained, raised) == pytest.approx((0.06, 0.001), rel=1e-14)
    stocks, gained, _ = exchange(-0.12, 0.0, stocks=np.zeros((1, 3, 3)))
    assert stocks[0].tolist() == [0.0, 0.0, 0.12] and gained == 0.12


def test_units_of_the_factors() -> None:
    """In t CO2 per ha and year, as they were published: cropland 28.97, deep-drained grassland 22.35, ..."""
    per_hectare = {name: factor * 10.0 * 44.0 / 12.0 for name, factor in IPCC.items()}
    published = {
        "cropland": 28.97, "grassland-boreal": 20.89, "grassland-deep-drained": 22.35,
        "grassland-shallow-drained": 13.19, "forest-temperate": 9.53, "forest-boreal-rich": 3.41,
        "forest-boreal-poor": 0.92, "extraction": 10.26,
    }  # fmt: skip
    assert per_hectare == pytest.approx(published, abs=0.021)
    # 10 cm of water table: the abstract of Evans et al. has at least 3 t CO2e, methane included
    assert SLOPE * 0.1 * 10.0 * 44.0 / 12.0 > 3.0 and INTERCEPT < 0.0
