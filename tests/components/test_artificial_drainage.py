"""Drains in a field: Hooghoudt's steady water table through all of soil water, drier soil, less runoff, closed."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from landlab import RasterModelGrid

from watershed_c.components.artificial_drainage import ArtificialDrainage, Drains
from watershed_c.components.carbonate import Carbonate
from watershed_c.components.dissolved_carbon import DissolvedCarbon
from watershed_c.components.hydraulic_properties import set_hydraulic_properties
from watershed_c.components.soil_water import SoilWater
from watershed_c.constituents import CARBONATE, ConstituentTable
from watershed_c.kernels.subsurface_flow import water_table_depth
from watershed_c.state import Watershed

MONTH = 1.0 / 12.0
BOTTOM = np.array([0.1, 0.25, 0.5, 0.9, 1.5])
TILES = Drains(spacing=12.0, depth=0.9, radius=0.05, capacity=25.0 * 365.25)
RAIN = np.array([70.0, 60, 60, 55, 60, 60, 60, 65, 65, 75, 80, 80])
PET = np.array([10.0, 15, 35, 60, 90, 105, 110, 90, 55, 30, 12, 8])


def field(*drains: Drains | None, base: float = 0.3, clay: float = 0.3, **options):
    """A flat field of a clay loam over a tight base (mm/d), half of it with drains."""
    grid = RasterModelGrid((5, 6), xy_spacing=20.0)
    grid.add_field("topographic__elevation", np.full(30, 10.0), at="node")
    w = Watershed(grid, constituents=ConstituentTable(CARBONATE), layer_bottom=BOTTOM)
    soil = {"sand": np.full((30, 5), 0.3), "clay": np.full((30, 5), clay)}
    properties = set_hydraulic_properties(w, **soil, organic_carbon=np.full((30, 5), 0.01))
    w.units.curve_number[:], w.units.plant_cover[:] = 75.0, 1.0
    w.units.root_fraction[:] = [0.35, 0.3, 0.25, 0.1, 0.0]
    w.temperature[:] = 10.0
    sideways = []
    if drains != (None,):
        kinds = drains or (TILES,)
        fits = np.tile(grid.x_of_node < 50.0, (len(kinds), 1))
        sideways = [ArtificialDrainage(w, conductivity=properties.conductivity, drains=kinds, fits=fits)]
    options = {"wet_days": 12.0, "base_conductivity": np.full(30, base * 365.25), **options}
    return w, SoilWater(w, conductivity=properties.conductivity, sideways=sideways, **options)


def year(w: Watershed, process: SoilWater, years: int = 3) -> dict[str, np.ndarray]:
    """Sums and means of the last of some years, at each node; the ledger is checked after every step."""
    w.ledger.open()
    found = {}
    for _ in range(years):
        found = {name: 0.0 for name in ("runoff", "evapotranspiration", "baseflow", "to_stream", "depth")}
        for month in range(12):
            w.calendar_month = w.month = month
            w.precipitation[w.cells], w.pet[w.cells] = RAIN[month], PET[month]
            process.run_one_step(MONTH)
            w.ledger.check("soil_water")
            depth = np.full(30, np.nan)
            water_table_depth(w.cells, w.water, w.field_capacity, w.saturation, np.diff(BOTTOM, prepend=0.0), depth)
            for name in ("runoff", "evapotranspiration", "baseflow"):
                found[name] = found[name] + getattr(w, name)[w.cells]
            found["to_stream"] = found["to_stream"] + (w.sideways.to_stream[w.cells] if w.sideways else 0.0)
            found["depth"] = found["depth"] + depth[w.cells] / 12.0
    return found


def test_a_drained_field_is_drier_and_runs_off_less_and_its_books_close() -> None:
    w, process = field()
    found = year(w, process)
    drained = w.grid.x_of_node[w.cells] < 50.0
    assert (found["depth"][drained] > found["depth"][~drained].max() + 0.3).all()
    assert (found["runoff"][drained] < 0.8 * found["runoff"][~drained].min()).all()
    assert (found["to_stream"][drained] > 50.0).all() and not found["to_stream"][~drained].any()
    assert w.ledger.worst_residual < 1.0 and w.ledger.cumulative_residual()["water"] < 1e-12
    totals = w.ledger.run_totals.amounts
    assert totals["water", "drain_flow_export"] == pytest.approx(-totals["water", "drain_flow"], rel=1e-12)
    # undrained cells do not know of drains
    alone = year(*field(None))
    assert found["runoff"][~drained] == pytest.approx(alone["runoff"][~drained], rel=0.01)


def test_closer_drains_lower_the_table() -> None:
    depths = [year(*field(Drains(spacing, 0.9, 0.05, 1e4)))["depth"][0] for spacing in (40.0, 20.0, 10.0, 5.0)]
    assert depths == sorted(depths) and depths[-1] > depths[0] + 0.1


def test_ditches_are_tiles_of_the_radius_of_their_perimeter() -> None:
    """A wetted perimeter of pi x 0.3 m is a radius of 0.3 m: more radial room than a tile, a deeper table."""
    tile, ditch = (year(*field(Drains(30.0, 0.9, radius, 1e4)))["depth"][0] for radius in (0.05, 0.3))
    assert ditch > tile


@pytest.mark.parametrize("rain", [1.0, 2.5])
def test_steady_rain_ends_at_hooghoudts_water_table(rain: float) -> None:
    """No evaporation, no runoff, a closed base: the whole process converges to the closed form, order 1 in substeps."""
    errors = []
    for substeps in (60, 120):
        w, process = field(base=0.0, substeps=substeps)
        w.units.curve_number[:] = 1.0
        process.conductivity[:] = 0.2e3 * 365.25
        w.precipitation[w.cells], w.pet[w.cells] = rain * 365.25 / 12.0, 0.0
        w.ledger.open()
        for month in range(24):
            w.month = month % 12
            process.run_one_step(MONTH)
            w.ledger.check("soil_water")
        cell = w.cells[0]
        assert w.sideways.to_stream[cell] == pytest.approx(rain * 365.25 / 12.0, rel=1e-6)
        depth = np.zeros(30)
        water_table_depth(w.cells, w.water, w.field_capacity, w.saturation, np.diff(BOTTOM, prepend=0.0), depth)
        equivalent = float(process.sideways[0].equivalent[0])
        closed = -equivalent + math.sqrt(equivalent**2 + rain * 12.0**2 / (4.0 * 200.0))
        errors.append(abs(0.9 - depth[cell] - closed) / closed)
    assert errors[1] < 0.02 and errors[0] / errors[1] == pytest.approx(2.0, abs=0.3)


def test_doc_and_carbonate_leave_with_the_drain_water() -> None:
    w, process = field()
    carbon, carbonate = DissolvedCarbon(w), Carbonate(w)
    w.mineral[w.cells] = w.reference[w.cells] = 1300.0 * np.diff(BOTTOM, prepend=0.0)
    w.stocks[w.cells] = 1.0
    w.respired[w.cells], w.doc_produced[w.cells] = 0.001, 1e-4
    w.ledger.open()
    for month in range(24):
        w.month = month % 12
        w.precipitation[w.cells], w.pet[w.cells] = RAIN[w.month], PET[w.month]
        for name, one in (("soil_water", process), ("carbonate", carbonate), ("dissolved_carbon", carbon)):
            one.run_one_step(MONTH)
            w.ledger.check(name, one.transforms)
    totals = w.ledger.run_totals.amounts
    water = -totals["water", "drain_flow"]
    for account in ("doc", "dic", "calcium"):
        out = totals[account, f"{account}_drained_export"]
        assert out == pytest.approx(-totals[account, f"{account}_drained"], rel=1e-12) and out > 0.0
    # calcium of drain water is that of calcite in soil air: 0.5 to 5 mmol per kg of water
    assert 0.5e-3 < totals["calcium", "calcium_drained_export"] / water / 0.040078 < 5e-3
    assert w.ledger.worst_residual < 1.0


def test_drains_are_laid_and_blocked_in_their_years() -> None:
    """None in 2000, tiles from 2001, ditches where the tiles are blocked in 2002: each year as if nothing else were."""
    tiles, ditches = replace(TILES, since=2001.0, until=2002.0), replace(TILES, depth=0.5, spacing=20.0, since=2002.0)
    w, process = field(tiles, ditches)
    for calendar_year, alone in ((2000, None), (2001, TILES), (2002, replace(ditches, since=-math.inf))):
        other, expected = field(alone)
        for name in ("water", "groundwater", "deficit", "snow"):
            getattr(other, name)[:] = getattr(w, name)
        for month in range(12):
            for watershed, run in ((w, process), (other, expected)):
                watershed.calendar_month, watershed.month = 12 * calendar_year + month, month
                watershed.precipitation[w.cells], watershed.pet[w.cells] = RAIN[month], PET[month]
                run.run_one_step(1.0 / 12.0)
        np.testing.assert_allclose(w.water, other.water, rtol=1e-12)
        assert (w.sideways.to_stream[w.cells].sum() > 0.0) == (alone is not None)


def test_what_makes_no_drain_is_told() -> None:
    w, process = field()
    conductivity, fits = process.conductivity, np.ones((1, 30), dtype=bool)
    for drains, words in (
        (Drains(10.0, 2.0, 0.05, 10.0), "above the base of the profile, 1.5 m"),
        (Drains(10.0, 0.9, 6.0, 10.0), "below half the spacing"),
        (Drains(10.0, 0.9, 0.05, 0.0), "above 0"),
    ):
        with pytest.raises(ValueError, match=words):
            ArtificialDrainage(w, conductivity=conductivity, drains=[drains], fits=fits)
    with pytest.raises(ValueError, match="bool of shape"):
        ArtificialDrainage(w, conductivity=conductivity, drains=[TILES], fits=fits[0])
    with pytest.raises(ValueError, match="base_conductivity"):
        SoilWater(w, conductivity=conductivity, base_conductivity=np.full(30, -1.0))
