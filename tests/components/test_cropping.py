"""The calendar reaches the watershed: rows of the month, queued input, passes; nothing is booked."""

from __future__ import annotations

import numpy as np
import pytest
from landlab import RasterModelGrid

from watershed_c.clock import Clock
from watershed_c.components.cropping import Cropping
from watershed_c.constituents import ConstituentTable, soc_pool
from watershed_c.coupling import advance
from watershed_c.management.cycle import Climatology
from watershed_c.management.library import load_library
from watershed_c.management.tables import build_units
from watershed_c.state import Watershed

LAYERS = np.array([0.1, 0.25, 1.0])
CLIMATE = Climatology(np.full(12, 10.0), np.full(12, 60.0), np.arange(1.0, 13.0))
ROTATIONS = {
    "arable": {
        "years": ["maize", "winter-wheat"],
        "event": [
            {"on": "04-15", "do": "till", "crop": "maize"},
            {"on": "04-20", "do": "manure", "carbon": 0.2, "crop": "maize"},
        ],
    },
    "forest": {"years": ["deciduous-forest"]},
}


def allocate(kind: str, dpm_rpm: float = 1.44, **unused: float) -> np.ndarray:
    """RothC without its decayed pools."""
    if kind == "manure":
        return np.array([0.49, 0.49, 0.02])
    return np.array([dpm_rpm, 1.0, 0.0]) / (1.0 + dpm_rpm)


@pytest.fixture
def tables():
    return build_units(ROTATIONS, load_library(), layer_bottom=LAYERS, climate=CLIMATE)


def watershed(units: int = 3, pools: int = 3) -> Watershed:
    grid = RasterModelGrid((4, 5), xy_spacing=10.0)
    grid.add_zeros("topographic__elevation", at="node", units="m")
    rows = ConstituentTable([soc_pool("dpm", "particulate"), soc_pool("rpm", "particulate")])
    w = Watershed(grid, constituents=rows, layer_bottom=LAYERS, units=units, pools=pools)
    w.unit[w.cells] = np.arange(w.cells.size) % units
    return w


def test_each_month_shows_its_row_and_books_nothing(tables):
    w = watershed()
    process = Cropping(w, tables=tables, allocate=allocate, first_year=2001)
    every, brought = tables.by_pool(allocate)
    clock = Clock(2001, 2004)
    passes = 0
    for step in clock.iterate():
        totals = advance(w, {"cropping": process}, step)
        assert not any(totals.values())
        month = 12 * (step.year - 2001) + step.month
        row = month % tables.cycle_months
        columns = np.arange(3)
        assert np.array_equal(w.units.cover_factor, tables.cover_factor[row, columns])
        assert np.array_equal(w.units.cover_factor_annual, tables.cover_factor_annual[row, columns])
        assert np.array_equal(w.units.curve_number, tables.curve_number[row, columns, 1])
        assert np.array_equal(w.units.inputs, every[row, columns])
        assert np.array_equal(w.units.amendment, brought[row, columns])
        assert np.array_equal(w.units.plant_cover, tables.plant_cover[row, columns])
        assert w.units.root_fraction.sum(axis=1) == pytest.approx(1.0)
        for event in w.units.tillage:
            assert step.month == 3 and event.unit == (step.year - 2001) % 2
            assert (event.depth, event.efficiency, event.transport) == (0.25, 0.95, 234.0)
        passes += len(w.units.tillage)
    assert passes == 4


def test_start_in_another_year_of_the_rotation(tables):
    """A run that starts in 2002 with offset 0 counted from 2001 is in the wheat year."""
    early, late = watershed(), watershed()
    processes = [Cropping(w, tables=tables, allocate=allocate, first_year=2001) for w in (early, late)]
    for step in Clock(2001, 2002).iterate():
        advance(early, {"cropping": processes[0]}, step)
    advance(late, {"cropping": processes[1]}, Clock(2002, 2002, 11, 11).step(0))
    assert np.array_equal(early.units.cover_factor, late.units.cover_factor)
    assert np.array_equal(early.units.inputs, late.units.inputs)


def test_arrays_are_filled_in_place(tables):
    w = watershed()
    before = w.units.inputs, w.units.cover_factor, w.units.tillage
    advance(w, {"cropping": Cropping(w, tables=tables, allocate=allocate, first_year=2001)}, Clock(2001, 2001).step(3))
    assert before[0] is w.units.inputs and before[1] is w.units.cover_factor and before[2] is w.units.tillage
    assert w.units.amendment[0].sum() == pytest.approx(0.2) and w.units.inputs[0].sum() >= 0.2 - 1e-15


def test_curve_number_of_the_hydrologic_group(tables):
    w = watershed()
    process = Cropping(w, tables=tables, allocate=allocate, first_year=2001, hydrologic_group="D")
    advance(w, {"cropping": process}, Clock(2001, 2001).step(6))
    assert w.units.curve_number[0] == 89 and w.units.curve_number[2] == 77


def test_what_does_not_fit_is_refused(tables):
    with pytest.raises(ValueError, match="units, layers, pools"):
        Cropping(watershed(units=2), tables=tables, allocate=allocate, first_year=2001)
    with pytest.raises(ValueError, match="units, layers, pools"):
        Cropping(watershed(pools=5), tables=tables, allocate=allocate, first_year=2001)
    with pytest.raises(ValueError, match="hydrologic_group"):
        Cropping(watershed(), tables=tables, allocate=allocate, first_year=2001, hydrologic_group="E")
    wrong = watershed()
    wrong.unit[wrong.cells[0]] = 7
    with pytest.raises(ValueError, match="the tables have 3"):
        Cropping(wrong, tables=tables, allocate=allocate, first_year=2001)
