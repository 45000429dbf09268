"""Saxton & Rawls (2006) against the paper's own table, and its limits."""

from __future__ import annotations

import numpy as np
import pytest

from watershed_c.kernels.pedotransfer import HOURS_PER_YEAR, saxton_rawls, water_held

#: Saxton & Rawls (2006) table 3, organic matter 2.5 %: sand, clay, then wilting point, field capacity, saturation (%),
#: K (mm/h), computed independently from the printed equations to one more digit than the paper prints
TABLE = [
    ("sand", 0.88, 0.05, 5.0, 10.3, 46.2, 108.2),
    ("sandy loam", 0.65, 0.10, 8.1, 17.9, 45.0, 50.3),
    ("loam", 0.40, 0.20, 13.7, 28.0, 45.9, 15.5),
    ("silt loam", 0.20, 0.15, 11.0, 30.5, 47.9, 16.1),
    ("clay loam", 0.30, 0.35, 21.8, 35.8, 47.7, 4.3),
    ("clay", 0.25, 0.50, 29.8, 42.1, 49.8, 1.1),
]


@pytest.mark.parametrize("row", TABLE, ids=[row[0] for row in TABLE])
def test_published_table(row):
    _, sand, clay, wilting_point, field_capacity, saturation, conductivity = row
    got = saxton_rawls(np.array([sand]), np.array([clay]), np.array([2.5]))
    assert [100.0 * float(value[0]) for value in got[:3]] == pytest.approx(
        [wilting_point, field_capacity, saturation], abs=0.06
    )
    assert float(got[3][0]) / HOURS_PER_YEAR == pytest.approx(conductivity, abs=0.06)


def test_order_holds_for_every_texture():
    sand, clay, organic_matter = (
        a.ravel() for a in np.meshgrid(np.linspace(0, 1, 41), np.linspace(0, 1, 41), [0.0, 1.0, 8.0, 60.0])
    )
    possible = sand + clay <= 1.0
    wilting_point, field_capacity, saturation, conductivity = saxton_rawls(
        sand[possible], clay[possible], organic_matter[possible]
    )
    assert (wilting_point > 0.0).all() and (saturation < 1.0).all()
    assert (field_capacity - wilting_point >= 0.01 - 1e-12).all() and (
        saturation - field_capacity >= 0.01 - 1e-12
    ).all()
    assert np.isfinite(conductivity).all() and (conductivity > 0.0).all()


def test_organic_matter_adds_available_water_in_sand_and_loam():
    """+10 g OC kg-1 gives about +1 mm per 100 mm (S&R; Minasny & McBratney 2018 say 1.16): sign and size."""
    for sand, clay in ((0.65, 0.10), (0.40, 0.20)):
        low, high = (saxton_rawls(np.array([sand]), np.array([clay]), np.array([om])) for om in (1.724, 2 * 1.724))
        gain = 100.0 * float(((high[1] - high[0]) - (low[1] - low[0]))[0])
        assert 0.5 < gain < 1.5


def test_water_of_a_layer_is_reduced_by_stones():
    assert water_held(np.array([0.3]), np.array([0.25]), 0.2)[0] == pytest.approx(60.0)
