"""What is done in the years of a run, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from watershed_c.management.library import load_library
from watershed_c.management.rotation import schedule
from watershed_c.management.work import work_of

ROTATIONS = {
    "field": {
        "years": ["maize", "winter-wheat"],
        "yields": {"maize": 0.9},
        "event": [
            {"on": "10-25", "do": "till", "implement": "mouldboard-plough"},
            {"on": "04-10", "do": "manure", "crop": "maize", "material": "cattle-fym", "amount": 3.0},
        ],
    },
    "ley": {
        "years": ["grass-clover", "grass-clover", "maize"],
        "event": [{"on": "04-10", "do": "till", "crop": "maize"}],
    },
    "meadow": {"years": ["pasture"]},
}


def test_amounts_are_those_of_calendar_area_and_months() -> None:
    """April of the first year to September of the third: two autumns, and three springs."""
    calendars = schedule(ROTATIONS, load_library())
    units = {("field", 0): np.full(3, 2.0), ("field", 1): np.full(3, 3.0), ("meadow", 0): np.full(3, 4.0)}
    work = work_of(units, calendars, start=3, months=30)
    assert work.years == 3
    np.testing.assert_allclose(work.passes["mouldboard-plough"], [5.0, 5.0, 0.0])
    # maize in the first and third year of offset 0, in the second of offset 1; 30 t/ha
    np.testing.assert_allclose(work.brought["cattle-fym"], [60.0, 90.0, 60.0])
    # sown in May, harvested in October: the harvest of the third year comes after the end
    np.testing.assert_allclose(work.sown["maize"], [2.0, 3.0, 2.0])
    np.testing.assert_allclose(work.reaped["maize"], [18.0, 27.0, 0.0])
    assert "pasture" not in work.sown


@pytest.mark.parametrize("offset", [0, 1, 2])
def test_a_ley_is_sown_once_a_cycle(offset: int) -> None:
    work = work_of({("ley", offset): np.ones(6)}, schedule(ROTATIONS, load_library()), start=0, months=72)
    assert work.sown["grass-clover"].sum() == work.sown["maize"].sum() == 2.0
    assert np.flatnonzero(work.sown["maize"]).tolist() == [(2 - offset) % 3, (2 - offset) % 3 + 3]


def test_work_follows_land_that_changes() -> None:
    """A field that is meadow from its third year on."""
    units = {("field", 0): np.array([2.0, 2.0, 0.0, 0.0]), ("meadow", 0): np.array([0.0, 0.0, 2.0, 2.0])}
    work = work_of(units, schedule(ROTATIONS, load_library()), start=0, months=48)
    np.testing.assert_allclose(work.passes["mouldboard-plough"], [2.0, 2.0, 0.0, 0.0])
    np.testing.assert_allclose(work.brought["cattle-fym"], [60.0, 0.0, 0.0, 0.0])
