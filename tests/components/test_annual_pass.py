"""Months against the year: the same where C is the same all year, less where it has seasons (coupling rule 20)."""

from __future__ import annotations

import numpy as np
import pytest

from tests import build
from watershed_c.components.flow_routing import FlowRouter
from watershed_c.components.water_erosion import WaterErosion

#: share of each month in the erosivity of the year: summer storms
SHARE = np.array([3.0, 3, 3, 4, 5, 11, 15, 17, 16, 10, 7, 6]) / 100.0


def months_of(cover: np.ndarray, months: int, coefficient: tuple[float, float] = (0.3, 0.3)) -> WaterErosion:
    """``months`` from January, C of all units by month of the year."""
    w = build.watershed(5)
    FlowRouter(w)
    erosion = WaterErosion(w, transport_capacity_coefficient=coefficient)
    w.ledger.open()
    for index in range(months):
        w.at(build.step(index))
        w.erosivity[:] = 900.0 * SHARE[index % 12]
        w.units.cover_factor[:] = cover[index % 12]
        erosion.run_one_step(build.MONTH)
        w.ledger.check("water_erosion", erosion.transforms, erosion.stores)
    return erosion


def test_months_of_constant_cover_sum_to_the_pass_of_the_year() -> None:
    erosion = months_of(np.full(12, 0.2), 24)
    compared = erosion.year.compared()
    assert compared is not None and compared["years"] == 2.0
    assert compared["gross_erosion"] == pytest.approx(1.0, rel=1e-12)
    assert compared["sediment_yield"] == pytest.approx(1.0, rel=1e-12)
    # some of it settles, else the comparison says nothing
    assert erosion.gross_deposition.sum() > 0.01 * erosion.gross_erosion.sum()


def test_seasons_of_cover_make_the_months_less_than_the_year() -> None:
    """Bare soil and good cover by turns: bare months are limited by capacity, covered ones by supply."""
    seasons = np.where(np.arange(12) % 6 < 3, 0.5, 0.01)
    compared = months_of(seasons, 12, (2.0, 2.0)).year.compared()
    assert compared is not None
    assert 0.3 < compared["sediment_yield"] < 0.9 and compared["gross_erosion"] < 0.9


def test_only_whole_years_are_compared_and_a_restart_goes_on() -> None:
    erosion = months_of(np.full(12, 0.2), 11)
    assert erosion.year.compared() is None
    kept = {name: values.copy() for name, values in erosion.memory().items()}
    assert {"annual_pass.potential", "annual_pass.capacity", "annual_pass.sums"} <= set(kept)
    again = months_of(np.full(12, 0.2), 1)
    for name, values in again.memory().items():
        values[:] = kept[name]
    w = again.watershed
    w.at(build.step(11))
    w.erosivity[:] = 900.0 * SHARE[11]
    again.run_one_step(build.MONTH)
    compared = again.year.compared()
    assert compared is not None and compared["years"] == 1.0
    again.start_afresh()
    assert again.year.compared() is None
